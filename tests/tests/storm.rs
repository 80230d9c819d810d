//! Many alerts, each delivered many times over, in no order.

use std::{
    collections::HashSet,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{METRIC, Options, Stack, note, until};
use serde_json::Value;

const ALERTS: u32 = 100;
const DELIVERIES: u32 = 10;
const SENDERS: usize = 10;

#[test]
fn a_thousand_deliveries_of_a_hundred_alerts_ten_at_a_time_are_a_hundred_captures() {
    let stack = Stack::start(&Options::default());
    let seed = fastrand::get_seed();
    note(&format!("the storm's seed is {seed}"));
    let mut numbers: Vec<u32> = (0..ALERTS).flat_map(|alert| vec![alert; DELIVERIES as usize]).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut numbers);
    let queue = Mutex::new(numbers);
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let Some(number) = queue.lock().unwrap().pop() else { break };
                    let answer = stack.alert(&alert(number));
                    answers.lock().unwrap().push((number, answer.status, answer.json));
                }
            });
        }
    });

    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.len(), (ALERTS * DELIVERIES) as usize);
    let mut names: HashSet<(u32, String)> = HashSet::new();
    for (number, status, answer) in &answers {
        assert_eq!(*status, 202, "{answer}");
        let captures = answer["captures"].as_array().unwrap();
        assert_eq!(captures.len(), 1, "{answer}");
        names.insert((*number, captures[0]["name"].as_str().unwrap().to_owned()));
    }
    assert_eq!(names.len(), ALERTS as usize, "one name per alert");

    let records = until(120, "every capture reported", || {
        let records = all_records(&stack);
        records.iter().all(|record| record["state"] == "reported").then_some(records)
    });
    assert_eq!(records.len(), ALERTS as usize);
    assert!(records.iter().all(|record| record["error"] == Value::Null), "{records:#?}");
    let taken = stack.requests(Some("packetCaptures.put"));
    let taken: Vec<&Value> = taken.iter().filter(|put| put["status"] == 201).collect();
    assert_eq!(taken.len(), ALERTS as usize, "Azure took each capture once");
    let ids: HashSet<String> =
        stack.told().iter().map(|event| event["body"]["id"].as_str().unwrap().to_owned()).collect();
    assert!(names.iter().all(|(_, name)| ids.contains(&format!("{name}.ended"))), "people know of each");
}

#[test]
fn a_storm_beyond_what_azure_takes_waits_its_turn_and_nothing_is_lost() {
    const BEYOND: u32 = 40;
    let stack = Stack::start(&Options::default());
    // Azure's own buckets, of which others have drawn nearly all: ten writes come in each second.
    stack.control("throttle", &serde_json::json!({ "throttled": true, "writes": 5 }));
    let queue = Mutex::new((0..BEYOND).collect::<Vec<_>>());
    let names = Mutex::new(HashSet::new());
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let Some(number) = queue.lock().unwrap().pop() else { break };
                    let begun = Instant::now();
                    let answer = stack.alert(&alert(number));
                    assert_eq!(answer.status, 202, "{answer:?}");
                    assert!(begun.elapsed() < Duration::from_secs(8), "answered after {:?}", begun.elapsed());
                    let name = answer.json["captures"][0]["name"].as_str().unwrap().to_owned();
                    names.lock().unwrap().insert(name);
                }
            });
        }
    });
    let records = until(120, "every capture reported", || {
        let records = all_records(&stack);
        records.iter().all(|record| record["state"] == "reported").then_some(records)
    });
    assert_eq!((records.len(), names.into_inner().unwrap().len()), (BEYOND as usize, BEYOND as usize));
    assert!(records.iter().all(|record| record["error"] == Value::Null), "{records:#?}");
    let refused = stack.requests(None).iter().filter(|request| request["status"] == 429).count();
    let asked = stack.requests(None).len();
    note(&format!("{BEYOND} alerts beyond Azure's budget: {asked} requests, {refused} of them refused"));
    assert!(refused > 0, "it was beyond the budget");
    assert!(
        refused < asked / 3,
        "what Azure says of its limits is obeyed: {refused} of {asked} were refused"
    );
}

/// The alert of a minute of its own.
fn alert(number: u32) -> String {
    METRIC.replace("02:00:13", &format!("{:02}:{:02}:13", number / 60 + 2, number % 60))
}

fn all_records(stack: &Stack) -> Vec<Value> {
    let mut records = Vec::new();
    let mut next = Some("/api/captures?limit=100".to_owned());
    while let Some(path) = next {
        let page = stack.read(&path).json;
        records.extend(page["captures"].as_array().cloned().unwrap_or_default());
        next = page["next"].as_str().map(str::to_owned);
    }
    records
}
