//! The steps after the start: provisioning to its end, the status when the end is due, and taking back what was too much.

use http::StatusCode;

use super::{Record, exact, gone};
use crate::{
    app::App,
    azure::{
        arm::{Answer, Arm, ArmError, ErrorKind, USUAL_PAUSE},
        network_watcher::{self, Operation},
        resource_id::ResourceId,
        sealed::Sealed,
    },
    capture::state::{Action, State},
    failure::Failure,
    platform::Platform,
    settings::Settings,
    time::Timestamp,
};

/// So often a stop is tried that Azure refuses for what may pass.
const STOP_TRIES: u32 = 5;

/// Takes a step after the start and writes its outcome into `record`.
pub(super) async fn follow<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    record: &mut Record,
    action: Action,
) {
    let (Some(azure), Some(capture)) = (&settings.azure, record.capture_id()) else {
        let failure = Failure::new("settings", settings.obstacle().unwrap_or_default());
        return record.try_again(app.platform.now(), None, failure);
    };
    if let Ok(Some(other)) = exact::has_its_name(app, record, &capture).await {
        return record.replaced(app.platform.now(), &other);
    }
    let arm = Arm::new(app, azure);
    let operation = record.operation.clone();
    let follow = Follow { app, arm: &arm, capture: &capture, calls: record.calls };
    let outcome = match (action, operation) {
        (Action::PollOperation, Some(operation)) => follow.poll_operation(record, &operation).await,
        (Action::PollStatus, Some(operation)) => follow.poll_status(record, &operation).await,
        (Action::ReadCapture, _) => follow.read_capture(record).await,
        (Action::QueryStatus, _) => follow.query_status(record).await,
        (Action::Stop, _) => follow.stop(record).await,
        (Action::Withdraw, _) => follow.withdraw(record).await,
        _ => Ok(()),
    };
    if let Err(error) = outcome {
        follow.failed(record, action, error).await;
    }
    let now = follow.now(record);
    if record.state == State::Ended && settings.files.summary {
        record.left_files(now);
    }
}

struct Follow<'a, P> {
    app: &'a App<P>,
    arm: &'a Arm<'a, P>,
    capture: &'a ResourceId,
    /// Requests that the capture had cost before this step.
    calls: u32,
}

