//! The first step: token, machine and watcher, limit, PUT. What is remembered is not asked for again, so that an alert's
//! way to its capture is one request when warm, two without a token, three when nothing is known.

use std::time::Duration;

use futures_util::future;

use super::{
    Record,
    exact::{self, Found},
};
use crate::{
    app::App,
    azure::{
        arm::{Answer, Arm, ArmError, ErrorKind, USUAL_PAUSE},
        compute,
        network_watcher::{self, CaptureProperties, Session},
        resource_id::ResourceId,
    },
    failure::Failure,
    plan::StorageLocation,
    platform::Platform,
    settings::{Azure, OnLimit, Settings},
    store::{self, Place},
    time::Timestamp,
};

/// A machine moves to another region only by being made anew.
const PLACE_LASTS: Duration = Duration::from_hours(24);

/// Takes the step and writes its outcome into `record`.
pub(super) async fn start<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record) {
    let azure = match settings.azure_to_capture_in() {
        Ok(azure) => azure,
        Err(failure) => return record.fail(app.platform.now(), failure),
    };
    if record.parameters.storage_location.is_none() && !record.rules.is_empty() {
        let failure = Failure::new("settings", "storage_account_id lacks the account that the rule names");
        return record.fail(app.platform.now(), failure);
    }
    if record.parameters.storage_location.is_none() {
        // A record of a version before rules.
        let storage_id = settings.captures.storage_accounts.first().cloned();
        record.parameters.storage_location =
            Some(StorageLocation { storage_id, ..StorageLocation::default() });
    }
    let captures = &settings.captures;
    // Asked again, of the settings as they are by now: the operator may have narrowed them, and a store can be written to
    // by others. What an earlier PUT may have started is followed all the same.
    let is_allowed = captures.allow(&record.machine.id, &record.parameters);
    let start = Start { app, azure, limit: captures.session_limit, on_limit: captures.on_limit };
    if let Err(error) = start.run(record, is_allowed).await {
        put_off(record, app.platform.now(), error);
    } else if record.withdraw {
        let count = format!("the watcher already has {} sessions or more", start.limit);
        record.fail(app.platform.now(), Failure::new("sessionLimit", count));
    }
}

fn not_allowed() -> Failure {
    Failure::new("notAllowed", "the settings no longer allow a capture of this machine into this account")
        .advise("Look at allowed_scopes and storage_account_id, and at who can write to the key-value store.")
}

/// A first step that failed: tried again if that can help.
pub(super) fn put_off(record: &mut Record, now: Timestamp, error: ArmError) {
    match error.kind {
        ErrorKind::Passing => record.try_again(now, error.retry_after, *error.failure),
        ErrorKind::Refused(_) | ErrorKind::Unable => record.fail(now, *error.failure),
    }
}

pub(super) struct Start<'a, P> {
    pub(super) app: &'a App<P>,
    azure: &'a Azure,
    pub(super) limit: u32,
    pub(super) on_limit: OnLimit,
}

