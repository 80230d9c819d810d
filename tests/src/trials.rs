//! Tests that are made when they run (`libtest_mimic`), under `cargo test`.

use libtest_mimic::Arguments;

/// The arguments that every test program is given. `cargo test` takes several names, this harness one: those are apart.
#[must_use]
pub fn trial_arguments() -> (Arguments, Vec<String>) {
    let mut names = Vec::new();
    let mut rest: Vec<String> = Vec::new();
    for argument in std::env::args() {
        let is_value = rest.last().is_some_and(|last| {
            ["--skip", "--test-threads", "--logfile", "--color", "--format", "-Z"].contains(&last.as_str())
        });
        if rest.is_empty() || is_value || argument.starts_with('-') {
            rest.push(argument);
        } else {
            names.push(argument);
        }
    }
    (Arguments::from_iter(rest), names)
}
