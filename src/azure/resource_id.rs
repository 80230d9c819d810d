//! ARM resource ids: parsed into checked segments, compared without regard to case, turned into URLs only from here.
//!
//! Ids come out of alerts that anyone may have written; a segment that could change the meaning of a URL
//! (`..`, `%2f`, `?`, control characters) makes no [`ResourceId`].

use std::{fmt, hash::Hash, hash::Hasher};

use serde::{Deserialize, Serialize, de};
use url::Url;

use crate::text::quoted;

/// Longer ids do not occur: Azure's longest names have 260 characters a segment, and few segments.
const MAX_LENGTH: usize = 1024;

/// Why a text is no ARM id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// Not `/subscriptions/{id}/…`.
    NotInSubscription,
    /// Not `…/resourceGroups/{group}/providers/{namespace}/{type}/{name}…`.
    NotAResource,
    /// A segment is empty, `..`, or holds a character that does not belong in one.
    BadSegment,
    /// Longer than any id of Azure's.
    TooLong,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInSubscription => "does not begin with /subscriptions/<subscription id>",
            Self::NotAResource => {
                "is not the id of a resource: /subscriptions/<id>/resourceGroups/<group>/providers/<namespace>/<type>/<name>"
            }
            Self::BadSegment => "has a part that is empty or holds a character that no name in Azure has",
            Self::TooLong => "is longer than any ARM id",
        })
    }
}

/// The id of one resource in a resource group, in the case it was given in.
#[derive(Debug, Clone)]
pub struct ResourceId {
    segments: Vec<String>,
}

impl ResourceId {
    /// Parses an ARM id.
    ///
    /// # Errors
    /// [`IdError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let segments = parse_segments(text)?;
        let is_resource = segments.len() >= 8
            && segments.len().is_multiple_of(2)
            && has(&segments, 2, "resourceGroups")
            && has(&segments, 4, "providers")
            && segments.get(5).is_some_and(|namespace| namespace.contains('.'));
        if is_resource { Ok(Self { segments }) } else { Err(IdError::NotAResource) }
    }

    fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", String::as_str)
    }

    /// The subscription's id.
    #[must_use]
    pub fn subscription(&self) -> &str {
        self.segment(1)
    }

    /// The resource group's name.
    #[must_use]
    pub fn resource_group(&self) -> &str {
        self.segment(3)
    }

    /// The last segment: the resource's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// The resource's type, as `Microsoft.Compute/virtualMachines`: the namespace, and every second segment after it.
    #[must_use]
    pub fn kind(&self) -> String {
        let mut own = vec![self.segment(5)];
        own.extend(self.segments.iter().skip(6).step_by(2).map(String::as_str));
        own.join("/")
    }

    /// Whether the type is `kind`.
    #[must_use]
    pub fn is_type(&self, kind: &str) -> bool {
        self.kind().eq_ignore_ascii_case(kind)
    }

    /// This id, or the part of it that ends with a resource of type `kind`.
    #[must_use]
    pub fn up_to(&self, kind: &str) -> Option<Self> {
        let mut id = self.clone();
        while id.segments.len() >= 8 {
            if id.is_type(kind) {
                return Some(id);
            }
            id.segments.truncate(id.segments.len().saturating_sub(2));
        }
        None
    }

    /// A child resource of this one.
    ///
    /// # Errors
    /// [`IdError::BadSegment`] if `name` cannot be one segment.
    pub fn child(&self, kind: &str, name: &str) -> Result<Self, IdError> {
        let mut segments = self.segments.clone();
        for segment in [kind, name] {
            if !is_segment(segment) {
                return Err(IdError::BadSegment);
            }
            segments.push(segment.to_owned());
        }
        Ok(Self { segments })
    }

    /// The same text for every spelling of the id: what it is compared and hashed by.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }

    /// The resource's URL at ARM, with further path segments and an api-version.
    #[must_use]
    pub fn url(&self, arm: &Url, further: &[&str], api_version: &str) -> Url {
        arm_url(arm, self.segments.iter().map(String::as_str).chain(further.iter().copied()), api_version)
    }
}

/// A URL at ARM; every segment is escaped.
pub(crate) fn arm_url<'a>(arm: &Url, segments: impl Iterator<Item = &'a str>, api_version: &str) -> Url {
    let mut url = arm.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(segments);
    }
    url.query_pairs_mut().append_pair("api-version", api_version);
    url
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|why| de::Error::custom(format!("{} {why}", quoted(&text))))
    }
}

/// A part of Azure: a subscription, a resource group in it, or one resource with all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    canonical: Vec<String>,
}

