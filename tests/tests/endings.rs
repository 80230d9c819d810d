//! How captures end, and what their lives cost: on a real host, under clocks that are moved, so that five hours take
//! seconds. The stand-in counts the calls.

use std::{collections::BTreeMap, sync::Mutex, thread};

use alertcap_tests::{METRIC, Options, Stack, note, states};
use serde_json::Value;

/// Azure's own: `Retry-After` apart, which a test cannot wait for.
const AS_AZURE: &[(&str, &str, i64)] = &[("timings", "status_stale_s", 36_000)];

const FIVE_HOURS: &str = "18000";
const TEN_MINUTES: &str = "600";

fn stack(time_limit: &str, rules: &str) -> Stack {
    // Not reached before five hours: the simulated wire carries a megabyte a minute.
    let rules = format!("[[rules]]\nname = \"all\"\nbytes_per_session = 4294967295\n{rules}");
    let variables = [("time_limit_seconds", time_limit), ("rules", rules.as_str())];
    Stack::start(&Options { variables: &variables, inventory: AS_AZURE, clocks: true, ..Options::default() })
}

/// The alert, fired at another time: another alert.
fn at(time: &str) -> String {
    METRIC.replace("02:00:13", time)
}

fn send(stack: &Stack, alert: &str) -> String {
    let answer = stack.alert(alert);
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json["captures"][0]["name"].as_str().expect("a name").to_owned()
}

fn running(stack: &Stack, alert: &str) -> String {
    let name = send(stack, alert);
    stack.wait_for(&name, "running");
    name
}

fn reported(stack: &Stack, name: &str) -> Value {
    stack.follow(name, "reported", |record| record["state"] == "reported")
}

/// The machine and the watcher of the alert.
fn machine() -> String {
    let alert: Value = serde_json::from_str(METRIC).expect("JSON");
    alert["data"]["essentials"]["alertTargetIDs"][0].as_str().expect("an id").to_owned()
}

fn watcher(record: &Value) -> String {
    record["id"].as_str().expect("an id").split("/packetCaptures/").next().expect("a watcher").to_owned()
}

/// A life and what it cost.
struct Life {
    name: &'static str,
    /// At most so many calls.
    most: u64,
    live: fn() -> (Stack, String, Value),
}

/// Each life with the bound that it is held to: eight for an ordinary one. What goes wrong may cost one look at the
/// machine and one at the watchers more, which are not about the session and so not counted here.
const LIVES: &[Life] = &[
    Life { name: "ordinary, 10 minutes, cold", most: 8, live: || live(TEN_MINUTES, "", |_, _| ()) },
    Life { name: "ordinary, 10 minutes, warm", most: 8, live: warm },
    Life { name: "ordinary, 5 hours, by the live driver", most: 8, live: || live(FIVE_HOURS, "", |_, _| ()) },
    Life { name: "ordinary, 5 hours, by sweeps after restarts", most: 8, live: swept },
    Life { name: "stopped by its alert's end", most: 8, live: resolved },
    Life {
        name: "stopped by someone else",
        most: 8,
        live: || live(FIVE_HOURS, "", |stack, name| stack.happen("sessionStopped", name)),
    },
    Life {
        name: "its size reached",
        most: 8,
        live: || live(FIVE_HOURS, "", |stack, name| stack.happen("sessionFull", name)),
    },
    Life {
        name: "its agent failed",
        most: 8,
        live: || live(FIVE_HOURS, "", |stack, name| stack.happen("sessionError", name)),
    },
    Life {
        name: "deleted behind our back",
        most: 8,
        live: || live(FIVE_HOURS, "", |stack, name| stack.happen("sessionDeleted", name)),
    },
    Life { name: "its machine never had an agent", most: 8, live: without_agent },
];

fn live(time_limit: &str, rules: &str, then: fn(&Stack, &str)) -> (Stack, String, Value) {
    let stack = stack(time_limit, rules);
    let name = running(&stack, METRIC);
    then(&stack, &name);
    let record = reported(&stack, &name);
    (stack, name, record)
}

fn warm() -> (Stack, String, Value) {
    let stack = stack(TEN_MINUTES, "");
    running(&stack, METRIC);
    stack.forget_requests();
    let name = running(&stack, &at("05:00:00"));
    let record = reported(&stack, &name);
    (stack, name, record)
}

/// Nobody follows it but sweeps: the host is killed whenever it has looked.
fn swept() -> (Stack, String, Value) {
    let mut stack = stack(FIVE_HOURS, "");
    let name = running(&stack, METRIC);
    for _ in 0..20 {
        stack.kill_host();
        stack.start_host();
        // A sweep where nothing is due costs nothing.
        assert_eq!(stack.sweep().status, 200);
        stack.advance(900);
        stack.kill_host();
        stack.start_host();
        assert_eq!(stack.sweep().status, 200);
        _ = stack.settled(&name);
    }
    let record = reported(&stack, &name);
    (stack, name, record)
}

fn resolved() -> (Stack, String, Value) {
    let stack = stack(FIVE_HOURS, "stop_on_resolve = true\n");
    let name = running(&stack, METRIC);
    stack.advance(1_800);
    assert_eq!(stack.alert(&METRIC.replace("\"Fired\"", "\"Resolved\"")).status, 200);
    let record = reported(&stack, &name);
    (stack, name, record)
}

fn without_agent() -> (Stack, String, Value) {
    let stack = stack(FIVE_HOURS, "");
    let name = send(&stack, &METRIC.replace("web-01", "bare-01"));
    let record = reported(&stack, &name);
    (stack, name, record)
}

