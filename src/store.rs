//! Everything that is kept: the keys and what stands under them.
//!
//! | key | value | what is lost with it |
//! | --- | --- | --- |
//! | `open.<name>` | the record of a capture that is not yet reported | the capture's follow-up |
//! | `done.<name>` | the record of one that is; wins over `open.<name>` | history |
//! | `token.<credential>` | an access token, sealed; one for each resource | one request |
//! | `place.<machine>` | a machine's region and watcher | two requests, side by side |
//! | `sessions.<watcher>` | how many sessions a watcher had, and when | one request beside the PUT |
//! | `ledger` | captures of late, for cool-downs, budgets and `stop_on_resolve`; only where a rule has them | what holds captures back, and which an alert's end stops |
//! | `fired.<alert>` | since when an alert that fires anew on each evaluation stays fired | its next delivery is a new alert |
//! | `attendance` | when the sweep was last called | a warning that nobody calls it |
//! | `keys.<tenant>` | the keys that a tenant's tokens are signed with, sealed | one request |
//! | `heard.<time>.<id>` | that a signed request was taken, for as long as its time stamp is good | a copy of it is the same alert once more |
//! | `summary.<name>.<n>` | what a capture's file showed | what its page and its API show of it |
//! | `reading.<name>.<n>` | how far a file has been read, while it is | what was read of it is read again |
//! | `exact.<session>` | which capture last asked for a session whose name a rule gives | an answer that was lost |
//!
//! A sweep reads the keys and only the values under `open.`; pages of the history come from the keys alone, for a name
//! holds its time. There is no compare-and-swap to build upon: a record is read again before it is written, never goes
//! backwards, and what two drivers still do twice is safe to do twice.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    alert::{Alert, identity::fingerprint},
    azure::resource_id::ResourceId,
    capture::{Record, State, ledger::Ledger, name},
    json,
    platform::{KeyValue, StoreError},
    settings::Azure,
    sort::sort_by,
    time::Timestamp,
};

const OPEN: &str = "open.";
const DONE: &str = "done.";
const LEDGER: &str = "ledger";
/// Where [`Attendance`](crate::capture::attendance::Attendance) is kept.
pub const ATTENDANCE: &str = "attendance";

/// Where the sealed token of a credential for a resource rests.
#[must_use]
pub fn token_key(azure: &Azure, resource: &str) -> String {
    let parts = [azure.login.as_str(), &azure.credential.identity(), resource];
    format!("token.{}", fingerprint(&parts))
}

/// Where it is noted that a signed request was taken: by its time, so that a sweep knows from the key how old it is.
#[must_use]
pub fn heard_key(time: Timestamp, what: &[&str]) -> String {
    format!("heard.{}.{}", time.compact(), fingerprint(what))
}

/// A machine's region and watcher, as last seen; not kept while the machine lacks the agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    /// The region.
    pub location: String,
    /// The region's watcher.
    pub watcher: ResourceId,
    /// When it was seen.
    pub at: Timestamp,
}

/// How many sessions a watcher had.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SessionCount {
    /// So many.
    pub count: u32,
    /// At this time.
    pub at: Timestamp,
}

/// Where a machine's [`Place`] is kept.
#[must_use]
pub fn place_key(machine: &ResourceId) -> String {
    format!("place.{}", fingerprint(&[&machine.canonical()]))
}

/// Where a watcher's [`SessionCount`] is kept.
#[must_use]
pub fn sessions_key(watcher: &ResourceId) -> String {
    format!("sessions.{}", fingerprint(&[&watcher.canonical()]))
}

/// Where an alert's [`Episode`](crate::capture::episode::Episode) is kept.
#[must_use]
pub fn episode_key(alert: &Alert) -> String {
    format!("fired.{}", alert.identity.key())
}

/// Where the name of the capture is kept that last asked for the session `id`.
#[must_use]
pub fn exact_key(id: &ResourceId) -> String {
    format!("exact.{}", fingerprint(&[&id.canonical()]))
}

