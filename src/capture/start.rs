//! The first step: token, machine and watcher, limit, PUT. What is remembered is not asked for again, so that an alert's
//! way to its capture is one request when warm, two without a token, three when nothing is known.

use std::time::Duration;

use futures_util::{future, try_join};
use http::StatusCode;

use super::Record;
use crate::{
    app::App,
    azure::{
        arm::{Answer, Arm, ArmError, ErrorKind},
        compute,
        network_watcher::{self, CaptureProperties, Session, StorageLocation},
        resource_id::ResourceId,
    },
    failure::Failure,
    platform::Platform,
    settings::{Azure, Settings},
    store::{self, Place, SessionCount},
    time::Timestamp,
};

/// A machine moves to another region only by being made anew.
const PLACE_LASTS: Duration = Duration::from_hours(24);
/// A count of sessions is good for so long.
const COUNT_LASTS: Duration = Duration::from_mins(5);
/// A count this close to the limit is not good at all.
const COUNT_MARGIN: u32 = 50;
/// Azure's pause before the first look at an operation, where it names none.
const FIRST_LOOK: i64 = 10;

/// Takes the step and writes its outcome into `record`.
pub(super) async fn start<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record) {
    let receivers = settings.notify.is_some();
    let (azure, storage) = match (settings.obstacle(), &settings.azure, &settings.captures.storage_account) {
        (None, Some(azure), Some(storage)) => (azure, storage),
        (obstacle, ..) => {
            let failure = Failure::new("settings", obstacle.unwrap_or_else(|| "settings are missing".into()));
            return record.fail(app.platform.now(), failure, receivers);
        }
    };
    let start = Start { app, azure, storage, limit: settings.captures.session_limit };
    if let Err(error) = start.run(record).await {
        let now = app.platform.now();
        match error.kind {
            ErrorKind::Passing => record.try_again(now, error.retry_after, *error.failure, receivers),
            ErrorKind::Refused(_) | ErrorKind::Unable => record.fail(now, *error.failure, receivers),
        }
    }
    if record.withdraw {
        let count = format!("the watcher already has {} sessions or more", start.limit);
        record.fail(app.platform.now(), Failure::new("sessionLimit", count), receivers);
    }
}

struct Start<'a, P> {
    app: &'a App<P>,
    azure: &'a Azure,
    storage: &'a ResourceId,
    limit: u32,
}

/// How many sessions there are besides ours.
enum Count {
    /// Few enough, as far as is remembered.
    Remembered,
    /// To be read beside the PUT.
    Unknown,
}

