//! Microsoft.Authorization: what the application may do on a resource.
//!
//! Source: the published API, `permissions` 2022-04-01. Each entry is one role: its actions without its notActions.

use serde::Deserialize;
use serde_json::Value;

use super::{
    arm::{Arm, ArmError},
    resource_id::ResourceId,
};
use crate::{json, platform::Platform, text::lower};

const API_VERSION: &str = "2022-04-01";

/// What is allowed on a resource.
#[derive(Debug, Clone, Default)]
pub struct Permissions(Vec<Role>);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Role {
    actions: Option<Vec<String>>,
    not_actions: Option<Vec<String>>,
}

/// Reads what the application may do on `resource`.
///
/// # Errors
/// [`ArmError`].
pub async fn permissions<P: Platform>(
    arm: &Arm<'_, P>,
    resource: &ResourceId,
) -> Result<Permissions, ArmError> {
    let further = ["providers", "Microsoft.Authorization", "permissions"];
    let roles: Vec<Value> = arm.list(&resource.url(&arm.azure.arm, &further, API_VERSION)).await?;
    Ok(Permissions(roles.into_iter().filter_map(|role| json::read(&role).ok()).collect()))
}

impl Permissions {
    /// Those of `actions` that no role allows.
    #[must_use]
    pub fn lacking<'a>(&self, actions: &[&'a str]) -> Vec<&'a str> {
        actions.iter().copied().filter(|action| !self.0.iter().any(|role| role.allows(action))).collect()
    }
}

impl Role {
    fn allows(&self, action: &str) -> bool {
        let matches = |patterns: &Option<Vec<String>>| {
            patterns.iter().flatten().any(|pattern| is_match(&lower(pattern), &lower(action)))
        };
        matches(&self.actions) && !matches(&self.not_actions)
    }
}

/// `*` stands for any text, also with slashes in it.
fn is_match(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(actions: &[&str], not: &[&str]) -> Role {
        let all = |list: &[&str]| Some(list.iter().map(|&a| a.to_owned()).collect());
        Role { actions: all(actions), not_actions: all(not) }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, action, matches) in [
            ("*", "microsoft.network/networkwatchers/read", true),
            ("*/read", "microsoft.network/networkwatchers/read", true),
            ("*/read", "microsoft.network/networkwatchers/write", false),
            ("microsoft.network/*/action", "microsoft.network/a/b/stop/action", true),
            ("microsoft.network/*", "microsoft.compute/x/read", false),
            ("a/*/c/*/e", "a/b/c/d/e", true),
            ("a/*a", "a/a", true),
            ("a*a", "a", false),
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
        ] {
            assert_eq!(is_match(pattern, action), matches, "{pattern} {action}");
        }
    }

    #[test]
    fn a_roles_not_actions_are_taken_from_its_own_actions_only() {
        let permissions =
            Permissions(vec![role(&["*"], &["*/write"]), role(&["Microsoft.Network/x/write"], &[])]);
        assert_eq!(
            permissions.lacking(&[
                "Microsoft.Network/x/write",
                "Microsoft.Network/y/write",
                "Microsoft.Network/y/read"
            ]),
            ["Microsoft.Network/y/write"]
        );
        assert_eq!(Permissions::default().lacking(&["a"]), ["a"]);
    }
}
