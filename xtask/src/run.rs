//! Other programs run as part of a step: their output is kept, shown live where asked, and told on failure.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::ui::{self, Step};

/// So many last lines of a program's output go into the error.
const LAST_LINES: usize = 15;

/// What happens to a program's lines while it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// The last one stands beside the spinner.
    Note,
    /// Each is printed, indented.
    Lines,
}

/// Runs a program to its end and returns its stdout. It is killed after `limit`.
pub(crate) fn run(command: &mut Command, step: &Step, show: Show, limit: Duration) -> Result<String> {
    let name = display(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run `{name}`"))?;
    let (lines, incoming) = mpsc::channel();
    forward(child.stdout.take(), true, lines.clone());
    forward(child.stderr.take(), false, lines);

    let deadline = Instant::now() + limit;
    let mut stdout = String::new();
    let mut last = VecDeque::new();
    loop {
        match incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((is_stdout, line)) => {
                match show {
                    Show::Note => step.note(&line),
                    Show::Lines => ui::line(format!("    {line}")),
                }
                if is_stdout {
                    stdout.push_str(&line);
                    stdout.push('\n');
                }
                if last.len() == LAST_LINES {
                    last.pop_front();
                }
                last.push_back(line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill().ok();
                child.wait().ok();
                bail!("`{name}` had not ended after {} s{}", limit.as_secs(), tail(&last));
            }
        }
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status}){}", tail(&last));
    }
    Ok(stdout)
}

/// Runs a program that talks to the terminal itself.
pub(crate) fn pass_through(command: &mut Command) -> Result<()> {
    let name = display(command);
    let status = command.status().with_context(|| format!("cannot run `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status}); its own output above says why");
    }
    Ok(())
}

/// A command as one would type it, without the folder of the program.
pub(crate) fn display(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn forward(stream: Option<impl Read + Send + 'static>, is_stdout: bool, lines: Sender<(bool, String)>) {
    let Some(stream) = stream else { return };
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if !line.is_empty() && lines.send((is_stdout, line)).is_err() {
                return;
            }
        }
    });
}

fn tail(last: &VecDeque<String>) -> String {
    last.iter()
        .fold(if last.is_empty() { String::new() } else { ":".to_owned() }, |all, line| all + "\n    " + line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> Result<String> {
        run(Command::new("sh").args(["-c", script]), &Step::start("test"), Show::Note, limit)
    }

    #[test]
    fn what_a_program_prints_is_returned() {
        assert_eq!(sh("echo one; echo two", Duration::from_secs(10)).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn a_failed_program_is_named_with_its_last_words() {
        let error = sh("echo no such thing >&2; exit 3", Duration::from_secs(10)).unwrap_err().to_string();
        assert!(error.contains("no such thing") && error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let error = sh("exec sleep 30", Duration::from_millis(200)).unwrap_err().to_string();
        assert!(error.contains("had not ended"), "{error}");
    }
}
