//! `simulate`: makes runs, one thread per core, until one breaks what must hold; or one run, with its trace.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use simulate::{Numbers, Outcome};

/// Runs alertcap in a simulated, hostile world; exit 1 if something happened that must not.
#[derive(Parser)]
struct Arguments {
    /// How many runs
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    seeds: u64,
    /// The first one's seed
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,
    /// One run only, and all that happens in it
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Go on after a violation, and say at the end how many runs broke what
    #[arg(long)]
    keep_going: bool,
    /// Threads; one per core if it is not given
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// How often it is said how far it has come.
const PROGRESS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => one(seed),
        None => many(&arguments),
    }
}

fn one(seed: u64) -> ExitCode {
    let outcome = simulate::run(seed, true);
    outcome.trace.iter().for_each(|line| println!("{line}"));
    println!("{:#?}", outcome.numbers);
    match outcome.violation {
        None => {
            println!("seed {seed}: no violation");
            ExitCode::SUCCESS
        }
        Some(violation) => {
            println!("seed {seed}: VIOLATION of \"{}\": {}", violation.invariant, violation.what);
            ExitCode::FAILURE
        }
    }
}

fn many(arguments: &Arguments) -> ExitCode {
    let threads =
        arguments.threads.or_else(|| thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let end = arguments.from.saturating_add(arguments.seeds);
    let next = AtomicU64::new(arguments.from);
    let begun = Instant::now();
    let (sender, outcomes) = mpsc::channel::<(u64, Outcome)>();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send((seed, simulate::run(seed, false))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut done, mut said, mut all) = (0_u64, Instant::now(), Numbers::default());
        let mut broken: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
        for (seed, outcome) in outcomes {
            done += 1;
            all = all.with(&outcome.numbers);
            if let Some(violation) = outcome.violation {
                println!("seed {seed}: VIOLATION of \"{}\": {}", violation.invariant, violation.what);
                let known = broken.entry(violation.invariant).or_insert((0, seed));
                *known = (known.0 + 1, known.1.min(seed));
                if !arguments.keep_going {
                    next.store(end, Ordering::Relaxed);
                }
            }
            if said.elapsed() >= PROGRESS {
                said = Instant::now();
                let violations: u64 = broken.values().map(|(count, _)| count).sum();
                println!(
                    "{done} of {} seeds, {violations} with a violation, {:.0} s",
                    arguments.seeds,
                    begun.elapsed().as_secs_f32()
                );
            }
        }
        println!("  {}", all.in_words());
        for (invariant, (count, seed)) in &broken {
            println!(
                "\"{invariant}\" is broken in {count} runs; the first is seed {seed}: --seed {seed} shows it"
            );
        }
        let violations: u64 = broken.values().map(|(count, _)| count).sum();
        println!(
            "{done} seeds in {:.1} s on {threads} threads: {violations} with a violation",
            begun.elapsed().as_secs_f32()
        );
        if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}
