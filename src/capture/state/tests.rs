use super::*;
use crate::{
    alert::{self, Alert, Reading},
    azure::{network_watcher::CaptureStatus, resource_id::ResourceId, sealed::Sealed},
    capture::note::{HeldBack, Stop, StopCause},
    failure::Failure,
    plan::{ExactName, Inquiry, LeftOut},
    report::{Audience, Event, Outcome, Receiver},
    rules::OnConflict,
    testing,
};

pub(super) fn now() -> Timestamp {
    "2026-11-22T02:00:20Z".parse().unwrap()
}

fn alert() -> Alert {
    match alert::read(include_bytes!("../../../tests/fixtures/metric-fired.json")).unwrap() {
        Reading::Alert(alert) => *alert,
        other => panic!("{other:?}"),
    }
}

pub(super) fn accepted() -> Record {
    let alert = alert();
    let spec = testing::spec(&alert, now());
    Record::accepted(&alert, spec, now(), 0)
}

fn not_taken() -> Outcome {
    Outcome::NotTaken { why: "the receiver answered 500".to_owned(), rest: None }
}

pub(super) fn watcher() -> ResourceId {
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w";
    ResourceId::parse(id).unwrap()
}

pub(super) fn sealed() -> Option<Sealed> {
    Some(Sealed("sealed".to_owned()))
}

pub(super) fn running() -> Record {
    let mut record = accepted();
    record.sent(now(), watcher(), "westeurope", sealed(), 10);
    record.provisioned(now().after(10));
    record
}

fn status(word: &str, is_over: bool) -> CaptureStatus {
    CaptureStatus {
        word: word.to_owned(),
        is_over,
        stop_reason: is_over.then(|| "TimeExceeded".to_owned()),
        started_at: None,
        failure: None,
    }
}

fn failure() -> Failure {
    Failure::new("X", "x")
}

#[test]
fn each_state_has_its_step_and_waits_until_it_is_due() {
    let mut record = accepted();
    assert_eq!(next(&record, now()), Next::Do(Action::Start));
    record.sent(now(), watcher(), "westeurope", sealed(), 10);
    assert_eq!(next(&record, now()), Next::Wait(now().after(10)));
    assert_eq!(next(&record, now().after(10)), Next::Do(Action::PollOperation));
    record.operation = None;
    assert_eq!(next(&record, now().after(10)), Next::Do(Action::ReadCapture));

    let mut record = running();
    assert_eq!(next(&record, now().after(10)), Next::Do(Action::Report(0)), "people are told at once");
    record.reports[0].tried(now(), Outcome::Taken);
    assert_eq!(
        next(&record, now().after(11)),
        Next::Wait(now().after(72)),
        "the end in mind: 60 s and a margin"
    );
    assert_eq!(next(&record, now().after(72)), Next::Do(Action::QueryStatus));
    record.operation = sealed();
    record.still_under_way(now().after(72), 3);
    assert_eq!(next(&record, now().after(75)), Next::Do(Action::PollStatus));
    record.status(now().after(75), &status("Stopped", true));
    assert_eq!(next(&record, now().after(75)), Next::Do(Action::Report(1)));
    record.reports[1].tried(now(), Outcome::Taken);
    assert_eq!(next(&record, now().after(75)), Next::Do(Action::Close));
    record.close(now().after(76));
    assert_eq!(next(&record, now().after(1_000)), Next::Nothing);
}

#[test]
fn a_slow_receiver_holds_up_nothing_but_its_report() {
    let mut record = running();
    record.reports[0].tried(now().after(70), not_taken());
    let due = record.reports[0].due;
    assert!(due > now().after(70));
    assert_eq!(next(&record, now().after(70)), Next::Wait(due));
    assert_eq!(next(&record, now().after(72)), Next::Do(Action::Report(0)));
}

#[test]
fn a_state_never_goes_back() {
    let mut record = running();
    record.sent(now(), watcher(), "westeurope", None, 0);
    assert_eq!(record.state, State::Running);
    record.fail(now(), failure());
    record.provisioned(now());
    assert_eq!(record.state, State::Ended);
}

#[test]
fn nothing_is_told_twice() {
    let mut record = running();
    record.provisioned(now());
    record.fail(now(), failure());
    record.fail(now(), failure());
    assert_eq!(record.reports.iter().map(|r| r.event).collect::<Vec<_>>(), [Event::Started, Event::Failed]);
}

