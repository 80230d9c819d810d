//! The link in a report that opens the file: made when the report is sent, and kept nowhere.

use std::time::Duration;

use super::Event;
use crate::{
    app::App,
    azure::{
        arm::ArmError,
        blob::{Link, Storage},
    },
    capture::Record,
    plan::MachineKind,
    platform::{Platform, SendError},
    settings::Settings,
    view::find::blob,
};

/// A report waits so long for its link.
const WITHIN: Duration = Duration::from_secs(8);

/// The link to the file of `record`, where reports carry one and there is a file.
///
/// # Errors
/// [`ArmError`] where storage gives no key to sign it with; the report goes out without it.
pub async fn link<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    record: &Record,
    event: Event,
) -> Result<Option<Link>, ArmError> {
    let (Some(lasts), Event::Ended) = (settings.files.share_links, event) else { return Ok(None) };
    let Some(path) = file(record) else { return Ok(None) };
    let azure =
        settings.azure.as_ref().ok_or_else(|| ArmError::unable("settings", "settings are missing"))?;
    let blob = blob(settings, record, path)?;
    let storage = Storage::new(app, azure);
    let link = storage.link(&blob, app.platform.now().plus(lasts));
    let link = app.platform.within(WITHIN, link).await;
    link.unwrap_or_else(|| Err(ArmError::unanswered("blob storage", &SendError::TimedOut))).map(Some)
}

/// The first file. What Azure names for a scale set or a ring is none of its files.
fn file(record: &Record) -> Option<&str> {
    let has_one = record.machine.kind != MachineKind::AzureVMSS && !record.parameters.is_ring();
    let known = record.files.first().map(|file| file.url.as_str());
    known.or(record.storage_path.as_deref().filter(|_| has_one))
}
