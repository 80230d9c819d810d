//! What `up` and `demo` start ends with them, even when they are killed without a chance to clean up.

#![cfg(target_os = "linux")]

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

#[test]
fn a_child_becomes_the_program_it_was_given() {
    let me = std::process::id().to_string();
    let out = Command::new(XTASK)
        .args(["child-of", &me, "--", "sh", "-c", "echo $0 --here", "it"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "it --here\n");
}

#[test]
fn a_child_ends_when_its_parent_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    // The shell plays xtask: it starts a child, tells its id, and is killed.
    let script = format!(
        "'{XTASK}' child-of $$ -- sh -c 'echo $$ >{0}.new; mv {0}.new {0}; exec sleep 60' & wait",
        pid_file.display()
    );
    let mut parent = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).spawn().unwrap();
    let pid = soon(|| fs::read_to_string(&pid_file).ok()).expect("the child did not start");
    let process = format!("/proc/{}", pid.trim());
    assert!(fs::exists(&process).unwrap());
    parent.kill().unwrap();
    parent.wait().unwrap();
    // Gone, or dead and not yet collected by whoever inherited it.
    let gone = || match fs::read_to_string(format!("{process}/stat")) {
        Ok(stat) => stat.contains(") Z ").then_some(()),
        Err(_) => Some(()),
    };
    soon(gone).expect("the child outlived its parent");
}

#[test]
fn a_child_whose_parent_is_gone_already_does_not_start() {
    let out = Command::new(XTASK).args(["child-of", "1", "--", "echo", "started"]).output().unwrap();
    assert!(!out.status.success() && out.stdout.is_empty());
}

fn soon<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}
