//! Entra: the token endpoint of client credentials, and discovery.

pub(crate) mod action_group;
pub(crate) mod assertion;
pub(crate) mod certificate;
pub(crate) mod errors;
pub(crate) mod federated;
mod jwt;
pub(crate) mod openid;
pub(crate) mod signing;
pub(crate) mod tokens;

use std::collections::HashMap;

use http::StatusCode;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::inventory::AppRegistration;
use crate::request::Req;
use errors::EntraError;
use jwt::Jwt;
use tokens::Audience;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type Form = HashMap<String, String>;

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) fn token(app: &App, req: &Req, tenant: &str) -> Answer {
    match grant(app, req, tenant) {
        Ok(answer) => answer,
        Err(error) => error.answer(),
    }
}

fn grant(app: &App, req: &Req, tenant_name: &str) -> Result<Answer, EntraError> {
    if ["common", "consumers", "organizations"].contains(&tenant_name.to_ascii_lowercase().as_str()) {
        return Err(EntraError::bad_request(
            "invalid_request",
            9001023,
            "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
        ));
    }
    let tenant = app.inventory.tenant(tenant_name).ok_or_else(|| openid::tenant_not_found(tenant_name))?;
    let form = form(req)?;
    match field(&form, "grant_type")? {
        "client_credentials" => {}
        other => {
            return Err(EntraError::bad_request(
                "unsupported_grant_type",
                70003,
                format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    let client_id = field(&form, "client_id")?;
    let registration = tenant.app(client_id).ok_or_else(|| {
        EntraError::bad_request(
            "unauthorized_client",
            700016,
            format!(
                "Application with identifier '{client_id}' was not found in the directory '{tenant_name}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
            ),
        )
    })?;
    if registration.disabled {
        return Err(EntraError::bad_request(
            "unauthorized_client",
            7000112,
            format!("Application '{}'({}) is disabled.", registration.client_id, registration.name),
        ));
    }
    let audience = audience(field(&form, "scope")?, req, tenant_name)?;
    credential(app, &form, registration, req, [tenant_name, &tenant.id])?;

    let lifetime_s = app.inventory.timings.token_lifetime_s;
    let token =
        tokens::issue(&app.keys, audience, &tenant.id, &registration.client_id, lifetime_s, app.clock.now());
    let body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime_s,
        "ext_expires_in": lifetime_s,
        "access_token": token,
    });
    let mut answer = answer::json(StatusCode::OK, &body);
    answer::set(&mut answer, "cache-control", "no-store, no-cache");
    answer::set(&mut answer, "pragma", "no-cache");
    answer::set(&mut answer, "x-ms-request-id", crate::clock::guid());
    Ok(answer)
}

/// The body's fields; a body that is no form has none, so that the first one is missed.
fn form(req: &Req) -> Result<Form, EntraError> {
    let kind = req.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut form = Form::new();
    if kind.split(';').next().is_none_or(|kind| kind.trim() != "application/x-www-form-urlencoded") {
        return Ok(form);
    }
    for (name, value) in url::form_urlencoded::parse(&req.body) {
        if form.insert(name.to_string(), value.into_owned()).is_some() {
            // How Entra takes a field that is sent twice is not known: invented.
            let message = format!("{name} parameter is empty or not valid: it is sent more than once.");
            return Err(EntraError::bad_request("invalid_request", 90100, message));
        }
    }
    Ok(form)
}

fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, EntraError> {
    form.get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| EntraError::missing(name))
}

/// Exactly one scope, and that a known resource's `/.default`.
fn audience(scope: &str, req: &Req, tenant: &str) -> Result<Audience, EntraError> {
    let not_valid = || {
        EntraError::bad_request(
            "invalid_scope",
            70011,
            format!(
                "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
            ),
        )
    };
    let resource = scope.strip_suffix("/.default").ok_or_else(not_valid)?;
    if scope.contains(char::is_whitespace) {
        return Err(not_valid());
    }
    audience_of(resource, req, tenant)
}

/// The audience that a resource's name means.
pub(crate) fn audience_of(resource: &str, req: &Req, tenant: &str) -> Result<Audience, EntraError> {
    // A resource whose own id ends in a slash is followed by a second one in a scope: az asks for those.
    let resource = resource.strip_suffix('/').unwrap_or(resource);
    let host =
        resource.strip_prefix("https://").or_else(|| resource.strip_prefix("http://")).unwrap_or(resource);
    match host {
        "management.azure.com" | "management.core.windows.net" if resource.starts_with("https://") => {
            Ok(Audience::Arm)
        }
        "storage.azure.com" if resource.starts_with("https://") => Ok(Audience::Storage),
        // Node's client asks for the endpoint it was given; that this means ARM is invented.
        host if host.eq_ignore_ascii_case(req.host()) => Ok(Audience::Arm),
        _ => Err(EntraError::bad_request(
            "invalid_resource",
            500011,
            format!(
                "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
            ),
        )),
    }
}

fn credential(
    app: &App,
    form: &Form,
    registration: &AppRegistration,
    req: &Req,
    tenants: [&str; 2],
) -> Result<(), EntraError> {
    match (form.get("client_secret"), form.get("client_assertion")) {
        (Some(secret), None) => check_secret(secret, registration),
        (None, Some(jwt)) => {
            let kind = field(form, "client_assertion_type")?;
            if kind != JWT_BEARER {
                let message = format!("client_assertion_type parameter is empty or not valid: '{kind}'.");
                return Err(EntraError::bad_request("invalid_request", 90100, message));
            }
            let (jwt, now) = (Jwt::parse(jwt)?, app.clock.now());
            if federated::is_meant(&jwt) {
                return federated::verify(&jwt, registration, &app.signing_keys, now);
            }
            let base = req.base_url();
            let audiences: Vec<String> = tenants
                .iter()
                .flat_map(|tenant| {
                    [format!("{base}/{tenant}/oauth2/v2.0/token"), format!("{base}/{tenant}/v2.0")]
                })
                .collect();
            assertion::verify(&jwt, registration, &audiences, now)
        }
        (None, None) => Err(EntraError::invalid_client(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )),
        // What Entra does with both is not known: invented.
        (Some(_), Some(_)) => Err(EntraError::bad_request(
            "invalid_request",
            90100,
            "client_secret parameter is empty or not valid: there is a client_assertion too.",
        )),
    }
}

fn check_secret(secret: &str, app: &AppRegistration) -> Result<(), EntraError> {
    match app.secrets.iter().find(|known| known.value == secret) {
        Some(known) if known.expired => Err(EntraError::invalid_client(
            7000222,
            format!(
                "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
                app.client_id
            ),
        )),
        Some(_) => Ok(()),
        None => Err(EntraError::invalid_client(
            7000215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
                app.client_id
            ),
        )),
    }
}
