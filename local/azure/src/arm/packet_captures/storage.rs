//! Where a capture's file goes: the rules of `storageLocation`, and the path the service picks.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::body::Properties;
use crate::arm::Call;
use crate::arm::error::{ArmError, ArmResult};
use crate::arm::id::ArmId;
use crate::inventory::{OsType, StorageAccount, Target, TargetKind};

/// Where files go.
pub(super) struct Storage {
    /// `storageLocation` as it is read back.
    pub(super) body: Value,
    /// Account, container and blob; `None` if the file stays on the machine.
    pub(super) blob: Option<(String, String, String)>,
    /// Whether the account refuses the agent's upload.
    pub(super) upload_refused: bool,
}

/// Checks `storageLocation` and completes it. All codes here are invented, the rules are the documents'.
pub(super) fn check(
    call: &Call<'_>,
    properties: &Properties,
    target: &Target,
    target_id: &ArmId,
) -> ArmResult<Storage> {
    let location = &properties.storage_location;
    let continuous = properties.continuous_capture.is_some();
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let (storage_id, path) = (given(&location.storage_id), given(&location.storage_path));
    let (file_path, local_path) = (given(&location.file_path), given(&location.local_path));

    if continuous && file_path.is_some() {
        return Err(invalid("filePath is invalid when continuousCapture is true or false. Use localPath."));
    }
    if !continuous && local_path.is_some() {
        return Err(invalid(
            "localPath is valid only when continuousCapture is true or false. Use filePath.",
        ));
    }
    if storage_id.is_none() && file_path.is_none() && local_path.is_none() {
        return Err(invalid("at least one of storageId, filePath and localPath is required."));
    }
    // What holds for a path on the machine holds for both.
    for (field, path) in [("filePath", &file_path), ("localPath", &local_path)] {
        if let Some(path) = path {
            check_local(field, path, target.os_type)?;
        }
    }
    let Some(storage_id) = storage_id else {
        if path.is_some() {
            return Err(invalid("storagePath needs storageId."));
        }
        // Without an account the service reads storagePath back as "".
        let mut body = json!({ "storagePath": "" });
        put(&mut body, "filePath", file_path);
        put(&mut body, "localPath", local_path);
        return Ok(Storage { body, blob: None, upload_refused: false });
    };
    let account = account(call, &storage_id, target)?;
    let path = match path {
        Some(path) => path,
        None => format!(
            "{}/{}/{}",
            call.req.base_url(),
            account.name,
            default_blob(target, target_id, call.app.clock.now())
        ),
    };
    let (container, blob) = split(call, &path, &account.name)?;
    let mut body = json!({ "storageId": storage_id, "storagePath": path });
    put(&mut body, "filePath", file_path);
    put(&mut body, "localPath", local_path);
    Ok(Storage {
        body,
        blob: Some((account.name.clone(), container, blob)),
        upload_refused: !account.takes_uploads(),
    })
}

fn put(body: &mut Value, field: &str, value: Option<String>) {
    if let Some(value) = value {
        body[field] = json!(value);
    }
}

fn invalid(message: &str) -> ArmError {
    ArmError::bad_request(
        "InvalidPacketCaptureStorageLocation",
        format!("properties.storageLocation: {message}"),
    )
}

fn check_local(field: &str, path: &str, os_type: OsType) -> ArmResult<()> {
    if !path.to_ascii_lowercase().ends_with(".cap") {
        return Err(invalid(&format!("{field} must include the name of the capture file (*.cap).")));
    }
    // On Linux only; a leading slash may be missing in what clients send.
    if os_type == OsType::Linux && !path.starts_with("/var/captures") {
        return Err(invalid(&format!("{field} on a Linux machine must begin with /var/captures.")));
    }
    Ok(())
}

fn account<'a>(call: &Call<'a>, id: &str, target: &Target) -> ArmResult<&'a StorageAccount> {
    let account = ArmId::parse(id).and_then(|id| call.app.inventory.account_by_id(&id)).ok_or_else(|| {
        ArmError::bad_request(
            "InvalidResourceReference",
            format!("Resource {id} referenced by the packet capture was not found. Please make sure that the referenced resource exists, and that both resources are in the same region."),
        )
    })?;
    if !account.location.eq_ignore_ascii_case(&target.location) {
        return Err(invalid(&format!(
            "the storage account {} is in {}, its target in {}: both must be in the same region.",
            account.name, account.location, target.location
        )));
    }
    if account.sku.to_ascii_lowercase().starts_with("premium") {
        return Err(invalid(&format!(
            "the storage account {} is premium, which is not supported.",
            account.name
        )));
    }
    Ok(account)
}

/// Container and blob of a storage path: `https://{account}.blob.…/container/blob`, or below the account's name here.
fn split(call: &Call<'_>, path: &str, account: &str) -> ArmResult<(String, String)> {
    let url = Url::parse(path).map_err(|_| invalid("storagePath is not a well-formed URI."))?;
    let host = url.host_str().unwrap_or_default();
    let segments: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let own = call.req.host().split(':').next() == Some(host) || ["localhost", "127.0.0.1"].contains(&host);
    let rest = match segments.as_slice() {
        [first, rest @ ..] if own && first == account => rest,
        rest if host.starts_with(&format!("{account}.")) => rest,
        _ => return Err(invalid("storagePath does not lie in the storage account of storageId.")),
    };
    match rest {
        [container, blob @ ..] if !container.is_empty() && blob.iter().any(|part| !part.is_empty()) => {
            Ok((container.clone(), blob.join("/")))
        }
        _ => Err(invalid("storagePath names no blob: container and name are needed.")),
    }
}

/// The container and blob the service picks, all in lower case.
fn default_blob(target: &Target, id: &ArmId, now: Timestamp) -> String {
    let kind = match target.kind {
        TargetKind::Machine => "virtualmachines",
        TargetKind::ScaleSet => "virtualmachinescalesets",
    };
    format!(
        "network-watcher-logs/subscriptions/{}/resourcegroups/{}/providers/microsoft.compute/{kind}/{}/{}/packetcapture_{}_{:03}.cap",
        id.subscription,
        id.resource_group.as_deref().unwrap_or_default(),
        target.name,
        now.strftime("%Y/%m/%d"),
        now.strftime("%H_%M_%S"),
        now.subsec_millisecond(),
    )
    .to_ascii_lowercase()
}

/// One instance's file beside the one that was named. One user saw `{machine}_{file}` below a folder: the rest is invented.
pub(super) fn instance_blob(blob: &str, instance: &str) -> String {
    match blob.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/{instance}_{file}"),
        None => format!("{instance}_{blob}"),
    }
}
