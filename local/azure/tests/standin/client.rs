//! A stand-in with short times, and a client of it.

use std::time::Duration;

use azure_standin::inventory::DEFAULT;
use azure_standin::{Config, Inventory, Standin};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

pub(crate) const VERSION: &str = "2026-03-01";
pub(crate) const SUBSCRIPTION: &str = "0a1e47ca-0000-4000-8000-00000000005b";
pub(crate) const TENANT: &str = "7e57ab1e-0000-4000-8000-0000000000a1";
pub(crate) const CLIENT: &str = "c11e47ab-0000-4000-8000-0000000000b1";
pub(crate) const SECRET: &str = "standin-secret-web~1";

const TIMINGS: &str = "[timings]\nprovisioning_ms = 30\nretry_after_s = 1\nstatus_stale_s = 0.3\nstatus_operation_ms = 30\n\
    stop_ms = 20\ndelete_ms = 20\nupload_delay_ms = 20\n";

/// The built-in inventory with times that suit tests, changed by replacing text.
pub(crate) fn inventory(changes: &[(&str, &str)]) -> Inventory {
    let (head, tail) = DEFAULT.split_once("[timings]").expect("timings");
    let (_, tail) = tail.split_once("[limits]").expect("limits");
    let mut text = format!("{head}{TIMINGS}\n[limits]{tail}");
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the inventory");
        text = text.replacen(from, to, 1);
    }
    Inventory::parse(&text).expect("a valid inventory")
}

/// Names and values: headers, or fields of a form.
pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// A stand-in and a client of it.
pub(crate) struct Azure {
    pub(crate) standin: Standin,
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// ARM's error code.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body").to_vec();
    Answer { status, headers, bytes }
}

impl Azure {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts one and signs in.
    pub(crate) async fn with(changes: &[(&str, &str)]) -> Self {
        // Whichever test comes first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let standin = Standin::start(Config::new(inventory(changes))).await.expect("started");
        let base = standin.http_url();
        // No connection is kept, so that one that a fault closed is never taken for one that was idle.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).no_proxy().build().expect("a client");
        let mut azure = Self { standin, http, base, token: String::new() };
        azure.token = azure.sign_in("https://management.azure.com/.default").await;
        azure.post("/_standin/reset").send().await.expect("reset");
        azure
    }

    pub(crate) async fn sign_in(&self, scope: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("scope", scope),
        ];
        let answer = self.ask_token(TENANT, &form).await;
        answer.json()["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {}", answer.json()))
            .to_owned()
    }

    /// Goes on as another app of the tenant.
    pub(crate) async fn become_app(&mut self, client: &str, secret: &str) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "https://management.azure.com/.default"),
        ];
        let answer = self.ask_token(TENANT, &form).await.json();
        self.token = answer["access_token"].as_str().expect("a token").to_owned();
    }

    pub(crate) async fn ask_token(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        send(self.http.post(format!("{}/{tenant}/oauth2/v2.0/token", self.base)).form(form)).await
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    /// A request to ARM with the newest api-version; a whole URL is taken as it is.
    pub(crate) fn arm(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path {
            url if url.starts_with("http") => url.to_owned(),
            path if path.contains('?') => format!("{}{path}", self.base),
            path => format!("{}{path}?api-version={VERSION}", self.base),
        };
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.arm(Method::GET, path)).await
    }

    pub(crate) async fn put_capture(&self, name: &str, properties: Value) -> Answer {
        let body = json!({ "properties": properties });
        send(self.arm(Method::PUT, &capture(name)).json(&body)).await
    }

    pub(crate) async fn control(&self, path: &str) -> Value {
        send(self.http.get(format!("{}/_standin/{path}", self.base))).await.json()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let answer = send(self.post("/_standin/faults").json(&fault)).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
    }

    /// Asks an operation until it has ended.
    pub(crate) async fn operation(&self, url: &str) -> Value {
        self.until(async || {
            let answer = self.get(url).await.json();
            (answer["status"] != "InProgress").then_some(answer)
        })
        .await
    }

    /// The truth about a session, as soon as it is so.
    pub(crate) async fn session(&self, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until(async || {
            let sessions = self.control("captures").await;
            let ending = format!("/packetCaptures/{name}");
            let all = sessions["captures"].as_array().cloned().unwrap_or_default();
            all.into_iter()
                .find(|one| one["id"].as_str().is_some_and(|id| id.ends_with(&ending)) && is_so(one))
        })
        .await
    }

    /// Asks again and again; fails after what is long for a machine that is busy.
    async fn until<T>(&self, ask: impl AsyncFn() -> Option<T>) -> T {
        let asking = async {
            loop {
                if let Some(found) = ask().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asking).await.expect("it happens within 20 seconds")
    }
}

pub(crate) fn group(name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}")
}

pub(crate) fn machine(name: &str) -> String {
    format!("{}/providers/Microsoft.Compute/virtualMachines/{name}", group("rg-shop"))
}

pub(crate) fn scale_set(name: &str) -> String {
    format!("{}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}", group("rg-shop"))
}

/// Something of Microsoft.Network: `loadBalancers/lb-shop`.
pub(crate) fn network(what: &str) -> String {
    format!("{}/providers/Microsoft.Network/{what}", group("rg-shop"))
}

pub(crate) fn account(name: &str) -> String {
    format!("{}/providers/Microsoft.Storage/storageAccounts/{name}", group("rg-shop"))
}

pub(crate) fn watcher() -> String {
    format!(
        "{}/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope",
        group("NetworkWatcherRG")
    )
}

pub(crate) fn capture(name: &str) -> String {
    format!("{}/packetCaptures/{name}", watcher())
}

/// A capture of web-01 to its storage account.
pub(crate) fn web_01(seconds: u64) -> Value {
    json!({
        "target": machine("web-01"),
        "timeLimitInSeconds": seconds,
        "storageLocation": { "storageId": account("stshopcaptures") },
    })
}
