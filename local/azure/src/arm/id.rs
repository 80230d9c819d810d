//! ARM resource ids, taken apart.

/// A resource id below a subscription; what is a name keeps its case, what is a type is compared without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArmId {
    pub(crate) subscription: String,
    pub(crate) resource_group: Option<String>,
    /// `Microsoft.Compute`
    pub(crate) provider: String,
    /// `[(virtualMachines, web-01), …]`
    pub(crate) path: Vec<(String, String)>,
}

impl ArmId {
    /// Reads `/subscriptions/…/resourceGroups/…/providers/…/type/name[/type/name…]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let segments: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
        if segments.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        let (subscription, rest) = keyed(&segments, "subscriptions")?;
        let (resource_group, rest) = match keyed(rest, "resourcegroups") {
            Some((group, rest)) => (Some(group.to_owned()), rest),
            None => (None, rest),
        };
        let (provider, rest) = keyed(rest, "providers")?;
        if rest.is_empty() || rest.len() % 2 == 1 {
            return None;
        }
        let path = rest.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
        Some(Self {
            subscription: subscription.to_owned(),
            resource_group,
            provider: provider.to_owned(),
            path,
        })
    }

    /// The last name, if the id is of exactly this type (given in lower case).
    pub(crate) fn resource(&self, provider: &str, types: &[&str]) -> Option<&str> {
        let same = self.provider.eq_ignore_ascii_case(provider)
            && self.path.len() == types.len()
            && self.path.iter().zip(types).all(|((kind, _), wanted)| kind.eq_ignore_ascii_case(wanted));
        same.then(|| self.path.last().map(|(_, name)| name.as_str())).flatten()
    }

    /// `Microsoft.Compute/virtualMachineScaleSets/virtualMachines`
    pub(crate) fn full_type(&self) -> String {
        let types: Vec<&str> = self.path.iter().map(|(kind, _)| kind.as_str()).collect();
        format!("{}/{}", self.provider, types.join("/"))
    }
}

fn keyed<'a, 'b>(segments: &'b [&'a str], key: &str) -> Option<(&'a str, &'b [&'a str])> {
    match segments {
        [word, value, rest @ ..] if word.eq_ignore_ascii_case(key) => Some((value, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_in_any_case_and_broken_ones_are_refused() {
        let id =
            ArmId::parse("/SUBSCRIPTIONS/s/resourcegroups/G/Providers/microsoft.compute/VirtualMachines/Web")
                .expect("an id");
        assert_eq!(id.resource("microsoft.compute", &["virtualmachines"]), Some("Web"));
        assert_eq!(id.resource("microsoft.compute", &["virtualmachinescalesets"]), None);
        for broken in [
            "",
            "/",
            "subscriptions/s",
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/g/providers/p/t",
            "/subscriptions//resourceGroups/g/providers/p/t/n",
        ] {
            assert_eq!(ArmId::parse(broken), None, "{broken}");
        }
    }
}
