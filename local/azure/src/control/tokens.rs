//! Tokens on request: the right one, as Azure's action groups send it, and any wrong one.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::bad_request;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::entra::action_group::{self, Version};
use crate::entra::federated;
use crate::entra::signing::SigningKeys;
use crate::entra::signing::key::{Algorithm, first_parts};
use crate::request::Req;

/// Answers those routes that are about tokens.
pub(super) fn handle(app: &App, req: &Req, path: &str) -> Option<Answer> {
    let done = match (&req.method, path) {
        (&Method::POST, "action-group-token") => action_group_token(app, req),
        (&Method::POST, "sign") => sign(app, req),
        (&Method::POST, "federated-token") => federated_token(app, req),
        (&Method::GET, "signing-keys") => Ok(kids(app)),
        (&Method::POST, "signing-keys") => signing_keys(app, req),
        _ => return None,
    };
    Some(match done {
        Ok(body) => answer::json(StatusCode::OK, &body),
        Err(message) => bad_request(message),
    })
}

fn read<T: DeserializeOwned>(req: &Req, example: &str) -> Result<T, String> {
    serde_json::from_slice(&req.body).map_err(|error| format!("{error}. Send {example}."))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionGroup {
    audience: String,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    version: Version,
}

fn action_group_token(app: &App, req: &Req) -> Result<Value, String> {
    let asked: ActionGroup =
        read(req, "{\"audience\":\"api://…\",\"tenant\":\"…\",\"version\":\"1.0\" or \"2.0\"}")?;
    let tenant = match &asked.tenant {
        None => app.inventory.tenants.first(),
        Some(name) => app.inventory.tenant(name),
    };
    let tenant =
        tenant.ok_or("there is no such tenant: name one of the inventory's, or none for the first")?;
    let place = (req.base_url(), &tenant.id);
    let token = action_group::token(
        app.signing_keys.current(),
        &asked.audience,
        (&place.0, place.1),
        asked.version,
        app.clock.now(),
    );
    token.map(|token| json!({ "token": token })).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    #[serde(default)]
    header: Option<Value>,
    #[serde(default)]
    header_text: Option<String>,
    #[serde(default)]
    claims: Option<Value>,
    #[serde(default)]
    claims_text: Option<String>,
    #[serde(default)]
    key: Signer,
    #[serde(default)]
    alg_signed: Algorithm,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Signer {
    #[default]
    Current,
    Stranger,
    Cluster,
    None,
    HmacPublic,
}

/// Signs whatever it is given: for tests of tokens that are bad.
fn sign(app: &App, req: &Req) -> Result<Value, String> {
    let asked: Sign = read(
        req,
        "{\"header\":{…} or \"header_text\":\"…\",\"claims\":{…} or \"claims_text\":\"…\",\"key\":\"current\", \"stranger\", \
         \"cluster\", \"none\" or \"hmac-public\",\"alg_signed\":\"RS256\", \"RS384\", \"RS512\" or \"PS256\"}",
    )?;
    let keys = &app.signing_keys;
    let header = asked.header.map(|mut header| {
        fill_in(&mut header, keys);
        header
    });
    let header = text("header", header, asked.header_text)?;
    let claims = text("claims", asked.claims, asked.claims_text)?;
    let token = match asked.key {
        Signer::Current => keys.current().sign(&header, &claims, asked.alg_signed),
        Signer::Stranger => keys.stranger.sign(&header, &claims, asked.alg_signed),
        Signer::Cluster => keys.cluster.sign(&header, &claims, asked.alg_signed),
        Signer::None => Ok(format!("{}.", first_parts(&header, &claims))),
        Signer::HmacPublic => Ok(keys.current().sign_with_public_pem(&header, &claims)),
    };
    token.map(|token| json!({ "token": token })).map_err(|error| error.to_string())
}

/// `$current`, `$stranger` and `$cluster` become those keys' names.
fn fill_in(header: &mut Value, keys: &SigningKeys) {
    for name in ["kid", "x5t"] {
        let kid = match header[name].as_str() {
            Some("$current") => keys.current().kid(),
            Some("$stranger") => keys.stranger.kid(),
            Some("$cluster") => &keys.cluster.kubernetes_kid,
            _ => continue,
        };
        header[name] = json!(kid);
    }
}

fn text(name: &str, object: Option<Value>, text: Option<String>) -> Result<String, String> {
    match (object, text) {
        (Some(object), None) => Ok(object.to_string()),
        (None, Some(text)) => Ok(text),
        _ => Err(format!("give exactly one of {name} and {name}_text")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    rotate: bool,
    #[serde(default)]
    keep_old: bool,
}

fn signing_keys(app: &App, req: &Req) -> Result<Value, String> {
    let asked: Rotation = read(req, "{\"rotate\":true,\"keep_old\":true}")?;
    if asked.rotate {
        app.signing_keys.rotate(asked.keep_old);
    }
    Ok(kids(app))
}

/// The names of the keys that are served; the one in use last.
fn kids(app: &App) -> Value {
    let kids: Vec<&str> = app.signing_keys.all_served().iter().map(|key| key.kid()).collect();
    json!({ "kids": kids, "current": app.signing_keys.current().kid() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside {
    issuer: String,
    subject: String,
    #[serde(default = "token_exchange")]
    audience: String,
    #[serde(default = "an_hour")]
    lifetime_s: i64,
}

fn token_exchange() -> String {
    "api://AzureADTokenExchange".into()
}

fn an_hour() -> i64 {
    3_600
}

fn federated_token(app: &App, req: &Req) -> Result<Value, String> {
    let asked: Outside = read(req, "{\"issuer\":\"https://…\",\"subject\":\"system:serviceaccount:…:…\"}")?;
    let token = federated::token(
        &app.inventory,
        &app.signing_keys,
        (&asked.issuer, &asked.subject, &asked.audience),
        asked.lifetime_s,
        app.clock.now(),
    );
    token.map(|token| json!({ "token": token })).map_err(|error| error.to_string())
}
