//! The host is killed again and again while alerts come in, and started again on the same store. Nothing may be lost,
//! nothing done twice, everything reported.
//!
//! `cargo xtask test` kills it 20 times. The whole: `ALERTCAP_KILLS=200 cargo xtask test nothing_is_lost`. The moments are
//! random; their seed is printed, and `ALERTCAP_SEED=…` takes the same ones again (the machine's own timing stays what
//! it is).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{METRIC, Options, SWEEP_KEY, Stack, WEBHOOK_KEY, note, states, try_post, until};
use serde_json::Value;

/// Two kills for each alert.
const KILLS_PER_ALERT: u64 = 2;
const SENDERS: usize = 6;
/// How long a host lives at most until it is killed.
const LONGEST_LIFE_MS: u64 = 700;

/// Most captures take a second, those of db-01 some more.
const RULES: &str = r#"
[[rules]]
name = "long"
match.target = "*/db-01"
time_limit_seconds = 6

[[rules]]
name = "short"
time_limit_seconds = 1
"#;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The alert of a minute of its own; every tenth is for another machine.
fn alert(number: u64) -> String {
    let alert = METRIC.replace("02:00:13", &format!("{:02}:{:02}:13", number / 60 + 2, number % 60));
    if number % 10 == 9 { alert.replace("web-01", "db-01") } else { alert }
}

/// What everyone outside the host sees of it: where it is at the moment, if it runs.
struct Outside {
    url: Mutex<Option<String>>,
    /// The captures that each alert was told to have led to, by a 2xx.
    answered: Mutex<BTreeMap<u64, BTreeSet<String>>>,
    deliveries: Mutex<u64>,
    sweeps: Mutex<u64>,
    over: Mutex<bool>,
}

impl Outside {
    fn url(&self) -> Option<String> {
        self.url.lock().unwrap().clone()
    }

    fn is_over(&self) -> bool {
        *self.over.lock().unwrap()
    }

    /// As Azure does, but sooner: what is not answered 2xx is delivered again.
    fn deliver(&self, number: u64) {
        let headers = [("x-functions-key", WEBHOOK_KEY), ("content-type", "application/json")];
        while !self.is_over() {
            let answer = self.url().and_then(|url| {
                *self.deliveries.lock().unwrap() += 1;
                try_post(&format!("{url}/api/alerts"), &headers, alert(number).as_bytes())
            });
            match answer {
                Some(answer) if answer.status == 202 => {
                    let captures = answer.json["captures"].as_array().cloned().unwrap_or_default();
                    let names = captures.iter().map(|c| c["name"].as_str().expect("a name").to_owned());
                    self.answered.lock().unwrap().entry(number).or_default().extend(names);
                    return;
                }
                Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                // Killed, or not there at the moment.
                None => {}
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn sweep(&self) {
        if let Some(url) = self.url() {
            let answer = try_post(&format!("{url}/api/sweep"), &[("x-functions-key", SWEEP_KEY)], b"");
            *self.sweeps.lock().unwrap() += u64::from(answer.is_some_and(|answer| answer.status == 200));
        }
    }
}

/// Tells everyone that it is over, when dropped.
struct End<'a>(&'a Outside);

impl Drop for End<'_> {
    fn drop(&mut self) {
        *self.0.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

#[test]
fn nothing_is_lost_and_nothing_done_twice_however_often_the_host_is_killed() {
    let begun = Instant::now();
    let kills = number("ALERTCAP_KILLS").unwrap_or(20);
    let alerts = kills / KILLS_PER_ALERT;
    let seed = number("ALERTCAP_SEED").unwrap_or_else(fastrand::get_seed);
    note(&format!("kills: {kills}, alerts: {alerts}, ALERTCAP_SEED={seed}"));
    let mut random = fastrand::Rng::with_seed(seed);
    let variables = [("rules", RULES)];
    let mut stack = Stack::start(&Options { variables: &variables, clocks: true, ..Options::default() });

    let outside = Outside {
        url: Mutex::new(Some(stack.url())),
        answered: Mutex::default(),
        deliveries: Mutex::default(),
        sweeps: Mutex::default(),
        over: Mutex::new(false),
    };
    let (queue, alerts_to_send) = mpsc::channel::<u64>();
    let alerts_to_send = Mutex::new(alerts_to_send);
    let records = thread::scope(|scope| {
        // Gone with this thread, so that a failure ends the others too.
        let (queue, _end) = (queue, End(&outside));
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let next = alerts_to_send.lock().unwrap().recv();
                    let Ok(number) = next else { break };
                    outside.deliver(number);
                }
            });
        }
        scope.spawn(|| {
            while !outside.is_over() {
                outside.sweep();
                thread::sleep(Duration::from_millis(300));
            }
        });
        let mut waiting: Vec<u64> = (0..alerts).collect();
        // Every fifth comes twice.
        waiting.extend((0..alerts).step_by(5));
        random.shuffle(&mut waiting);
        for kill in 0..kills {
            // Evenly over all lives, the last ones without new alerts.
            let rest = usize::try_from((kills - kill).saturating_sub(2).max(1)).unwrap();
            for _ in 0..waiting.len().div_ceil(rest) {
                waiting.pop().into_iter().for_each(|number| queue.send(number).unwrap());
            }
            // Not a wait for something: the random moment.
            thread::sleep(Duration::from_millis(random.u64(0..LONGEST_LIFE_MS)));
            *outside.url.lock().unwrap() = None;
            stack.kill_host();
            stack.start_host();
            *outside.url.lock().unwrap() = Some(stack.url());
        }
        note(&format!("killed {kills} times in {:.1} s", begun.elapsed().as_secs_f64()));
        drop(queue);
        all_reported(&stack, &outside, alerts)
    });

    check(&stack, &outside, alerts, &records);
    let told = stack.told();
    let ids: BTreeSet<&str> = told.iter().filter_map(|event| event["body"]["id"].as_str()).collect();
    note(&format!(
        "alerts {alerts} in {} deliveries, host killed {kills} times, {} sweeps answered; captures {}, reported {}; \
         notifications {} of {} events ({} repeats); {:.1} s in all",
        outside.deliveries.lock().unwrap(),
        outside.sweeps.lock().unwrap(),
        stack.sessions().len(),
        records.len(),
        told.len(),
        ids.len(),
        told.len() - ids.len(),
        begun.elapsed().as_secs_f64(),
    ));
}

