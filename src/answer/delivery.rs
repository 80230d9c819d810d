//! One delivery of an alert: each of its captures is written down, or found written, and its start waited for.

use std::{pin::pin, time::Duration};

use futures_channel::oneshot;
use futures_util::future::{self, Either};
use serde_json::{Value, json};

use crate::{
    alert::Alert,
    app::{App, InHand},
    capture::{
        Record,
        accept::{Accepted, accept, is_recent},
        drive::{Patience, drive, drive_new},
    },
    log::Level,
    plan::CaptureSpec,
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// How often a delivery looks whether a simultaneous one has written the capture down.
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

impl<P: Platform> Delivery<'_, P> {
    /// Writes one capture down and waits for its start, or for the deadline; returns what the sender sees of it.
    pub(super) async fn take(&self, spec: CaptureSpec) -> Result<Value, StoreError> {
        // The earlier name too: of two deliveries at the edge of the dedupe window, one has to wait for the other.
        let _earlier = match &spec.earlier_name {
            Some(earlier) => match self.in_hand(earlier).await? {
                Either::Right(record) if is_recent(&record, self.now, self.window) => {
                    return Ok(self.duplicate(&record));
                }
                hand => Some(hand),
            },
            None => None,
        };
        let hand = match self.in_hand(&spec.name).await? {
            Either::Left(hand) => hand,
            Either::Right(record) => return Ok(self.duplicate(&record)),
        };
        let Accepted { record, duplicate } =
            accept(self.app, self.alert, spec, self.now, self.window).await?;
        let background = self.app.clone();
        if duplicate {
            if hand.name() == record.name {
                let work = async move { _ = drive(&background, &hand, Patience::ToTheEnd).await };
                self.app.platform.spawn(work).await;
            }
            return Ok(self.duplicate(&record));
        }

        let fields = [("capture", record.name.as_str().into()), ("rule", json!(record.alert.rule))];
        self.app.log(Level::Info, "alert accepted", &fields);
        let (tell, told) = oneshot::channel();
        let first = record.clone();
        // Not here but in the background, so that it goes on when the answer cannot wait for it.
        let work = async move { drive_new(&background, &hand, first, |record| _ = tell.send(record)).await };
        self.app.platform.spawn(work).await;
        let remaining = self.deadline.since(self.app.platform.now());
        let record = match future::select(told, pin!(self.app.platform.sleep(remaining))).await {
            Either::Left((Ok(started), _)) => started,
            Either::Left((Err(_), _)) | Either::Right(_) => record,
        };
        Ok(shown(&record, false))
    }

    /// The capture called `name` in hand; or, where another delivery has it in hand, its record once there is one.
    /// The answer's own time bounds the waiting.
    async fn in_hand(&self, name: &str) -> Result<Either<InHand, Record>, StoreError> {
        loop {
            if let Some(hand) = self.app.memory.take_in_hand(name) {
                return Ok(Either::Left(hand));
            }
            if let Some(record) = store::load(&self.app.platform, name).await? {
                return Ok(Either::Right(record));
            }
            self.app.platform.sleep(LOOK_AGAIN).await;
        }
    }

    fn duplicate(&self, record: &Record) -> Value {
        let fields = [("capture", record.name.as_str().into())];
        self.app.log(Level::Info, "a further delivery of an alert that was taken", &fields);
        shown(record, true)
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
        if let Some(error) = &record.error {
            object.insert("error".to_owned(), json!(error));
        }
    }
    shown
}
