//! Discovery: `OpenID` documents and the cloud's endpoints. Every URL begins as the caller's did.

use http::StatusCode;
use serde_json::json;

use super::errors::EntraError;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::request::Req;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`, also for `organizations` and `common`.
pub(crate) fn document(app: &App, req: &Req, tenant: &str) -> Answer {
    let Some(id) = issuing(app, tenant) else { return tenant_not_found(tenant).answer() };
    let base = req.base_url();
    let body = json!({
        "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/{id}/v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/{tenant}/oauth2/v2.0/logout"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": req.host(),
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    });
    answer::json(StatusCode::OK, &body)
}

/// `GET /{tenant}/discovery/v2.0/keys`, also for `common`; and without `v2.0`, where each key says less, which is invented.
pub(crate) fn keys(app: &App, req: &Req, tenant: &str, version: u8) -> Answer {
    let Some(id) = issuing(app, tenant) else { return tenant_not_found(tenant).answer() };
    let keys = app.signing_keys.all_served().into_iter().map(|key| {
        let mut key = key.jwk();
        if version == 2 {
            key["cloud_instance_name"] = json!(req.host());
            key["issuer"] = json!(format!("{}/{id}/v2.0", req.base_url()));
        }
        key
    });
    let mut answer = answer::json(StatusCode::OK, &json!({ "keys": keys.collect::<Vec<_>>() }));
    answer::set(&mut answer, "cache-control", "max-age=86400, private");
    answer
}

/// What an issuer's URL has for this tenant: its id, or a place for any.
fn issuing<'a>(app: &'a App, tenant: &str) -> Option<&'a str> {
    let shared = ["organizations", "common"].contains(&tenant.to_ascii_lowercase().as_str());
    match app.inventory.tenant(tenant) {
        Some(tenant) => Some(tenant.id.as_str()),
        None => shared.then_some("{tenantid}"),
    }
}

/// `GET /metadata/endpoints`: what `az cloud register` asks.
pub(crate) fn metadata(req: &Req) -> Answer {
    let base = req.base_url();
    let body = json!({
        "name": "AzureStandin",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": format!("{base}/"),
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "gallery": base,
        "batch": "https://batch.core.windows.net/",
        "media": "https://rest.media.azure.net",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "vmImageAliasDoc": format!("{base}/aliases.json"),
        // The suffix is what Microsoft's clients put behind an account's name; files of the stand-in are found by the
        // storagePath of their capture, not by it.
        "suffixes": {
            "storage": "core.windows.net",
            "keyVaultDns": "vault.azure.net",
            "sqlServerHostname": "database.windows.net",
            "acrLoginServer": "azurecr.io",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
        },
    });
    answer::json(StatusCode::OK, &body)
}

/// AADSTS90002.
pub(super) fn tenant_not_found(tenant: &str) -> EntraError {
    EntraError::bad_request(
        "invalid_request",
        90002,
        format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
        ),
    )
}
