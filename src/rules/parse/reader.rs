//! Takes tables apart: values by type and bounds, and what nobody asked for is a problem.

use std::time::Duration;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{nearest::did_you_mean, position::position};
use crate::{
    rules::duration,
    text::{clean, quoted},
};

/// A text of the rules, and where in them it stands.
pub(super) type Placed<'t> = (usize, &'t str);

/// What is found on the way.
pub(super) struct Reader<'r> {
    /// By byte offset.
    pub(super) problems: Vec<(usize, String)>,
    /// The names that `tell` knows.
    pub(super) receivers: &'r [&'r str],
    text: &'r str,
}

impl<'r> Reader<'r> {
    pub(super) fn new(text: &'r str, receivers: &'r [&'r str]) -> Self {
        Self { problems: Vec::new(), receivers, text }
    }

    pub(super) fn problem(&mut self, at: usize, message: impl Into<String>) {
        self.problems.push((at, message.into()));
    }

    /// The line of an offset, for what one problem says about another place.
    pub(super) fn line(&self, at: usize) -> usize {
        position(self.text, at).0
    }
}

/// A table that is being read; it remembers what it was asked for, which is what it may hold.
pub(super) struct Keys<'t, 'i> {
    table: &'t DeTable<'i>,
    what: &'static str,
    asked: Vec<&'static str>,
}

impl<'t, 'i> Keys<'t, 'i> {
    pub(super) fn new(table: &'t DeTable<'i>, what: &'static str) -> Self {
        Self { table, what, asked: Vec::new() }
    }

    /// The value of a key, if it is there.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<Entry<'t, 'i>> {
        self.asked.push(key);
        let (own, value) = self.table.iter().find(|(own, _)| own.get_ref() == key)?;
        Some(Entry { key, key_at: own.span().start, at: value.span().start, value: value.get_ref() })
    }

    /// Where a key stands, if it is there.
    pub(super) fn at(&self, key: &str) -> Option<usize> {
        self.table.keys().find(|own| own.get_ref() == key).map(|own| own.span().start)
    }

    /// All keys that are there, and where.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, usize)> {
        self.table.keys().map(|key| (key.get_ref().as_ref(), key.span().start))
    }

    /// What was not asked for does not belong here.
    pub(super) fn end(self, reader: &mut Reader<'_>) {
        for key in self.table.keys().filter(|key| !self.asked.contains(&key.get_ref().as_ref())) {
            let name = clean(key.get_ref());
            let hint = did_you_mean(&name, &self.asked);
            let hint = if hint.is_empty() { format!("; known are {}", self.asked.join(", ")) } else { hint };
            reader.problem(key.span().start, format!("{} is no key of {}{hint}", quoted(&name), self.what));
        }
    }
}

/// One key's value.
pub(super) struct Entry<'t, 'i> {
    key: &'static str,
    /// Where the key begins.
    pub(super) key_at: usize,
    /// Where the value begins.
    pub(super) at: usize,
    value: &'t DeValue<'i>,
}

impl<'t, 'i> Entry<'t, 'i> {
    /// A value that has no key of its own.
    pub(super) fn of_value(key: &'static str, value: &'t Spanned<DeValue<'i>>) -> Self {
        let at = value.span().start;
        Self { key, key_at: at, at, value: value.get_ref() }
    }

    /// The key.
    pub(super) fn key(&self) -> &'static str {
        self.key
    }

    /// The value is not what it must be. Tables made by dotted keys have no place of their own.
    fn wrong<T>(&self, reader: &mut Reader<'_>, must_be: &str) -> Option<T> {
        let at = if self.value.is_table() { self.key_at } else { self.at };
        let kind = self.value.type_str();
        reader.problem(at, format!("{} is of type {kind}; it must be {must_be}", self.key));
        None
    }

    pub(super) fn flag(&self, reader: &mut Reader<'_>) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong(reader, "true or false"))
    }

    pub(super) fn number(&self, reader: &mut Reader<'_>, low: u32, high: u32) -> Option<u32> {
        let must_be = format!("a whole number from {low} to {high}");
        let Some(integer) = self.value.as_integer() else { return self.wrong(reader, &must_be) };
        match u32::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if (low..=high).contains(&number) => Some(number),
            _ => {
                let shown = clean(integer.as_str());
                reader.problem(self.at, format!("{} is {shown}; it must be {must_be}", self.key));
                None
            }
        }
    }

    pub(super) fn text(&self, reader: &mut Reader<'_>) -> Option<&'t str> {
        self.value.as_str().or_else(|| self.wrong(reader, "a text in quotes"))
    }

    /// A text that `parse` can read; what it says against it begins after the key.
    pub(super) fn parsed<T>(
        &self,
        reader: &mut Reader<'_>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(reader)?;
        parse(text).map_err(|why| reader.problem(self.at, format!("{} {why}", self.key))).ok()
    }

    pub(super) fn duration(&self, reader: &mut Reader<'_>) -> Option<Duration> {
        self.parsed(reader, duration::parse)
    }

    /// The list's values; the list must have one.
    pub(super) fn list(&self, reader: &mut Reader<'_>, must_be: &str) -> Vec<Entry<'t, 'i>> {
        let Some(array) = self.value.as_array() else {
            self.wrong::<()>(reader, must_be);
            return Vec::new();
        };
        if array.is_empty() {
            reader.problem(self.at, format!("{} is empty; leave it out, or give it a value", self.key));
        }
        array.iter().map(|value| Entry::of_value(self.key, value)).collect()
    }

    /// One text, or a list of them.
    pub(super) fn texts(&self, reader: &mut Reader<'_>) -> Vec<Placed<'t>> {
        if self.value.is_str() {
            return self.text(reader).map(|text| (self.at, text)).into_iter().collect();
        }
        let list = self.list(reader, "a text in quotes, or a list of texts");
        list.iter().filter_map(|entry| entry.text(reader).map(|text| (entry.at, text))).collect()
    }

    /// [`Self::texts`], each read by `parse`.
    pub(super) fn all_parsed<T>(
        &self,
        reader: &mut Reader<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for (at, text) in self.texts(reader) {
            match parse(text) {
                Ok(value) => all.push(value),
                Err(why) => reader.problem(at, format!("{} {why}", self.key)),
            }
        }
        all
    }

    pub(super) fn keys(&self, reader: &mut Reader<'_>, what: &'static str) -> Option<Keys<'t, 'i>> {
        self.table(reader).map(|table| Keys::new(table, what))
    }

    pub(super) fn table(&self, reader: &mut Reader<'_>) -> Option<&'t DeTable<'i>> {
        self.value.as_table().or_else(|| self.wrong(reader, "a table"))
    }

    pub(super) fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(|array| array.is_empty())
    }

    /// A whole number as a text, which is how some write a port.
    pub(super) fn number_as_text(&self) -> Option<&str> {
        self.value.as_integer().filter(|number| number.radix() == 10).map(|number| number.as_str())
    }
}
