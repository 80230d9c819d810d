//! Tenants, their app registrations, and what these may do.

use serde::Deserialize;

/// An Entra tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its id, a GUID.
    pub id: String,
    /// Its domain, which may stand in URLs in place of the id.
    #[serde(default)]
    pub domain: Option<String>,
    /// Its app registrations.
    #[serde(default)]
    pub apps: Vec<AppRegistration>,
}

/// An app registration with its service principal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppRegistration {
    /// Its display name.
    pub name: String,
    /// Its application (client) id.
    pub client_id: String,
    /// Switched off: sign-in is refused.
    #[serde(default)]
    pub disabled: bool,
    /// Its client secrets.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Its certificates, PEM.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Its federated identity credentials.
    #[serde(default)]
    pub federated: Vec<Federated>,
    /// The ARM ids on which it has a role; `None` is everywhere in its tenant.
    #[serde(default)]
    pub rights: Option<Vec<String>>,
    /// What its role allows there, with `*` for anything, as in Azure's roles.
    #[serde(default = "everything")]
    pub actions: Vec<String>,
    /// What its role takes away again.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Whether it is Storage Blob Data Reader.
    #[serde(default = "yes")]
    pub blob_reader: bool,
}

/// A client secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The secret itself.
    pub value: String,
    /// Past its end date.
    #[serde(default)]
    pub expired: bool,
}

/// Whom an app registration trusts to say who somebody is: an issuer, and a subject of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federated {
    /// The issuer's URL, exactly as its tokens have it.
    pub issuer: String,
    /// The subject, exactly as the issuer's tokens have it: `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// What its tokens must be for.
    #[serde(default = "token_exchange")]
    pub audiences: Vec<String>,
    /// The issuer's public key or certificate, PEM; or `test-cluster`, whose key is the stand-in's own.
    pub key: String,
    /// The key's name in tokens; left out = as Kubernetes names its keys, SHA-256 of the public key.
    #[serde(default)]
    pub kid: Option<String>,
}

impl AppRegistration {
    /// Whether it has a role on this scope or above it.
    pub(crate) fn has_role_on(&self, scope: &str) -> bool {
        let scope = scope.to_ascii_lowercase();
        self.rights.as_ref().is_none_or(|rights| {
            rights.iter().any(|right| {
                let right = right.trim_end_matches('/').to_ascii_lowercase();
                scope.strip_prefix(&right).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }

    /// Whether it may do this there.
    pub(crate) fn may(&self, action: &str, scope: &str) -> bool {
        let covered = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, action));
        self.has_role_on(scope) && covered(&self.actions) && !covered(&self.not_actions)
    }

    /// Whether its role takes nothing away.
    pub(crate) fn may_everything(&self) -> bool {
        self.rights.is_none()
            && self.actions.iter().any(|action| action == "*")
            && self.not_actions.is_empty()
    }
}

/// Whether a role's action covers this one: `*` stands for any text, also over slashes, and case does not count.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((first, wild)) = pattern.split_once('*') else { return pattern == action };
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let (middle, last) = wild.rsplit_once('*').unwrap_or(("", wild));
    for part in middle.split('*') {
        let Some(found) = rest.find(part) else { return false };
        rest = &rest[found + part.len()..];
    }
    rest.ends_with(last)
}

fn yes() -> bool {
    true
}

fn everything() -> Vec<String> {
    vec!["*".into()]
}

fn token_exchange() -> Vec<String> {
    vec!["api://AzureADTokenExchange".into()]
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_star_stands_for_any_text_in_any_case() {
        for (pattern, action, covered) in [
            ("*", "Microsoft.Network/networkWatchers/read", true),
            ("*/read", "microsoft.network/networkwatchers/packetcaptures/READ", true),
            ("*/read", "Microsoft.Network/networkWatchers/packetCaptures/queryStatus/action", false),
            ("Microsoft.Network/*", "Microsoft.Network/loadBalancers/read", true),
            ("Microsoft.Network/*", "Microsoft.NetworkFunction/a/read", false),
            ("Microsoft.Network/*/read", "Microsoft.Network/networkWatchers/packetCaptures/read", true),
            (
                "Microsoft.*/networkWatchers/*/action",
                "Microsoft.Network/networkWatchers/packetCaptures/stop/action",
                true,
            ),
            (
                "Microsoft.*/networkWatchers/*/action",
                "Microsoft.Network/loadBalancers/probes/join/action",
                false,
            ),
            ("Microsoft.Network/networkWatchers/read", "microsoft.network/networkwatchers/read", true),
            ("Microsoft.Network/networkWatchers", "Microsoft.Network/networkWatchers/read", false),
            ("a*a", "a", false),
            ("", "Microsoft.Network/networkWatchers/read", false),
        ] {
            assert_eq!(covers(pattern, action), covered, "{pattern} {action}");
        }
    }
}
