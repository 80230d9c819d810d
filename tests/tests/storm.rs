//! Many alerts, each delivered many times over, in no order.

use std::{collections::HashSet, sync::Mutex, thread};

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
