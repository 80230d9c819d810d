//! Each fault of the stand-in's at each operation on a capture's way, and what comes of it.
//!
//! [`TABLE`] is the whole of it. A cell says how the capture ended and how often the operation was asked, compared with
//! an undisturbed capture: `captured +1` is one more request. Each alert is answered 202 within eight seconds, whatever
//! happens. To write the table anew after a change that is meant: the test prints what it saw, in the table's own form.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{METRIC, Options, Stack, get, note, until};
use serde_json::{Value, json};

/// The operations, in the order of a capture's way, and how often an undisturbed capture asks each.
const COLUMNS: [(&str, u64); 12] = [
    ("token", 1),
    ("virtualMachines.get", 1),
    ("networkWatchers.list", 1),
    ("packetCaptures.list", 1),
    ("packetCaptures.put", 1),
    // Only where the PUT's answer was lost: whose is it, and then how far is it.
    ("packetCaptures.get", 2),
    ("operations.get", 1),
    ("packetCaptures.queryStatus", 1),
    ("operationResults.get", 1),
    // Only where an alert's end stops the capture.
    ("packetCaptures.stop", 1),
    // Only where a rule's exact name is replaced.
    ("packetCaptures.delete", 1),
    // Started and ended.
    ("notify", 2),
];

/// What cannot happen there.
const NEVER: &str = "-";

