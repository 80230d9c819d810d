//! The summary of a capture file against Wireshark's own programs: what `cargo xtask summary` says of a file is what
//! tshark and capinfos say of it, or the difference stands in `explained.rs` with its reason.
//!
//! The files are made by scapy (`tests/captures`), come with pcap-parser's sources, with Debian's gopacket, and from the
//! stand-in for Azure. Each side is turned into facts with the same names; facts that differ fail the test.

mod capinfos;
mod counts;
mod explained;
mod files;
mod frames;
mod ours;
mod streams;
mod tshark;

use std::collections::BTreeMap;

use alertcap_tests::note;
use libtest_mimic::{Failed, Trial};

use crate::{explained::Explanations, files::Capture};

/// What one side says of a file, by names that both sides use.
pub(crate) type Facts = BTreeMap<String, String>;

fn main() {
    let (mut arguments, names) = alertcap_tests::trial_arguments();
    arguments.test_threads.get_or_insert(2);
    let captures = files::all();
    assert!(captures.len() > 30, "{captures:?}");
    let mut trials: Vec<_> = captures.iter().cloned().map(trial).collect();
    let known = captures.iter().map(|capture| capture.name.clone()).collect::<Vec<_>>();
    trials.push(Trial::test("every explanation is of a file that there is", move || {
        explained::unused(&known).map_or(Ok(()), |unused| Err(Failed::from(unused)))
    }));
    trials.retain(|trial| names.is_empty() || names.iter().any(|name| trial.name().contains(name)));
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(capture: Capture) -> Trial {
    let name = format!("{} :: the summary says what tshark and capinfos say", capture.name);
    Trial::test(name, move || {
        let mut theirs = capinfos::facts(&capture.path);
        // capinfos says nothing of a file that is damaged in the middle; tshark says what stands before.
        let of_file = !theirs.is_empty();
        theirs.extend(tshark::facts(&capture.path));
        let mut ours = ours::facts(&capture.path, &mut theirs);
        if !of_file {
            ours.retain(|key, _| !capinfos::SAYS.iter().any(|start| key.starts_with(start)));
        }
        let mut explanations = Explanations::of(&capture.name);
        let mut wrong = Vec::new();
        let keys: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        for key in keys {
            let nothing = "–".to_owned();
            let (our, their) = (ours.get(key).unwrap_or(&nothing), theirs.get(key).unwrap_or(&nothing));
            if our != their && !explanations.explain(key, our, their) {
                wrong.push(format!("{key}: {our}, but Wireshark says {their}"));
            }
        }
        wrong.extend(explanations.left());
        if std::env::var_os("ALERTCAP_SHOW_FACTS").is_some() {
            note(&format!("{}: {} facts agree", capture.name, theirs.len()));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Failed::from(format!("\n{}", wrong.join("\n")))) }
    })
}
