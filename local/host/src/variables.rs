//! Variables: what spin.toml declares, what comes from outside, and what the component may see of it.
//!
//! Everything is resolved once, at start. No error here ever carries a value, since any value may be a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::manifest::Manifest;

/// The values of one run. Not `Debug`, so that no value ends up in a log by accident.
pub struct Variables {
    component: String,
    values: BTreeMap<String, String>,
    secrets: BTreeSet<String>,
    visible: BTreeMap<String, String>,
}

/// A template with its variables filled in.
pub struct Resolved {
    /// The result.
    pub text: String,
    /// Whether the template was plain text.
    pub literal: bool,
    /// Whether a secret is part of the text.
    pub secret: bool,
}

/// Why the component did not get a variable.
#[derive(Debug, PartialEq)]
pub enum Denied {
    /// No variable can have this name.
    InvalidName(String),
    /// The component has no variable of this name.
    Undefined(String),
}

impl Variables {
    /// Gives every declared variable its value: from `given` (`name=value`), else from the environment as
    /// `SPIN_VARIABLE_<NAME>`, else its default; and fills in the component's templates.
    pub fn resolve(
        manifest: &Manifest,
        given: &[String],
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self> {
        let given = parse_given(manifest, given)?;
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in &manifest.variables {
            let outside = format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase());
            let value = match (given.get(name.as_str()), environment(&outside)) {
                (Some(value), _) => Some((*value).to_owned()),
                (None, Some(value)) => {
                    Some(value.into_string().map_err(|_| anyhow!("{outside} is not UTF-8"))?)
                }
                (None, None) => variable.default.clone(),
            };
            match value {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.push(format!("{name} ({outside})")),
            }
        }
        ensure!(missing.is_empty(), "required variables without a value: {}", missing.join(", "));

        let secrets = manifest.variables.iter().filter(|(_, variable)| variable.secret);
        let mut variables = Self {
            component: manifest.component.id.clone(),
            values,
            secrets: secrets.map(|(name, _)| name.clone()).collect(),
            visible: BTreeMap::new(),
        };
        for (name, template) in &manifest.component.variables {
            let what = || format!("component.{}.variables.{name}", variables.component);
            check_name(name).map_err(|reason| anyhow!("the name {reason}")).with_context(what)?;
            let text = variables.fill(template).with_context(what)?.text;
            variables.visible.insert(name.clone(), text);
        }
        Ok(variables)
    }

    /// Fills in a template: text with `{{ name }}` in it.
    pub fn fill(&self, template: &str) -> Result<Resolved> {
        let mut resolved = Resolved { text: String::new(), literal: true, secret: false };
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").context("'{{' without '}}' in a template")?;
            let name = name.trim();
            let value = self
                .values
                .get(name)
                .with_context(|| format!("the template uses {name:?}, which is not declared"))?;
            resolved.text += before;
            resolved.text += value;
            resolved.literal = false;
            resolved.secret |= self.secrets.contains(name);
            rest = after;
        }
        resolved.text += rest;
        Ok(resolved)
    }

    /// What the component sees as `name`.
    pub fn get(&self, name: &str) -> Result<&str, Denied> {
        check_name(name).map_err(|reason| Denied::InvalidName(format!("{name:?} {reason}")))?;
        let undefined = || Denied::Undefined(format!("no variable for {:?}.{name:?}", self.component));
        self.visible.get(name).map(String::as_str).ok_or_else(undefined)
    }
}

/// Spin's rule for names: lower-case ASCII words joined by single underscores, beginning with a letter.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.split('_').all(word) {
        return Err("must be lower-case words of letters and digits with single underscores between them");
    }
    Ok(())
}

fn parse_given<'a>(manifest: &Manifest, given: &'a [String]) -> Result<BTreeMap<&'a str, &'a str>> {
    let mut values = BTreeMap::new();
    for (index, text) in given.iter().enumerate() {
        let Some((name, value)) = text.split_once('=') else {
            bail!("--variable no. {} is not of the form name=value", index + 1);
        };
        ensure!(
            manifest.variables.contains_key(name),
            "--variable {name}: the manifest declares no such variable"
        );
        values.insert(name, value);
    }
    Ok(values)
}
