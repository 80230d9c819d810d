use super::*;
use crate::{
    azure::network_watcher::CaptureStatus,
    capture::state::{
        Action, Next, next,
        tests::{now, running},
    },
    report::Outcome,
    view::files::CaptureFile,
};

/// A capture that has ended and left a file, told of its start.
fn ended() -> Record {
    let mut record = running();
    record.storage_path = Some("https://st.example/logs/a.cap".to_owned());
    record.reports[0].tried(now(), Outcome::Taken);
    let status = CaptureStatus {
        word: "Stopped".to_owned(),
        is_over: true,
        stop_reason: Some("TimeExceeded".to_owned()),
        started_at: None,
        failure: None,
    };
    record.status(now().after(70), &status);
    record.left_files(now().after(70));
    record
}

fn end() -> Timestamp {
    now().after(70)
}

fn passing() -> Failure {
    Failure::new("ServerBusy", "busy")
}

#[test]
fn people_are_told_of_the_end_when_its_file_is_read() {
    let mut record = ended();
    assert_eq!(next(&record, end()), Next::Do(Action::ReadFiles));
    record.files =
        vec![CaptureFile { summary: Progress::Done, ..CaptureFile::at("https://st.example/logs/a.cap") }];
    record.are_read(end().after(5));
    assert_eq!(next(&record, end().after(5)), Next::Do(Action::Report(1)));
    record.reports[1].tried(end().after(6), Outcome::Taken);
    assert_eq!(next(&record, end().after(6)), Next::Do(Action::Close));
}

#[test]
fn nobody_waits_longer_than_a_quarter_of_an_hour_to_be_told_of_the_end() {
    let mut record = ended();
    record.files =
        vec![CaptureFile { etag: Some("x".to_owned()), ..CaptureFile::at("https://st.example/logs/a.cap") }];
    let mut at = end();
    while at < end().after(TOLD_AFTER) {
        assert_ne!(next(&record, at), Next::Do(Action::Report(1)), "{at}");
        record.read_again(at, None, passing());
        at = at.after(60);
    }
    assert_eq!(next(&record, at), Next::Do(Action::Report(1)));
    record.reports[1].tried(at, Outcome::Taken);
    assert!(record.to_read.is_some(), "the file is read all the same");
    assert_ne!(next(&record, at), Next::Do(Action::Close));
}

#[test]
fn a_file_that_does_not_come_is_given_up_with_a_note_and_people_are_told() {
    let mut record = ended();
    record.files = vec![CaptureFile::at("https://st.example/logs/a.cap")];
    let mut tries = 0;
    while let Some(to_read) = record.to_read {
        tries += 1;
        record.read_again(to_read.due, None, Failure::new("BlobNotFound", "no such blob"));
        assert!(tries < 50);
    }
    assert!(tries > 5, "{tries}");
    assert_eq!(record.files[0].summary, Progress::Failed);
    assert!(record.notes.iter().any(|note| note.contains("BlobNotFound")), "{:?}", record.notes);
    let told_at = record.reports[1].due;
    assert!(told_at.since(end()).as_secs() <= 10 * 60 + 5 * 60, "{told_at}");
    assert_eq!(next(&record, told_at), Next::Do(Action::Report(1)));
}

#[test]
fn a_capture_that_failed_or_left_its_file_on_the_machine_has_none_to_be_read() {
    let mut failed = running();
    failed.storage_path = Some("https://st.example/logs/a.cap".to_owned());
    failed.fail(end(), passing());
    failed.left_files(end());
    assert_eq!(failed.to_read, None);
    let mut on_machine = ended();
    on_machine.storage_path = None;
    on_machine.to_read = None;
    on_machine.left_files(end());
    assert_eq!(on_machine.to_read, None);
}

#[test]
fn of_two_drivers_the_one_that_has_read_less_learns_from_the_other() {
    let mut slow = ended();
    let mut fast = slow.clone();
    fast.files = vec![CaptureFile {
        summary: Progress::Done,
        packets: 7,
        ..CaptureFile::at("https://st.example/logs/a.cap")
    }];
    fast.are_read(end().after(5));
    slow.files = vec![CaptureFile {
        summary: Progress::Reading,
        read: 9,
        ..CaptureFile::at("https://st.example/logs/a.cap")
    }];
    slow.learn(&fast);
    assert_eq!((slow.files[0].packets, slow.to_read), (7, None));
    assert_eq!(slow.reports[1].due, end().after(5), "and people are told as soon");
    let known = fast.clone();
    fast.learn(&ended());
    assert_eq!(fast.files, known.files);
    assert_eq!(fast.to_read, None);
}

#[test]
fn of_several_files_each_has_its_turn_among_three_headlines() {
    let mut record = ended();
    let file = |name: &str, words: &[&str]| CaptureFile {
        headlines: words.iter().map(|&words| words.to_owned()).collect(),
        ..CaptureFile::at(&format!("https://st.example/logs/{name}"))
    };
    record.files = vec![file("vmss_0_a.cap", &["one", "two"])];
    assert_eq!(record.headlines(), ["one", "two"]);
    record.files.push(file("vmss_1_a.cap", &["three", "four"]));
    assert_eq!(record.headlines(), ["vmss_0_a.cap: one", "vmss_1_a.cap: three", "vmss_0_a.cap: two"]);
}
