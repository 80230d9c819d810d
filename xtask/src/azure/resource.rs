//! ARM ids as they come on the command line: a subscription, a resource group, a resource.

use std::{fmt, str::FromStr};

use anyhow::{Error, Result, ensure};

/// The longest id that is taken.
const MAX_LENGTH: usize = 1024;

/// Where a role can be assigned: `/subscriptions/{id}[/resourceGroups/{name}[/providers/…]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    segments: Vec<String>,
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        const FORM: &str =
            "it is not /subscriptions/<id>, /subscriptions/<id>/resourceGroups/<name> or a resource's id";
        ensure!(text.len() <= MAX_LENGTH, "it is longer than any id of Azure's");
        let text = text.trim_end_matches('/');
        let path = text.strip_prefix('/').ok_or_else(|| Error::msg(FORM))?;
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        let is = |at: usize, word: &str| segments.get(at).is_some_and(|own| own.eq_ignore_ascii_case(word));
        let has_form = match segments.len() {
            2 => true,
            4 => is(2, "resourceGroups"),
            length => {
                length >= 8
                    && length % 2 == 0
                    && is(2, "resourceGroups")
                    && is(4, "providers")
                    && segments[5].contains('.')
            }
        };
        ensure!(is(0, "subscriptions") && has_form, FORM);
        ensure!(is_guid(&segments[1]), "{} is not a subscription's id, which is a GUID", segments[1]);
        let is_name = |segment: &&String| {
            !segment.is_empty()
                && segment.as_str() != ".."
                && segment.chars().all(|c| c.is_alphanumeric() || "-_.()".contains(c))
        };
        if let Some(wrong) = segments.iter().find(|segment| !is_name(segment)) {
            return Err(Error::msg(format!("{wrong:?} is no name of Azure's")));
        }
        Ok(Self { segments })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl Scope {
    /// The subscription's id.
    pub(crate) fn subscription(&self) -> &str {
        &self.segments[1]
    }

    /// The resource group's name, unless it is a subscription.
    pub(crate) fn group(&self) -> Option<&str> {
        self.segments.get(3).map(String::as_str)
    }

    /// The resource's own name, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.segments.get(7..).and_then(<[String]>::last).map(String::as_str)
    }

    /// Whether it is a resource of this type, such as `Microsoft.Compute/virtualMachines`.
    pub(crate) fn is_type(&self, kind: &str) -> bool {
        let own = match self.segments.get(5..7) {
            Some(own) if self.segments.len() == 8 => own.join("/"),
            _ => return false,
        };
        own.eq_ignore_ascii_case(kind)
    }

    /// Whether the other one is this one or lies in it.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.segments.len() <= other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|(own, other)| own.eq_ignore_ascii_case(other))
    }
}

/// The form of Azure's ids of subscriptions, tenants and applications.
pub(crate) fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// A list as the component's variables hold them.
pub(crate) fn scopes(list: &str) -> Result<Vec<Scope>> {
    let words = list.split(|c: char| c.is_whitespace() || ",;".contains(c)).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|error| Error::msg(format!("{word}: {error}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b";

    fn scope(rest: &str) -> Result<Scope> {
        format!("{S}{rest}").parse()
    }

    #[test]
    fn ids_are_taken_apart() {
        let machine = scope("/resourceGroups/rg (1)x/").unwrap_err().to_string();
        assert!(machine.contains("no name of Azure's"), "{machine}");
        let machine =
            scope("/resourcegroups/rg-shop/providers/Microsoft.Compute/virtualMachines/web-01").unwrap();
        assert_eq!((machine.group(), machine.name()), (Some("rg-shop"), Some("web-01")));
        assert!(machine.is_type("microsoft.compute/virtualmachines"));
        assert!(scope("/resourceGroups/RG-shop").unwrap().contains(&machine));
        assert!(
            scope("").unwrap().contains(&machine) && !scope("/resourceGroups/rg").unwrap().contains(&machine)
        );
        assert_eq!((scope("/").unwrap().group(), scope("").unwrap().name()), (None, None));
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it is not /subscriptions/"),
            ("subscriptions/x", "it is not /subscriptions/"),
            ("/subscriptions/shop", "which is a GUID"),
            (&format!("{S}/resourceGroups"), "it is not /subscriptions/"),
            (&format!("{S}/resourceGroups/a'b"), "no name of Azure's"),
            (&format!("{S}/resourceGroups/a/providers/Microsoft.Compute/virtualMachines"), "it is not"),
            (
                &format!("{S}/resourceGroups/a/providers/Microsoft.Compute/virtualMachines/.."),
                "no name of Azure's",
            ),
        ] {
            let error = text.parse::<Scope>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn lists_are_written_as_the_components_variables_are() {
        let list = scopes(&format!("{S}, {S}/resourceGroups/a;\n{S}/resourceGroups/b")).unwrap();
        assert_eq!(list.len(), 3);
        assert!(scopes("x").unwrap_err().to_string().starts_with("x: it is not"));
    }
}
