//! One delivery of an alert: each of its captures is written down, or found written, and its start waited for.

use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::Either;
use serde_json::{Value, json};

use crate::{
    alert::Alert,
    app::App,
    capture::{
        Record, State,
        accept::{Accepted, accept, in_hand, is_recent},
        drive::{drive_in_hand, drive_new},
    },
    log::Level,
    plan::{CaptureSpec, LeftOut},
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// How often a delivery looks whether a capture that an alert led to has been started.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// One delivery of an alert.
pub(super) struct Delivery<'a, P> {
    pub(super) app: &'a App<P>,
    pub(super) alert: &'a Alert,
    /// When it arrived.
    pub(super) now: Timestamp,
    /// Until when the answer waits for starts.
    pub(super) deadline: Timestamp,
    /// The dedupe window in seconds.
    pub(super) window: u32,
}

/// What the sender sees of a delivery.
#[derive(Default)]
pub(super) struct Taken {
    /// The captures.
    pub(super) captures: Vec<Value>,
    /// Targets that get none, as far as that had to be asked of Azure.
    pub(super) left_out: Vec<LeftOut>,
}

impl<P: Platform> Delivery<'_, P> {
    /// Writes one capture down and waits for its start, or for the deadline.
    pub(super) async fn take(&self, spec: CaptureSpec) -> Result<Taken, StoreError> {
        // The earlier name too: of two deliveries at the edge of the dedupe window, one has to wait for the other.
        let _earlier = match &spec.earlier_name {
            Some(earlier) => match in_hand(self.app, earlier).await? {
                Either::Right(record) if is_recent(&record, self.now, self.window) => {
                    return self.duplicate(&record).await;
                }
                hand => Some(hand),
            },
            None => None,
        };
        let hand = match in_hand(self.app, &spec.name).await? {
            Either::Left(hand) => hand,
            Either::Right(record) => return self.duplicate(&record).await,
        };
        let Accepted { record, duplicate } =
            accept(self.app, self.alert, spec, self.now, self.window).await?;
        let background = self.app.clone();
        if duplicate {
            if hand.name() == record.name {
                let (awake, is_held_back) = (self.app.awake(), record.held_back.is_some());
                let work = async move { drive_in_hand(&background, hand, awake, is_held_back).await };
                self.app.platform.spawn(work).await;
            }
            return self.duplicate(&record).await;
        }
        if let Some(held_back) = &record.held_back {
            let fields = [
                ("capture", record.name.as_str().into()),
                ("reason", json!(held_back.reason)),
                ("detail", held_back.detail.as_str().into()),
                ("until", json!(held_back.until)),
            ];
            self.app.log(Level::Warn, "a capture is held back", &fields);
            if record.state < State::Reported {
                let awake = self.app.awake();
                let work = async move { drive_in_hand(&background, hand, awake, true).await };
                self.app.platform.spawn(work).await;
            }
            return Ok(Taken { captures: vec![shown(&record, false)], left_out: Vec::new() });
        }

        let fields = [("capture", record.name.as_str().into()), ("rule", json!(record.alert.rule))];
        self.app.log(Level::Info, "alert accepted", &fields);
        let (tell, told) = oneshot::channel();
        let first = record.clone();
        // Not here but in the background, so that it goes on when the answer cannot wait for it.
        let work = async move { drive_new(&background, &hand, first, |record| _ = tell.send(record)).await };
        self.app.platform.spawn(work).await;
        let remaining = self.deadline.since(self.app.platform.now());
        let record = match self.app.platform.within(remaining, told).await {
            Some(Ok(started)) => started,
            Some(Err(_)) | None => record,
        };
        self.seen(&record, false).await
    }

    /// What the sender sees of a record: itself, or the captures that it led to.
    async fn seen(&self, record: &Record, duplicate: bool) -> Result<Taken, StoreError> {
        if record.led_to.is_empty() && !record.has_led_to_nothing() {
            return Ok(Taken { captures: vec![shown(record, duplicate)], left_out: record.left_out.clone() });
        }
        let mut captures = Vec::new();
        for name in &record.led_to {
            // Written down long ago, all of them: when the time is over, their names have to do.
            if self.app.platform.now() >= self.deadline {
                captures.push(json!({
                    "name": name, "duplicate": duplicate, "href": format!("/api/captures/{name}"),
                }));
                continue;
            }
            let mut capture = store::load(&self.app.platform, name).await?;
            // Begun already, each by its own driver; an answer that can say how that went is worth a moment.
            while capture.as_ref().is_some_and(|c| c.state == State::Accepted && c.attempts == 0)
                && self.app.platform.now() < self.deadline
            {
                self.app.platform.sleep(LOOK_AGAIN).await;
                capture = store::load(&self.app.platform, name).await?;
            }
            captures.extend(capture.map(|capture| shown(&capture, duplicate)));
        }
        Ok(Taken { captures, left_out: record.left_out.clone() })
    }

    async fn duplicate(&self, record: &Record) -> Result<Taken, StoreError> {
        let fields = [("capture", record.name.as_str().into())];
        self.app.log(Level::Info, "a further delivery of an alert that was taken", &fields);
        self.seen(record, true).await
    }
}

/// What the sender sees of a capture.
fn shown(record: &Record, duplicate: bool) -> Value {
    let mut shown = json!({
        "name": record.name,
        "state": record.state,
        "target": record.machine.id,
        "duplicate": duplicate,
        "href": format!("/api/captures/{}", record.name),
    });
    if let Some(object) = shown.as_object_mut() {
        if let Some(id) = record.capture_id() {
            object.insert("id".to_owned(), id.to_string().into());
        }
        if !record.notes.is_empty() {
            object.insert("notes".to_owned(), json!(record.notes));
        }
        if !record.rules.is_empty() {
            object.insert("rules".to_owned(), json!(record.rules));
        }
        if let Some(command) = &record.agent_missing {
            object.insert("agentMissing".to_owned(), command.as_str().into());
        }
        if let Some(held_back) = &record.held_back {
            object.insert("heldBack".to_owned(), json!(held_back));
        }
        if let Some(error) = &record.error {
            object.insert("error".to_owned(), json!(error));
        }
    }
    shown
}
