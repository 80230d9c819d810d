//! As much of Azure as the component's own tests need. (The faithful one is a program of its own, for the black-box
//! tests; this one is quick and can be bent at every joint.)

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use crate::{platform::SendError, time::Timestamp};

/// A session that exists.
pub(crate) struct Session {
    pub(crate) target: String,
    pub(crate) ready_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) stop_reason: Option<&'static str>,
    pub(crate) errors: Vec<&'static str>,
    /// The service knows that it is over: somebody has followed a status to its place, or it was told to stop it.
    pub(crate) is_known_over: bool,
    /// It is being deleted, until then.
    pub(crate) gone_at: Option<Timestamp>,
}

/// What to do instead of the ordinary.
pub(crate) enum Fault {
    /// Answer so, without an effect.
    Answer(u16, Value, Option<&'static str>),
    /// Have no effect and no answer.
    Error(SendError),
    /// Have the effect, then no answer.
    Lost,
}

pub(crate) struct FakeAzure {
    pub(crate) faults: BTreeMap<String, VecDeque<Fault>>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) provisioning_seconds: i64,
    pub(crate) deletion_seconds: i64,
    pub(crate) watcher_region: String,
    pub(crate) watcher_name: &'static str,
    /// The PUT's outcome stands at a `Location`, with this body.
    pub(crate) location_body: Option<Value>,
    pub(crate) tokens: u32,
    pub(crate) token_life: i64,
    /// The key that the tenant signs with.
    pub(crate) key_id: &'static str,
    pub(crate) valid_token: u32,
    pub(crate) operation_error: Option<Value>,
    pub(crate) told: Vec<Value>,
    pub(crate) told_in_teams: Vec<Value>,
    pub(crate) told_in_slack: Vec<Value>,
    pub(crate) has_agent: bool,
    pub(crate) power_state: &'static str,
    pub(crate) tags: Value,
    /// Virtual machines as a list of them shows them.
    pub(crate) listed: Vec<Value>,
    /// Network resources by name.
    pub(crate) network: BTreeMap<String, Value>,
    pub(crate) storage: Value,
    pub(crate) actions: Vec<&'static str>,
    /// Where the control plane says that files go.
    pub(crate) storage_path: &'static str,
    /// What lies there, by URL, with the time from which on it does.
    pub(crate) blobs: BTreeMap<String, (Timestamp, Vec<u8>)>,
    /// The tag of each.
    pub(crate) etag: &'static str,
}

