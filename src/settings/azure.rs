//! Where Azure is, and what proves who we are: detected from what is set.

use std::rc::Rc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Azure, Callers,
    callers::guid,
    parse::{Raw, is_protected},
};
use crate::azure::{
    cloud::Cloud,
    credential::{
        Credential,
        client_certificate::{Certificate, ClientCertificate},
        client_secret::ClientSecret,
        entra::Application,
        federated_token::FederatedToken,
        managed_identity::{ManagedIdentity, Which},
    },
    resource_id::ResourceId,
};

/// The variables that each make a credential; one of them is set.
const CREDENTIALS: [&str; 4] = ["client_secret", "client_certificate", "federated_token", "managed_identity"];

/// Tenants that are none of their own; no application signs in there.
const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// Azure's endpoints.
#[derive(Clone)]
pub(super) struct Endpoints {
    pub(super) login: Url,
    pub(super) arm: Url,
    pub(super) cloud: Cloud,
}

impl Raw {
    pub(super) fn endpoints(&mut self) -> Option<Endpoints> {
        let login = self.endpoint("login_endpoint", "https://login.microsoftonline.com", is_protected);
        let arm = self.endpoint("arm_endpoint", "https://management.azure.com", is_protected);
        let (login, arm) = (login?, arm?);
        match Cloud::of(&login, &arm) {
            Ok(cloud) => Some(Endpoints { login, arm, cloud }),
            Err((of_login, of_arm)) => {
                let (of_login, of_arm) = (of_login.name(), of_arm.name());
                let problem =
                    format!("of {of_arm}, but login_endpoint is of {of_login}; set both of one cloud");
                self.problem("arm_endpoint", problem)
            }
        }
    }

    pub(super) fn azure(&mut self, endpoints: Option<Endpoints>, callers: &Callers) -> Option<Azure> {
        let credential = self.credential(endpoints.as_ref());
        let network_api_version = self.api_version("network_api_version", "2026-03-01");
        let compute_api_version = self.api_version("compute_api_version", "2026-04-01");
        let (Endpoints { login, arm, cloud }, credential) = (endpoints?, credential?);
        // A secret that only alertcap and its callers know is better than none; the webhook's is in the action group too.
        let callers = [&callers.operator, &callers.sweep, &callers.webhook.keys];
        let a_key =
            || callers.iter().find_map(|keys| keys.0.first()).map(|key| key.expose_secret().as_bytes());
        let sealing_secret = credential.secret().or_else(a_key).map(|secret| secret.to_vec().into());
        Some(Azure {
            login,
            arm,
            cloud,
            credential,
            sealing_secret,
            network_api_version: network_api_version?,
            compute_api_version: compute_api_version?,
        })
    }

    /// `https://host[:port]`; plain http only where it cannot leave the machine.
    fn endpoint(&mut self, name: &'static str, default: &str, is_safe: fn(&Url) -> bool) -> Option<Url> {
        let value = self.get(name).unwrap_or_else(|| default.to_owned());
        match Url::parse(&value) {
            Ok(url) if !is_safe(&url) => {
                self.problem(name, "plain http is taken only for 127.0.0.1, [::1] and localhost; use https")
            }
            Ok(url)
                if matches!(url.path(), "/" | "")
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none() =>
            {
                Some(url)
            }
            _ => self.problem(name, "not of the form https://host[:port], without a path"),
        }
    }

    fn credential(&mut self, endpoints: Option<&Endpoints>) -> Option<Rc<dyn Credential>> {
        let set = CREDENTIALS.into_iter().filter_map(|name| Some((name, self.get(name)?)));
        let set: Vec<(&'static str, String)> = set.collect();
        let (name, value) = match &set[..] {
            [(name, value)] => (*name, value.clone()),
            [] => {
                // Whatever it will be, most of them need these.
                _ = self.application(endpoints);
                return self.problem(
                    "client_secret",
                    "not set, nor client_certificate, federated_token or managed_identity: set one of the four",
                );
            }
            [(first, _), (second, _), ..] => {
                let problem = format!("set beside {first}; alertcap signs in one way, so unset the other");
                return self.problem(second, problem);
            }
        };
        if name == "managed_identity" {
            return self.managed_identity(&value);
        }
        let application = self.application(endpoints);
        Some(match name {
            "client_secret" => {
                Rc::new(ClientSecret { application: application?, secret: SecretString::from(value) })
            }
            "client_certificate" => match Certificate::parse(&value) {
                Ok(certificate) => Rc::new(ClientCertificate { application: application?, certificate }),
                Err(why) => return self.problem(name, why),
            },
            _ if value.split('.').count() != 3 || value.bytes().any(|byte| !byte.is_ascii_graphic()) => {
                return self
                    .problem(name, "not a JWT; set it to the token itself, not to the name of its file");
            }
            _ => Rc::new(FederatedToken { application: application?, token: SecretString::from(value) }),
        })
    }

    fn application(&mut self, endpoints: Option<&Endpoints>) -> Option<Application> {
        let tenant_id = self.required("tenant_id", "the Entra tenant's id");
        let tenant_id = match tenant_id {
            Some(id) if SHARED_TENANTS.contains(&id.to_ascii_lowercase().as_str()) => {
                self.problem("tenant_id", "no tenant of its own; set it to the tenant's id")
            }
            Some(id) if !id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) => {
                self.problem("tenant_id", "not an id or a domain name")
            }
            other => other,
        };
        let client_id = self.required("client_id", "the application's client id in Entra");
        let login = endpoints?.login.clone();
        Some(Application { login, tenant_id: tenant_id?, client_id: client_id? })
    }

    fn managed_identity(&mut self, value: &str) -> Option<Rc<dyn Credential>> {
        let which = if value.eq_ignore_ascii_case("system") {
            Some(Which::System)
        } else if let Ok(client_id) = guid(value) {
            Some(Which::ClientId(client_id))
        } else {
            let identity = ResourceId::parse(value).ok();
            let identity =
                identity.filter(|id| id.is_type("Microsoft.ManagedIdentity/userAssignedIdentities"));
            identity.map(|_| Which::ResourceId(value.to_owned()))
        };
        let which = match which {
            Some(which) => Some(which),
            None => self.problem(
                "managed_identity",
                "neither system, nor a client id, nor the ARM id of a user-assigned identity",
            ),
        };
        let imds = if self.get("imds_endpoint").is_none_or(|value| value.contains("imds.invalid")) {
            self.problem(
                "imds_endpoint",
                "not set, and managed_identity needs it: http://169.254.169.254 on Azure's machines",
            )
        } else {
            self.endpoint("imds_endpoint", "", is_metadata)
        };
        Some(Rc::new(ManagedIdentity { imds: imds?, which: which? }))
    }

    fn api_version(&mut self, name: &'static str, default: &str) -> Option<String> {
        let value = self.get(name).unwrap_or_else(|| default.to_owned());
        let date = value.strip_suffix("-preview").unwrap_or(&value);
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = date.split('-').collect();
        if matches!(parts[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2)) {
            Some(value)
        } else {
            self.problem(name, "not an ARM api-version such as 2026-03-01")
        }
    }
}

/// Instance metadata has no https; its address never leaves the machine either.
fn is_metadata(url: &Url) -> bool {
    url.host_str() == Some("169.254.169.254") || is_protected(url)
}
