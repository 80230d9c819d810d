//! Reads a capture file in pieces as the component does, and says how long that took; `cargo xtask bench` runs it
//! natively and in a WASI host.
//!
//! Prints packets, bytes, nanoseconds and the bytes of linear memory that the program has (0 natively).

use std::{fs::File, io::Read, time::Instant};

use wire::{About, AtEnd, Reading};

/// As large as what comes from a storage account at a time.
const PIECE: usize = 1 << 16;

fn main() -> std::io::Result<()> {
    let mut file = File::open(std::env::args().nth(1).unwrap_or_default())?;
    let mut piece = vec![0; PIECE];
    let mut reading = Reading::new();
    let begin = Instant::now();
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => reading.push(piece.get(..length).unwrap_or_default()),
        }
    }
    let summary = reading.finish(AtEnd::Whole, &About::default());
    let took = begin.elapsed().as_nanos();
    println!("{} {} {took} {}", summary.file.packets, summary.file.bytes, memory());
    Ok(())
}

#[cfg(target_family = "wasm")]
fn memory() -> usize {
    core::arch::wasm32::memory_size::<0>().saturating_mul(65_536)
}

#[cfg(not(target_family = "wasm"))]
fn memory() -> usize {
    0
}