impl Default for FakeAzure {
    fn default() -> Self {
        Self {
            faults: BTreeMap::new(),
            sessions: BTreeMap::new(),
            provisioning_seconds: 10,
            deletion_seconds: 0,
            watcher_region: "West Europe".to_owned(),
            watcher_name: "nw-hub",
            location_body: None,
            tokens: 0,
            token_life: 3_599,
            key_id: "key-1",
            valid_token: 0,
            operation_error: None,
            told: Vec::new(),
            told_in_teams: Vec::new(),
            told_in_slack: Vec::new(),
            has_agent: true,
            power_state: "running",
            tags: json!({"tier": "web"}),
            listed: Vec::new(),
            network: BTreeMap::new(),
            storage: json!({"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}),
            actions: vec!["*"],
            storage_path: "https://st.example/network-watcher-logs/x.cap?sig=canary",
            blobs: BTreeMap::new(),
            etag: "\"0x8D\"",
        }
    }
}

/// A signed operation URL, as long as Azure's, with bytes that a rebuilt URL would not keep.
const SIGNATURE: &str = "&t=6391a%2Bb%2f&c=MII%2B-._~&s=%7e~x&h=Zz";

impl FakeAzure {
    pub(crate) fn fault(&mut self, operation: &str, fault: Fault) {
        self.faults.entry(operation.to_owned()).or_default().push_back(fault);
    }

    /// The operation's name and its outcome.
    pub(crate) fn answer(
        &mut self,
        request: &Request<Bytes>,
        now: Timestamp,
    ) -> (String, Result<Response<Bytes>, SendError>) {
        let operation = operation(request);
        let fault = self.faults.get_mut(operation).and_then(VecDeque::pop_front);
        let outcome = match fault {
            Some(Fault::Error(error)) => Err(error),
            Some(Fault::Answer(status, body, retry_after)) => {
                let mut answer = reply(status, &body);
                if let Some(retry_after) = retry_after {
                    answer.headers_mut().insert("retry-after", retry_after.parse().unwrap());
                }
                answer.headers_mut().insert("x-ms-request-id", "req-1".parse().unwrap());
                Ok(answer)
            }
            Some(Fault::Lost) => {
                self.effect(operation, request, now);
                Err(SendError::Lost("the connection broke"))
            }
            None => Ok(self.effect(operation, request, now)),
        };
        (operation.to_owned(), outcome)
    }

    fn effect(&mut self, operation: &str, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        let uri = request.uri();
        let bearer = request.headers().get("authorization").map(|v| v.to_str().unwrap().to_owned());
        // An older token stays good beside a newer one, as Entra's do.
        let is_good = (self.valid_token..=self.tokens).any(|n| bearer == Some(format!("Bearer token-{n}")));
        if operation.starts_with("blob") {
            return if is_good {
                self.blob(operation, request, now)
            } else {
                no_blob(401, "InvalidAuthenticationInfo")
            };
        }
        if uri.host() == Some("arm.example") && !is_good {
            return error(401, "ExpiredAuthenticationToken", "the token is not valid");
        }
        self.sessions.retain(|_, session| session.gone_at.is_none_or(|gone| now < gone));
        let name = uri.path().split("/packetCaptures/").nth(1).unwrap_or_default();
        let name = name.split('/').next().unwrap_or_default().to_owned();
        match operation {
            "token" => {
                self.tokens += 1;
                self.valid_token = self.valid_token.clamp(1, self.tokens);
                reply(
                    200,
                    &json!({"access_token": format!("token-{}", self.tokens), "expires_in": self.token_life, "token_type": "Bearer"}),
                )
            }
            "keys" => reply(200, &super::tokens::key_set(self.key_id)),
            "vm" => reply(200, &self.machine(uri.path())),
            "vms" => reply(200, &json!({"value": self.listed})),
            "network" => {
                let name = uri.path().rsplit('/').next().unwrap_or_default();
                self.network.get(name).map_or_else(
                    || error(404, "ResourceNotFound", "no such resource"),
                    |body| reply(200, body),
                )
            }
            "storage" => reply(200, &self.storage),
            "permissions" => reply(200, &json!({"value": [{"actions": self.actions, "notActions": []}]})),
            "stop" => {
                if let Some(session) = self.sessions.get_mut(&name) {
                    session.stop_reason = Some("Manual");
                    session.is_known_over = true;
                }
                self.with(&name, |_| reply(202, &Value::Null))
            }
            "watchers" => reply(
                200,
                &json!({"value": [
                    {"id": format!("{}/resourceGroups/rg-x/providers/Microsoft.Network/networkWatchers/elsewhere", super::SUBSCRIPTION), "location": "northeurope"},
                    {"id": format!("{}/resourceGroups/rg-net/providers/Microsoft.Network/networkWatchers/{}", super::SUBSCRIPTION, self.watcher_name), "location": self.watcher_region},
                ]}),
            ),
            "list" => reply(
                200,
                &json!({"value": self.sessions.iter().map(|(name, s)| self.show(name, s, now)).collect::<Vec<_>>()}),
            ),
            "put" => self.put(&name, request.body(), now),
            "get" => self.with(&name, |session| reply(200, &self.show(&name, session, now))),
            "delete" => {
                let gone_at = now.after(self.deletion_seconds);
                let Some(session) = self.sessions.get_mut(&name) else { return reply(204, &Value::Null) };
                session.gone_at = Some(gone_at);
                reply(202, &Value::Null)
            }
            "operation" => {
                assert!(uri.to_string().ends_with(SIGNATURE), "{uri}");
                if let Some(error) = &self.operation_error {
                    return reply(200, &json!({"status": "Failed", "error": error}));
                }
                let name = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
                self.with(&name, |session| {
                    if let Some(body) = &self.location_body {
                        return reply(if now >= session.ready_at { 200 } else { 202 }, body);
                    }
                    reply(
                        200,
                        &json!({"status": if now >= session.ready_at { "Succeeded" } else { "InProgress" }}),
                    )
                })
            }
            "queryStatus" => self.with(&name, |session| {
                let stale = json!({"packetCaptureStatus": "Running", "name": name});
                let mut answer = reply(202, &stale);
                let place = format!("https://arm.example/operationResults/{name}?api-version=1{SIGNATURE}");
                answer.headers_mut().insert("location", place.parse().unwrap());
                answer.headers_mut().insert("retry-after", "3".parse().unwrap());
                if session.is_known_over { reply(200, &status(&name, session, now)) } else { answer }
            }),
            "status" => {
                assert!(uri.to_string().ends_with(SIGNATURE), "{uri}");
                let name = uri.path().rsplit('/').next().unwrap_or_default().to_owned();
                if let Some(session) = self.sessions.get_mut(&name) {
                    let is_over = now >= session.ends_at || session.stop_reason.is_some();
                    session.is_known_over |= is_over || !session.errors.is_empty();
                }
                self.with(&name, |session| {
                    let mut answer = reply(200, &status(&name, session, now));
                    answer.headers_mut().insert("location", "https://arm.example/again".parse().unwrap());
                    answer
                })
            }
            "notify" => {
                self.told.push(serde_json::from_slice(request.body()).unwrap());
                reply(202, &Value::Null)
            }
            "teams" | "slack" => {
                let chat =
                    if operation == "teams" { &mut self.told_in_teams } else { &mut self.told_in_slack };
                chat.push(serde_json::from_slice(request.body()).unwrap());
                reply(200, &json!("ok"))
            }
            other => panic!("{other}: {uri}"),
        }
    }

    fn machine(&self, path: &str) -> Value {
        let agent = json!([{"properties": {"publisher": "Microsoft.Azure.NetworkWatcher", "type": "NetworkWatcherAgentLinux"}}]);
        json!({
            "location": "westeurope", "name": path.rsplit('/').next(), "tags": self.tags,
            "resources": if self.has_agent { agent } else { json!([]) },
            "properties": {"instanceView": {"statuses": [{"code": format!("PowerState/{}", self.power_state)}]}},
        })
    }

    fn put(&mut self, name: &str, body: &[u8], now: Timestamp) -> Response<Bytes> {
        if self.sessions.contains_key(name) {
            return error(409, "InventedConflict", "a session of this name exists");
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let limit = body["properties"]["timeLimitInSeconds"].as_i64().unwrap_or(18_000);
        let ready_at = now.after(self.provisioning_seconds);
        let session = Session {
            target: body["properties"]["target"].as_str().unwrap().to_owned(),
            ready_at,
            ends_at: ready_at.after(limit),
            stop_reason: None,
            errors: Vec::new(),
            is_known_over: false,
            gone_at: None,
        };
        let mut answer = reply(201, &self.show(name, &session, now));
        let place = format!("https://arm.example/operations/{name}?api-version=1{SIGNATURE}");
        let header = if self.location_body.is_some() { "location" } else { "azure-asyncoperation" };
        answer.headers_mut().insert(header, place.parse().unwrap());
        answer.headers_mut().insert("retry-after", "10".parse().unwrap());
        self.sessions.insert(name.to_owned(), session);
        answer
    }

    /// A session of somebody else's, that has ended.
    pub(crate) fn put_by_others(&mut self, name: &str, now: Timestamp) {
        let session = Session {
            target: "/another".to_owned(),
            ready_at: now,
            ends_at: now,
            stop_reason: Some("TimeExceeded"),
            errors: Vec::new(),
            is_known_over: false,
            gone_at: None,
        };
        self.sessions.insert(name.to_owned(), session);
    }

    fn with(&self, name: &str, f: impl FnOnce(&Session) -> Response<Bytes>) -> Response<Bytes> {
        self.sessions.get(name).map_or_else(|| error(404, "ResourceNotFound", "no such session"), f)
    }

    fn show(&self, name: &str, session: &Session, now: Timestamp) -> Value {
        let ready = now >= session.ready_at;
        json!({"name": name, "properties": {
            "provisioningState": if session.gone_at.is_some() { "Deleting" } else if ready { "Succeeded" } else { "Updating" },
            "target": session.target,
            "storageLocation": {"storagePath": if ready { self.storage_path } else { "" }},
        }})
    }

    /// Storage, for one blob or for the list of all in a container, two to a page.
    fn blob(&mut self, operation: &str, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap());
        assert!(header("x-ms-version").is_some());
        let url = request.uri().to_string();
        let there = |(at, _): &(Timestamp, Vec<u8>)| now >= *at;
        if operation == "blob key" {
            let body = "<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid><SignedStart>s</SignedStart><SignedExpiry>e</SignedExpiry><SignedService>b</SignedService><SignedVersion>v</SignedVersion><Value>Y2FuYXJ5</Value></UserDelegationKey>";
            return Response::new(Bytes::from_static(body.as_bytes()));
        }
        if operation == "blobs" {
            let url = url::Url::parse(&url).unwrap();
            let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
            let base = url.as_str().split('?').next().unwrap().to_owned() + "/";
            let names = self.blobs.iter().filter_map(|(at, blob)| Some((at.strip_prefix(&base)?, blob)));
            let mut names = names.filter(|(name, blob)| {
                there(blob) && name.starts_with(&query["prefix"]) && **name >= *query["marker"]
            });
            let page: String = names
                .by_ref()
                .take(2)
                .map(|(name, (_, bytes))| {
                    let length = bytes.len();
                    format!("<Blob><Name>{name}</Name><Properties><Etag>0x8D</Etag><Content-Length>{length}</Content-Length></Properties></Blob>")
                })
                .collect();
            let next = names.next().map_or("", |(name, _)| name);
            let body = format!(
                "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>{page}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
            );
            return Response::new(Bytes::from(body));
        }
        let Some((_, bytes)) = self.blobs.get(&url).filter(|blob| there(blob)) else {
            return no_blob(404, "BlobNotFound");
        };
        if header("if-match").is_some_and(|etag| etag != self.etag) {
            return no_blob(412, "ConditionNotMet");
        }
        let range = header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let answer = Response::builder().header("etag", self.etag).header("accept-ranges", "bytes");
        let Some((first, last)) = range else {
            let body = if request.method() == Method::HEAD { &[] } else { bytes.as_slice() };
            return answer.header("content-length", bytes.len()).body(Bytes::copy_from_slice(body)).unwrap();
        };
        let first: usize = first.parse().unwrap();
        if first >= bytes.len() {
            let mut answer = no_blob(416, "InvalidRange");
            let of = format!("bytes */{}", bytes.len());
            answer.headers_mut().insert("content-range", of.parse().unwrap());
            return answer;
        }
        let last = last.parse().unwrap_or(usize::MAX).min(bytes.len() - 1);
        let part = Bytes::copy_from_slice(&bytes[first..=last]);
        answer
            .status(206)
            .header("content-range", format!("bytes {first}-{last}/{}", bytes.len()))
            .header("content-length", part.len())
            .body(part)
            .unwrap()
    }
}

/// An error of storage's.
fn no_blob(status: u16, code: &str) -> Response<Bytes> {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>Not so.\nRequestId:r\nTime:t</Message></Error>"
    );
    Response::builder().status(status).header("x-ms-error-code", code).body(Bytes::from(body)).unwrap()
}

fn status(name: &str, session: &Session, now: Timestamp) -> Value {
    let over = now >= session.ends_at || session.stop_reason.is_some();
    let word = if session.errors.is_empty() { if over { "Stopped" } else { "Running" } } else { "Error" };
    json!({
        "name": name,
        "captureStartTime": session.ready_at.to_string(),
        "packetCaptureStatus": word,
        "stopReason": if over { session.stop_reason.unwrap_or("TimeExceeded") } else { "" },
        "packetCaptureError": session.errors,
    })
}

fn operation(request: &Request<Bytes>) -> &'static str {
    let path = request.uri().path();
    let method = request.method();
    match request.uri().host() {
        Some("login.example") if path.ends_with("/discovery/v2.0/keys") => "keys",
        Some("login.example") => "token",
        Some("people.example") => "notify",
        Some("teams.example") => "teams",
        Some("slack.example") => "slack",
        Some(host) if host.contains(".blob.") => {
            let asks = |what| request.uri().query().is_some_and(|query| query.contains(what));
            match () {
                () if asks("comp=list") => "blobs",
                () if asks("comp=userdelegationkey") => "blob key",
                () => "blob",
            }
        }
        _ if path.starts_with("/operations/") => "operation",
        _ if path.starts_with("/operationResults/") => "status",
        _ if path.ends_with("/permissions") => "permissions",
        _ if path.ends_with("/virtualMachines") => "vms",
        _ if path.contains("/storageAccounts/") => "storage",
        _ if ["/networkInterfaces/", "/publicIPAddresses/", "/loadBalancers/", "/applicationGateways/"]
            .iter()
            .any(|kind| path.contains(kind)) =>
        {
            "network"
        }
        _ if path.ends_with("/stop") => "stop",
        _ if path.ends_with("/queryStatus") => "queryStatus",
        _ if path.ends_with("/packetCaptures") => "list",
        _ if path.contains("/packetCaptures/") && method == Method::PUT => "put",
        _ if path.contains("/packetCaptures/") && method == Method::DELETE => "delete",
        _ if path.contains("/packetCaptures/") => "get",
        _ if path.ends_with("/networkWatchers") => "watchers",
        _ => "vm",
    }
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Response<Bytes> {
    reply(status, &json!({"error": {"code": code, "message": message}}))
}
