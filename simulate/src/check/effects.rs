//! At each effect on Azure: whether it may be had.

use crate::{
    azure::sessions::{Session, Who},
    truth::Known,
    world::World,
};

/// A session was begun: of each alert and machine there is one, and its record was written before.
pub(crate) fn begun(world: &World, index: usize) {
    let mut azure = world.azure.borrow_mut();
    let captures = world.captures.borrow();
    let known = captures.0.get(&azure.sessions.all[index].name);
    let is_derived = Some(&*azure.sessions.all[index].name) != world.scenario.rules.exact;
    if is_derived && known.is_none_or(|known| known.record().is_none()) {
        world.violate("what is promised is written before", || {
            format!("a session called {} was begun, and no record says so", azure.sessions.all[index].name)
        });
    }
    if let Some(alert) = known.and_then(|known| known.alert) {
        azure.sessions.all[index].alert = Some(alert);
    }
    let session = &azure.sessions.all[index];
    let is_same = |other: &&Session| {
        other.by == Who::Us && other.alert == session.alert && other.machine == session.machine
    };
    let before: Vec<&Session> = azure.sessions.all[..index].iter().filter(is_same).collect();
    // One that somebody deleted before its record knew of it cannot be told from one that never was.
    // One of a given name may also have been replaced by another alert's before that.
    let is_certain = world.scenario.knows_whose_a_given_name_is();
    // And one beyond the limit is taken back, while another instance may be about to begin it.
    let is_taken_back = known.is_some_and(|known| known.withdraws);
    let is_excused = |other: &&&Session| match other.gone {
        Some((_, who)) => who == Who::Somebody || !is_certain || is_taken_back,
        None => false,
    };
    let excused = before.iter().filter(is_excused).count();
    if before.len() > excused {
        world.violate("one capture per alert and machine", || {
            format!(
                "alert {:?} on {} has {} sessions: {} too",
                session.alert,
                session.machine,
                before.len() + 1,
                session.name
            )
        });
    }
}

/// Whether the session's own record has said so.
fn its_record(world: &World, session: &Session, says: impl Fn(&Known) -> bool) -> bool {
    let captures = world.captures.borrow();
    captures.0.iter().any(|(name, known)| {
        let given = known.record().and_then(|record| record.pointer("/session/name")?.as_str());
        let is_its = match given {
            Some(given) => given == session.name && known.alert == session.alert,
            None => *name == session.name,
        };
        is_its && says(known)
    })
}

/// A session was told to stop: its own record must ask for that.
pub(crate) fn stopped(world: &World, index: usize) {
    let azure = world.azure.borrow();
    let session = &azure.sessions.all[index];
    // Of a given name the second of two that ask at once may take the first one's for its own (README).
    if world.scenario.rules.exact.is_some() && session.by == Who::Us {
        return;
    }
    if world.scenario.knows_whose_a_given_name_is() && !its_record(world, session, |known| known.stops) {
        world.violate("nobody else's capture is stopped", || {
            format!("{} of alert {:?}", session.name, session.alert)
        });
    }
}

/// A session is being deleted: it has ended, or it is taken back by the record that began it, or an operator asks for it by
/// that record's name (which says that it is over, and may have given up on Azure).
///
/// A request on its way can be overtaken by another alert's PUT of the same given name: Azure has no condition to send with it.
pub(crate) fn deleted(world: &World, index: usize, sent: u64) {
    let azure = world.azure.borrow();
    let session = &azure.sessions.all[index];
    // What is deleted counts as gone from this moment; whether it was alive is seen without that.
    let was_alive = !session.never_ready && world.now() < session.end;
    let is_ours = session.by == Who::Us
        && its_record(world, session, |known| known.withdraws || known.is_to_be_deleted);
    let was_overtaken = session.created > sent && world.scenario.rules.exact.is_some();
    if was_alive && !is_ours && !was_overtaken {
        world.violate("no running capture is deleted", || {
            format!(
                "{} of {:?}, alert {:?}, ends at {}",
                session.name, session.by, session.alert, session.end
            )
        });
    }
}
