//! How a session goes, from the PUT's answer to its file: provision, run, end, upload.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::session::{Phase, Session};
use crate::app::App;
use crate::arm::operations::{Operation, Progress};
use crate::clock::later;
use crate::faults::Outcome;
use crate::traffic;

/// Lives one session's life; `operation` is its PUT's.
pub(crate) async fn live(
    app: Arc<App>,
    session: Arc<Session>,
    operation: Arc<Operation>,
    outcome: Option<Outcome>,
) {
    let timings = &app.inventory.timings;
    // What happens at a time happened then, also if the clock was moved far beyond.
    let begin = later(app.clock.now(), Duration::from_millis(timings.provisioning_ms));
    app.clock.sleep_until(begin).await;

    let failure = match &outcome {
        Some(Outcome::OperationFailed { code, message }) => Some((code.clone(), message.clone())),
        _ => session.spec.unreachable.clone(),
    };
    if let Some((code, message)) = failure {
        session.provision("Failed");
        // What queryStatus says of a session that could not be made is not known: invented.
        session.end("", vec!["InternalError".into()], begin, Some(Duration::ZERO));
        operation.finish(Progress::Failed { code, message });
        app.record.news();
        return;
    }
    session.start(begin);
    if !session.is_deleting() {
        session.provision("Succeeded");
    }
    operation.finish(Progress::Succeeded);
    app.record.news();

    run(&app, &session, outcome).await;
    app.record.news();
    let Phase::Ended { until, .. } = session.phase() else { return };
    app.clock.sleep_until(later(until, Duration::from_millis(timings.upload_delay_ms))).await;
    upload(&app, &session);
    app.record.news();
}

/// Runs to the first of: its time, its bytes, an error, someone who ends it.
async fn run(app: &App, session: &Session, outcome: Option<Outcome>) {
    let Phase::Running { since } = session.phase() else { return };
    let stale = app.inventory.timings.status_stale();
    let spec = &session.spec;
    let bytes_reached =
        Duration::from_secs_f64(spec.total_bytes as f64 / spec.bytes_per_second.max(1) as f64);
    let mut ends: Vec<(Timestamp, &'static str, Vec<String>)> = vec![
        (later(since, spec.time_limit), "TimeExceeded", Vec::new()),
        // The reason is invented: of a session that reached its bytes the portal is known to show nothing but "-".
        (later(since, bytes_reached), "", Vec::new()),
    ];
    if let Some(Outcome::CaptureError { errors, after_ms }) = outcome {
        ends.push((later(since, Duration::from_millis(after_ms)), "", errors));
    }
    let Some((end, reason, errors)) = ends.into_iter().min_by_key(|(end, ..)| *end) else { return };
    tokio::select! {
        biased;
        () = session.ended.notified() => {}
        () = app.clock.sleep_until(end) => session.end(reason, errors, end, stale),
    }
}

/// Puts each machine's file where it belongs.
fn upload(app: &App, session: &Session) {
    let Phase::Ended { since, until, errors, .. } = session.phase() else { return };
    // That a session which ended in an error leaves no file is invented.
    if session.is_cancelled() || !errors.is_empty() {
        return;
    }
    let spec = &session.spec;
    if spec.upload_refused {
        // That this shows as an error after the end is invented.
        session.add_error("StorageFailed");
        return;
    }
    for wire in &spec.wires {
        let Some((account, container, name)) = &wire.file else { continue };
        let recorded = spec.recording.as_deref().map(std::fs::read);
        let file = match recorded {
            Some(Ok(recorded)) => recorded.into(),
            other => {
                if let Some(Err(error)) = other {
                    eprintln!("azure-standin: simulated traffic instead of a recording: {error}");
                }
                traffic::capture(&traffic::Window {
                    local: wire.ip,
                    since,
                    until,
                    bytes_per_second: spec.bytes_per_second,
                    bytes_per_packet: spec.bytes_per_packet,
                    total_bytes: spec.total_bytes,
                    file_bytes: app.inventory.limits.file_bytes,
                    filters: &spec.filters,
                })
            }
        };
        app.blobs.put(account, container, name, file, app.clock.now());
    }
}
