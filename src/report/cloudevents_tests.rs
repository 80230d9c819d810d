use super::*;
use crate::{
    failure::Failure,
    report::{Event, message::tests::record},
};

fn event(record: &Record, event: Event, id: &str) -> Value {
    body(record, &Message::of(record, event, id))
}

#[test]
fn an_event_has_the_attributes_that_cloudevents_requires_and_says_what_happened() {
    let record = record();
    let event = event(&record, Event::Started, "x.started");
    for attribute in ["specversion", "id", "source", "type", "subject", "time", "datacontenttype"] {
        assert!(event[attribute].as_str().is_some_and(|v| !v.is_empty()), "{attribute}");
    }
    assert_eq!((event["specversion"].as_str(), event["id"].as_str()), (Some("1.0"), Some("x.started")));
    assert_eq!(event["time"], "2026-11-22T02:00:27Z");
    assert_eq!(event["source"], record.machine.id.to_string());
    assert_eq!(event["data"]["summary"], "A packet capture runs on web-01");
    let watcher = record.watcher.as_ref().unwrap();
    let id = format!("{watcher}/packetCaptures/{}", record.name);
    assert_eq!(event["data"]["capture"]["id"], id);
    assert_eq!(event["data"]["capture"]["operation"], Value::Null);
}

#[test]
fn a_failure_says_why_and_what_to_do() {
    let mut record = record();
    record.fail(record.accepted_at, Failure::new("StorageFailed", "no upload"));
    let event = event(&record, Event::Failed, "x.failed");
    assert_eq!(event["data"]["summary"], "The packet capture on web-01 failed: StorageFailed: no upload");
    assert!(event["data"]["capture"]["error"]["advice"].is_string());
}

#[test]
fn whoever_is_told_hears_of_a_missing_agent() {
    let mut record = record();
    record.agent_missing = Some("az vm extension set".to_owned());
    let event = event(&record, Event::Started, "x.started");
    assert_eq!(
        event["data"]["summary"],
        "A packet capture runs on web-01. The machine was seen without the Network Watcher agent; install it: az vm \
         extension set"
    );
}
