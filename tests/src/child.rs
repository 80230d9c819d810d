//! A child process whose words are kept; some say on their first line where they listen.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

/// A running child; killed (SIGKILL) when dropped, with whatever it has started itself.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    is_group: bool,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let (mut process, mut stdout) = Self::spawn(command);
        process.keep(move |log| copy(&mut stdout, log));
        process
    }

    /// Starts one that starts others, which would outlive it. (Ctrl-C does not reach them: only where it has to be.)
    pub(crate) fn start_group(command: &mut Command) -> Self {
        let mut process = Self::start(command.process_group(0));
        process.is_group = true;
        process
    }

    /// Starts it and waits for its first line, which is JSON.
    pub(crate) fn start_and_hear(command: &mut Command) -> (Self, Value) {
        let (mut process, stdout) = Self::spawn(command);
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line).expect("its output can be read");
        let ready: Value = serde_json::from_str(&line).unwrap_or_default();
        let program = command.get_program().to_string_lossy();
        assert!(ready.is_object(), "{program} did not start: {line}{}", process.log());
        process.keep(move |log| copy(&mut stdout, log));
        (process, ready)
    }

    fn spawn(command: &mut Command) -> (Self, impl Read + Send + 'static) {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let stdout = child.stdout.take().expect("it is piped");
        let mut stderr = child.stderr.take().expect("it is piped");
        let mut process = Self { child, is_group: false, log: Arc::default() };
        process.keep(move |log| copy(&mut stderr, log));
        (process, stdout)
    }

    fn keep(&mut self, work: impl FnOnce(&Mutex<String>) + Send + 'static) {
        let log = self.log.clone();
        thread::spawn(move || work(&log));
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The most memory that it has had at a time, in bytes; none where the system does not tell.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

fn copy(stream: &mut impl Read, log: &Mutex<String>) {
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        let text = String::from_utf8_lossy(&piece[..read]);
        log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing that a test shows may depend on a tidy end.
        if self.is_group {
            _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
