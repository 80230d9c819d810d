//! Two hosts on one store, as on two machines. Half of the alerts come to both; the others to one that is killed in the
//! middle, and what it has acknowledged nobody sends again. One capture for each alert, none lost.
//! `ALERTCAP_MACHINES_ALERTS` says how many: `cargo xtask hosts --machines 1200` sends a hundred times as many.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{
    Host, METRIC, Options, Stack, Store, WEBHOOK_KEY, get, note, spin_version, try_post, until,
};
use serde_json::{Value, json};

/// So many alerts, unless the environment says otherwise.
const ALERTS: usize = 12;
/// Each has a minute of its own, in less than a day.
const MOST: usize = 1_200;
/// A machine of which Azure is slow.
const SLOW: &str = "mc-slow";

#[test]
fn two_wash_on_one_redis_take_each_alert_once_and_lose_none_when_one_is_killed() {
    spray("wash, one Redis", Host::Wash(Store::redis()));
}

#[test]
fn two_wash_on_one_nats_take_each_alert_once_and_lose_none_when_one_is_killed() {
    spray("wash, one NATS", Host::Wash(Store::nats()));
}

#[test]
fn two_embedded_hosts_on_one_sqlite_take_each_alert_once_and_lose_none_when_one_is_killed() {
    spray("embedded, one SQLite", Host::Embedded);
}

#[test]
fn two_wasmtimes_on_one_folder_take_each_alert_once_and_lose_none_when_one_is_killed() {
    spray("wasmtime, one folder", Host::Wasmtime(Store::Own));
}

#[test]
fn two_spins_on_one_redis_take_each_alert_once_and_lose_none_when_one_is_killed() {
    match spin_version() {
        Some(_) => spray("Spin, one Redis", Host::Spin(Store::redis())),
        None => note("skipped: there is no spin on the PATH that can run the component"),
    }
}

