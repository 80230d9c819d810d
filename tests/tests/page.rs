//! The page in a real browser: each scenario of tests/browser/scenarios is a test that bears its name, with stacks of its
//! own to look at.

use std::{fs, path::Path, process::ExitCode};

use alertcap_tests::{Options, Stack, play};
use libtest_mimic::{Arguments, Failed, Trial};

/// Captures take an hour, and end when a scenario moves the clocks.
const TIME_LIMIT: (&str, &str) = ("time_limit_seconds", "3600");

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(4);
    let scenarios = scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/scenarios"));
    let trial = |name: String| Trial::test(name.clone(), move || run(&name));
    libtest_mimic::run(&arguments, scenarios.into_iter().map(trial).collect()).exit_code()
}

/// The names of all scenarios: the functions that take a place.
fn scenarios(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the scenarios").map(|file| file.expect("a file").path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "py"));
    let text: String = files.map(|file| fs::read_to_string(file).expect("text")).collect();
    let names = text.lines().filter_map(|line| line.strip_prefix("def ")?.split_once("(place: Place)"));
    names.map(|(name, _)| name).filter(|name| !name.starts_with('_')).map(str::to_owned).collect()
}

fn run(scenario: &str) -> Result<(), Failed> {
    let mut options = Options { variables: &[TIME_LIMIT], clocks: true, ..Options::default() };
    let mut stacks = Vec::new();
    match scenario {
        // Cookies are a machine's, whatever the port: the browser brings those of the one to the other.
        "a_cookie_made_under_another_operator_key_lets_nobody_in" => {
            let variables = &[TIME_LIMIT, ("operator_key", "another-operator-key")];
            stacks.push(Stack::start(&options));
            stacks.push(Stack::start(&Options { variables, clocks: true, ..Options::default() }));
        }
        // On this one's wire is what the scenario writes.
        "screenshots_for_the_documentation" => options.recorded = Some("web-01"),
        _ => {}
    }
    if stacks.is_empty() {
        stacks.push(Stack::start(&options));
    }
    play(scenario, &stacks, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser")).map_err(Failed::from)
}
