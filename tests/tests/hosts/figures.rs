//! How long each host takes to its first answer, and how many requests it answers a second: side by side in one run, for
//! the machine is busy with other things too. Written into docs/hosts.md; nothing is asserted of them.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use alertcap_tests::{Client, METRIC, Options, Stack, WEBHOOK_KEY, component, composed, note};

use crate::{page, site::Site};

/// Each host has its turn so often.
const ROUNDS: usize = 5;
/// So long it is asked in each.
const EACH: Duration = Duration::from_secs(2);
/// So many connections ask at once, each kept open.
const CONNECTIONS: usize = 4;

const BEGIN: &str = "<!-- figures: made by `cargo xtask hosts --figures`, not by hand -->\n";

#[derive(Default)]
struct Seen {
    first_starts: Vec<f64>,
    starts: Vec<f64>,
    healthz: Vec<f64>,
    alerts: Vec<f64>,
}

/// Measures, and writes it down.
pub(crate) fn run(sites: &[Site]) -> Result<(), String> {
    let mut seen: Vec<Seen> = sites.iter().map(|_| Seen::default()).collect();
    let mut stacks: Vec<Stack> = sites.iter().map(|site| site.own(Options::default())).collect();
    stacks.iter_mut().for_each(Stack::kill_host);
    for round in 1..=ROUNDS {
        for ((site, stack), seen) in sites.iter().zip(&mut stacks).zip(&mut seen) {
            stack.forget_what_was_compiled();
            seen.first_starts.push(start(stack));
            stack.kill_host();
            seen.starts.push(start(stack));
            assert_eq!(stack.alert(METRIC).status, 202);
            seen.healthz.push(a_second(|client| client.get(&format!("{}/healthz", stack.url()), &[]) == 200));
            let headers = [("x-functions-key", WEBHOOK_KEY)];
            let alerts = format!("{}/api/alerts", stack.url());
            seen.alerts.push(a_second(|client| client.post(&alerts, &headers, METRIC.as_bytes()) == 202));
            stack.kill_host();
            let last = |all: &[f64]| all.last().copied().unwrap_or_default();
            note(&format!(
                "round {round} of {ROUNDS}, {}: {:.2} s, {:.2} s, {:.0}/s, {:.0}/s",
                site.name,
                last(&seen.first_starts),
                last(&seen.starts),
                last(&seen.healthz),
                last(&seen.alerts)
            ));
        }
    }
    let mut text = String::from(
        "| host | first answer, first start | first answer, later starts | `GET /healthz` | an alert that is known |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for (site, seen) in sites.iter().zip(&mut seen) {
        let (name, version) = site.column();
        let name = format!("{name} {version}");
        let first_starts = spread(&mut seen.first_starts, 2, " s");
        let starts = spread(&mut seen.starts, 2, " s");
        let (healthz, alerts) = (spread(&mut seen.healthz, 0, "/s"), spread(&mut seen.alerts, 0, "/s"));
        _ = writeln!(text, "| {} | {first_starts} | {starts} | {healthz} | {alerts} |", name.trim());
    }
    let size = |file: std::path::PathBuf| std::fs::metadata(file).map_or(0, |file| file.len());
    _ = writeln!(
        text,
        "\nMedians of {ROUNDS} rounds, the least and the most in brackets; {CONNECTIONS} connections kept open. The component has {} bytes, \
         composed {}.",
        size(component()),
        size(composed())
    );
    page::replace(BEGIN, &text)?;
    eprintln!("written to docs/hosts.md:\n{text}");
    Ok(())
}

/// So many seconds from its start to its first answer.
fn start(stack: &mut Stack) -> f64 {
    let begin = Instant::now();
    stack.start_host();
    begin.elapsed().as_secs_f64()
}

/// How often a second `ask` is answered as it should be.
fn a_second(ask: impl Fn(&Client) -> bool + Sync) -> f64 {
    let (answered, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let client = Client::default();
                while !over.load(Ordering::Relaxed) {
                    assert!(ask(&client), "an answer that is not the right one");
                    answered.fetch_add(1, Ordering::Relaxed);
                    if begin.elapsed() > EACH {
                        over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    let answered = answered.into_inner() as f64;
    answered / begin.elapsed().as_secs_f64()
}

/// `1.20 s (1.11–1.35)`
fn spread(all: &mut [f64], digits: usize, unit: &str) -> String {
    all.sort_by(f64::total_cmp);
    let at = |index: usize| all.get(index).copied().unwrap_or_default();
    let (least, middle, most) = (at(0), at(all.len() / 2), at(all.len().saturating_sub(1)));
    format!("{middle:.digits$}{unit} ({least:.digits$}–{most:.digits$})")
}