fn spray(what: &str, host: Host) {
    let count = std::env::var("ALERTCAP_MACHINES_ALERTS").map_or(ALERTS, |n| n.parse().expect("a number"));
    assert!((6..=MOST).contains(&count), "from 6 to {MOST} alerts");
    // Machines enough that no watcher's or machine's own limit is in the way.
    let machines: Vec<_> = (0..20).map(|n| format!("mc-{n:02}")).chain([SLOW.to_owned()]).collect();
    let mut stack = Stack::start(&Options { host, more_hosts: 1, machines: &machines, ..Options::default() });
    let alerts: Vec<_> = (1..count).map(|n| alert(n, &machines[n % 20])).collect();
    let begin = Instant::now();
    let seen = Seen::default();
    let urls = [stack.url_of(0), stack.url_of(1)];
    let (to_both, to_one) = alerts.split_at(alerts.len() / 2);

    // Each to both: the second one finds it in the store.
    in_parallel(to_both, |number, alert| {
        let (first, second) = (number % 2, 1 - number % 2);
        assert_eq!(seen.send(&urls[first], alert), Some(false), "it is new");
        assert_eq!(seen.send(&urls[second], alert), Some(true), "the other host knows it");
    });

    // To one that dies. What it has acknowledged, nobody sends again; what it has not, the sender sends to the other.
    stack.fault_where("packetCaptures.put", SLOW, &json!({"kind": "delay", "ms": 4_000}), 1);
    let (acknowledged, unanswered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let send = |alert: &String| match seen.send(&urls[1], alert) {
        Some(_) => _ = acknowledged.fetch_add(1, Ordering::Relaxed),
        None => {
            unanswered.fetch_add(1, Ordering::Relaxed);
            assert!(seen.send(&urls[0], alert).is_some(), "the other host answers");
        }
    };
    let azure = stack.azure_url();
    thread::scope(|scope| {
        scope.spawn(|| in_parallel(to_one, |_, alert| send(alert)));
        scope.spawn(|| send(&alert(0, SLOW)));
        // It dies while it waits for Azure's answer to a PUT, and when it has taken some others.
        until(60, "a PUT under way at the host that dies", || {
            let requests = get(&format!("{azure}/_standin/requests"), &[]).json;
            let mut requests = requests["requests"].as_array()?.iter();
            let is_asked = requests.any(|request| {
                request["operation"] == "packetCaptures.put" && request.to_string().contains(SLOW)
            });
            (is_asked && acknowledged.load(Ordering::Relaxed) > 0).then_some(())
        });
        stack.kill_one(1);
    });
    let (acknowledged, unanswered) = (acknowledged.into_inner(), unanswered.into_inner());
    assert!(acknowledged > 0 && unanswered > 0, "{acknowledged} and {unanswered}: it died in the middle");
    let names: HashSet<_> = seen.names().into_values().collect();
    assert_eq!(names.len(), count, "each alert a capture");

    let records = all_reported(&stack, &names);
    let took = begin.elapsed();
    let puts = stack.requests(Some("packetCaptures.put"));
    let taken: Vec<_> = puts.iter().filter(|put| put["status"] == 201).collect();
    assert_eq!((taken.len(), stack.sessions().len()), (count, count), "Azure took one PUT for each");
    for record in &records {
        assert_eq!((record["stopReason"].as_str(), &record["error"]), (Some("TimeExceeded"), &Value::Null));
    }
    let told = stack.told();
    let ended = told.iter().filter_map(|event| event["body"]["id"].as_str()?.strip_suffix(".ended"));
    let ended: Vec<_> = ended.map(str::to_owned).collect();
    let once: HashSet<_> = ended.iter().cloned().collect();
    assert_eq!(once, names, "people are told of the end of each");
    note(&format!(
        "{what}: {count} alerts in {} deliveries, {acknowledged} of them acknowledged by the host that died and {unanswered} \
         unanswered; {} PUTs, {} captures; {} reports of ends, {} of them again; {:.0} s",
        seen.deliveries.load(Ordering::Relaxed),
        puts.len(),
        taken.len(),
        ended.len(),
        ended.len() - once.len(),
        took.as_secs_f64(),
    ));
}

/// What was sent, and what it led to.
#[derive(Default)]
struct Seen {
    deliveries: AtomicUsize,
    names: Mutex<HashMap<String, String>>,
}

impl Seen {
    /// Sends an alert: whether it was known; none if nobody answers.
    fn send(&self, url: &str, alert: &String) -> Option<bool> {
        self.deliveries.fetch_add(1, Ordering::Relaxed);
        let headers = [("x-functions-key", WEBHOOK_KEY), ("content-type", "application/json")];
        let answer = try_post(&format!("{url}/api/alerts"), &headers, alert.as_bytes())?;
        assert_eq!(answer.status, 202, "{answer:?}");
        let capture = &answer.json["captures"][0];
        let name = capture["name"].as_str().expect("a capture's name").to_owned();
        let known = self.names.lock().expect("no panic before").insert(alert.clone(), name.clone());
        assert!(known.is_none_or(|known| known == name), "two captures of one alert");
        capture["duplicate"].as_bool()
    }

    fn names(&self) -> HashMap<String, String> {
        self.names.lock().expect("no panic before").clone()
    }
}

/// Four at a time.
fn in_parallel(alerts: &[String], work: impl Fn(usize, &String) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, alert)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, alerts.get(n)?)))
                {
                    work(number, alert);
                }
            });
        }
    });
}

/// Sweeps on the host that is left, until all are reported: a step that the other one had begun is claimed for a minute.
fn all_reported(stack: &Stack, names: &HashSet<String>) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(180 + names.len() as u64);
    loop {
        let swept = stack.sweep();
        assert_eq!(swept.status, 200, "{swept:?}");
        if swept.json["stillOpen"] == 0 {
            let records: Vec<_> = names.iter().map(|name| stack.record(name)).collect();
            if records.iter().all(|record| record["state"] == "reported") {
                return records;
            }
        }
        assert!(Instant::now() < deadline, "{swept:?}\n{}", stack.logs());
        thread::sleep(Duration::from_millis(250));
    }
}

/// The alert of a machine and a time of its own.
fn alert(number: usize, machine: &str) -> String {
    let time = format!("{:02}:{:02}:13", 3 + number / 60, number % 60);
    METRIC.replace("web-01", machine).replace("02:00:13", &time)
}
