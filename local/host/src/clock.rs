//! For tests: a clock that is ahead of the machine's by what a file says.
//!
//! A component takes the time from the wall clock and sleeps by the monotonic one, so both have to follow: a capture of
//! five hours is over in seconds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::component::{Accessor, HasData, Linker};
use wasmtime_wasi::HostWallClock;
use wasmtime_wasi::p3::bindings::clocks::monotonic_clock;

use crate::instance::Instance;

/// A shorter sleep is a time-out or a pause between two tries, and takes as long as it says.
const LONG: Duration = Duration::from_secs(45);
/// How often a long sleep looks whether the clock was moved.
const LOOK: Duration = Duration::from_millis(50);

/// The machine's clock and the seconds in a file.
#[derive(Debug, Clone)]
pub struct MovedClock {
    file: PathBuf,
    /// A file that is just being written is not believed when it says less: time does not go back.
    seconds: Arc<AtomicU64>,
}

impl MovedClock {
    /// Ahead by the seconds in `file`; by none while it does not exist.
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), seconds: Arc::default() }
    }

    fn ahead(&self) -> Duration {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let said = text.trim().parse().unwrap_or(0);
        Duration::from_secs(self.seconds.fetch_max(said, Ordering::Relaxed).max(said))
    }

    /// Sleeps; a long sleep ends when the clock was moved past its end.
    async fn sleep(&self, time: Duration) {
        if time < LONG {
            return tokio::time::sleep(time).await;
        }
        let (begun, ahead) = (Instant::now(), self.ahead());
        loop {
            let passed = begun.elapsed().saturating_add(self.ahead().saturating_sub(ahead));
            let Some(left) = time.checked_sub(passed).filter(|left| !left.is_zero()) else { return };
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }
}

impl HostWallClock for MovedClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + self.ahead()
    }
}

/// Gives a component the monotonic clock that follows, in place of the one that is in `linker` already.
pub(crate) fn add_to_linker(linker: &mut Linker<Instance>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<_, Moved>(linker, |instance| instance)?;
    linker.allow_shadowing(false);
    Ok(())
}

struct Moved;

impl HasData for Moved {
    type Data<'a> = &'a mut Instance;
}

impl Instance {
    fn moved_clock(&self) -> wasmtime::Result<MovedClock> {
        self.shared.clock.clone().ok_or_else(|| wasmtime::format_err!("there is no clock to move"))
    }
}

impl monotonic_clock::Host for Instance {
    fn now(&mut self) -> wasmtime::Result<monotonic_clock::Mark> {
        // From the same source as the wall clock's, so that both move in the same moment.
        Ok(u64::try_from(self.moved_clock()?.now().as_nanos())?)
    }

    fn get_resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1_000)
    }
}

impl<T: Send> monotonic_clock::HostWithStore<T> for Moved {
    async fn wait_until(store: &Accessor<T, Self>, when: monotonic_clock::Mark) -> wasmtime::Result<()> {
        let clock = store.with(|mut access| access.get().moved_clock())?;
        let left = Duration::from_nanos(when).saturating_sub(clock.now());
        clock.sleep(left).await;
        Ok(())
    }

    async fn wait_for(store: &Accessor<T, Self>, time: u64) -> wasmtime::Result<()> {
        let clock = store.with(|mut access| access.get().moved_clock())?;
        clock.sleep(Duration::from_nanos(time)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_sleep_ends_when_the_clock_is_moved_past_it_and_time_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ahead");
        let clock = MovedClock::new(&file);
        let before = clock.now();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(18_000)).await }
        });
        tokio::time::sleep(LOOK).await;
        std::fs::write(&file, "17000").unwrap();
        tokio::time::sleep(LOOK * 3).await;
        assert!(!sleeper.is_finished());
        std::fs::write(&file, "18001\n").unwrap();
        sleeper.await.unwrap();
        std::fs::write(&file, "").unwrap();
        assert!(clock.now() >= before + Duration::from_secs(18_001));
    }
}
