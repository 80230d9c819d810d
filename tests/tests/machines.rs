//! Two hosts on one store, as on two machines: alerts come to both, each of them several times, and one host is killed in
//! the middle. One capture for each alert, none lost. `ALERTCAP_MACHINES_ALERTS` says how many; a hundred times as many
//! are for a night.

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
    Answer, Host, METRIC, Options, Stack, Store, WEBHOOK_KEY, note, spin_version, try_post, until,
};
use serde_json::Value;

/// So many alerts, unless the environment says otherwise.
const ALERTS: usize = 12;
/// Four senders at once; each sends an alert to both hosts, in its own order.
const ORDERS: [[usize; 2]; 4] = [[0, 1], [1, 0], [0, 1], [1, 0]];

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
    // Machines enough that no watcher's or machine's own limit is in the way.
    let machines: Vec<_> = (0..20).map(|n| format!("mc-{n:02}")).collect();
    let mut stack = Stack::start(&Options { host, more_hosts: 1, machines: &machines, ..Options::default() });
    let alerts: Vec<_> = (0..count).map(|n| alert(n, &machines)).collect();
    let begin = Instant::now();

    let deliveries = AtomicUsize::new(0);
    let names = Mutex::new(HashMap::new());
    let (before, after) = alerts.split_at(count / 2);
    let urls = [stack.url_of(0), stack.url_of(1)];
    let deliver = |number: usize, alerts: &[String], to: &[usize]| {
        for alert in alerts.iter().skip(number).step_by(ORDERS.len()) {
            for host in to {
                deliveries.fetch_add(1, Ordering::Relaxed);
                // Who gets no answer sends it again; Azure Monitor does so too.
                let Some(answer) = send(&urls[*host], alert) else { continue };
                let name = name(&answer);
                let known = names.lock().expect("no panic before").insert(alert.clone(), name.clone());
                assert!(known.is_none_or(|known| known == name), "two captures of one alert");
            }
        }
    };
    let deliver = &deliver;
    thread::scope(|scope| {
        for (number, order) in ORDERS.iter().enumerate() {
            scope.spawn(move || deliver(number, before, order));
        }
    });
    thread::scope(|scope| {
        for (number, order) in ORDERS.iter().enumerate() {
            scope.spawn(move || deliver(number, after, order));
        }
        // The second half is on its way when the second host dies.
        let sent = before.len() * 2 + 2;
        until(60, "deliveries under way", || (deliveries.load(Ordering::Relaxed) > sent).then_some(()));
        stack.kill_one(1);
    });
    let names = names.into_inner().expect("no panic before");
    assert_eq!(names.len(), count, "each alert was answered by one of the two");
    let names: HashSet<_> = names.into_values().collect();
    assert_eq!(names.len(), count, "two alerts, two captures");

    let records = all_reported(&stack, &names);
    let took = begin.elapsed();
    let puts = stack.requests(Some("packetCaptures.put"));
    let taken: Vec<_> = puts.iter().filter(|put| put["status"] == 201).collect();
    assert_eq!(taken.len(), count, "Azure took one PUT for each");
    assert_eq!(stack.sessions().len(), count);
    for record in &records {
        assert_eq!((record["stopReason"].as_str(), &record["error"]), (Some("TimeExceeded"), &Value::Null));
    }
    let told = stack.told();
    let ended: Vec<_> =
        told.iter().filter_map(|event| event["body"]["id"].as_str()?.strip_suffix(".ended")).collect();
    let once: HashSet<_> = ended.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(once, names, "people are told of the end of each");
    note(&format!(
        "{what}: {count} alerts in {} deliveries; {} PUTs, {} captures; {} reports of ends, {} of them repeated; {:.0} s",
        deliveries.into_inner(),
        puts.len(),
        taken.len(),
        ended.len(),
        ended.len() - once.len(),
        took.as_secs_f64(),
    ));
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

fn alert(number: usize, machines: &[String]) -> String {
    let machine = &machines[number % machines.len()];
    let time = format!("{:02}:{:02}:13", 3 + number / 60 % 20, number % 60);
    METRIC.replace("web-01", machine).replace("02:00:13", &time)
}

/// None if nobody answers.
fn send(url: &str, alert: &str) -> Option<Answer> {
    let headers = [("x-functions-key", WEBHOOK_KEY), ("content-type", "application/json")];
    try_post(&format!("{url}/api/alerts"), &headers, alert.as_bytes())
}

fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json["captures"][0]["name"].as_str().expect("a capture's name").to_owned()
}