#[test]
fn a_start_is_tried_with_growing_pauses_for_a_quarter_of_an_hour() {
    let mut record = accepted();
    let mut time = now();
    let mut pauses = Vec::new();
    while record.state == State::Accepted {
        record.try_again(time, None, failure());
        pauses.push(record.due.since(time).as_secs_f64());
        time = record.due;
    }
    for (pause, whole) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0]) {
        assert!((whole / 2.0..=whole).contains(pause), "{pauses:?}");
    }
    assert!(time.since(now()).as_secs() < 30 * 60);
    assert_eq!(record.error.as_ref().unwrap().code, "X");
    assert!(record.error.unwrap().message.contains("given up"));
}

#[test]
fn azures_retry_after_is_kept_to_within_reason() {
    let mut record = accepted();
    record.try_again(now(), Some(17), failure());
    assert_eq!(record.due, now().after(17));
    record.try_again(now(), Some(86_400), failure());
    assert_eq!(record.due, now().after(300));
    record.try_again(now(), Some(0), failure());
    assert_eq!(record.due, now().after(1));
}

#[test]
fn a_capture_that_azure_says_still_runs_is_asked_after_again_but_not_for_ever() {
    let mut record = running();
    record.status(now().after(72), &status("Running", false));
    assert_eq!((record.state, record.attempts), (State::Running, 1));
    let pause = record.due.since(now().after(72)).as_secs_f64();
    assert!((2.5..=5.0).contains(&pause), "{pause}");
    record.status(now().after(5_000), &status("SomethingNew", false));
    assert_eq!(record.state, State::Running, "late alone is no reason: the host may have been down");
    for _ in 0..4 {
        record.status(now().after(5_000), &status("SomethingNew", false));
    }
    assert_eq!(record.state, State::Ended);
    assert_eq!(record.error.unwrap().code, "stillRunning");
}

#[test]
fn an_operation_that_never_ends_is_given_up_at_last() {
    let mut record = accepted();
    record.sent(now(), watcher(), "westeurope", sealed(), 10);
    record.still_under_way(now().after(600), 10);
    assert_eq!((record.state, record.due), (State::Starting, now().after(610)));
    for _ in 0..4 {
        record.still_under_way(now().after(3_700), 10);
    }
    assert_eq!((record.state, record.error.unwrap().code.as_str()), (State::Ended, "neverEnded"));
}

#[test]
fn a_capture_seen_late_is_taken_to_have_begun_when_it_did() {
    let mut record = accepted();
    record.sent(now(), watcher(), "westeurope", sealed(), 10);
    record.provisioned(now().after(7_200));
    assert_eq!(record.started_at, Some(now().after(30)));
    assert_eq!(record.expected_end, Some(now().after(90)));
    assert_eq!(record.due, now().after(7_200), "its end is asked for at once");
    assert!(record.reports.is_empty(), "that it runs is no longer true");
}

#[test]
fn news_that_was_not_delivered_in_time_gives_way_to_later_news() {
    let mut record = running();
    record.reports[0].tried(now(), not_taken());
    record.status(now().after(75), &status("Stopped", true));
    assert!(record.reports[0].is_settled() && record.reports[0].delivered_at.is_none());
    assert_eq!(next(&record, now().after(75)), Next::Do(Action::Report(1)));
    record.reports[1].tried(now(), Outcome::Taken);
    record.close(now());
    assert_eq!(record.history.last().unwrap().note, "people notified");
}

#[test]
fn what_another_driver_delivered_stays_delivered() {
    let mut kept = running();
    kept.reports[0].tried(now(), Outcome::Taken);
    let mut record = running();
    record.learn(&kept);
    assert_eq!(record.reports[0].delivered_at, Some(now()));
}

#[test]
fn what_was_told_of_a_state_that_this_driver_never_saw_stays_told() {
    let mut kept = running();
    kept.reports[0].tried(now(), Outcome::Taken);
    let mut record = Record { reports: Vec::new(), ..running() };
    record.fail(now(), failure());
    record.learn(&kept);
    let told: Vec<_> = record.reports.iter().map(|report| (report.event, report.is_settled())).collect();
    assert_eq!(told, [(Event::Failed, false), (Event::Started, true)]);
}

#[test]
fn an_error_status_is_a_failure_with_its_reason() {
    let mut record = running();
    let status = CaptureStatus { failure: Some(failure()), stop_reason: None, ..status("Error", true) };
    record.status(now(), &status);
    assert_eq!((record.state, record.stop_reason.as_deref()), (State::Ended, Some("Error")));
    assert_eq!(record.reports.last().unwrap().event, Event::Failed);
}

