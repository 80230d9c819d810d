//! `cargo xtask bench`: how fast capture files are read, side by side with Wireshark's programs.

mod files;
mod measure;

use std::process::Command;

use anyhow::{Context, Result};

use files::{Kind, Made};

use crate::{
    build, target,
    tools::Foreign,
    ui::{self, Step},
    workspace::{WASM_TARGET, Workspace},
};

/// The package that reads capture files, and the example in it that does so and nothing else.
const WIRE: [&str; 4] = ["-p", "alertcap-wire", "--example", "bench"];

/// A row of the table.
struct Row {
    reader: &'static str,
    seconds: f64,
    memory: Option<u64>,
}

impl Row {
    fn line(&self, made: &Made, kind: &Kind) -> String {
        let megabytes = made.bytes as f64 / 1e6;
        let packets = made.packets as f64 / 1e6;
        let memory =
            self.memory.map_or("–".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / 1_048_576.0));
        format!(
            "| {megabytes:.0} MB, {packets:.1} M {} | {} | {:.0} | {:.2} M | {memory} |",
            kind.words,
            self.reader,
            megabytes / self.seconds,
            packets / self.seconds
        )
    }
}

/// Makes the files, builds the readers, and prints the table.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let foreign = Foreign::ensure(workspace)?;
    target::ensure(workspace)?;
    build::release(workspace, &WIRE, None)?;
    build::release(workspace, &WIRE, Some(WASM_TARGET))?;
    let folder = workspace.target_dir.join("bench");
    let native = workspace.target_dir.join("release/examples/bench");
    let wasm = workspace.target_dir.join(WASM_TARGET).join("release/examples/bench.wasm");
    println!("| file | read by | MB/s | packets/s | most memory |\n| --- | --- | --- | --- | --- |");
    for kind in [files::LARGE, files::SMALL] {
        let made = kind.ensure(&folder)?;
        let path = made.path.to_string_lossy().into_owned();
        // Each finds the file in memory, as far as that goes: what is measured is the reading, not the disk.
        std::io::copy(&mut std::fs::File::open(&made.path)?, &mut std::io::sink())?;
        let mut wasmtime = Command::new(foreign.wasmtime());
        wasmtime.arg("run").arg("--dir").arg(&folder).arg(&wasm).arg(&path);
        let print = |row: Row| println!("{}", row.line(&made, &kind));
        print(ours("alertcap, natively", Command::new(&native).arg(&path))?);
        print(ours("alertcap, in wasm", &mut wasmtime)?);
        print(theirs("`capinfos -M`", Command::new(foreign.capinfos()).args(["-M", &path]))?);
        // The longest by far stands last.
        let mut tshark = Command::new(foreign.tshark());
        print(theirs("`tshark -q -z io,phs`", tshark.args(["-n", "-q", "-z", "io,phs", "-r", &path]))?);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ui::done(format!("measured on a machine with {cores} cores"));
    Ok(())
}

/// The reader says itself how long it took and, in wasm, how large its memory was; natively the system does.
fn ours(reader: &'static str, command: &mut Command) -> Result<Row> {
    let step = Step::start(reader);
    let seen = measure::run(command)?;
    let mut numbers = seen.said.split_whitespace().skip(2).map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok).context("the reader did not say how long it took");
    let (nanoseconds, linear) = (next()?, next()?);
    step.done(reader);
    let memory = if linear > 0 { Some(linear) } else { seen.memory };
    Ok(Row { reader, seconds: nanoseconds as f64 / 1e9, memory })
}

fn theirs(reader: &'static str, command: &mut Command) -> Result<Row> {
    let step = Step::start(reader);
    let seen = measure::run(command)?;
    step.done(reader);
    Ok(Row { reader, seconds: seen.took.as_secs_f64(), memory: seen.memory })
}
