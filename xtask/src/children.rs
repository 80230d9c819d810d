//! The programs that run beside xtask: started together, watched, and ended together, whatever happens to xtask.

use std::{
    collections::VecDeque,
    env,
    ffi::OsString,
    fmt,
    io::{BufRead, BufReader, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::ui;

/// The hidden subcommand that ties a program's life to its parent's.
pub(crate) const SHIM: &str = "child-of";
/// A child that was told to end gets this long (the host waits for its background work).
const PATIENCE: Duration = Duration::from_secs(5);
/// So many last lines of each child are kept for whoever asks why.
const LAST_LINES: usize = 30;

/// Ctrl-C or SIGTERM: no failure, and nothing more to say.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// The children; dropped, they are ended.
pub(crate) struct Children {
    running: Vec<Running>,
    /// Whether their lines go to the terminal as they come.
    show: bool,
    interrupted: Arc<AtomicBool>,
}

struct Running {
    name: String,
    process: Child,
    last: Arc<Mutex<VecDeque<String>>>,
}

impl Children {
    /// From here on Ctrl-C is ours to handle.
    pub(crate) fn new(show: bool) -> Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))
                .context("cannot listen for Ctrl-C")?;
        }
        Ok(Self { running: Vec::new(), show, interrupted })
    }

    /// Starts one, in a process group of its own (Ctrl-C at the terminal reaches xtask alone, which then ends all in
    /// order). Returns its lines on stdout.
    pub(crate) fn start(&mut self, name: &str, command: &Command) -> Result<Receiver<String>> {
        let mut shim = Command::new(env::current_exe().context("cannot find xtask's own file")?);
        shim.arg(SHIM)
            .arg(std::process::id().to_string())
            .arg("--")
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shim.env(name, value),
                None => shim.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shim.current_dir(folder);
        }
        shim.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut process = shim.spawn().with_context(|| format!("cannot start {name}"))?;
        let last = Arc::default();
        let (lines, stdout) = mpsc::channel();
        forward(process.stdout.take(), Arc::clone(&last), false, Some(lines));
        forward(process.stderr.take(), Arc::clone(&last), self.show, None);
        self.running.push(Running { name: name.to_owned(), process, last });
        Ok(stdout)
    }

    /// An error if one has ended by itself, or Ctrl-C was pressed.
    pub(crate) fn check(&mut self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Interrupted.into());
        }
        for child in &mut self.running {
            if let Some(status) =
                child.process.try_wait().with_context(|| format!("cannot watch {}", child.name))?
            {
                // What it said last may still be on its way through the pipe.
                thread::sleep(Duration::from_millis(100));
                bail!("{} has ended by itself: {}{}", child.name, how(status), child.last_lines());
            }
        }
        Ok(())
    }

    /// The last lines of every child, for the error report.
    pub(crate) fn last_lines(&self) -> String {
        self.running.iter().map(|child| format!("\n{}:{}", child.name, child.last_lines())).collect()
    }

    /// Ends them, the last started first. A second Ctrl-C, or their taking too long, ends them at once.
    pub(crate) fn stop(&mut self) {
        self.interrupted.store(false, Ordering::Relaxed);
        for child in self.running.iter().rev() {
            signal(&child.process, Signal::TERM);
        }
        let deadline = Instant::now() + PATIENCE;
        let mut told = false;
        for mut child in self.running.drain(..).rev() {
            while !matches!(child.process.try_wait(), Ok(Some(_)) | Err(_)) {
                if Instant::now() > deadline || self.interrupted.load(Ordering::Relaxed) {
                    signal(&child.process, Signal::KILL);
                    child.process.wait().ok();
                    break;
                }
                if !told
                    && deadline.saturating_duration_since(Instant::now()) + Duration::from_secs(1) < PATIENCE
                {
                    ui::line(format!("  waiting for {} to end …", child.name));
                    told = true;
                }
                thread::sleep(Duration::from_millis(20));
            }
            // Whatever it had started itself.
            signal(&child.process, Signal::KILL);
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Running {
    fn last_lines(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().map(|line| format!("\n    {line}")).collect()
    }
}

/// What [`SHIM`] does: become `command`, and be told to end when the parent is gone.
pub(crate) fn become_child(parent: i32, command: &[OsString]) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        if rustix::process::getppid().map(Pid::as_raw_pid) != Some(parent) {
            bail!("the parent is gone already");
        }
    }
    let _ = parent;
    let (program, arguments) = command.split_first().context("no program")?;
    Err(Command::new(program).args(arguments).exec())
        .with_context(|| format!("cannot run {}", program.display()))
}

fn signal(process: &Child, signal: Signal) {
    // It may be gone already, which is what is wanted.
    kill_process_group(Pid::from_child(process), signal).ok();
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

fn forward(
    stream: Option<impl Read + Send + 'static>,
    last: Arc<Mutex<VecDeque<String>>>,
    show: bool,
    lines: Option<Sender<String>>,
) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if show {
                ui::line(&line);
            }
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line.clone());
            drop(last);
            if let Some(lines) = &lines {
                // Nobody may be listening any more; the pipe is emptied all the same.
                lines.send(line).ok();
            }
        }
    });
}
