use super::*;
use crate::{
    azure::{resource_id::ResourceId, sealed::Sealed},
    capture::note::HeldBack,
    failure::Failure,
    plan::Machine,
    testing,
};

/// A capture that runs.
pub(in crate::report) fn record() -> Record {
    let now: Timestamp = "2026-11-22T02:00:20Z".parse().unwrap();
    let alert = testing::metric_alert();
    let spec = testing::spec(&alert, now);
    let mut record = Record::accepted(&alert, spec, now, 0);
    let watcher = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w";
    let watcher = ResourceId::parse(watcher).unwrap();
    record.sent(now, watcher, "westeurope", Some(Sealed("sealed-operation".into())), 1);
    record.provisioned(now.after(7));
    record.storage_path = Some("https://st.example/network-watcher-logs/x.cap".to_owned());
    record
}

/// The same, failed.
pub(in crate::report) fn failed() -> Record {
    let mut record = record();
    let failure = Failure::new("StorageFailed", "no upload");
    record.fail(record.accepted_at.after(60), Failure { request_id: Some("req-1".to_owned()), ..failure });
    record
}

/// Held back by a cool-down.
pub(in crate::report) fn held_back() -> Record {
    let now: Timestamp = "2026-11-22T02:01:20Z".parse().unwrap();
    let alert = testing::metric_alert();
    let held_back = HeldBack {
        reason: "coolDown".into(),
        detail: "the machine's last capture was started at 02:00".to_owned(),
        until: now.after(600),
    };
    Record::held_back(&alert, testing::spec(&alert, now), now, held_back)
}

/// Messages of all kinds, with this in every place that others can write to.
pub(in crate::report) fn hostile(text: &str) -> Vec<Message> {
    let mut records = [(record(), Event::Started), (failed(), Event::Failed), (held_back(), Event::HeldBack)];
    for (record, _) in &mut records {
        record.alert.rule = Some(text.to_owned());
        record.alert.severity = Some(text.to_owned());
        record.rules = vec![text.to_owned(); 9];
        record.notes = vec![text.to_owned(); 9];
        record.agent_missing = Some(text.to_owned());
        record.storage_path = Some(format!("https://st.example/{text}"));
        record.machine.instances.include = vec![text.to_owned(); 9];
        if let Some(held_back) = &mut record.held_back {
            held_back.detail = text.to_owned();
        }
        if let Some(error) = &mut record.error {
            error.code = text.to_owned();
            error.message = text.to_owned();
            error.advice = Some(text.to_owned());
            error.request_id = Some(text.to_owned());
        }
    }
    let mut messages: Vec<Message> =
        records.iter().map(|(record, event)| Message::of(record, *event, "capture.event")).collect();
    // Longer than any that is made, so that the writers' own limits are met.
    let long = || format!("x{}", crate::text::clean_up_to(text, 20_000));
    messages.push(Message {
        title: long(),
        summary: long(),
        headlines: vec![long(); 3],
        facts: vec![("Name", long()); 14],
        advice: Some(long()),
        notes: vec![long(); MOST_NOTES],
        ..messages[0].clone()
    });
    messages
}

/// What people have tried, and worse.
pub(in crate::report) fn hostile_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let pieces = proptest::sample::select(vec![
        "<!channel>",
        "<!here|x>",
        "<@U012>",
        "<at>everyone</at>",
        "[x](javascript:alert(1))",
        "**b**",
        "`",
        "\"",
        "\\",
        "https://evil.example/",
        "{{DATE(2017-02-14T06:00:00Z, SHORT)}}",
        "{{{",
        "${x}",
        "&lt;",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{0}",
        "\u{1b}[31m",
        "\n",
        "\t",
        "🦀",
        "👩‍👩‍👧",
        "ä",
        "\u{2028}",
        ":boom:",
        " ",
    ]);
    prop_oneof![
        "\\PC{0,200}",
        proptest::collection::vec(pieces.prop_map(str::to_owned), 0..30).prop_map(|pieces| pieces.concat()),
        ("\\PC{1,3}", 0..10_000_usize).prop_map(|(piece, times)| piece.repeat(times / piece.len())),
        Just("🦀".repeat(10_000)),
        Just("\"".repeat(10_000)),
    ]
}

