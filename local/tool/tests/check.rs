//! The program: what it prints and how it ends.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

fn check(rules: &str, arguments: &[&str]) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.toml"), rules).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_alertcap-tool"));
    command.current_dir(folder.path()).args(["rules", "check", "rules.toml"]).args(arguments);
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    (output, told)
}

#[test]
fn right_rules_are_told_in_words_one_line_each() {
    let rules = r#"
[limits]
captures_per_hour = 60
cool_down = "10m"
[[rules]]
name = "dev"
match.resource_group = "rg-dev-*"
ignore = true
[[rules]]
name = "segments"
match.severity = ["Sev0", "Sev1"]
time_limit_seconds = 300
bytes_per_packet = 96
filters = [{ protocol = "TCP", local_port = 443 }]
storage_account = ["stone", "sttwo"]
cool_down = "until resolved"
tell = []
open = ["storage_account"]
[[rules]]
name = "rest"
"#;
    let (output, told) = check(rules, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        told,
        "limits: 60 captures per hour, a machine rests 10m\n\
         1. dev: resource_group rg-dev-* → no capture\n\
         2. segments: severity Sev0 or Sev1 → at most 300 s; 96 bytes of each packet; keeps TCP, local port 443; to \
         stone (or sttwo); then the machine rests until the alert is resolved, at most 1d; tells nobody; the alert may \
         set storage_account\n\
         3. rest: every alert → capture as the settings say\n\
         3 rules, no problem\n"
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn no_rule_is_told_too() {
    let (output, told) = check("", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(told, "no rule: every alert leads to a capture as the settings say\n");
}

#[test]
fn each_problem_is_told_with_its_place_and_its_line() {
    let (output, told) = check("[[rules]]\nname = \"r\"\ntime_limit = 5\nring = { file_count = 0 }\n", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        told,
        "rules.toml:3:1: \"time_limit\" is no key of a rule; did you mean \"time_limit_seconds\"?\n\
         \x20 3 | time_limit = 5\n\
         \x20   | ^\n\
         rules.toml:4:1: ring is for continuous captures; set continuous = true, or leave ring out\n\
         \x20 4 | ring = { file_count = 0 }\n\
         \x20   | ^\n\
         rules.toml:4:23: file_count is 0; it must be a whole number from 1 to 10000\n\
         \x20 4 | ring = { file_count = 0 }\n\
         \x20   |                       ^\n"
    );
}

#[test]
fn receivers_are_those_that_are_named() {
    let rules = "[[rules]]\nname = \"r\"\ntell = [\"teams\"]\ntell_events = [\"failed\", \"heldBack\"]\n";
    let (output, told) = check(rules, &[]);
    assert_eq!(output.status.code(), Some(0), "all of them, unless fewer are named");
    assert!(told.contains("tells teams; tells what failed, is held back"), "{told}");
    let (output, told) = check(rules, &["--receivers", "webhook,slack"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("known are webhook, slack"), "{told}");
}

#[test]
fn rules_come_from_standard_input_too() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alertcap-tool"));
    command.args(["rules", "check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"rules = 5\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("stdin:1:9: rules is of type integer"));
}

#[test]
fn what_cannot_be_read_is_another_exit_code() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alertcap-tool"));
    let output = command.args(["rules", "check", "nowhere.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read nowhere.toml"));
    let (output, told) = check(&"# ä\n".repeat(20_000), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("longer than 65536 bytes"), "{told}");
}