impl<P: Platform> Follow<'_, P> {
    /// The time, and the requests counted by then: what comes of them decides by both.
    fn now(&self, record: &mut Record) -> Timestamp {
        record.calls = self.calls.saturating_add(self.arm.calls());
        self.app.platform.now()
    }

    /// What stands at a long-running operation's URL; none if it can no longer be asked. Operations are forgotten after a
    /// while, their URLs expire, and another client secret than the one they were sealed under does not open them.
    async fn ask(&self, record: &mut Record, operation: &Sealed) -> Result<Option<Answer>, ArmError> {
        if let Some(url) = self.arm.unseal(&record.name, operation) {
            match self.arm.send(http::Method::GET, &url, None).await {
                Err(error) if error.kind != ErrorKind::Passing => {}
                answer => return answer.map(Some),
            }
        }
        record.operation = None;
        Ok(None)
    }

    /// `Azure-AsyncOperation`, until it has ended; without it the session itself says as much.
    async fn poll_operation(&self, record: &mut Record, operation: &Sealed) -> Result<(), ArmError> {
        let Some(answer) = self.ask(record, operation).await? else {
            return self.read_capture(record).await;
        };
        let now = self.now(record);
        match network_watcher::operation(&answer)? {
            // Each further look comes later: most sessions are provisioned by the first.
            Operation::Running => {
                let times = i64::from(record.attempts.clamp(1, 3));
                record.still_under_way(now, answer.pause(now).saturating_mul(times));
            }
            Operation::Succeeded if record.storage_path.is_some() => record.provisioned(now),
            // Where the file goes is not known yet: the session says it.
            Operation::Succeeded => record.operation = None,
            Operation::Failed(failure) => record.fail(now, failure),
        }
        Ok(())
    }

    /// The session itself: provisioned or not, and where its file goes.
    async fn read_capture(&self, record: &mut Record) -> Result<(), ArmError> {
        let session = network_watcher::read(self.arm, self.capture).await?;
        let now = self.now(record);
        record.storage_path = session.properties.storage_path().or_else(|| record.storage_path.take());
        if session.properties.has_failed() {
            let failure = Failure::new(
                "provisioningFailed",
                "Azure could not provision the capture and gives no reason",
            );
            record.fail(now, failure);
        } else if session.properties.is_provisioning() {
            record.still_under_way(now, USUAL_PAUSE);
        } else {
            record.provisioned(now);
        }
        Ok(())
    }

    /// `queryStatus`: the status, or a place where it will stand.
    async fn query_status(&self, record: &mut Record) -> Result<(), ArmError> {
        let answer = network_watcher::query_status(self.arm, self.capture).await?;
        self.take_status(record, &answer).await
    }

    /// The place where the status stands, once it does; without it the question is asked anew.
    async fn poll_status(&self, record: &mut Record, operation: &Sealed) -> Result<(), ArmError> {
        match self.ask(record, operation).await? {
            Some(answer) => self.take_status(record, &answer).await,
            None => self.query_status(record).await,
        }
    }

    async fn take_status(&self, record: &mut Record, answer: &Answer) -> Result<(), ArmError> {
        if let Some(status) = network_watcher::status(answer)? {
            // An agent also stops with its machine.
            let gone = match &status.failure {
                Some(_) => gone::look(self.arm, record, self.capture).await,
                None => None,
            };
            let now = self.now(record);
            match (gone, status.failure.clone()) {
                (Some(gone), Some(failure)) => record.is_gone(now, gone, failure),
                _ => record.status(now, &status),
            }
            return Ok(());
        }
        let now = self.now(record);
        // While the service thinks that a capture runs it says so at once, perhaps with old news.
        if record.is_only_looked_at(now) && !record.can_follow_a_look() {
            record.looked_at(now);
            return Ok(());
        }
        // Without a new place it is still the same.
        if let Some(location) = answer.location() {
            record.operation = self.arm.seal(&record.name, location);
        }
        self.look_again(record, answer);
        Ok(())
    }

    /// Stops it before its time. Azure does not mind being told twice.
    async fn stop(&self, record: &mut Record) -> Result<(), ArmError> {
        let answer = network_watcher::stop(self.arm, self.capture).await?;
        let now = self.now(record);
        record.stopping(now, answer.pause(now));
        Ok(())
    }

    /// Takes back a session beyond the limit, and looks until it is gone.
    async fn withdraw(&self, record: &mut Record) -> Result<(), ArmError> {
        network_watcher::delete(self.arm, self.capture).await?;
        let now = self.now(record);
        match network_watcher::read(self.arm, self.capture).await {
            Err(error) if error.is_not_found() => {
                record.withdraw = false;
                record.note(now, "the session beyond the limit was taken back");
                Ok(())
            }
            Ok(_) => {
                record.still_under_way(now, USUAL_PAUSE);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn failed(&self, record: &mut Record, action: Action, error: ArmError) {
        let is_about_it = error.is_not_found() || error.is_bad_request() || error.is_conflict();
        let gone = if is_about_it && record.state < State::Ended {
            gone::look(self.arm, record, self.capture).await
        } else {
            None
        };
        let now = self.now(record);
        if let Some(gone) = gone {
            return record.is_gone(now, gone, *error.failure);
        }
        let is_late = record.expected_end.is_some_and(|end| now >= end);
        match (action, error.kind) {
            // It ends by itself all the same, and nothing about that is a failure of the capture.
            (Action::Stop, ErrorKind::Passing) if is_late => record.not_stopped(now, &error.failure, true),
            (Action::Stop, ErrorKind::Refused(status)) => {
                // Azure may be busy with it, but not for ever.
                let may_pass = error.is_conflict() || error.is_not_found();
                if may_pass && !is_late && record.attempts < STOP_TRIES {
                    return record.try_again(now, error.retry_after, *error.failure);
                }
                // What has stopped already may be refused too; who may not stop it only waits.
                record.not_stopped(now, &error.failure, status != StatusCode::FORBIDDEN);
            }
            (Action::Stop, ErrorKind::Unable) => record.not_stopped(now, &error.failure, true),
            // There is a next time, and the end does not wait for this one.
            (Action::QueryStatus | Action::PollStatus, _) if record.is_only_looked_at(now) => {
                record.looked_at(now)
            }
            // A permission may come back, a secret may be renewed: the capture itself goes on.
            _ => record.try_again(now, error.retry_after, *error.failure),
        }
    }

    /// Not done yet: looked at again when Azure says.
    fn look_again(&self, record: &mut Record, answer: &Answer) {
        let now = self.now(record);
        record.still_under_way(now, answer.pause(now));
    }
}