/// The last host is left alone. A step that a killed one had claimed is due again after a while: the clocks are moved to
/// it, and sweeps take it.
fn all_reported(stack: &Stack, outside: &Outside, alerts: u64) -> HashMap<String, Value> {
    until(60, "every alert answered", || {
        (outside.answered.lock().unwrap().len() as u64 == alerts).then_some(())
    });
    let mut moved = Instant::now();
    until(180, "every capture reported", || {
        let names: BTreeSet<String> = outside.answered.lock().unwrap().values().flatten().cloned().collect();
        let records: HashMap<String, Value> =
            names.into_iter().map(|name| (name.clone(), stack.record(&name))).collect();
        let open: Vec<&Value> = records.values().filter(|record| record["state"] != "reported").collect();
        if open.is_empty() {
            return Some(records);
        }
        if moved.elapsed() > Duration::from_secs(2) {
            stack.advance(15);
            moved = Instant::now();
        }
        thread::sleep(Duration::from_millis(100));
        None
    })
}

fn check(stack: &Stack, outside: &Outside, alerts: u64, records: &HashMap<String, Value>) {
    // Nothing is lost: each alert has one name, whoever asked how often, and its capture is reported, without an error.
    let answered = outside.answered.lock().unwrap();
    assert_eq!(answered.len() as u64, alerts);
    assert!(answered.values().all(|names| names.len() == 1), "{answered:?}");
    assert_eq!(records.len() as u64, alerts, "no two alerts share a capture");
    for (name, record) in records {
        assert_eq!((&record["error"], &record["outcome"]), (&Value::Null, &"captured".into()), "{record:#}");
        let ways = states(record);
        let all = ["accepted", "starting", "running", "ended", "reported"];
        assert!(in_order(&ways, &all), "{name} went {ways:?}: {record:#}");
    }
    // Nothing is double: Azure took one PUT for each, and has one session for each.
    let mut taken: HashMap<String, u32> = HashMap::new();
    for put in stack.requests(Some("packetCaptures.put")).iter().filter(|put| put["status"] == 201) {
        *taken.entry(put["capture"].as_str().expect("a name").to_owned()).or_default() += 1;
    }
    assert_eq!(taken.len() as u64, alerts, "{taken:?}");
    assert!(taken.iter().all(|(name, count)| *count == 1 && records.contains_key(name)), "{taken:?}");
    assert_eq!(stack.sessions().len() as u64, alerts);
    // All are reported: people were told of each end, of none twice by another id, and of nothing else.
    let told = stack.told();
    let ids: BTreeSet<String> =
        told.iter().map(|event| event["body"]["id"].as_str().expect("an id").to_owned()).collect();
    for name in records.keys() {
        let of_it: Vec<&String> = ids.iter().filter(|id| id.starts_with(name.as_str())).collect();
        let ended = format!("{name}.ended");
        let started = format!("{name}.started");
        assert!(of_it.contains(&&ended), "nobody was told of the end of {name}: {of_it:?}");
        assert!(of_it.iter().all(|id| **id == ended || **id == started), "{of_it:?}");
    }
    assert!(ids.iter().all(|id| id.rsplit_once('.').is_some_and(|(name, _)| records.contains_key(name))));
    assert!(!stack.logs().contains("panicked"), "{}", stack.logs());
}

/// Whether the states went forward only. One may be missing: a step that was done when the host was killed is found done.
fn in_order(ways: &[String], all: &[&str]) -> bool {
    let mut rest = all.iter();
    ways.iter().all(|state| rest.any(|known| known == state)) && ways.last().is_some_and(|s| s == "reported")
}