#[test]
fn a_session_that_cannot_be_taken_back_is_given_up_at_last() {
    let mut record = running();
    record.tell.receivers.clear();
    record.reports.clear();
    record.fail(now(), failure());
    record.withdraw = true;
    assert_eq!(next(&record, now()), Next::Do(Action::Withdraw));
    for _ in 0..6 {
        record.try_again(now().after(40_000), None, failure());
    }
    assert!(!record.withdraw);
    assert_eq!(next(&record, now().after(40_000)), Next::Do(Action::Close));
}

#[test]
fn a_record_survives_being_written_and_unknown_fields_with_it() {
    let mut value = serde_json::to_value(running()).unwrap();
    value["ofALaterVersion"] = serde_json::json!({"a": [1]});
    let record = Record::read(&value).unwrap();
    assert_eq!(serde_json::to_value(&record).unwrap(), value);
    assert_eq!(record.machine.id.name(), "web-01");
}

#[test]
fn each_field_of_a_record_is_read_under_the_name_it_is_written_under() {
    let some = || Some("x".to_owned());
    let all = Record {
        rules: vec!["r".to_owned()],
        session: Some(ExactName { name: "s".to_owned(), on_conflict: OnConflict::Replace }),
        tell: Audience { receivers: vec![Receiver::Slack], events: vec![Event::HeldBack] },
        stop_on_resolve: true,
        stop: Some(Stop::asked(now(), StopCause::Operator)),
        held_back: Some(HeldBack { reason: "budget".into(), detail: "d".to_owned(), until: now() }),
        inquiry: Some(Box::new(Inquiry { alert: alert(), moment: now() })),
        ask_again_at: Some(now()),
        led_to: vec!["n".to_owned()],
        left_out: vec![LeftOut::new("t", "notAMachine", "d")],
        agent_missing: some(),
        location: some(),
        expected_end: Some(now()),
        ended_at: Some(now()),
        stop_reason: some(),
        ended_because: some(),
        advice: some(),
        storage_path: some(),
        error: Some(failure()),
        notes: vec!["n".to_owned()],
        calls: 7,
        attempts: 8,
        last_failure: Some(failure()),
        adopted: true,
        unsettled: true,
        withdraw: true,
        operation: sealed(),
        ..running()
    };
    let written = serde_json::to_value(&all).unwrap();
    let read = Record::read(&written).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    assert!(read.more.is_empty(), "{:?}", read.more);
    for required in ["v", "name", "state", "alert", "target", "targetType", "acceptedAt", "history", "due"] {
        let mut without = written.clone();
        without.as_object_mut().unwrap().shift_remove(required);
        let why = Record::read(&without).unwrap_err().to_string();
        assert_eq!(why, format!("missing field `{required}`"));
    }
}

#[test]
fn a_record_of_the_version_before_is_read() {
    let mut value = serde_json::to_value(running()).unwrap();
    let object = value.as_object_mut().unwrap();
    for new in ["audience", "calls", "advice"] {
        object.remove(new);
    }
    object.insert("tell".to_owned(), serde_json::json!(["webhook"]));
    for report in object["reports"].as_array_mut().unwrap() {
        report.as_object_mut().unwrap().retain(|field, _| !["to", "at"].contains(&field.as_str()));
    }
    let record = Record::read(&value).unwrap();
    assert_eq!((record.tell.receivers.len(), record.reports[0].to.name()), (1, "webhook"));
}

#[test]
fn the_history_is_bounded_and_keeps_its_first_line() {
    let mut record = accepted();
    for n in 0..100 {
        record.note(now(), n.to_string());
    }
    assert_eq!(record.history.len(), 40);
    assert_eq!(record.history[0].note, "alert accepted");
    assert_eq!(record.history[39].note, "99");
}

#[test]
fn a_capture_that_waits_for_its_receiver_alone_is_not_the_most_urgent() {
    let mut record = running();
    record.fail(now().after(20), failure());
    let last = record.reports.len() - 1;
    record.reports[last].tried(now().after(20), not_taken());
    assert!(record.due <= now().after(20));
    assert_eq!(record.next_step_at(), Some(record.reports[last].due), "its own time no longer counts");
    record.reports[last].tried(now().after(22), Outcome::Taken);
    record.close(now().after(22));
    assert_eq!(record.next_step_at(), None);
}
