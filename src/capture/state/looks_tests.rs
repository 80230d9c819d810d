use super::*;
use crate::{
    capture::{
        note::{Stop, StopCause, StopProgress},
        state::{
            Action, Next, next,
            tests::{accepted, now, sealed, watcher},
        },
    },
    rules::Ring,
};

/// A capture of so many seconds that has begun at [`now`] after so many requests.
fn begun(seconds: u32, calls: u32) -> Record {
    let mut record = accepted();
    record.tell.receivers.clear();
    record.parameters.time_limit_in_seconds = Some(seconds);
    record.calls = calls;
    record.sent(now(), watcher(), "westeurope", sealed(), 0);
    record.provisioned(now());
    record
}

/// The seconds after the start at which it is asked, each look costing a request, until its end is due.
fn looks(mut record: Record) -> Vec<i64> {
    let mut times = Vec::new();
    loop {
        times.push(record.due.unix() - now().unix());
        assert_eq!(next(&record, record.due), Next::Do(Action::QueryStatus));
        if !record.is_only_looked_at(record.due) {
            return times;
        }
        record.calls += 1;
        if record.can_follow_a_look() {
            record.calls += 1;
        }
        record.looked_at(record.due);
    }
}

#[test]
fn a_capture_of_five_hours_is_looked_at_soon_and_where_requests_are_left_once_more() {
    assert_eq!(looks(begun(18_000, 2)), [60, 6_040, 18_002]);
    assert_eq!(looks(begun(18_000, 3)), [60, 18_002]);
    assert_eq!(looks(begun(18_000, 4)), [60, 18_002]);
    assert_eq!(looks(begun(18_000, 5)), [18_002]);
}

#[test]
fn no_look_takes_what_the_end_needs_of_eight_requests() {
    for calls in 0..12 {
        let spent = calls + u32::try_from(looks(begun(18_000, calls)).len()).unwrap() - 1;
        assert!(spent <= 6.max(calls), "{calls}: {spent}");
    }
    assert_eq!(looks(begun(18_000, 5)), [18_002]);
}

#[test]
fn a_short_capture_is_only_waited_for() {
    assert_eq!(looks(begun(60, 3)), [62]);
    assert_eq!(looks(begun(120, 3)), [122]);
    assert_eq!(looks(begun(121, 3)), [60, 123]);
    assert_eq!(looks(begun(300, 3)), [60, 302]);
    assert_eq!(looks(begun(300, 2)), [60, 140, 302]);
}

#[test]
fn a_ring_of_a_week_is_looked_at_twice_a_day_at_the_rarest() {
    let mut record = accepted();
    record.tell.receivers.clear();
    record.parameters.continuous_capture = Some(true);
    let week = Ring { session_time_limit_in_seconds: Some(604_800), ..Ring::default() };
    record.parameters.capture_settings = Some(week);
    record.calls = 3;
    record.sent(now(), watcher(), "westeurope", sealed(), 0);
    record.provisioned(now());
    let times = looks(record);
    let pauses: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[..11].iter().all(|pause| *pause == 43_200), "{pauses:?}");
    assert_eq!((times[0], times.last()), (60, Some(&604_802)));
}

#[test]
fn what_was_told_to_stop_is_followed_to_its_end_at_once() {
    let mut record = begun(18_000, 3);
    assert!(record.is_only_looked_at(now()));
    let mut stop = Stop::asked(now(), StopCause::AlertResolved);
    record.stop = Some(stop);
    assert!(record.is_only_looked_at(now()));
    stop.progress = StopProgress::Refused;
    record.stop = Some(stop);
    assert!(record.is_only_looked_at(now()), "Azure does not stop it");
    stop.progress = StopProgress::Sent;
    record.stop = Some(stop);
    assert!(!record.is_only_looked_at(now()));
    record.stop = None;
    assert!(!record.is_only_looked_at(now().after(18_000)));
}

#[test]
fn a_look_that_finds_it_running_costs_no_try_and_puts_off_nothing() {
    let mut record = begun(18_000, 3);
    record.attempts = 2;
    record.operation = sealed();
    record.looked_at(now().after(60));
    assert_eq!((record.attempts, record.operation.is_none()), (0, true));
}