#[test]
fn a_life_costs_at_most_eight_calls_from_put_to_report() {
    let costs = Mutex::new(BTreeMap::new());
    let queue = Mutex::new(LIVES.iter().enumerate());
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                loop {
                    let Some((place, life)) = queue.lock().unwrap().next() else { break };
                    let (stack, name, record) = (life.live)();
                    let mut calls = stack.calls(&name);
                    // Beside the PUT: the sessions are counted where their number is not known well.
                    let lists = stack.requests(Some("packetCaptures.list")).len();
                    calls.insert("packetCaptures.list".to_owned(), lists as u64);
                    costs.lock().unwrap().insert(place, (life, calls, record));
                }
            });
        }
    });
    let mut table = format!("{:<46}{:>6}  calls\n", "life", "sum");
    let costs = costs.into_inner().unwrap();
    for (life, calls, _) in costs.values() {
        let each: Vec<String> = calls
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(operation, count)| format!("{} {count}", operation.trim_start_matches("packetCaptures.")))
            .collect();
        let sum = calls.values().sum::<u64>();
        table.push_str(&format!("{:<46}{sum:>6}  {}\n", life.name, each.join(", ")));
    }
    note(&table);
    for (life, calls, record) in costs.values() {
        assert!(calls.values().sum::<u64>() <= life.most, "{}: {calls:?}\n{record:#}", life.name);
        assert!(calls["packetCaptures.put"] == 1, "{}: {calls:?}", life.name);
    }
}

/// What the record says in the end: reported, its `stopReason`, the error's code, and what the advice speaks of.
struct Said {
    stop_reason: Value,
    code: Value,
    advice: &'static str,
    told: &'static str,
}

fn says(record: &Value, stack: &Stack, said: &Said) {
    assert_eq!(record["state"], "reported", "{record:#}");
    assert_eq!(states(record), ["accepted", "starting", "running", "ended", "reported"], "{record:#}");
    assert_eq!(
        (&record["stopReason"], &record["error"]["code"]),
        (&said.stop_reason, &said.code),
        "{record:#}"
    );
    let advice = record["error"]["advice"].as_str().or(record["advice"].as_str()).unwrap_or_default();
    assert!(advice.contains(said.advice), "{advice:?} does not speak of {:?}: {record:#}", said.advice);
    let told: Vec<Value> = stack.told().iter().map(|event| event["body"]["type"].clone()).collect();
    assert_eq!(
        told,
        ["alertcap.capture.started.v1".to_owned(), format!("alertcap.capture.{}.v1", said.told)]
    );
    let told = stack.told()[1]["body"]["data"].to_string();
    assert!(told.contains(said.advice), "people are told what to do: {told}");
}

fn ends_by(what: &str, id: impl Fn(&Value) -> String, said: &Said) {
    let stack = stack(FIVE_HOURS, "");
    let name = running(&stack, METRIC);
    // People know that it runs: news that is no longer true is not told late.
    let record = stack.follow(&name, "told", |_| !stack.told().is_empty());
    stack.happen(what, &id(&record));
    says(&reported(&stack, &name), &stack, said);
}

fn name_of(record: &Value) -> String {
    record["name"].as_str().expect("a name").to_owned()
}

#[test]
fn a_capture_that_reached_its_size_says_so_and_how_to_get_more() {
    let said = Said {
        stop_reason: "SizeReached".into(),
        code: Value::Null,
        advice: "bytes_per_session",
        told: "ended",
    };
    ends_by("sessionFull", name_of, &said);
}

#[test]
fn a_capture_that_someone_stopped_says_so() {
    let said = Said { stop_reason: "Manual".into(), code: Value::Null, advice: "until then", told: "ended" };
    ends_by("sessionStopped", name_of, &said);
}

#[test]
fn a_capture_whose_agent_failed_says_so_and_what_to_look_at() {
    let said =
        Said { stop_reason: "Error".into(), code: "AgentStopped".into(), advice: "agent", told: "failed" };
    ends_by("sessionError", name_of, &said);
}

#[test]
fn a_capture_that_someone_deleted_says_so_and_where_its_file_may_be() {
    let said = Said {
        stop_reason: "Deleted".into(),
        code: "ResourceNotFound".into(),
        advice: "storage account",
        told: "failed",
    };
    ends_by("sessionDeleted", name_of, &said);
}

#[test]
fn a_capture_whose_machine_was_deleted_says_so_whatever_azure_answers_for_it() {
    let ends_in = |sessions: &str, said: &Said| {
        let stack = stack(FIVE_HOURS, "");
        let name = running(&stack, METRIC);
        stack.follow(&name, "told", |_| !stack.told().is_empty());
        stack.control(
            "happen",
            &serde_json::json!({"what": "vmDeleted", "id": machine(), "sessions": sessions}),
        );
        says(&reported(&stack, &name), &stack, said);
    };
    ends_in(
        "notFound",
        &Said {
            stop_reason: "MachineDeleted".into(),
            code: "ResourceNotFound".into(),
            advice: "deleted while",
            told: "failed",
        },
    );
    // Azure speaks of the agent only; the machine itself is looked for.
    ends_in(
        "error",
        &Said {
            stop_reason: "MachineDeleted".into(),
            code: "AgentStopped".into(),
            advice: "deleted while",
            told: "failed",
        },
    );
}

#[test]
fn a_capture_whose_watcher_was_deleted_says_so_and_how_to_enable_it_again() {
    let said = Said {
        stop_reason: "WatcherDeleted".into(),
        code: "ResourceNotFound".into(),
        advice: "az network watcher configure",
        told: "failed",
    };
    ends_by("watcherDeleted", watcher, &said);
}
