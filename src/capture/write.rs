//! Writing a record, one at a time within an instance.
//!
//! A write looks first at what stands there, and no store can do both in one. Between instances claims make it rare that
//! two do so at once; within one it need not happen at all.

use std::time::Duration;

use super::Record;
use crate::{
    app::App,
    platform::{Platform, StoreError},
    store,
};

/// A store that does not answer for so long has failed.
pub(super) const STORE_WITHIN: Duration = Duration::from_secs(10);

/// [`store::save`], when no other of this instance is at it; in time.
///
/// # Errors
/// [`StoreError`] when it may not have been written.
pub async fn save<P: Platform>(app: &App<P>, record: &mut Record) -> Result<bool, StoreError> {
    in_time(app, async {
        let _one_at_a_time = app.turn(&format!("(save) {}", record.name)).await;
        store::save(&app.platform, record).await
    })
    .await
}

/// The same for a record that is new, or takes the place of one that was held back.
///
/// # Errors
/// [`StoreError`] when it may not have been written.
pub async fn create<P: Platform>(app: &App<P>, record: &Record, replaces: bool) -> Result<(), StoreError> {
    let _one_at_a_time = app.turn(&format!("(save) {}", record.name)).await;
    if replaces {
        store::replace(&app.platform, record).await
    } else {
        store::create(&app.platform, record).await
    }
}

/// A store that does not answer must not keep a capture in this instance's hand: a sweep goes on with it.
///
/// # Errors
/// [`StoreError`], also when it does not answer.
pub async fn in_time<P: Platform, T>(
    app: &App<P>,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let hangs = || Err(StoreError("no answer in time".to_owned()));
    app.platform.within(STORE_WITHIN, work).await.unwrap_or_else(hangs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::State,
        platform::Clock,
        testing::{Sim, metric_alert, spec},
    };

    #[test]
    fn of_two_writers_in_one_instance_the_slower_does_not_undo_what_the_faster_wrote() {
        for millis in 0..60 {
            let sim = Sim::new();
            let alert = metric_alert();
            let mut slow = Record::accepted(&alert, spec(&alert, sim.now()), sim.now(), 0);
            let mut fast = Record { state: State::Ended, ..slow.clone() };
            let (app, world) = (sim.app(), sim.clone());
            sim.0.store_takes.set(Duration::from_millis(2));
            sim.0.store_varies.set(Duration::from_millis(30));
            let name = slow.name.clone();
            let kept = sim.run(async move {
                let later = async {
                    world.sleep(Duration::from_millis(millis)).await;
                    save(&app, &mut fast).await
                };
                let (one, two) = futures_util::future::join(save(&app, &mut slow), later).await;
                one.and(two).unwrap();
                store::load(&app.platform, &name).await.unwrap().unwrap()
            });
            assert_eq!(kept.state, State::Ended, "{millis} ms");
        }
    }
}
