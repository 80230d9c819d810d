//! Reading what is shown out of JSON: a member that is missing or of another kind is nothing.
//!
//! A page shows what it can. (Read into `wire::Summary` it would be 20 types more in the component; a test holds the names to that type.)

use maud::{Markup, html};
use serde_json::Value;

use super::text::{Grouped, Outside, Time};
use crate::time::Timestamp;

static NOTHING: Value = Value::Null;

/// A value and what is below it.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a>(pub &'a Value);

impl<'a> Tree<'a> {
    /// A member.
    #[must_use]
    pub fn at(self, name: &str) -> Self {
        Self(self.0.get(name).unwrap_or(&NOTHING))
    }

    /// A member that is a whole number; 0 for any other.
    #[must_use]
    pub fn number(self, name: &str) -> u64 {
        self.at(name).0.as_u64().unwrap_or_default()
    }

    /// A member that is text; none if there is none in it.
    #[must_use]
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Whether a member is true.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.at(name).0.as_bool().unwrap_or_default()
    }

    /// The items of a member that is a list.
    #[must_use]
    pub fn list(self, name: &str) -> List<'a> {
        List(self.at(name).0.as_array().map_or(&[][..], Vec::as_slice).iter())
    }

    /// Whether nothing stands here.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.0.is_null()
    }
}

/// The items of a list, one by one: one type, however they are used.
#[derive(Debug, Clone)]
pub struct List<'a>(std::slice::Iter<'a, Value>);

impl<'a> Iterator for List<'a> {
    type Item = Tree<'a>;

    fn next(&mut self) -> Option<Tree<'a>> {
        self.0.next().map(Tree)
    }
}

/// All that stands in a value, by names: for what has few members that anybody looks at.
#[must_use]
pub fn all(value: &Value) -> Markup {
    match value {
        Value::Object(members) => html! {
            dl.facts {
                @for (name, value) in members {
                    div { dt { bdi { (crate::text::clean(&spaced(name))) } } dd { (all(value)) } }
                }
            }
        },
        Value::Array(items) => html! { ul.plain { @for item in items { li { (all(item)) } } } },
        Value::String(string) => match string.parse::<Timestamp>() {
            Ok(at) => html! { (Time(at)) },
            Err(_) => html! { (Outside(string)) },
        },
        Value::Number(number) => match number.as_u64() {
            Some(number) => html! { (Grouped(number)) },
            None => html! { (number.to_string()) },
        },
        Value::Bool(true) => html! { "yes" },
        Value::Bool(false) => html! { "no" },
        Value::Null => html! { "–" },
    }
}

/// `timeLimitInSeconds` as `Time limit in seconds`; what is not written so stays as it is.
fn spaced(name: &str) -> String {
    let is_ours = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_ours {
        return name.to_owned();
    }
    let mut spaced = String::with_capacity(name.len().saturating_add(8));
    for c in name.chars() {
        match (spaced.is_empty(), c.is_ascii_uppercase()) {
            (true, _) => spaced.push(c.to_ascii_uppercase()),
            (false, true) => {
                spaced.push(' ');
                spaced.push(c.to_ascii_lowercase());
            }
            (false, false) => spaced.push(c),
        }
    }
    spaced
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_there_or_of_another_kind_is_nothing() {
        let value = json!({"a": "x", "n": -1, "l": {}, "e": ""});
        let tree = Tree(&value);
        assert_eq!((tree.number("a"), tree.number("n"), tree.text("n"), tree.text("e")), (0, 0, None, None));
        assert_eq!(tree.list("l").count() + tree.list("none").count() + tree.at("a").list("b").count(), 0);
        assert!(tree.at("a").at("b").is_nothing() && !tree.is("a"));
    }

    #[test]
    fn whatever_stands_in_a_value_is_shown_and_escaped() {
        let value = json!({"timeLimitInSeconds": 18_000, "<b>": ["<i>", null, true, 1.5], "x y": "2026-11-22T02:00:13Z"});
        let shown = all(&value).into_string();
        for part in
            ["Time limit in seconds", "18,000", "&lt;b&gt;", "&lt;i&gt;", "–", "yes", "1.5", "x y", "<time "]
        {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("<b>") && !shown.contains("<i>"));
    }
}