impl<P: Platform> Start<'_, P> {
    async fn run(&self, record: &mut Record, is_allowed: bool) -> Result<(), ArmError> {
        let arm = Arm::urgent(self.app, self.azure);
        // First of all, and once: what is asked side by side later would ask for it twice.
        arm.has_token().await?;
        let key = store::place_key(&record.machine.id);
        let now = self.app.platform.now();
        if record.stop.is_some() || record.is_too_late_to_start(now) || !is_allowed {
            let place = self.look_up(&arm, record).await?;
            return self.adopt_or_give_up(&arm, record, &place).await;
        }
        let remembered = store::hint::<Place>(&self.app.platform, &key).await;
        if let Some(place) = remembered.filter(|place| now.since(place.at) < PLACE_LASTS) {
            match self.put(&arm, record, &place).await {
                // The machine or the watcher is no longer where it was.
                Err(error) if error.is_not_found() || error.is_bad_request() => {}
                outcome => return outcome,
            }
        }
        let place = self.look_up(&arm, record).await?;
        if record.agent_missing.is_some() {
            // Looked at again next time: the agent may have been installed.
            return self.put(&arm, record, &place).await;
        }
        // Remembered beside the PUT: it may take as long as it likes.
        let remember = store::keep_hint(&self.app.platform, &key, &place);
        future::join(self.put(&arm, record, &place), remember).await.0
    }

    /// Too late, no longer allowed, or its alert has resolved: a session that an earlier PUT may have started is followed, but none is
    /// started any more.
    async fn adopt_or_give_up(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
    ) -> Result<(), ArmError> {
        match network_watcher::read(arm, &capture_id(place, record)?).await {
            Ok(session) if self.is_ours(&session, record, place).await => {
                self.adopt(record, place, &session);
                Ok(())
            }
            Err(error) if error.kind == ErrorKind::Passing => Err(error),
            Ok(_) | Err(_) if record.stop.is_some() => {
                record.called_off(self.app.platform.now());
                Ok(())
            }
            Ok(_) | Err(_) if record.is_too_late_to_start(self.app.platform.now()) => {
                record.is_too_late(self.app.platform.now());
                Ok(())
            }
            Ok(_) | Err(_) => {
                record.fail(self.app.platform.now(), not_allowed());
                Ok(())
            }
        }
    }

    /// The machine's region and its subscription's watchers, asked for side by side.
    async fn look_up(&self, arm: &Arm<'_, P>, record: &mut Record) -> Result<Place, ArmError> {
        let machine = &record.machine;
        let (view, watchers) = future::join(
            compute::read(arm, machine),
            network_watcher::watchers(arm, machine.id.subscription()),
        )
        .await;
        let (view, watchers) = (view?, watchers?);
        record.agent_missing = (!view.has_agent).then(|| compute::install_agent(machine, view.is_windows));
        let location = view.location;
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
        let before = arm.calls();
        let outcome = self.put_counted(arm, record, place).await;
        // Everything before the PUT is the alert's own way to it.
        record.calls = record.calls.saturating_add(arm.calls().saturating_sub(before));
        outcome
    }

    async fn put_counted(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
    ) -> Result<(), ArmError> {
        let capture = capture_id(place, record)?;
        let properties =
            CaptureProperties { machine: record.machine.clone(), parameters: record.parameters.clone() };
        // Between the look who has a given name and the PUT, no other of this instance may take it.
        let _name = match &record.session {
            Some(_) => Some(self.app.turn(&store::exact_key(&capture)).await),
            None => None,
        };
        if let Some(exact) = record.session.clone()
            && let Found::Ours(session) = self.make_way(arm, record, &capture, exact.on_conflict).await?
        {
            self.adopt(record, place, &session);
            return Ok(());
        }
        if self.has_room(arm, place, record).await? {
            let answer = network_watcher::create(arm, &capture, &properties).await;
            return self.taken(arm, record, place, answer).await;
        }
        let (answer, sessions) = future::join(
            network_watcher::create(arm, &capture, &properties),
            self.count_in_time(arm, &place.watcher),
        )
        .await;
        let is_new = answer.is_ok();
        self.taken(arm, record, place, answer).await?;
        match sessions {
            Ok(sessions) => self.count(arm, record, place, &sessions, is_new).await,
            Err(error) => {
                let note =
                    format!("the sessions could not be counted against session_limit: {}", error.failure);
                record.note(self.app.platform.now(), note);
            }
        }
        Ok(())
    }

    /// What the PUT came to.
    async fn taken(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
        answer: Result<Answer, ArmError>,
    ) -> Result<(), ArmError> {
        let now = self.app.platform.now();
        let refusal = match answer {
            Ok(answer) => {
                if record.session.is_some() {
                    // Another that found the name free at the same moment may have written its own meanwhile.
                    self.asks(record, &capture_id(place, record)?).await;
                }
                let place_of_outcome = answer.async_operation().or(answer.location());
                let operation = place_of_outcome.and_then(|url| arm.seal(&record.name, url));
                record.storage_path =
                    answer.json::<Session>().ok().and_then(|session| session.properties.storage_path());
                // Twice that: sessions take one or two of Azure's pauses, and each look costs a request.
                let pause = answer.pause(now).saturating_mul(2);
                record.sent(now, place.watcher.clone(), &place.location, operation, pause);
                return Ok(());
            }
            Err(error) if name_may_exist(&error) => error,
            Err(error) => {
                record.unsettled |= error.may_have_had_an_effect();
                return Err(error);
            }
        };
        // The name is derived from alert and machine, so a session of that name on that machine is this alert's: an
        // earlier PUT whose answer was lost, or another instance's.
        match network_watcher::read(arm, &capture_id(place, record)?).await {
            // Nobody had a given name a moment ago. Who has it now is known once that one has written it down.
            Ok(_) if record.session.is_some() => Err(exact::later("another has just taken the name")),
            Ok(session) if self.is_ours(&session, record, place).await => {
                self.adopt(record, place, &session);
                Ok(())
            }
            // Whether it exists is not known: the look is what has to be tried again, or says why it cannot be had.
            Err(error) if !error.is_not_found() => Err(error),
            // Refused for another reason; with a conflict and no such session, for one that passes.
            Err(_) if refusal.is_conflict() => Err(ArmError { kind: ErrorKind::Passing, ..refusal }),
            _ => Err(refusal),
        }
    }

    /// Whether a session that has the capture's name is this alert's. A derived name says so by itself; for one that a
    /// rule gives, the store knows who asked for it last.
    async fn is_ours(&self, session: &Session, record: &Record, place: &Place) -> bool {
        let is_on_machine = session.properties.is_on(&record.machine);
        match (&record.session, capture_id(place, record)) {
            (None, _) => is_on_machine,
            (Some(_), Ok(id)) => is_on_machine && self.asked_last(record, &id).await,
            (Some(_), Err(_)) => false,
        }
    }

    fn adopt(&self, record: &mut Record, place: &Place, session: &Session) {
        record.storage_path = session.properties.storage_path();
        // One that is being provisioned has only just begun; whether any other still runs has to be asked.
        let is_new = session.properties.is_provisioning();
        record.adopted = !is_new;
        let pause = if is_new { USUAL_PAUSE.saturating_mul(2) } else { 0 };
        record.sent(self.app.platform.now(), place.watcher.clone(), &place.location, None, pause);
    }
}

fn capture_id(place: &Place, record: &Record) -> Result<ResourceId, ArmError> {
    let id = place.watcher.child("packetCaptures", record.session_name());
    id.map_err(|why| ArmError::unable("badName", &why.to_string()))
}

/// Azure documents no code for a name that exists: any refusal that is not about the caller or the watcher may be one,
/// and a look at what exists decides.
fn name_may_exist(error: &ArmError) -> bool {
    error.is_conflict() || error.is_bad_request()
}
