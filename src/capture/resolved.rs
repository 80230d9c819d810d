//! An alert's end: what fires next is a new alert, cool-downs that wait for it are over, and captures whose rule says so
//! are stopped.

use super::{admit, episode, note::StopCause, stop::stop};
use crate::{
    alert::Alert,
    app::App,
    log::Level,
    platform::{Platform, StoreError},
    time::Timestamp,
};

/// Takes note of it; returns the names of the captures that are stopped.
///
/// # Errors
/// [`StoreError`]: the sender should try again.
pub async fn resolve<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    episode::end(app, alert).await?;
    let mut stopping = Vec::new();
    for entry in admit::resolve(app, alert, now).await?.into_iter().filter(|entry| entry.stop) {
        if !stop(app, &entry.name, StopCause::AlertResolved, now).await? {
            continue;
        }
        app.log(
            Level::Info,
            "a capture is stopped: its alert has resolved",
            &[("capture", entry.name.as_str().into())],
        );
        stopping.push(entry.name);
    }
    Ok(stopping)
}
