//! The same scenarios on every host. `cargo xtask hosts` runs them and writes what works where into docs/hosts.md;
//! under `cargo xtask test` the page has to say what was seen. A host that is missing is a failure, but for Spin.

mod alerts;
mod figures;
mod kept;
mod page;
mod requests;
mod site;
mod table;
mod world;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use alertcap_tests::{note, trial_arguments};

use libtest_mimic::Trial;

use crate::{
    site::Site,
    table::{Outcomes, Table},
};

/// What is shown on every host; returns how this host does it, in the table's words.
struct Scenario {
    sentence: &'static str,
    run: fn(&Site) -> String,
}

const SCENARIOS: [Scenario; 11] = [
    Scenario {
        sentence: "an alert leads to a capture that is followed to its end and reported",
        run: alerts::followed,
    },
    Scenario {
        sentence: "the same alert, ten times at once and once more, is one capture",
        run: alerts::once,
    },
    Scenario { sentence: "twenty alerts at once lead to twenty captures", run: alerts::many_at_once },
    Scenario { sentence: "every route answers", run: requests::every_route },
    Scenario { sentence: "what can never be taken is refused with a problem", run: requests::refused },
    Scenario { sentence: "requests in all that HTTP allows are understood", run: requests::unusual_forms },
    Scenario { sentence: "keys and secrets stand in no log", run: requests::nothing_secret_is_logged },
    Scenario { sentence: "a host that is killed after its answer loses nothing", run: kept::killed },
    Scenario { sentence: "1,200 keys in the store are listed whole", run: kept::many_keys },
    Scenario { sentence: "an Azure that is silent delays no answer beyond 8 s", run: world::silent },
    Scenario { sentence: "why somebody could not be told is said in words", run: world::errors_in_words },
];

fn main() {
    if std::env::var_os("ALERTCAP_FIGURES").is_some() {
        let outcome = figures::run(&site::all());
        return end(outcome);
    }
    let (mut arguments, names) = trial_arguments();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(4);
    let outcomes = Arc::new(Mutex::new(Outcomes::new()));
    let sites: Vec<_> = site::all().into_iter().map(Arc::new).collect();
    let mut trials = Vec::new();
    for site in &sites {
        for scenario in &SCENARIOS {
            let (site, outcomes) = (site.clone(), outcomes.clone());
            let name = format!("{} :: {}", site.name, scenario.sentence);
            trials.push(Trial::test(name, move || {
                let begin = Instant::now();
                let how = (scenario.run)(&site);
                note(&format!(
                    "{}: {}: {how} ({:.1} s)",
                    site.name,
                    scenario.sentence,
                    begin.elapsed().as_secs_f64()
                ));
                let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                outcomes.insert((site.name.to_owned(), scenario.sentence.to_owned()), how);
                Ok(())
            }));
        }
    }
    let everything = trials.len();
    trials.retain(|trial| names.is_empty() || names.iter().any(|name| trial.name().contains(name)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let columns: Vec<_> = sites.iter().map(|site| site.column()).collect();
    // Ends the hosts: what exits below runs no destructors.
    drop(sites);
    if conclusion.has_failed() || conclusion.num_passed != everything as u64 {
        // Of a part no table can be made.
        conclusion.exit();
    }
    let outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
    let sentences: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.sentence).collect();
    end(Table::new(&columns, &sentences, &outcomes).into_page());
}

fn end(outcome: Result<(), String>) {
    if let Err(error) = outcome {
        eprintln!("{error}");
        std::process::exit(101);
    }
}