/// All texts of a JSON value.
pub(in crate::report) fn texts(value: &serde_json::Value) -> Vec<&str> {
    use serde_json::Value;
    match value {
        Value::String(text) => vec![text],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Whether it holds what makes text read as what it is not.
pub(in crate::report) fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n') && !text.contains(['\u{202e}', '\u{200b}', '\u{feff}'])
}

fn summary(record: &Record, event: Event) -> String {
    Message::of(record, event, "id").summary
}

#[test]
fn a_capture_ends_for_a_reason_in_words_and_in_azures_own() {
    let mut record = record();
    record.stop_reason = Some("TimeExceeded".to_owned());
    assert_eq!(summary(&record, Event::Ended), "The packet capture on web-01 ended: TimeExceeded");
    record.ended_because = Some("its time limit was reached".to_owned());
    let words = "The packet capture on web-01 ended: its time limit was reached (TimeExceeded)";
    assert_eq!(summary(&record, Event::Ended), words);
}

#[test]
fn a_failure_says_whether_anything_was_started_and_what_to_do() {
    let message = Message::of(&failed(), Event::Failed, "id");
    assert_eq!(message.title, "Packet capture failed on web-01");
    assert_eq!(message.summary, "The packet capture on web-01 failed: StorageFailed: no upload");
    assert!(message.advice.unwrap().contains("could not upload"));
    assert!(message.facts.contains(&("Azure's request", "req-1".to_owned())), "{:?}", message.facts);
    let mut never = failed();
    never.sent_at = None;
    assert_eq!(Message::of(&never, Event::Failed, "id").title, "Packet capture not started on web-01");
}

#[test]
fn an_inquiry_that_led_to_nothing_says_that_there_is_no_capture() {
    let mut record = failed();
    record.machine = Machine::unresolved(record.machine.id);
    let message = Message::of(&record, Event::Failed, "id");
    assert_eq!(message.title, "No packet capture for the alert on web-01");
    assert!(
        message.summary.starts_with("An alert on web-01 led to no packet capture: "),
        "{}",
        message.summary
    );
}

#[test]
fn what_is_held_back_says_why_and_until_when() {
    let message = Message::of(&held_back(), Event::HeldBack, "id");
    assert!(message.summary.ends_with("for now: the machine's last capture was started at 02:00"));
    assert!(message.facts.contains(&("Held back until", "2026-11-22T02:11:20Z".to_owned())));
    assert!(message.facts.iter().all(|(name, _)| !["Began", "Ended", "File"].contains(name)));
}

#[test]
fn a_running_capture_has_a_beginning_and_an_end_to_come() {
    let message = Message::of(&record(), Event::Started, "id");
    let names: Vec<&str> = message.facts.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["Machine", "Alert rule", "Severity", "Began", "Ends at the latest", "File", "Target", "Capture"]
    );
    assert_eq!(message.at.to_string(), "2026-11-22T02:00:27Z");
}

#[test]
fn only_an_address_that_can_be_followed_safely_is_a_link() {
    assert!(safe("https://st.example/network-watcher-logs/x.cap").is_some());
    for bad in [
        "http://st.example/x",
        "javascript:alert(1)",
        "https://user@st.example/x",
        "https://st.example/x?sig=canary",
        "/var/captures/x.cap",
        "data:text/html,x",
        "",
    ] {
        assert_eq!(safe(bad), None, "{bad}");
    }
}

#[test]
fn an_end_that_is_no_failure_can_have_advice_too_and_the_latest_notes_are_told() {
    let mut record = record();
    record.advice = Some("Raise bytes_per_session.".to_owned());
    record.notes = (0..9).map(|n| format!("note {n}")).collect();
    let message = Message::of(&record, Event::Ended, "id");
    assert_eq!(message.advice.as_deref(), Some("Raise bytes_per_session."));
    assert_eq!(message.notes, ["note 5", "note 6", "note 7", "note 8"]);
    assert_eq!(Message::of(&record, Event::Started, "id").advice, None);
}

#[test]
fn a_missing_agent_is_said_with_the_line_that_installs_it() {
    let mut record = record();
    record.agent_missing = Some("az vm extension set".to_owned());
    let message = Message::of(&record, Event::Started, "id");
    assert!(message.advice.unwrap().ends_with("install it: az vm extension set"));
}
