//! Azure: Entra and ARM, answering from the truth ([`sessions`]) in the ways that are known of them.

mod answer;
mod captures;
mod entra;
mod operations;
mod resources;
pub(crate) mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use alertcap::time::Timestamp;
use bytes::Bytes;
use http::{Request, Response};

use crate::{
    alerts::{SUBSCRIPTION, machine_id, machine_name},
    chance::Chance,
    scenario::AzureWays,
};
pub(crate) use answer::{refusal, reply};
use operations::{Operation, operation_number};
use sessions::{Sessions, Who};

pub(crate) const ARM: &str = "https://arm.example";
pub(crate) const LOGIN: &str = "https://login.example";
/// A watcher of each region.
const WATCHERS: [(&str, &str, &str); 2] =
    [("West Europe", "rg-net", "nw-hub"), ("northeurope", "NetworkWatcherRG", "NetworkWatcher_northeurope")];

/// What an answer has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A session was begun.
    Begun(usize),
    /// The existing session was told to stop.
    Stopped(usize),
    /// The existing session is being deleted.
    Deleted(usize),
}

/// Entra and ARM.
pub(crate) struct Azure {
    pub(crate) ways: AzureWays,
    pub(crate) sessions: Sessions,
    pub(crate) effects: Vec<Effect>,
    operations: BTreeMap<u64, Operation>,
    tokens: Vec<u64>,
    valid_from: usize,
    pub(crate) secret: String,
    pub(crate) secret_is_wrong: bool,
    pub(crate) gone_machines: BTreeSet<String>,
    pub(crate) gone_watchers: BTreeSet<usize>,
    /// Some watcher was deleted at some time.
    pub(crate) a_watcher_went: bool,
    agents: BTreeMap<String, bool>,
    machines: u64,
    /// A URL that did not come back as it was given out.
    pub(crate) broken_url: Option<String>,
}

/// What is asked, and when.
pub(crate) struct Asked<'a> {
    pub(crate) chance: &'a Chance,
    pub(crate) now: u64,
    pub(crate) time: Timestamp,
    pub(crate) request: &'a Request<Bytes>,
}

impl Azure {
    pub(crate) fn new(chance: &Chance, ways: AzureWays, machines: u64, secret: &str) -> Self {
        let mut azure = Self {
            ways,
            sessions: Sessions::default(),
            effects: Vec::new(),
            operations: BTreeMap::new(),
            tokens: Vec::new(),
            valid_from: 0,
            secret: secret.to_owned(),
            secret_is_wrong: false,
            gone_machines: BTreeSet::new(),
            gone_watchers: BTreeSet::new(),
            a_watcher_went: false,
            agents: (0..machines).map(|i| (machine_name(i), !chance.happens(ways.no_agent))).collect(),
            machines,
            broken_url: None,
        };
        for _ in 0..ways.others {
            azure.others_start(chance, 0);
        }
        azure
    }

    /// Somebody starts a session of his own.
    pub(crate) fn others_start(&mut self, chance: &Chance, now: u64) {
        let watcher = watcher_path(chance.index(2));
        let exact = now == 0
            && chance.happens(300)
            && self.sessions.at(&format!("{watcher}/packetcaptures/the-one")).is_none();
        let number = self.sessions.all.len();
        let name = if exact { "the-one".to_owned() } else { format!("others-{number}") };
        let target = machine_id(&machine_name(chance.below(self.machines)));
        let (path, limit) = (format!("{watcher}/packetcaptures/{name}"), chance.between(10, 2_000));
        self.sessions.begin(chance, &self.ways, now, &path, &target, limit, Who::Somebody, None);
    }

    /// Which session a request is about.
    pub(crate) fn about(&self, request: &Request<Bytes>) -> Option<usize> {
        let path = request.uri().path().to_ascii_lowercase();
        if let Some(number) = operation_number(&path) {
            return self.operations.get(&number).map(|operation| operation.session);
        }
        let end = path.find("/packetcaptures/").map(|at| at + "/packetcaptures/".len())?;
        let end = path[end..].find('/').map_or(path.len(), |more| end + more);
        self.sessions.at(&path[..end])
    }

    /// ARM's answer.
    pub(crate) fn arm(&mut self, asked: &Asked<'_>) -> Response<Bytes> {
        self.sessions.tidy(asked.now);
        if !self.is_let_in(asked) {
            return refusal(401, "ExpiredAuthenticationToken", "the token is not valid");
        }
        let path = asked.request.uri().path().to_ascii_lowercase();
        if operation_number(&path).is_some() {
            return self.operation(asked, &path);
        }
        if let Some(at) = path.find("/packetcaptures") {
            let watcher = path[..at].to_owned();
            let watcher_index = (0..WATCHERS.len()).find(|index| watcher_path(*index) == watcher);
            if watcher_index.is_none_or(|index| self.gone_watchers.contains(&index)) {
                return refusal(404, "ResourceNotFound", "there is no such watcher");
            }
            return match path[at + "/packetcaptures".len()..].strip_prefix('/') {
                None => self.list(asked, &watcher),
                Some(name) => self.session(asked, &watcher, name),
            };
        }
        self.resource(asked, &path)
    }

    /// The watcher and all its sessions are deleted.
    pub(crate) fn watcher_goes(&mut self, index: usize, now: u64) {
        self.gone_watchers.insert(index);
        self.a_watcher_went = true;
        for session in self.sessions.on(&watcher_path(index)) {
            self.sessions.delete(session, Who::Somebody, now, now);
        }
    }

    /// A machine is deleted, and its sessions with it.
    pub(crate) fn machine_goes(&mut self, name: &str, now: u64) {
        self.gone_machines.insert(name.to_owned());
        for session in self.sessions.existing() {
            if self.sessions.all[session].machine == name {
                self.sessions.delete(session, Who::Somebody, now, now);
            }
        }
    }
}

fn region_of(machine: &str) -> &'static str {
    WATCHERS[usize::from(machine.ends_with('4'))].0
}

fn watcher_path(index: usize) -> String {
    let (_, group, name) = WATCHERS[index];
    format!("{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/networkWatchers/{name}")
        .to_ascii_lowercase()
}