impl<P: Platform> Start<'_, P> {
    async fn run(&self, record: &mut Record) -> Result<(), ArmError> {
        let arm = Arm::new(self.app, self.azure);
        let key = store::place_key(&record.machine.id);
        let now = self.app.platform.now();
        let remembered = store::hint::<Place>(&self.app.platform, &key).await;
        if let Some(place) = remembered.filter(|place| now.since(place.at) < PLACE_LASTS) {
            match self.put(&arm, record, &place).await {
                // The machine or the watcher is no longer where it was.
                Err(error) if matches!(error.kind, ErrorKind::Refused(status) if status.is_client_error()) => {
                }
                outcome => return outcome,
            }
        }
        let place = self.look_up(&arm, record).await?;
        // Remembered beside the PUT: it may take as long as it likes.
        let remember = async {
            store::keep_hint(&self.app.platform, &key, &place).await;
            Ok(())
        };
        try_join!(self.put(&arm, record, &place), remember).map(|_| ())
    }

    /// The machine's region and its subscription's watchers, asked for side by side.
    async fn look_up(&self, arm: &Arm<'_, P>, record: &Record) -> Result<Place, ArmError> {
        let machine = &record.machine;
        // Both need the token: asked for once, so that a credential that is refused is refused once.
        arm.has_token().await?;
        let (location, watchers) = future::join(
            compute::location(arm, machine),
            network_watcher::watchers(arm, machine.id.subscription()),
        )
        .await;
        let (location, watchers) = (location?, watchers?);
        match watchers.into_iter().find(|(region, _)| *region == location) {
            Some((_, watcher)) => Ok(Place { location, watcher, at: self.app.platform.now() }),
            None => {
                let message =
                    format!("there is no Network Watcher in {location}, the region of {}", machine.id.name());
                Err(ArmError::unable("noNetworkWatcher", &message))
            }
        }
    }

    async fn put(&self, arm: &Arm<'_, P>, record: &mut Record, place: &Place) -> Result<(), ArmError> {
        let capture = place
            .watcher
            .child("packetCaptures", &record.name)
            .map_err(|why| ArmError::unable("badName", &why.to_string()))?;
        let properties = CaptureProperties {
            machine: record.machine.clone(),
            limits: record.limits,
            storage_location: StorageLocation { storage_id: self.storage.clone() },
        };
        match self.count(arm, place, &record.name).await? {
            Count::Remembered => {
                let answer = network_watcher::create(arm, &capture, &properties).await;
                self.taken(arm, record, place, &capture, answer).await
            }
            Count::Unknown => {
                let (answer, sessions) = future::join(
                    network_watcher::create(arm, &capture, &properties),
                    network_watcher::sessions(arm, &place.watcher),
                )
                .await;
                self.taken(arm, record, place, &capture, answer).await?;
                if let Ok(sessions) = sessions {
                    record.withdraw = self.others(&sessions, &record.name) >= self.limit;
                    self.remember_count(place, &sessions).await;
                }
                Ok(())
            }
        }
    }

    /// What the PUT came to.
    async fn taken(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
        capture: &ResourceId,
        answer: Result<Answer, ArmError>,
    ) -> Result<(), ArmError> {
        let now = self.app.platform.now();
        let sent = |record: &mut Record, operation, pause| {
            record.sent(now, place.watcher.clone(), &place.location, operation, pause);
        };
        match answer {
            Ok(answer) => {
                let operation = answer.async_operation().and_then(|url| arm.seal(&record.name, url));
                if let Ok(session) = answer.json::<Session>() {
                    record.storage_path = session.properties.storage_path();
                }
                sent(record, operation, answer.retry_after(now).unwrap_or(FIRST_LOOK));
                Ok(())
            }
            // The name is derived from alert and machine, so a session of that name on that machine is this alert's:
            // an earlier PUT whose answer was lost, or another instance's.
            Err(error) if is_conflict(&error) => match network_watcher::read(arm, capture).await {
                Ok(session)
                    if session.properties.target.eq_ignore_ascii_case(&record.machine.id.to_string()) =>
                {
                    record.storage_path = session.properties.storage_path();
                    sent(record, None, 0);
                    Ok(())
                }
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// At the limit a remembered count is checked before anything is started; otherwise nothing is asked before the PUT.
    async fn count(&self, arm: &Arm<'_, P>, place: &Place, name: &str) -> Result<Count, ArmError> {
        let now = self.app.platform.now();
        let key = store::sessions_key(&place.watcher);
        match store::hint::<SessionCount>(&self.app.platform, &key).await {
            Some(known) if known.count >= self.limit => {
                let sessions = network_watcher::sessions(arm, &place.watcher).await?;
                self.remember_count(place, &sessions).await;
                let others = self.others(&sessions, name);
                if others < self.limit {
                    return Ok(Count::Remembered);
                }
                let message = format!("the watcher {} has {others} sessions", place.watcher.name());
                Err(ArmError::unable("sessionLimit", &message))
            }
            Some(known) if is_good(&known, self.limit, now) => Ok(Count::Remembered),
            _ => Ok(Count::Unknown),
        }
    }

    /// The sessions that count before ours. Of those being provisioned at this moment only the ones with a lesser name
    /// do: of several started at once, each seeing the others, the first few stay and the rest are taken back.
    fn others(&self, sessions: &[Session], name: &str) -> u32 {
        let counts = |session: &&Session| {
            session.name != name && (!session.properties.is_provisioning() || session.name.as_str() < name)
        };
        u32::try_from(sessions.iter().filter(counts).count()).unwrap_or(u32::MAX)
    }

    async fn remember_count(&self, place: &Place, sessions: &[Session]) {
        let count = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
        let hint = SessionCount { count, at: self.app.platform.now() };
        store::keep_hint(&self.app.platform, &store::sessions_key(&place.watcher), &hint).await;
    }
}

fn is_good(known: &SessionCount, limit: u32, now: Timestamp) -> bool {
    now.since(known.at) < COUNT_LASTS && known.count.saturating_add(COUNT_MARGIN) < limit
}

/// Azure documents no code for a name that exists: any refusal that is not about the caller or the watcher may be one,
/// and a look at what exists decides.
fn is_conflict(error: &ArmError) -> bool {
    matches!(
        error.kind,
        ErrorKind::Refused(StatusCode::CONFLICT | StatusCode::BAD_REQUEST | StatusCode::PRECONDITION_FAILED)
    )
}
