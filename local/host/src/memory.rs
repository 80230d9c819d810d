//! The most memory that an instance of the component has had, for measurements.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::ResourceLimiter;

/// What all instances share.
#[derive(Debug, Default)]
pub struct Peak {
    most: AtomicUsize,
    /// Where it is written whenever it grows.
    file: Option<PathBuf>,
}

impl Peak {
    /// Written to a file, if one is given.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { most: AtomicUsize::new(0), file }
    }

    /// In bytes.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    fn see(&self, bytes: usize) {
        if self.most.fetch_max(bytes, Ordering::Relaxed) < bytes
            && let Some(file) = &self.file
            && let Err(error) = std::fs::write(file, format!("{bytes}\n"))
        {
            eprintln!("alertcap-host: cannot write {}: {error}", file.display());
        }
    }
}

/// One instance's: it bounds nothing.
pub(crate) struct Meter {
    pub(crate) peak: std::sync::Arc<Peak>,
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.peak.see(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_that_was_seen_stays_and_stands_in_the_file() {
        let file = std::env::temp_dir().join(format!("alertcap-peak-{}", std::process::id()));
        let peak = std::sync::Arc::new(Peak::new(Some(file.clone())));
        let mut meter = Meter { peak: peak.clone() };
        for bytes in [1 << 16, 3 << 16, 2 << 16] {
            assert!(meter.memory_growing(0, bytes, None).unwrap());
        }
        assert_eq!(peak.most(), 3 << 16);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "196608\n");
        std::fs::remove_file(file).unwrap();
    }
}
