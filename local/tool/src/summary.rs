//! `summary`: what was on the wire, by the code that the component runs.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::Path,
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressStyle};
use wire::{About, AtEnd, Reading, Summary, summary::Outcome};

use crate::tables;

/// So much of a file is read at once.
const PIECE: usize = 1 << 20;
/// Smaller files are read before a bar could be seen.
const WORTH_A_BAR: u64 = 50_000_000;

/// Reads a capture file and tells what it showed on stdout: in tables, or as JSON.
///
/// The exit code is 0 if all of the file was read, 1 if a part or nothing of it could be (the summary says why), 2 if
/// there is no file.
pub(crate) fn run(file: &Path, json: bool, metric: Option<String>) -> ExitCode {
    let summary = match read(file, metric) {
        Ok(summary) => summary,
        Err(error) => {
            eprintln!("error: cannot read {}: {error}{}", file.display(), advice(&error));
            return ExitCode::from(2);
        }
    };
    let told = if json {
        // Numbers, strings and lists: none of them can fail.
        serde_json::to_string_pretty(&summary).unwrap_or_default() + "\n"
    } else {
        tables::tell(&summary)
    };
    // A reader that has seen enough (`| head`) is no failure.
    match io::stdout().write_all(told.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot write the summary: {error}");
            ExitCode::from(2)
        }
        _ if summary.reading == Outcome::Whole => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn read(file: &Path, metric: Option<String>) -> io::Result<Summary> {
    let (mut bytes, length): (Box<dyn Read>, u64) = if file == Path::new("-") {
        (Box::new(io::stdin()), 0)
    } else {
        let opened = File::open(file)?;
        let length = opened.metadata()?.len();
        (Box::new(opened), length)
    };
    let bar = bar(length);
    let mut reading = Reading::new();
    let mut piece = vec![0; PIECE];
    let end = loop {
        match bytes.read(&mut piece) {
            Ok(0) => break AtEnd::Whole,
            Ok(count) => {
                reading.push(&piece[..count]);
                bar.inc(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What has been read until then is worth telling.
            Err(error) if reading.packets() > 0 => break AtEnd::BrokenOff { why: error.to_string() },
            Err(error) => return Err(error),
        }
        if !reading.wants_more() {
            break AtEnd::Whole;
        }
    };
    bar.finish_and_clear();
    Ok(reading.finish(end, &About { metric }))
}

fn bar(length: u64) -> ProgressBar {
    if length < WORTH_A_BAR || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let look = "{bar:40.cyan} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
    ProgressBar::new(length)
        .with_style(ProgressStyle::with_template(look).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => {
            ": give the path of a capture file, as it was downloaded from the storage account"
        }
        io::ErrorKind::PermissionDenied => ": make it readable for you",
        io::ErrorKind::IsADirectory => ": give a file in it",
        _ => "",
    }
}