impl Scope {
    /// Parses an ARM id prefix, e.g. `/subscriptions/{id}/resourceGroups/{group}`.
    ///
    /// # Errors
    /// [`IdError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let segments = parse_segments(text.strip_suffix('/').unwrap_or(text))?;
        if segments.len() > 2 && !has(&segments, 2, "resourceGroups") || segments.len() == 3 {
            return Err(IdError::NotAResource);
        }
        Ok(Self { canonical: segments.iter().map(|s| s.to_ascii_lowercase()).collect() })
    }

    /// The subscription it is, or is a part of, in lower case.
    #[must_use]
    pub fn subscription(&self) -> &str {
        self.canonical.get(1).map_or("", String::as_str)
    }

    /// The resource group it is, or is a part of, in lower case; none for a subscription.
    #[must_use]
    pub fn resource_group(&self) -> Option<&str> {
        self.canonical.get(3).map(String::as_str)
    }

    /// Whether `other` lies in it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other.canonical.starts_with(&self.canonical)
    }

    /// Whether `id` lies in it. Whole segments count: `rg-a` does not hold `rg-abc`.
    #[must_use]
    pub fn contains(&self, id: &ResourceId) -> bool {
        id.segments.len() >= self.canonical.len()
            && self
                .canonical
                .iter()
                .zip(&id.segments)
                .all(|(own, theirs)| *own == theirs.to_ascii_lowercase())
    }
}

fn parse_segments(text: &str) -> Result<Vec<String>, IdError> {
    if text.len() > MAX_LENGTH {
        return Err(IdError::TooLong);
    }
    let rest = text.strip_prefix('/').ok_or(IdError::NotInSubscription)?;
    let segments: Vec<String> = rest.split('/').map(str::to_owned).collect();
    if !has(&segments, 0, "subscriptions") || segments.len() < 2 {
        return Err(IdError::NotInSubscription);
    }
    if segments.iter().all(|segment| is_segment(segment)) { Ok(segments) } else { Err(IdError::BadSegment) }
}

fn has(segments: &[String], index: usize, word: &str) -> bool {
    segments.get(index).is_some_and(|segment| segment.eq_ignore_ascii_case(word))
}

/// Letters of any script (resource groups may have them), digits and the few marks that Azure's names allow.
fn is_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment.chars().any(|c| c != '.')
        && segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VM: &str =
        "/subscriptions/s-1/resourceGroups/rg-a/providers/Microsoft.Compute/virtualMachines/vm_1";

    #[test]
    fn an_id_keeps_its_spelling_and_is_compared_without_case() {
        let id = ResourceId::parse(VM).unwrap();
        assert_eq!(id.to_string(), VM);
        assert_eq!(
            id,
            ResourceId::parse(&VM.to_uppercase().replace("SUBSCRIPTIONS", "subscriptions")).unwrap()
        );
        assert!(id.is_type("microsoft.compute/VirtualMachines"));
        assert_eq!((id.subscription(), id.resource_group(), id.name()), ("s-1", "rg-a", "vm_1"));
    }

    #[test]
    fn what_could_change_a_url_is_no_id() {
        for bad in ["..", "a%2fb", "a?b", "a#b", "a\\b", "a\nb", "", "a b", "a:b", "a@b", "."] {
            let text = VM.replace("vm_1", bad);
            assert_eq!(ResourceId::parse(&text).unwrap_err(), IdError::BadSegment, "{bad:?}");
        }
        for bad in ["", "/", "subscriptions/s-1", "https://evil/subscriptions/s", "/tenants/x"] {
            assert_eq!(ResourceId::parse(bad).unwrap_err(), IdError::NotInSubscription, "{bad:?}");
        }
        for bad in ["/subscriptions/s-1", "/subscriptions/s-1/resourceGroups/rg", &format!("{VM}/extensions")]
        {
            assert_eq!(ResourceId::parse(bad).unwrap_err(), IdError::NotAResource, "{bad:?}");
        }
        assert_eq!(ResourceId::parse(&format!("{VM}{}", "x".repeat(2000))).unwrap_err(), IdError::TooLong);
    }

    #[test]
    fn a_url_is_at_arm_and_carries_the_api_version() {
        let arm = Url::parse("https://management.azure.com").unwrap();
        let url = ResourceId::parse(VM).unwrap().url(&arm, &["start"], "2026-04-01");
        assert_eq!(url.as_str(), format!("https://management.azure.com{VM}/start?api-version=2026-04-01"));
        let umlaut = VM.replace("rg-a", "rg-ä");
        let url = ResourceId::parse(&umlaut).unwrap().url(&arm, &[], "1");
        assert!(url.as_str().contains("/rg-%C3%A4/"), "{url}");
    }

    #[test]
    fn a_scope_holds_whole_segments_only() {
        let id = ResourceId::parse(VM).unwrap();
        let holds = |scope: &str| Scope::parse(scope).unwrap().contains(&id);
        assert!(holds("/subscriptions/S-1") && holds("/subscriptions/s-1/resourcegroups/RG-A/") && holds(VM));
        assert!(!holds("/subscriptions/s-1/resourceGroups/rg") && !holds("/subscriptions/s-2"));
        for bad in
            ["", "/", "/subscriptions", "/subscriptions/s-1/providers/x", "/subscriptions/s-1/resourceGroups"]
        {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
    }
}
