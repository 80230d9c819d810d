//! Azure: Entra and ARM, answering from the truth ([`sessions`]) in the ways that are known of them.

pub(crate) mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use alertcap::time::Timestamp;
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{
    alerts::{SUBSCRIPTION, machine_id, machine_name},
    chance::Chance,
    scenario::{AzureWays, SECOND},
};
use sessions::{Sessions, Who};

pub(crate) const ARM: &str = "https://arm.example";
pub(crate) const LOGIN: &str = "https://login.example";
/// The ending of operation URLs: signed, so it comes back byte for byte or not at all.
const SIGNATURE: &str = "&t=6391a%2Bb%2f&c=MII%2B-._~canary&s=%7e~x&h=Zz";
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

/// A long-running operation.
struct Operation {
    url: String,
    session: usize,
    is_status: bool,
    /// The answer stands there from then on.
    ready: u64,
    started: String,
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

    pub(crate) fn revoke_tokens(&mut self) {
        self.valid_from = self.tokens.len();
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

    /// Entra's answer.
    pub(crate) fn login(&mut self, asked: &Asked<'_>) -> Response<Bytes> {
        let form = String::from_utf8_lossy(asked.request.body());
        if self.secret_is_wrong || !form.contains(&self.secret) {
            let body = json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong", "error_codes": [7_000_215]});
            return reply(401, &body);
        }
        self.tokens.push(asked.now + self.ways.token_lasts * SECOND);
        let token = format!("canary-token-{}", self.tokens.len() - 1);
        reply(
            200,
            &json!({"access_token": token, "expires_in": self.ways.token_lasts, "token_type": "Bearer"}),
        )
    }

    fn is_let_in(&self, asked: &Asked<'_>) -> bool {
        let bearer = asked.request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let number = bearer.and_then(|text| text.strip_prefix("Bearer canary-token-")?.parse::<usize>().ok());
        let Some(number) = number else { return false };
        number >= self.valid_from && self.tokens.get(number).is_some_and(|until| asked.now < *until)
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
        if path.ends_with("/networkwatchers") {
            let existing = (0..WATCHERS.len()).filter(|index| !self.gone_watchers.contains(index));
            let watchers = existing.map(|index| {
                let (location, group, name) = WATCHERS[index];
                let id = format!(
                    "{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/networkWatchers/{name}"
                );
                json!({"id": id, "location": location})
            });
            return self.paged(asked, watchers.collect());
        }
        if path.ends_with("/virtualmachines") {
            let existing =
                (0..self.machines).map(machine_name).filter(|name| !self.gone_machines.contains(name));
            let machines: Vec<Value> = existing.map(|name| self.machine(&name)).collect();
            return self.paged(asked, machines);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if self.agents.contains_key(name) && !self.gone_machines.contains(name) {
            return reply(200, &self.machine(name));
        }
        refusal(404, "ResourceNotFound", "there is no such resource")
    }

    fn machine(&self, name: &str) -> Value {
        let agent = json!([{"properties": {"publisher": "Microsoft.Azure.NetworkWatcher", "type": "NetworkWatcherAgentLinux"}}]);
        let has_agent = self.agents.get(name).copied().unwrap_or(true);
        json!({
            "id": machine_id(name), "name": name, "location": region_of(name).to_ascii_lowercase().replace(' ', ""),
            "tags": {"tier": if name.ends_with('1') { "web" } else { "database" }},
            "resources": if has_agent { agent } else { json!([]) },
            "properties": {"osProfile": {"computerName": name}},
        })
    }

    fn list(&self, asked: &Asked<'_>, watcher: &str) -> Response<Bytes> {
        let shown =
            self.sessions.on(watcher).into_iter().map(|index| self.sessions.all[index].shown(asked.now));
        self.paged(asked, shown.collect())
    }

    /// A list in pages, the next one's address in each.
    fn paged(&self, asked: &Asked<'_>, all: Vec<Value>) -> Response<Bytes> {
        if !self.ways.pages {
            return reply(200, &json!({"value": all}));
        }
        let uri = asked.request.uri();
        let skip =
            uri.query().and_then(|query| query.split("skip=").nth(1)?.parse::<usize>().ok()).unwrap_or(0);
        let page: Vec<&Value> = all.iter().skip(skip).take(2).collect();
        let mut body = json!({"value": page});
        if skip + 2 < all.len() {
            body["nextLink"] = format!("{ARM}{}?api-version=1&skip={}", uri.path(), skip + 2).into();
        }
        reply(200, &body)
    }

    fn session(&mut self, asked: &Asked<'_>, watcher: &str, name: &str) -> Response<Bytes> {
        let (name, action) = name.split_once('/').map_or((name, ""), |(name, action)| (name, action));
        let path = format!("{watcher}/packetcaptures/{name}");
        let existing = self.sessions.at(&path);
        match (asked.request.method(), action, existing) {
            (&Method::PUT, "", Some(_)) => {
                refusal(self.ways.conflict, "InventedConflict", "a session of this name exists")
            }
            (&Method::PUT, "", None) => self.put(asked, watcher, &path),
            (&Method::DELETE, _, None) => empty(204),
            (_, _, None) => refusal(404, "ResourceNotFound", "there is no such session"),
            (&Method::GET, "", Some(index)) => reply(200, &self.sessions.all[index].shown(asked.now)),
            (&Method::DELETE, _, Some(index)) => {
                let gone_at = asked.now + asked.chance.below(self.ways.deletion * SECOND + 1);
                self.effects.push(Effect::Deleted(index));
                self.sessions.delete(index, Who::Us, asked.now, gone_at);
                empty(202)
            }
            (&Method::POST, "stop", Some(index)) => {
                if self.sessions.all[index].has_ended(asked.now) && self.ways.late_stop != 202 {
                    return refusal(self.ways.late_stop, "InventedStopped", "it has stopped");
                }
                self.effects.push(Effect::Stopped(index));
                self.sessions.stop(index, asked.now + asked.chance.below(3 * SECOND));
                empty(202)
            }
            (&Method::POST, "querystatus", Some(index)) => self.query_status(asked, index),
            _ => refusal(405, "MethodNotAllowed", "no such operation"),
        }
    }

    fn put(&mut self, asked: &Asked<'_>, watcher: &str, path: &str) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(asked.request.body()).unwrap_or_default();
        let target = body.pointer("/properties/target").and_then(Value::as_str).unwrap_or_default();
        let machine = target.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let is_here =
            (0..WATCHERS.len()).any(|i| watcher_path(i) == watcher && WATCHERS[i].0 == region_of(&machine));
        if self.gone_machines.contains(&machine) || !self.agents.contains_key(&machine) || !is_here {
            return refusal(400, "InventedTarget", "the target does not exist in this region");
        }
        if self.sessions.on(watcher).len() >= self.ways.most_sessions {
            return refusal(400, "InventedLimit", "the watcher takes no more sessions");
        }
        let number = |field: &str| body.pointer(field).and_then(Value::as_u64);
        let limit = number("/properties/timeLimitInSeconds").unwrap_or(18_000);
        let alert = number("/properties/totalBytesPerSession");
        let name = asked.request.uri().path().rsplit('/').next().unwrap_or_default();
        let path = format!("{}/{name}", path.rsplit_once('/').map_or("", |(front, _)| front));
        let index =
            self.sessions.begin(asked.chance, &self.ways, asked.now, &path, target, limit, Who::Us, alert);
        self.effects.push(Effect::Begun(index));
        let mut answer = reply(201, &self.sessions.all[index].shown(asked.now));
        let ready = self.sessions.all[index].ready;
        self.place(asked, &mut answer, "azure-asyncoperation", index, false, ready);
        answer.headers_mut().insert("retry-after", "10".parse().expect("a number"));
        answer
    }

    fn query_status(&mut self, asked: &Asked<'_>, index: usize) -> Response<Bytes> {
        let session = &self.sessions.all[index];
        if session.deleting.is_some() {
            return refusal(409, "InventedConflict", "the session is being deleted");
        }
        let started =
            asked.time.after((session.ready / SECOND) as i64 - (asked.now / SECOND) as i64).to_string();
        if session.status_is_known(asked.now) && !session.never_ready {
            return reply(200, &session.status(asked.now, false, &started));
        }
        let mut answer = reply(202, &session.status(asked.now, true, &started));
        let ready = asked.now + asked.chance.below(4 * SECOND);
        if !asked.chance.happens(if self.ways.forgets > 0 { 100 } else { 0 }) {
            self.place(asked, &mut answer, "location", index, true, ready);
            answer.headers_mut().insert("retry-after", "3".parse().expect("a number"));
        }
        answer
    }

    /// Names the place where an operation's outcome will stand.
    fn place(
        &mut self,
        asked: &Asked<'_>,
        answer: &mut Response<Bytes>,
        header: &'static str,
        session: usize,
        is_status: bool,
        ready: u64,
    ) {
        let number = self.operations.len() as u64 + 1;
        let host =
            if asked.chance.happens(self.ways.leads_astray) { "https://elsewhere.example" } else { ARM };
        let what = if is_status { "operationResults" } else { "operations" };
        let padding = if self.ways.long_urls { "x".repeat(4_000) } else { String::new() };
        let url = format!(
            "{host}{SUBSCRIPTION}/providers/Microsoft.Network/locations/we/{what}/{number}?api-version=1&p={padding}{SIGNATURE}"
        );
        answer.headers_mut().insert(header, url.parse().expect("a URL"));
        let begun = &self.sessions.all[session];
        let started =
            asked.time.after((begun.ready / SECOND) as i64 - (asked.now / SECOND) as i64).to_string();
        self.operations.insert(number, Operation { url, session, is_status, ready, started });
    }

    fn operation(&mut self, asked: &Asked<'_>, path: &str) -> Response<Bytes> {
        let Some(operation) = operation_number(path).and_then(|number| self.operations.get(&number)) else {
            return refusal(404, "ResourceNotFound", "there is no such operation");
        };
        let uri = asked.request.uri().to_string();
        if operation.url != uri {
            self.broken_url = Some(uri);
        }
        if asked.chance.happens(self.ways.forgets) {
            return refusal(404, "ResourceNotFound", "the operation is forgotten");
        }
        let session = &self.sessions.all[operation.session];
        let is_ready = operation.ready <= asked.now;
        if operation.is_status {
            // A session that is gone takes its operations' results with it.
            if self.sessions.at(&session.path) != Some(operation.session) || session.deleting.is_some() {
                return refusal(404, "ResourceNotFound", "there is no such session");
            }
            let mut answer = if is_ready {
                reply(200, &session.status(asked.now, false, &operation.started))
            } else {
                empty(202)
            };
            answer.headers_mut().insert("location", operation.url.parse().expect("a URL"));
            return answer;
        }
        let body = match (is_ready, session.never_ready, session.gone) {
            (_, _, Some((at, _))) if at < session.ready => json!({"status": "Canceled"}),
            (false, ..) => json!({"status": "InProgress"}),
            (true, true, _) => {
                json!({"status": "Failed", "error": {"code": "InternalServerError", "message": "An error occurred."}})
            }
            (true, false, _) => json!({"status": "Succeeded"}),
        };
        let mut answer = reply(200, &body);
        if !is_ready {
            answer.headers_mut().insert("retry-after", "10".parse().expect("a number"));
        }
        answer
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

fn operation_number(path: &str) -> Option<u64> {
    let (front, number) = path.rsplit_once('/')?;
    (front.ends_with("/operations") || front.ends_with("/operationresults")).then(|| number.parse().ok())?
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).expect("a status")
}

fn empty(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).expect("a status")
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    reply(status, &json!({"error": {"code": code, "message": message}}))
}
