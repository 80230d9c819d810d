use super::*;
use crate::{
    capture::{
        note::{Stop, StopCause, StopProgress},
        state::tests::running,
    },
    rules::Ring,
};

fn status(reason: Option<&str>) -> CaptureStatus {
    CaptureStatus {
        word: "Stopped".to_owned(),
        is_over: true,
        stop_reason: reason.map(str::to_owned),
        started_at: None,
        failure: None,
    }
}

fn end_of(record: &Record, reason: Option<&str>) -> Ending {
    ending(record, &status(reason))
}

fn stopped() -> Record {
    let mut record = running();
    let at = record.accepted_at;
    record.stop = Some(Stop { progress: StopProgress::Sent, ..Stop::asked(at, StopCause::AlertResolved) });
    record
}

#[test]
fn azures_word_is_kept_and_explained() {
    let end = end_of(&running(), Some("TimeExceeded"));
    assert_eq!((end.reason.as_str(), end.words.as_str()), ("TimeExceeded", "its time limit was reached"));
    assert_eq!(end.advice, None);
    let end = end_of(&running(), Some("manual"));
    assert_eq!(end.reason, "manual");
    assert!(end.words.contains("someone stopped it") && end.advice.is_some(), "{end:?}");
    let end = end_of(&running(), Some("SomethingNew"));
    assert_eq!(
        (end.reason.as_str(), end.words.as_str(), end.advice),
        ("SomethingNew", "Azure says SomethingNew", None)
    );
}

#[test]
fn what_alertcap_stopped_says_for_whom() {
    for reason in [Some("Manual"), None] {
        let end = end_of(&stopped(), reason);
        assert_eq!((end.reason.as_str(), end.advice), ("Manual", None));
        assert_eq!(end.words, "it was stopped: the alert has resolved");
    }
    let end = end_of(&stopped(), Some("TimeExceeded"));
    assert_eq!(end.words, "its time limit was reached", "the stop came too late");
    let mut only_asked = stopped();
    only_asked.stop.as_mut().unwrap().progress = StopProgress::Asked;
    assert!(end_of(&only_asked, Some("Manual")).words.contains("someone"), "Azure was not told");
    let mut refused = stopped();
    refused.stop.as_mut().unwrap().progress = StopProgress::Refused;
    assert_eq!(end_of(&refused, None).reason, "SizeReached", "it was not stopped by that");
}

#[test]
fn an_end_without_a_reason_is_the_size_and_says_how_to_get_more() {
    let end = end_of(&running(), None);
    assert_eq!(end.reason, "SizeReached");
    assert!(end.words.contains("1073741824"), "{end:?}");
    assert!(end.advice.unwrap().contains("bytes_per_session"));
    let mut small = running();
    small.parameters.total_bytes_per_session = Some(5_000);
    assert!(end_of(&small, None).words.contains("its 5000 bytes"));
    let mut ring = running();
    ring.parameters.continuous_capture = Some(true);
    ring.parameters.capture_settings = Some(Ring::default());
    let end = end_of(&ring, None);
    assert_eq!((end.reason.as_str(), end.advice), ("Unknown", None), "a ring does not fill up");
    let mut boundless = running();
    boundless.parameters.total_bytes_per_session = Some(0);
    assert_eq!(end_of(&boundless, None).reason, "Unknown");
}

#[test]
fn what_is_gone_is_named_with_azures_words_and_what_to_do() {
    for (gone, reason, advice) in [
        (Gone::Session, "Deleted", "may be in the storage account"),
        (Gone::Machine, "MachineDeleted", "while it was captured"),
        (Gone::Watcher, "WatcherDeleted", "az network watcher configure"),
    ] {
        let failure = gone.failure(Failure::new("ResourceNotFound", "was not found"));
        assert_eq!((gone.reason(), failure.code.as_str()), (reason, "ResourceNotFound"));
        assert!(failure.message.ends_with(": was not found"), "{failure}");
        assert!(failure.advice.unwrap().contains(advice));
    }
}
