//! A child process that says on its first line where it listens, and whose standard error is kept.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

/// A running child; killed (SIGKILL) when dropped.
pub(crate) struct Process {
    child: Child,
    /// Its first line.
    pub(crate) ready: Value,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it and waits for its first line.
    pub(crate) fn start(command: &mut Command) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = child.stderr.take().expect("it is piped");
        let kept = log.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..read]);
                kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push_str(&text);
            }
        });
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        stdout.read_line(&mut line).expect("its output can be read");
        let process = Self { child, ready: serde_json::from_str(&line).unwrap_or_default(), log };
        assert!(process.ready.is_object(), "{program} did not start: {line}{}", process.log());
        process
    }

    /// What it has said on standard error.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing that a test shows may depend on a tidy end.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
