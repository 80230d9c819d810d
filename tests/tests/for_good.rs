//! What goes wrong and stays wrong: the capture's end is told in time all the same, in the words of what failed. Nobody
//! follows but sweeps, under clocks that are moved, so that an hour of tries takes seconds.

use std::{sync::Mutex, thread};

use alertcap_tests::{METRIC, Options, Stack, note};
use serde_json::{Value, json};

/// An operation that fails from now on, with what it answers; the outcome; and the least and most tries of it that are
/// good sense until then.
struct Case {
    operation: &'static str,
    status: u16,
    code: &'static str,
    outcome: &'static str,
    tries: std::ops::RangeInclusive<usize>,
}

const CASES: &[Case] = &[
    Case {
        operation: "token",
        status: 503,
        code: "temporarily_unavailable",
        outcome: "failed",
        tries: 5..=20,
    },
    Case {
        operation: "virtualMachines.get",
        status: 500,
        code: "InternalServerError",
        outcome: "failed",
        tries: 5..=20,
    },
    Case {
        operation: "networkWatchers.list",
        status: 429,
        code: "TooManyRequests",
        outcome: "failed",
        tries: 5..=20,
    },
    Case {
        operation: "packetCaptures.put",
        status: 500,
        code: "InternalServerError",
        outcome: "failed",
        tries: 5..=20,
    },
    Case {
        operation: "operations.get",
        status: 500,
        code: "InternalServerError",
        outcome: "failed",
        tries: 5..=30,
    },
    Case {
        operation: "packetCaptures.queryStatus",
        status: 500,
        code: "InternalServerError",
        outcome: "failed",
        tries: 5..=30,
    },
    Case {
        operation: "packetCaptures.queryStatus",
        status: 403,
        code: "AuthorizationFailed",
        outcome: "failed",
        tries: 5..=30,
    },
    Case {
        operation: "operationResults.get",
        status: 500,
        code: "InternalServerError",
        outcome: "failed",
        tries: 5..=30,
    },
    // Without the sessions' number a capture is taken all the same.
    Case {
        operation: "packetCaptures.list",
        status: 500,
        code: "InternalServerError",
        outcome: "captured",
        tries: 1..=1,
    },
    // Nobody can be told: the record says so.
    Case {
        operation: "notify",
        status: 500,
        code: "InternalServerError",
        outcome: "captured",
        tries: 2..=20,
    },
];

#[test]
fn what_stays_wrong_ends_in_a_failure_that_says_so_in_its_own_words() {
    let queue = Mutex::new(CASES.iter());
    let table = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                loop {
                    let Some(case) = queue.lock().unwrap().next() else { break };
                    let line = live(case);
                    table.lock().unwrap().push(line);
                }
            });
        }
    });
    let mut lines: Vec<String> = table.into_inner().unwrap();
    lines.sort();
    note(&lines.join("\n"));
}

fn live(case: &Case) -> String {
    let mut stack = Stack::start(&Options {
        inventory: &[("timings", "status_stale_s", 36_000)],
        clocks: true,
        ..Options::default()
    });
    let fault = json!({"kind": "status", "status": case.status, "code": case.code, "message": "still not"});
    stack.fault(case.operation, &fault, 1_000_000);
    let answer = stack.alert(METRIC);
    assert_eq!(answer.status, 202, "{}: {answer:?}", case.operation);
    let name = answer.json["captures"][0]["name"].as_str().expect("a name").to_owned();
    if case.operation == "notify" {
        // It is tried for a day; not every one of its tries is waited for.
        stack.follow_by_sweeps(&name, "ended", |record| record["state"] == "ended");
        stack.advance(86_400);
    }
    let record = stack.follow_by_sweeps(&name, "reported", |record| record["state"] == "reported");
    let what = format!("{} {}: {record:#}", case.operation, case.status);
    assert_eq!(record["outcome"], case.outcome, "{what}");
    let tries = stack.requests(Some(case.operation)).len();
    let minutes = minutes(&record["acceptedAt"], &record["history"]);
    let told = stack.told().len();
    if case.outcome == "failed" {
        assert_eq!(record["error"]["code"], case.code, "{what}");
        assert!(record.to_string().contains("still not"), "{what}");
        assert_eq!(
            stack.told().last().expect("someone is told")["body"]["type"],
            "alertcap.capture.failed.v1"
        );
    }
    if case.operation == "notify" {
        assert_eq!(told, 0);
        let last =
            record["reports"].as_array().and_then(|reports| reports.last()).cloned().unwrap_or_default();
        assert!(last["deadLetteredAt"].is_string(), "the record says that nobody could be told: {what}");
    }
    assert!(case.tries.contains(&tries), "{tries} tries: {what}");
    let code = record["error"]["code"].as_str().unwrap_or("-");
    format!(
        "{:<28}{:<5}{:<10}{code:<24}{tries:>3} tries, reported after {minutes} min",
        case.operation, case.status, case.outcome
    )
}

fn minutes(begin: &Value, history: &Value) -> i64 {
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let end = history.as_array().and_then(|steps| steps.last()).and_then(|step| time(&step["at"]));
    time(begin).zip(end).map_or(-1, |(begin, end)| end.duration_since(begin).as_secs() / 60)
}
