//! Which files a capture left: the one that Azure named; of a scale set and of a ring, those that lie beside it.

use super::files::CaptureFile;
use crate::{
    azure::{
        arm::ArmError,
        blob::{Blob, Storage},
    },
    capture::Record,
    plan::MachineKind,
    platform::Platform,
    settings::Settings,
};

/// More files than this are not read.
const MOST: usize = 100;

/// Writes into `record` which files it left, those that are new behind the known ones. True if there are new ones beside
/// which others may lie soon.
///
/// # Errors
/// [`ArmError`], also where it may not be asked for.
pub async fn find<P: Platform>(
    storage: &Storage<'_, P>,
    settings: &Settings,
    record: &mut Record,
) -> Result<bool, ArmError> {
    let Some(path) = record.storage_path.clone() else { return Ok(false) };
    let named = blob(settings, record, &path)?;
    if record.machine.kind != MachineKind::AzureVMSS && !record.parameters.is_ring() {
        if record.files.is_empty() {
            record.files.push(CaptureFile::at(&path));
        }
        return Ok(false);
    }
    let (folder, file) = named.in_folder();
    let known = record.files.len();
    for listed in storage.list(&named, folder).await? {
        let is_one = listed.name.strip_prefix(folder).is_some_and(|name| is_of(name, file));
        let url = named.beside(listed.name).url();
        let is_known = record.files.iter().any(|known| known.url == url);
        if is_one && !is_known && record.files.len() < MOST {
            let size = Some(listed.size);
            record.files.push(CaptureFile { size, ..CaptureFile::at(&url) });
        }
    }
    if record.files.is_empty() {
        let words = "none of the files is in the storage account yet";
        return Err(ArmError::passing("BlobNotFound", words, None));
    }
    Ok(record.files.len() > known)
}

/// The blob at this URL, if a token may go there.
///
/// # Errors
/// [`ArmError`] if it may not.
pub fn blob(settings: &Settings, record: &Record, url: &str) -> Result<Blob, ArmError> {
    let own = record.parameters.storage_location.as_ref().and_then(|place| place.storage_id.as_ref());
    let accounts = own.into_iter().chain(&settings.captures.storage_accounts);
    let accounts = accounts.map(crate::azure::resource_id::ResourceId::name);
    let blob = settings.files.storage.as_ref().and_then(|endpoint| Blob::parse(url, endpoint, accounts));
    blob.ok_or_else(|| {
        let words = "the file is in no storage account of storage_account_id at storage_endpoint; set these";
        ArmError::unable("settings", words)
    })
}

/// Whether a file of this name is one of those that `named` stands for: an instance's, whose name precedes it, or one of a
/// ring, whose number follows it.
fn is_of(name: &str, named: &str) -> bool {
    let stem = named.strip_suffix(".cap").unwrap_or(named);
    let has_instance =
        name.strip_suffix(named).is_some_and(|before| before.is_empty() || before.ends_with('_'));
    has_instance || name.strip_prefix(stem).is_some_and(|after| after.starts_with('_') || after == ".cap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_sets_files_and_a_rings_are_told_from_what_else_lies_there() {
        for (name, named, is) in [
            ("packetcapture_02_00_21.cap", "packetcapture_02_00_21.cap", true),
            ("vmss_0_packetcapture_02_00_21.cap", "packetcapture_02_00_21.cap", true),
            ("packetcapture_02_00_21_00001.cap", "packetcapture_02_00_21.cap", true),
            ("packetcapture_02_00_22.cap", "packetcapture_02_00_21.cap", false),
            ("notpacketcapture_02_00_21.cap", "packetcapture_02_00_21.cap", false),
            ("packetcapture_02_00_21.cap.txt", "packetcapture_02_00_21.cap", false),
            ("", "packetcapture_02_00_21.cap", false),
        ] {
            assert_eq!(is_of(name, named), is, "{name}");
        }
    }
}