/// The captures of late.
///
/// # Errors
/// [`StoreError`] when the store cannot be asked.
pub async fn ledger(store: &impl KeyValue) -> Result<Ledger, StoreError> {
    Ok(read_hint(store, LEDGER).await?.unwrap_or_default())
}

/// Keeps them.
///
/// # Errors
/// [`StoreError`] when they may not have been written.
pub async fn keep_ledger(store: &impl KeyValue, ledger: &Ledger) -> Result<(), StoreError> {
    keep(store, LEDGER, ledger).await
}

/// Keeps a value whose absence matters.
///
/// # Errors
/// [`StoreError`] when it may not have been written.
pub async fn keep(store: &impl KeyValue, key: &str, value: &impl Serialize) -> Result<(), StoreError> {
    store.set(key, &bytes(value)?).await
}

/// A value whose absence matters; one that cannot be read is none.
///
/// # Errors
/// [`StoreError`] when the store cannot be asked.
pub async fn read_hint<T: DeserializeOwned>(
    store: &impl KeyValue,
    key: &str,
) -> Result<Option<T>, StoreError> {
    let Some(value) = store.get(key).await? else { return Ok(None) };
    Ok(json::parse(&value).ok())
}

/// A hint; one that cannot be read is no hint.
pub async fn hint<T: DeserializeOwned>(store: &impl KeyValue, key: &str) -> Option<T> {
    read_hint(store, key).await.ok().flatten()
}

/// Keeps a hint; a store that does not take it costs a request later, nothing else.
pub async fn keep_hint(store: &impl KeyValue, key: &str, hint: &impl Serialize) {
    if let Ok(value) = bytes(hint) {
        _ = store.set(key, &value).await;
    }
}

/// The record of the capture called `name`.
///
/// # Errors
/// [`StoreError`] when the store cannot be asked or holds something else there.
pub async fn load(store: &impl KeyValue, name: &str) -> Result<Option<Record>, StoreError> {
    if !name::is_name(name) {
        return Ok(None);
    }
    let done = format!("{DONE}{name}");
    let open = format!("{OPEN}{name}");
    if let Some(record) = read(store, &done).await? {
        if record.held_back.is_none() {
            return Ok(Some(record));
        }
        // Its alert may have come again, and led to a capture.
        let newer = read(store, &open).await?.filter(|newer| newer.replaces(&record));
        return Ok(Some(newer.unwrap_or(record)));
    }
    if let Some(record) = read(store, &open).await? {
        return Ok(Some(record));
    }
    // It may have been put away between the two looks.
    read(store, &done).await
}

async fn read(store: &impl KeyValue, key: &str) -> Result<Option<Record>, StoreError> {
    let Some(value) = store.get(key).await? else { return Ok(None) };
    let record = json::tree(&value).and_then(|value| Record::read(&value));
    record.map(Some).map_err(|e| StoreError(format!("{key} holds no record: {e}")))
}

/// Writes a record that is new; one of a capture that is not taken may have no further steps.
///
/// # Errors
/// [`StoreError`] when it may not have been written.
pub async fn create(store: &impl KeyValue, record: &Record) -> Result<(), StoreError> {
    let (place, _) = places(record);
    write(store, place, record).await
}

/// Writes a record in the place of the one that has its name, which stands until then.
///
/// # Errors
/// [`StoreError`] when it may not have been written, or both may stand.
pub async fn replace(store: &impl KeyValue, record: &Record) -> Result<(), StoreError> {
    let (place, other) = places(record);
    write(store, place, record).await?;
    store.delete(&format!("{other}{}", record.name)).await
}

/// Removes a record that is put away.
///
/// # Errors
/// [`StoreError`] when it may still be there.
pub async fn take_out(store: &impl KeyValue, name: &str) -> Result<(), StoreError> {
    store.delete(&format!("{DONE}{name}")).await
}

