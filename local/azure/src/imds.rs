//! The instance metadata service of the host that alertcap runs on: tokens of its managed identities, over plain http.
//!
//! Statuses, fields and the words of those errors that are not marked are Microsoft's documented or seen ones.

use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::app::App;
use crate::entra::{self, tokens};
use crate::inventory::{Identity, IdentityKind, Inventory};
use crate::request::{Req, Scheme};

/// The first version that has tokens.
const OLDEST_VERSION: &str = "2018-02-01";

/// Which identities the host has, where it was told otherwise than the inventory says.
#[derive(Debug, Default)]
pub(crate) struct Assigned {
    names: Mutex<Option<Vec<String>>>,
}

impl Assigned {
    /// From now on the host has these.
    pub(crate) fn set(&self, inventory: &Inventory, names: Vec<String>) -> Result<(), String> {
        let known: Vec<&str> = inventory.identities.iter().map(|identity| identity.name.as_str()).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("there is no identity {unknown:?}. Identities: {}.", known.join(", ")));
        }
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Some(names);
        Ok(())
    }

    /// As the inventory says again.
    pub(crate) fn clear(&self) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Those that the host has.
    pub(crate) fn of<'a>(&self, inventory: &'a Inventory) -> Vec<&'a Identity> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let has = |identity: &&Identity| {
            names.as_ref().map_or(identity.assigned, |names| names.contains(&identity.name))
        };
        inventory.identities.iter().filter(has).collect()
    }
}

/// `GET /metadata/identity/oauth2/token`
pub(crate) fn token(app: &App, req: &Req) -> Answer {
    if req.scheme == Scheme::Https {
        // The service has no https.
        return crate::control::nothing_here();
    }
    let body = check(req).and_then(|resource| issue(app, req, &resource));
    let (status, body) =
        body.map_or_else(|body| (StatusCode::BAD_REQUEST, body), |body| (StatusCode::OK, body));
    shaped(status, &body)
}

/// An error as the service lays it out.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    shaped(status, &json!({ "error": code, "error_description": message }))
}

fn shaped(status: StatusCode, body: &Value) -> Answer {
    let mut answer = answer::json(status, body);
    answer::set(&mut answer, "server", "IMDS/150.870.65.1854");
    answer
}

fn invalid_request(message: &str) -> Value {
    json!({ "error": "invalid_request", "error_description": message })
}

/// What every request must have; the resource it asks for.
fn check(req: &Req) -> Result<String, Value> {
    if !req.header("metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(invalid_request("Required metadata header not specified"));
    }
    // That it is refused is documented, the words are invented.
    if req.headers.contains_key("x-forwarded-for") {
        return Err(invalid_request("Request contains the X-Forwarded-For header"));
    }
    let version = req.query("api-version").filter(|version| !version.is_empty());
    let good = |version: &str| version.parse::<jiff::civil::Date>().is_ok() && version >= OLDEST_VERSION;
    if !version.as_deref().is_some_and(good) {
        let what = if version.is_some() { "is invalid" } else { "was not specified in the request" };
        return Err(json!({
            "error": format!("Bad request. api-version {what}. For more information refer to aka.ms/azureimds"),
            "newest-versions": ["2023-11-15", "2023-07-01", "2021-12-13"],
        }));
    }
    req.query("resource")
        .filter(|resource| !resource.is_empty())
        .ok_or_else(|| invalid_request("Required query variable 'resource' is missing"))
}

fn issue(app: &App, req: &Req, resource: &str) -> Result<Value, Value> {
    let identity = chosen(req, &app.identities.of(&app.inventory))?;
    let audience = entra::audience_of(resource, req, &identity.tenant_id)
        .map_err(|error| json!({ "error": error.kind(), "error_description": error.description() }))?;
    let (now, lifetime_s) = (app.clock.now(), app.inventory.timings.identity_token_lifetime_s);
    let token = tokens::issue(&app.keys, audience, &identity.tenant_id, &identity.client_id, lifetime_s, now);
    let now = now.as_second();
    Ok(json!({
        "access_token": token,
        "client_id": identity.client_id,
        "expires_in": lifetime_s.to_string(),
        "expires_on": (now + lifetime_s).to_string(),
        "ext_expires_in": lifetime_s.to_string(),
        "not_before": now.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
}

/// The identity that is named, or without a name the host's own, or else the only one.
fn chosen<'a>(req: &Req, assigned: &[&'a Identity]) -> Result<&'a Identity, Value> {
    let named = |names: &[&str]| names.iter().find_map(|name| req.query(name)).filter(|id| !id.is_empty());
    let (client, object) = (named(&["client_id"]), named(&["object_id", "principal_id"]));
    // Microsoft's clients write the last one either way.
    let resource = named(&["msi_res_id", "mi_res_id"]);
    let not_found = || invalid_request("Identity not found");
    if client.is_none() && object.is_none() && resource.is_none() {
        let own = assigned.iter().find(|identity| identity.kind == IdentityKind::SystemAssigned);
        return match (own, assigned) {
            (Some(own), _) => Ok(own),
            (None, []) => Err(not_found()),
            (None, [only]) => Ok(only),
            (None, _) => Err(invalid_request(
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
            )),
        };
    }
    // That all names must be the same identity's is invented.
    let is = |wanted: &Option<String>, own: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(own))
    };
    let found = assigned.iter().find(|identity| {
        is(&client, &identity.client_id)
            && is(&object, &identity.object_id)
            && is(&resource, &identity.resource_id)
    });
    found.copied().ok_or_else(not_found)
}
