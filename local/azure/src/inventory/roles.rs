//! What a caller may do: an app registration or a managed identity.

/// A caller's role, as the inventory has it.
#[derive(Clone, Copy, Debug)]
pub struct Role<'a> {
    /// The ARM ids on which it has a role; `None` is everywhere in its tenant.
    pub rights: Option<&'a [String]>,
    /// What its role allows there, with `*` for anything, as in Azure's roles.
    pub actions: &'a [String],
    /// What its role takes away again.
    pub not_actions: &'a [String],
    /// Whether it is Storage Blob Data Reader.
    pub blob_reader: bool,
    /// Whether it is let have user delegation keys: as a Storage Blob Delegator, or as a reader of a whole account.
    pub blob_delegator: bool,
}

impl Role<'_> {
    /// Whether it has a role on this scope or above it.
    pub(crate) fn has_role_on(self, scope: &str) -> bool {
        let scope = scope.to_ascii_lowercase();
        self.rights.is_none_or(|rights| {
            rights.iter().any(|right| {
                let right = right.trim_end_matches('/').to_ascii_lowercase();
                scope.strip_prefix(&right).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }

    /// Whether it may do this there.
    pub(crate) fn may(self, action: &str, scope: &str) -> bool {
        let covered = |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, action));
        self.has_role_on(scope) && covered(self.actions) && !covered(self.not_actions)
    }

    /// Whether its role takes nothing away.
    pub(crate) fn may_everything(self) -> bool {
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
