//! What of a capture is gone whose session Azure no longer finds, or will not speak of.

use futures_util::future;

use super::{Record, state::ending::Gone};
use crate::{
    azure::{arm::Arm, compute, network_watcher, resource_id::ResourceId},
    platform::Platform,
};

/// Looks at the session, its machine and its watcher, side by side; `None` if nothing is known to be gone. One answer of
/// Azure's that something is not found is not enough to give a running capture up.
pub(super) async fn look<P: Platform>(
    arm: &Arm<'_, P>,
    record: &Record,
    session: &ResourceId,
) -> Option<Gone> {
    let machine = &record.machine;
    let look = future::join3(
        network_watcher::read(arm, session),
        compute::read(arm, machine),
        network_watcher::watchers(arm, machine.id.subscription()),
    );
    let (session, machine, watchers) = look.await;
    let is_gone = session.is_err_and(|error| error.is_not_found());
    let is_watcher = |(_, id): &(String, ResourceId)| record.watcher.as_ref() == Some(id);
    match (machine, watchers) {
        // A session can outlive its machine.
        (Err(error), _) if error.is_not_found() => Some(Gone::Machine),
        (_, Ok(watchers)) if is_gone && !watchers.iter().any(is_watcher) => Some(Gone::Watcher),
        _ => is_gone.then_some(Gone::Session),
    }
}
