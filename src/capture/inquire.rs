//! The step of an alert whose machines have to be asked for.
//!
//! Which are behind a load balancer, which one bears a computer's name, which tags a machine has that a rule wants to
//! know. It leads to one capture per machine, each with a record of its own; written down before, like any alert, so that
//! a throttled Azure loses nothing.

use futures_util::future::Either;

use super::{
    Record,
    accept::{accept, in_hand, rehearse},
    start::put_off,
};
use crate::{
    alert::Alert,
    app::App,
    azure::{
        arm::{Arm, ArmError, ErrorKind},
        behind::{self, Found},
        compute,
    },
    failure::Failure,
    plan::{CaptureSpec, Judged, Judgement, LeftOut, Machine, Moment, Plan, Subject, Tags, judge, machine},
    platform::{Platform, StoreError},
    settings::Settings,
    side_by_side::side_by_side,
    store,
    time::Timestamp,
};

/// Machines that are read side by side.
const AT_ONCE: usize = 4;

/// Takes the step and writes its outcome into `record`.
pub(super) async fn inquire<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record) {
    let Some(inquiry) = record.inquiry.clone() else { return };
    let (alert, moment) = (&inquiry.alert, Moment { time: inquiry.moment, earlier: None });
    let azure = match settings.azure_to_capture_in() {
        Ok(azure) => azure,
        Err(failure) => return record.fail(app.platform.now(), failure),
    };
    let now = app.platform.now();
    if record.stop.is_some() {
        return record.called_off(now);
    }
    if record.is_too_late_to_start(now) {
        return record.is_too_late(now);
    }
    // As old as it was when it was written down: an alert that was taken does not become too old by waiting for Azure.
    let arrived = record.accepted_at;
    let mut plan = match look(settings, &Arm::urgent(app, azure), alert, moment, arrived).await {
        Ok(plan) => plan,
        Err(error) => return put_off(record, app.platform.now(), error),
    };
    // Asking takes a while, and the alert may have resolved meanwhile.
    if let Ok(Some(kept)) = store::load(&app.platform, &record.name).await {
        record.learn(&kept);
        if record.stop.is_some() {
            return record.called_off(app.platform.now());
        }
    }
    let (mut led_to, mut held_back) = (Vec::new(), Vec::new());
    for spec in plan.captures {
        match write_down(app, settings, alert, spec).await {
            Ok(child) => {
                held_back.extend(child.held_back.map(|held_back| held_back.until));
                led_to.push(child.name);
            }
            Err(error) => {
                let failure = Failure::new("store", error.to_string());
                return record.try_again(app.platform.now(), None, failure);
            }
        }
    }
    plan.left_out.extend(plan.rehearsed.iter().map(|spec| rehearse(app, spec)));
    let now = app.platform.now();
    match plan.left_out.iter().find(|left_out| is_failure(left_out)) {
        // Nobody reads the answer to a webhook: people are told that the machine was not found.
        Some(first) if led_to.is_empty() && plan.rehearsed.is_empty() => {
            let failure = Failure::new(first.reason.clone(), format!("{}: {}", first.target, first.detail));
            record.left_out.clone_from(&plan.left_out);
            record.fail(now, failure);
        }
        _ => record.looked_up(now, led_to, &held_back, plan.left_out),
    }
}

/// Writes one of its captures down, unless a delivery that names the machine itself has it in hand.
async fn write_down<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    alert: &Alert,
    spec: CaptureSpec,
) -> Result<Record, StoreError> {
    let _hand = match in_hand(app, &spec.name).await? {
        Either::Left(hand) => hand,
        Either::Right(record) => return Ok(record),
    };
    let window = settings.captures.dedupe_window_seconds;
    Ok(accept(app, alert, spec, app.platform.now(), window).await?.record)
}

/// Whether something else than an operator's own decision kept a machine from being captured.
fn is_failure(left_out: &LeftOut) -> bool {
    !matches!(&*left_out.reason, "noRule" | "ignored" | "dryRun" | "outsideAllowedScopes" | "tooOld")
}

/// Asks for the machines of `alert`, and plans.
async fn look<P: Platform>(
    settings: &Settings,
    arm: &Arm<'_, P>,
    alert: &Alert,
    moment: Moment,
    arrived: Timestamp,
) -> Result<Plan, ArmError> {
    let found = find(arm, settings, alert).await?;
    let mut plan = Plan { left_out: found.left_out, ..Plan::default() };
    let tags = found.tags;
    let judged = machine::together(found.machines).into_iter().map(|machine| {
        let known = tags.get(&machine.id.canonical());
        judge_one(arm, settings, alert, machine, known, moment, arrived)
    });
    for one in side_by_side(AT_ONCE, judged).await {
        let (judged, machine) = one?;
        plan.add(judged, &machine);
    }
    if plan.captures.is_empty() && plan.left_out.is_empty() && plan.rehearsed.is_empty() {
        plan.left_out.push(LeftOut::new("", "noMachine", "no machine was found"));
    }
    Ok(plan)
}

/// The machines that an alert's targets are, or are before, or bear the name of.
///
/// # Errors
/// [`ArmError`] of any request.
pub async fn find<P: Platform>(
    arm: &Arm<'_, P>,
    settings: &Settings,
    alert: &Alert,
) -> Result<Found, ArmError> {
    let mut found = Found::default();
    let (mut resources, mut computers) = (Vec::new(), Vec::new());
    for target in &alert.targets {
        match machine::subject(target) {
            Err(left_out) => found.left_out.push(left_out),
            Ok(Subject::Machine(machine)) => found.machines.push(machine),
            Ok(Subject::Network(id)) => resources.push(id),
            Ok(Subject::Computer(name)) => computers.push(name),
        }
    }
    found.take(behind::computers(arm, &settings.captures, &computers).await?);
    found.take(behind::machines(arm, &settings.captures, resources).await?);
    Ok(found)
}

async fn judge_one<P: Platform>(
    arm: &Arm<'_, P>,
    settings: &Settings,
    alert: &Alert,
    machine: Machine,
    known: Option<&Tags>,
    moment: Moment,
    now: Timestamp,
) -> Result<(Judged, Machine), ArmError> {
    let judged = judge(alert, &machine, known, &settings.captures, moment, now);
    if judged.outcome != Judgement::NeedsTags {
        return Ok((judged, machine));
    }
    match compute::read(arm, &machine).await {
        Ok(view) => {
            let judged = judge(alert, &machine, Some(&view.tags), &settings.captures, moment, now);
            Ok((judged, machine))
        }
        // One that cannot be read keeps no other from being captured.
        Err(error) if matches!(error.kind, ErrorKind::Refused(_)) => {
            let reason = if error.is_not_found() { "machineNotFound" } else { "notReadable" };
            let left_out = LeftOut::new(machine.id.to_string(), reason, error.failure.to_string());
            Ok((Judged { outcome: Judgement::LeftOut(left_out), ..judged }, machine))
        }
        Err(error) => Err(error),
    }
}
