//! An alert's end: what fires next is a new alert, cool-downs that wait for it are over, and captures whose rule says so
//! are stopped.

use super::{
    State, admit,
    drive::{Patience, drive},
    episode,
    note::StopCause,
};
use crate::{
    alert::Alert,
    app::App,
    log::Level,
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// So often it is written anew.
const TRIES: u32 = 12;

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
        if !ask_to_stop(app, &entry.name, now).await? {
            continue;
        }
        app.log(
            Level::Info,
            "a capture is stopped: its alert has resolved",
            &[("capture", entry.name.as_str().into())],
        );
        match app.memory.take_in_hand(&entry.name) {
            Some(hand) => {
                let background = app.clone();
                let work = async move { _ = drive(&background, &hand, Patience::ToTheEnd).await };
                app.platform.spawn(work).await;
            }
            None => app.memory.nudge(&entry.name),
        }
        stopping.push(entry.name);
    }
    Ok(stopping)
}

/// Writes down that a capture shall stop; false if it has ended. Its driver may write at the same moment, and what it
/// writes may lack this or forbid it, being further: so it is looked at again until it stands.
async fn ask_to_stop<P: Platform>(app: &App<P>, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    let mut is_there = false;
    for _ in 0..TRIES {
        // None yet: admitted, and about to be written down.
        if let Some(mut record) = store::load(&app.platform, name).await? {
            is_there = true;
            if record.state >= State::Ended || record.stop.is_some() {
                return Ok(record.state < State::Ended);
            }
            record.ask_to_stop(now, StopCause::AlertResolved);
            store::save(&app.platform, &mut record).await?;
        }
        admit::settle(app).await;
    }
    if is_there { Err(StoreError(format!("{name} is written by others all the time"))) } else { Ok(false) }
}
