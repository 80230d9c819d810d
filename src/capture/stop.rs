//! Stopping a capture before its time: its alert has resolved, or an operator asks for it.

use super::{
    State, admit,
    drive::{Patience, drive},
    note::{StopCause, StopProgress},
    write,
};
use crate::{
    app::App,
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// So often it is written anew.
const TRIES: u32 = 12;

/// Sees to it that the capture called `name` stops; false if it has ended, or was never written down.
///
/// # Errors
/// [`StoreError`]: it may not have been written down.
pub async fn stop<P: Platform>(
    app: &App<P>,
    name: &str,
    because: StopCause,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !ask_to_stop(app, name, because, now).await? {
        return Ok(false);
    }
    // Beside whoever has it in hand: that one sleeps until the end was due.
    let hand = app.memory.take_in_hand(name);
    let (background, awake, name) = (app.clone(), app.awake(), name.to_owned());
    let work = async move {
        let _hand = hand;
        _ = drive(&background, &name, Some(awake), Patience::ToTheEnd).await;
    };
    app.platform.spawn(work).await;
    Ok(true)
}

/// Writes down that a capture shall stop; false if it has ended. Its driver may write at the same moment, and what it
/// writes may lack this or forbid it, being further: so it is looked at again until it stands.
async fn ask_to_stop<P: Platform>(
    app: &App<P>,
    name: &str,
    because: StopCause,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut is_there = false;
    for _ in 0..TRIES {
        // None yet: admitted, and about to be written down.
        if let Some(mut record) = store::load(&app.platform, name).await? {
            is_there = true;
            let is_asked =
                record.stop.is_some_and(|stop| stop.progress != StopProgress::Refused || stop.at >= now);
            if record.state >= State::Ended || is_asked {
                return Ok(record.state < State::Ended);
            }
            record.ask_to_stop(now, because);
            write::save(app, &mut record).await?;
        }
        admit::settle(app).await;
    }
    if is_there { Err(StoreError(format!("{name} is written by others all the time"))) } else { Ok(false) }
}
