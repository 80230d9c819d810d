//! At each message: whether it is true.

use serde_json::Value;

use crate::{azure::sessions::Session, people::Message, world::World};

/// Nothing is told that contradicts what is so at Azure.
pub(crate) fn is_true(world: &World, message: &Message) {
    let Some((capture, event)) = message.about() else { return };
    let record = message.body.pointer("/data/capture").unwrap_or(&Value::Null);
    is_so(world, &capture, &event, record);
}

/// The same of a record at rest.
pub(crate) fn is_so(world: &World, capture: &str, event: &str, record: &Value) {
    if !world.scenario.knows_whose_a_given_name_is() {
        return;
    }
    let azure = world.azure.borrow();
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
    let session_name = text("/session/name").unwrap_or(capture);
    let alert = crate::alerts::number_of(record);
    let machine =
        text("/target").and_then(|id| id.rsplit('/').next()).unwrap_or_default().to_ascii_lowercase();
    let is_of_name = |session: &&Session| session.name == session_name && session.machine == machine;
    let of_name = || azure.sessions.all.iter().rev().filter(is_of_name);
    // Of two alerts that ask for one given name at the same moment, the second may take the first one's session for its
    // own: the machine is the same, and nothing at Azure says who asked.
    let is_given = world.scenario.rules.exact.is_some();
    let mut owns = of_name().filter(|session| session.alert == alert);
    let own = owns.next();
    if owns.next().is_some() {
        // Somebody deleted the first before its record knew of it: what is said may be about either.
        return;
    }
    let session = own.or_else(|| of_name().next().filter(|_| is_given && event != "failed"));
    let now = world.now();
    let Some(session) = session else {
        if event == "started" || event == "ended" {
            world.violate("people are told the truth", || {
                format!("{capture}: {event}, and there never was a session")
            });
        }
        return;
    };
    let reason = text("/stopReason");
    match event {
        "started" if session.never_ready || now < session.ready => {
            world.violate("people are told the truth", || {
                format!("{capture}: started, and it is not provisioned")
            });
        }
        "ended" if session.is_alive(now) => {
            world.violate("people are told the truth", || {
                format!("{capture}: ended ({reason:?}), and it goes on")
            });
        }
        "ended" => {
            let was_cut = session.gone.is_some_and(|(gone, _)| gone < session.end);
            // Azure has no word for a capture that its size has ended, and none of its own for one that was told to stop.
            let is_stopped = record.pointer("/stop/progress").and_then(Value::as_str) == Some("sent");
            let truth = if session.reason.is_empty() { "SizeReached" } else { session.reason };
            let is_true =
                reason == Some(truth) || is_stopped && session.reason.is_empty() && reason == Some("Manual");
            if was_cut || session.error.is_some() || !is_true {
                world.violate("people are told the truth", || {
                    format!(
                        "{capture}: ended ({reason:?}), and in truth {truth}, {:?}, {:?}",
                        session.error, session.gone
                    )
                });
            }
        }
        "failed" if session.is_alive(now) => {
            let message = text("/error/message").unwrap_or_default();
            let code = text("/error/code").unwrap_or_default();
            let is_given_up = message.starts_with("given up after")
                || code == "neverEnded"
                || code == "sessionLimit"
                || code == "replaced";
            // Whom Azure does not let look cannot know.
            let is_denied =
                matches!(record.pointer("/error/status").and_then(Value::as_u64), Some(401 | 403));
            if !is_given_up && !is_denied {
                world.violate("people are told the truth", || {
                    format!("{capture}: failed ({code}: {message}), and it goes on")
                });
            }
        }
        _ => {}
    }
}
