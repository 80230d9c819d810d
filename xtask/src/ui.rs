//! What the user sees: one line per step with the time it took, and a sign of life while it lasts.

use std::{
    fmt::Display,
    io::IsTerminal,
    sync::{
        LazyLock,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Knows the spinner that is on the screen, so that a line from any thread does not run into it.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Without a terminal a long step says every so often that it is still at it.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A step under way. Ends with [`Step::done`] or [`Step::failed`]; dropped, it just disappears.
pub(crate) struct Step {
    spinner: ProgressBar,
    started: Instant,
    // Closing this channel ends the heartbeat's thread.
    _heartbeat: Option<Sender<()>>,
}

impl Step {
    /// Says what begins now.
    pub(crate) fn start(what: impl Into<String>) -> Self {
        let what = what.into();
        if std::io::stderr().is_terminal() {
            let spinner = SCREEN.add(ProgressBar::new_spinner());
            let look =
                ProgressStyle::with_template("{spinner:.cyan} {prefix} {elapsed:.dim} {wide_msg:.dim}");
            spinner.set_style(look.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            spinner.set_prefix(what);
            spinner.enable_steady_tick(Duration::from_millis(100));
            Self { spinner, started: Instant::now(), _heartbeat: None }
        } else {
            line(format!("  {what} …"));
            let heartbeat = Some(heartbeat(what));
            Self { spinner: ProgressBar::hidden(), started: Instant::now(), _heartbeat: heartbeat }
        }
    }

    /// Shows what the step is at right now (on a terminal; a log does not need it).
    pub(crate) fn note(&self, detail: &str) {
        self.spinner.set_message(console::strip_ansi_codes(detail).trim().to_owned());
    }

    /// The step ended well: `result` stands in the log, with the time it took.
    pub(crate) fn done(self, result: impl Display) {
        self.spinner.finish_and_clear();
        done_in(result, self.started.elapsed());
    }

    /// The step did not work out; the caller says what follows from that.
    pub(crate) fn failed(self, why: impl Display) {
        self.spinner.finish_and_clear();
        line(format!("{} {why} {}", style("✗").red().for_stderr(), took(self.started.elapsed())));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.spinner.finish_and_clear();
    }
}

fn heartbeat(what: String) -> Sender<()> {
    let (alive, closed) = mpsc::channel::<()>();
    let started = Instant::now();
    thread::spawn(move || {
        while closed.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
            line(format!("  … still at it after {:.0} s: {what}", started.elapsed().as_secs_f32()));
        }
    });
    alive
}

/// One line of progress. Progress goes to stderr, what was asked for goes to stdout.
pub(crate) fn line(text: impl Display) {
    SCREEN.suspend(|| eprintln!("{text}"));
}

/// A line for something that is done.
pub(crate) fn done(result: impl Display) {
    line(format!("{} {result}", style("✓").green().for_stderr()));
}

/// A line for something that is done, with the time it took.
pub(crate) fn done_in(result: impl Display, elapsed: Duration) {
    line(format!("{} {result} {}", style("✓").green().for_stderr(), took(elapsed)));
}

/// A line the user may want to act on.
pub(crate) fn warn(text: impl Display) {
    line(format!("{} {text}", style("!").yellow().for_stderr()));
}

/// The last line of a command that failed.
pub(crate) fn error(error: &anyhow::Error) {
    line(format!("{} {error:#}", style("error:").red().bold().for_stderr()));
}

/// A size as people say it.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn took(elapsed: Duration) -> String {
    style(format!("({:.1} s)", elapsed.as_secs_f32())).dim().for_stderr().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_unit_people_would_use() {
        assert_eq!(size(24), "24 bytes");
        assert_eq!(size(812_345), "812 kB");
        assert_eq!(size(45_097_356), "45 MB");
    }
}
