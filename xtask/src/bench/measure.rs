//! A program's time and the most memory it had.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// What was seen of a program.
pub(super) struct Seen {
    pub(super) took: Duration,
    /// The most memory it had, in bytes; nothing where the system does not say.
    pub(super) memory: Option<u64>,
    pub(super) said: String,
}

/// Runs it to its end.
pub(super) fn run(command: &mut Command) -> Result<Seen> {
    let name = crate::run::display(command);
    let started = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.with_context(|| format!("cannot run `{name}`"))?;
    let id = child.id();
    // The system keeps the peak as long as the program is there: asked for often, the last answer is it.
    let (ended, has_ended) = std::sync::mpsc::channel::<()>();
    let watching = thread::spawn(move || {
        let mut peak = None;
        loop {
            peak = high_water(id).or(peak);
            match has_ended.recv_timeout(Duration::from_millis(5)) {
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                _ => return peak,
            }
        }
    });
    let out = child.wait_with_output().with_context(|| format!("cannot wait for `{name}`"))?;
    let took = started.elapsed();
    drop(ended);
    let memory = watching.join().ok().flatten();
    if !out.status.success() {
        bail!("`{name}` failed ({}): {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(Seen { took, memory, said: String::from_utf8_lossy(&out.stdout).into_owned() })
}

/// Linux: `VmHWM:     12345 kB`
fn high_water(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}