type Row = (&'static str, [&'static str; 12]);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("none", [
        "captured +0", "captured +0", "captured +0", "captured +0",
        "captured +0", "captured +0", "captured +0", "captured +0",
        "captured +0", "stopped +0", "captured +0", "captured +0",
    ]),
    ("429, seconds", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("429, date", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("429, milliseconds", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("408", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("500", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("500, twice", [
        "captured +2", "captured +2", "captured +2", "captured +0",
        "captured +2", "captured +2", "captured +2", "captured +2",
        "captured +2", "captured +2 or stopped +2", "captured +2", "captured +1 or captured +2",
    ]),
    ("503, HTML", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("400", [
        "failed BadRequest +0", "failed BadRequest +0", "failed BadRequest +0", "captured +0",
        "failed BadRequest +0", "captured +1", "captured +0", "captured +1",
        "captured +1", "captured +0 or stopped +1", "captured +1", "captured +1",
    ]),
    ("401", [
        "failed ExpiredAuthenticationToken +0", "captured +1", "captured +1", "captured +1",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("403", [
        "failed AuthorizationFailed +0", "failed AuthorizationFailed +0", "failed AuthorizationFailed +0", "captured +0",
        "failed AuthorizationFailed +0", "failed AuthorizationFailed -1", "captured +0", "captured +1",
        "captured +1", "captured +0 or stopped +1", "failed AuthorizationFailed +0", "captured +1",
    ]),
    ("404", [
        "failed ResourceNotFound +0", "failed ResourceNotFound +0", "failed ResourceNotFound +0", "captured +0",
        "failed ResourceNotFound +0", "captured +1", "captured +0", "captured +1",
        "captured +1", "captured +0 or stopped +1", "captured +1", "captured +1",
    ]),
    ("409", [
        "failed Conflict +0", "failed Conflict +0", "failed Conflict +0", "captured +0",
        "captured +1", "failed Conflict -1", "captured +0", "captured +1",
        "captured +1", "captured +0 or stopped +1", "captured +1", "captured +1",
    ]),
    ("slow, 1 s", [
        "captured +0", "captured +0", "captured +0", "captured +0",
        "captured +0", "captured +0", "captured +0", "captured +0",
        "captured +0", "stopped +0", "captured +0", "captured +0",
    ]),
    ("silent, 25 s", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "captured +0 or stopped +1", "captured +1", "captured +0 or captured +1",
    ]),
    ("drop", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +1", "captured +1",
    ]),
    ("lost answer", [
        "captured +1", "captured +1", "captured +1", "captured +0",
        "captured +1", "captured +1", "captured +1", "captured +1",
        "captured +1", "stopped +1", "captured +0", "captured +1",
    ]),
    ("operation failed", [
        "-", "-", "-", "-",
        "failed InternalServerError +0", "-", "-", "-",
        "-", "captured +0", "captured +1", "-",
    ]),
    ("capture error", [
        "-", "-", "-", "-",
        "failed StorageFailed +0", "-", "-", "-",
        "-", "-", "-", "-",
    ]),
];

/// The faults, by the table's names for them.
fn fault(name: &str) -> Value {
    let status = |status: u16, code: &str| json!({"kind": "status", "status": status, "code": code, "message": "on request"});
    let with = |mut fault: Value, field: &str, value: Value| {
        fault[field] = value;
        fault
    };
    let throttled = || status(429, "TooManyRequests");
    match name {
        "429, seconds" => with(throttled(), "retry_after", json!("1")),
        "429, date" => with(throttled(), "retry_after_date_s", json!(2)),
        "429, milliseconds" => with(throttled(), "headers", json!({"retry-after-ms": "300"})),
        "408" => status(408, "RequestTimeout"),
        "500" | "500, twice" => status(500, "InternalServerError"),
        "503, HTML" => json!({"kind": "status", "status": 503, "body": "<html>later</html>"}),
        "400" => status(400, "BadRequest"),
        "401" => status(401, "ExpiredAuthenticationToken"),
        "403" => status(403, "AuthorizationFailed"),
        "404" => status(404, "ResourceNotFound"),
        "409" => status(409, "Conflict"),
        "slow, 1 s" => json!({"kind": "delay", "ms": 1_000}),
        "silent, 25 s" => json!({"kind": "delay", "ms": 25_000}),
        "drop" => json!({"kind": "drop"}),
        "lost answer" => json!({"kind": "lost_answer"}),
        "operation failed" => {
            json!({"kind": "operation_failed", "code": "InternalServerError", "message": "An error occurred."})
        }
        "capture error" => json!({"kind": "capture_error", "errors": ["StorageFailed"]}),
        other => panic!("there is no fault {other}"),
    }
}

const FAULTS: &[&str] = &[
    "none",
    "429, seconds",
    "429, date",
    "429, milliseconds",
    "408",
    "500",
    "500, twice",
    "503, HTML",
    "400",
    "401",
    "403",
    "404",
    "409",
    "slow, 1 s",
    "silent, 25 s",
    "drop",
    "lost answer",
    "operation failed",
    "capture error",
];

fn times(name: &str) -> u64 {
    if name == "500, twice" { 2 } else { 1 }
}

fn happens(name: &str, operation: &str) -> bool {
    match name {
        "capture error" => operation == "packetCaptures.put",
        "operation failed" => {
            ["packetCaptures.put", "packetCaptures.stop", "packetCaptures.delete"].contains(&operation)
        }
        _ => true,
    }
}

/// A capture that Azure will not stop goes on to its end, which shall not take long then.
fn is_for(fault: &str, machine: &str) -> bool {
    let goes_on = ["400", "403", "409", "operation failed"].contains(&fault);
    match machine {
        "m-stop" => !goes_on,
        "m-on" => goes_on,
        _ => true,
    }
}

const RULES: &str = r#"
[[rules]]
name = "stopped"
match.target = "*/m-stop"
stop_on_resolve = true
time_limit_seconds = 20

[[rules]]
name = "not stopped"
match.target = "*/m-on"
stop_on_resolve = true
time_limit_seconds = 5

[[rules]]
name = "replaced"
match.target = "*/m-delete"
exact_name = "nightly-m-delete"
on_conflict = "replace"

[[rules]]
name = "north"
match.target = "*/web-02"
storage_account = "stshopnorth"

[[rules]]
name = "rest"
"#;

/// The operations that are about one machine or one session: one stack has room for all of a fault.
const TOGETHER: [(&str, &str); 11] = [
    ("virtualMachines.get", "m-machine"),
    // Sessions are counted per watcher: this one's is asked by nobody else.
    ("packetCaptures.list", "web-02"),
    ("packetCaptures.put", "m-put"),
    ("packetCaptures.get", "m-get"),
    ("operations.get", "m-operation"),
    ("packetCaptures.queryStatus", "m-query"),
    ("operationResults.get", "m-result"),
    ("packetCaptures.stop", "m-stop"),
    ("packetCaptures.stop", "m-on"),
    ("packetCaptures.delete", "m-delete"),
    ("notify", "m-notify"),
];
/// The others happen once in a while, and each needs a stack that knows nothing yet.
const ALONE: [&str; 2] = ["token", "networkWatchers.list"];

/// Some cells with a stack of their own.
struct Job {
    fault: &'static str,
    operations: Vec<(&'static str, String)>,
}

struct Cell {
    fault: &'static str,
    operation: &'static str,
    stack: std::sync::Arc<Stack>,
    machine: String,
}

impl Cell {
    /// What comes of it, in the table's words.
    fn live(&self) -> String {
        match self.operation {
            "packetCaptures.stop" => {
                let name = self.alert("02:00:00");
                self.stack.wait_for(&name, "running");
                self.disturb(&name);
                assert_eq!(
                    self.stack.alert(&self.body("02:00:00").replace("\"Fired\"", "\"Resolved\"")).status,
                    200
                );
                self.outcome(&name)
            }
            "packetCaptures.delete" => {
                let first = self.alert("02:00:00");
                self.reported(&first);
                self.disturb("nightly-m-delete");
                let name = self.alert("03:00:00");
                self.outcome(&name)
            }
            "packetCaptures.get" => {
                let lost = json!({"kind": "lost_answer"});
                self.stack.fault_where("packetCaptures.put", &self.machine, &lost, 1);
                self.disturb(&self.machine);
                let name = self.alert("02:00:00");
                self.outcome(&name)
            }
            _ => {
                self.disturb(&self.machine);
                let name = self.alert("02:00:00");
                self.outcome(&name)
            }
        }
    }

    fn disturb(&self, about: &str) {
        let about = match self.operation {
            "packetCaptures.list" => "watch-the-north",
            operation if ALONE.contains(&operation) => "",
            _ => about,
        };
        if self.fault != "none" {
            self.stack.fault_where(self.operation, about, &fault(self.fault), times(self.fault));
        }
    }

    fn body(&self, time: &str) -> String {
        METRIC.replace("web-01", &self.machine).replace("02:00:13", time)
    }

    fn alert(&self, time: &str) -> String {
        let begun = Instant::now();
        let answer = self.stack.alert(&self.body(time));
        let took = begun.elapsed();
        assert_eq!(answer.status, 202, "{} at {}: {answer:?}", self.fault, self.operation);
        assert!(
            took < Duration::from_secs(8),
            "{} at {}: answered after {took:?}",
            self.fault,
            self.operation
        );
        answer.json["captures"][0]["name"].as_str().expect("a name").to_owned()
    }

    fn reported(&self, name: &str) -> Value {
        let what = format!("{} at {}: {name} reported", self.fault, self.operation);
        self.stack.wait_until_told(name, 110, &what);
        until(20, &what, || Some(self.stack.record(name)).filter(|record| record["state"] == "reported"))
    }

    fn outcome(&self, name: &str) -> String {
        let record = self.reported(name);
        let mut end = match (record["error"]["code"].as_str(), record["stopReason"].as_str()) {
            (Some(code), _) => format!("failed {code}"),
            (None, Some("TimeExceeded")) => "captured".to_owned(),
            (None, Some("Manual")) => "stopped".to_owned(),
            (None, reason) => format!("{reason:?}"),
        };
        let reports = record["reports"].as_array().cloned().unwrap_or_default();
        let untold = |report: &Value| report["deliveredAt"].is_null() && report["superseded"] != true;
        if reports.is_empty() || reports.iter().any(untold) {
            end.push_str(", untold");
        }
        let asked = self.asked(&record);
        let usual = COLUMNS.iter().find(|(operation, _)| *operation == self.operation).expect("a column").1;
        let more = i64::try_from(asked).unwrap() - i64::try_from(usual).unwrap();
        format!("{end} {more:+}")
    }

    /// How often the operation was asked for this capture.
    fn asked(&self, record: &Value) -> u64 {
        let name = record["name"].as_str().unwrap_or_default();
        let session = if self.operation == "packetCaptures.delete" { "nightly-m-delete" } else { name };
        let requests = self.stack.requests(Some(self.operation));
        let is_about = |request: &&Value| match self.operation {
            operation if ALONE.contains(&operation) => true,
            "virtualMachines.get" => {
                request["path"].as_str().is_some_and(|path| path.ends_with(&self.machine))
            }
            "notify" => request["body"].to_string().contains(name),
            "packetCaptures.list" => {
                request["path"].as_str().is_some_and(|path| path.contains("watch-the-north"))
            }
            _ => request["capture"] == session,
        };
        requests.iter().filter(is_about).count() as u64
    }
}

#[test]
fn whatever_goes_wrong_once_no_alert_is_lost_and_everyone_is_told() {
    let begun = Instant::now();
    let mut jobs: Vec<Job> = Vec::new();
    for fault in FAULTS {
        let here = |operation: &str| happens(fault, operation);
        // Throttling holds off what else draws on the same bucket, and the sessions are counted at once or not at all.
        let is_alone = |operation: &str| operation == "packetCaptures.list" && fault.starts_with("429");
        let cells = TOGETHER.iter().filter(|(operation, machine)| here(operation) && is_for(fault, machine));
        let cells = cells.map(|(operation, machine)| (*operation, (*machine).to_owned()));
        let (alone, operations): (Vec<_>, Vec<_>) = cells.partition(|(operation, _)| is_alone(operation));
        jobs.push(Job { fault, operations });
        let once = ALONE.iter().filter(|operation| here(operation)).map(|o| (*o, "web-01".to_owned()));
        jobs.extend(alone.into_iter().chain(once).map(|cell| Job { fault, operations: vec![cell] }));
    }
    // The longest first, from the end.
    let is_long = |fault: &str| fault.starts_with("silent") || fault.ends_with("twice");
    jobs.sort_by_key(|job| (is_long(job.fault), job.operations.len()));
    let jobs = Mutex::new(jobs);
    let seen: Mutex<BTreeMap<(&str, &str), String>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..STACKS_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(job) = jobs.lock().unwrap().pop() else { break };
                    run(&job, &seen);
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    let took = begun.elapsed();
    note(&format!("{} cells in {:.1} s:\n{}", seen.len(), took.as_secs_f64(), written(&seen)));
    let mut wrong = Vec::new();
    for fault in FAULTS {
        let row = TABLE.iter().find(|(name, _)| name == fault);
        for (place, (operation, _)) in COLUMNS.iter().enumerate() {
            let expected = row.map_or("?", |(_, cells)| cells[place]);
            let found = seen.get(&(*fault, *operation)).map_or(NEVER, String::as_str);
            if !fits(expected, found) {
                wrong.push(format!("{fault} at {operation}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Most of their time they wait for the next try.
const STACKS_AT_ONCE: usize = 18;
const ACCOUNTS: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts";

fn run(job: &Job, seen: &Mutex<BTreeMap<(&'static str, &'static str), String>>) {
    let machines: Vec<String> = TOGETHER
        .iter()
        .map(|(_, machine)| (*machine).to_owned())
        .filter(|machine| machine.starts_with("m-"))
        .collect();
    let stack = std::sync::Arc::new(Stack::start(&Options {
        variables: &[
            ("rules", RULES),
            ("storage_account_id", &format!("{ACCOUNTS}/stshopcaptures {ACCOUNTS}/stshopnorth")),
        ],
        // The service learns of no end by itself: the truth is where queryStatus says it will be.
        inventory: &[("timings", "status_stale_s", 600)],
        machines: &machines,
        ..Options::default()
    }));
    thread::scope(|scope| {
        for (operation, machine) in &job.operations {
            let cell = Cell { fault: job.fault, operation, stack: stack.clone(), machine: machine.clone() };
            scope.spawn(move || {
                let outcome = cell.live();
                seen.lock().unwrap().insert((cell.fault, cell.operation), outcome);
            });
        }
    });
    let left = get(&format!("{}/_standin/faults", stack.azure_url()), &[]).json["faults"].clone();
    let happened = left == json!([]) || times(job.fault) > 1;
    assert!(happened, "{}: a cell that nothing disturbed says nothing: {left}", job.fault);
}

/// One of the ends that are expected. Of requests there may be two more: on a busy machine an answer comes late, a session
/// is still being provisioned when it is looked at, and two drivers may do one step both, which Azure does not mind.
fn fits(expected: &str, found: &str) -> bool {
    let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MIN);
    expected.split(" or ").any(|expected| match (expected.rsplit_once(' '), found.rsplit_once(' ')) {
        (Some((end, count)), Some((found_end, found_count))) => {
            end == found_end && (number(count)..=number(count) + 2).contains(&number(found_count))
        }
        _ => expected == found,
    })
}

fn written(seen: &BTreeMap<(&str, &str), String>) -> String {
    let mut text = String::new();
    for fault in FAULTS {
        let cells: Vec<String> = COLUMNS
            .iter()
            .map(|(operation, _)| {
                format!("{:?}", seen.get(&(*fault, *operation)).map_or(NEVER, String::as_str))
            })
            .collect();
        text.push_str(&format!("    ({fault:?}, [{}]),\n", cells.join(", ")));
    }
    text
}