/// Writes a step of a record, unless the record is already further: then the step was taken by another driver too, and
/// this is false. What another driver has delivered meanwhile stays delivered.
///
/// # Errors
/// [`StoreError`] when it may not have been written.
pub async fn save(store: &impl KeyValue, record: &mut Record) -> Result<bool, StoreError> {
    match load(store, &record.name).await? {
        // What is still to be told of one that was held back is no news any more.
        Some(kept) if kept.replaces(record) => return Ok(false),
        // Written by a driver that came late, or no longer what stands there: it is left, for this one is preferred to it.
        Some(kept) if record.replaces(&kept) => {}
        Some(kept) if kept.state > record.state => return Ok(false),
        Some(kept) => record.learn(&kept),
        None => {}
    }
    if record.state == State::Reported {
        replace(store, record).await?;
    } else {
        create(store, record).await?;
    }
    Ok(true)
}

/// Where a record stands, and where none of its name may stand beside it.
fn places(record: &Record) -> (&'static str, &'static str) {
    if record.state == State::Reported { (DONE, OPEN) } else { (OPEN, DONE) }
}

async fn write(store: &impl KeyValue, prefix: &str, record: &Record) -> Result<(), StoreError> {
    let value = bytes(record)?;
    store.set(&format!("{prefix}{}", record.name), &value).await
}

/// The JSON of `value`, which is made a tree first: the component holds one writer for each shape, not two.
fn bytes(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let value = serde_json::to_value(value).map_err(|e| StoreError(e.to_string()))?;
    Ok(value.to_string().into_bytes())
}

/// What the keys alone say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Captures that are not yet reported, newest first.
    pub open: Vec<String>,
    /// Those that are, newest first.
    pub done: Vec<String>,
    /// The keys of hints, in no order.
    pub hints: Vec<(Hint, String)>,
    /// The keys of signed requests that were taken, in no order.
    pub heard: Vec<String>,
}

/// What a key that is no record's is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// [`Place`].
    Place,
    /// [`SessionCount`].
    Sessions,
    /// [`Episode`](crate::capture::episode::Episode).
    Episode,
    /// The name of the capture that asked for a session last.
    Exact,
}

impl Keys {
    /// All captures, newest first.
    #[must_use]
    pub fn all(self) -> Vec<String> {
        let mut names = self.open;
        names.extend(self.done);
        newest_first(&mut names);
        names
    }
}

/// Lists the keys.
///
/// # Errors
/// [`StoreError`] when the list is not complete.
pub async fn list(store: &impl KeyValue) -> Result<Keys, StoreError> {
    let mut keys = Keys::default();
    for key in store.keys().await? {
        let Some((kind, rest)) = key.split_once('.') else { continue };
        let hint = match kind {
            "open" | "done" if !name::is_name(rest) => continue,
            "open" => {
                keys.open.push(rest.to_owned());
                continue;
            }
            "done" => {
                keys.done.push(rest.to_owned());
                continue;
            }
            "heard" => {
                keys.heard.push(key);
                continue;
            }
            "place" => Hint::Place,
            "sessions" => Hint::Sessions,
            "fired" => Hint::Episode,
            "exact" => Hint::Exact,
            _ => continue,
        };
        keys.hints.push((hint, key));
    }
    newest_first(&mut keys.open);
    newest_first(&mut keys.done);
    Ok(keys)
}

fn newest_first(names: &mut Vec<String>) {
    sort_by(names, |a, b| (name::time_part(b), b).cmp(&(name::time_part(a), a)));
    names.dedup();
}

/// Removes what a driver that came late left under `open.` of a record that is put away.
///
/// # Errors
/// [`StoreError`] when it may still be there.
pub async fn tidy(store: &impl KeyValue, name: &str) -> Result<(), StoreError> {
    store.delete(&format!("{OPEN}{name}")).await
}
