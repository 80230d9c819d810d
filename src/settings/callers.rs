//! Who may call. What is wrong with it keeps no capture from being taken for those who are let in.

use secrecy::SecretString;

use super::{
    Callers,
    azure::Endpoints,
    parse::{Raw, split},
};
use crate::{
    caller::{
        Proof,
        key::Keys,
        token::{ACTION_GROUPS, Terms},
        webhook::Webhook,
    },
    standard_webhooks::Secret,
};

/// The variables that are read here.
pub(super) const VARIABLES: [&str; 8] = [
    "webhook_key",
    "webhook_secret",
    "webhook_audience",
    "webhook_tenants",
    "webhook_app_id",
    "webhook_requires",
    "operator_key",
    "sweep_key",
];

/// Shorter keys are refused: the webhook's URL is public by nature and can be guessed at.
const MIN_KEY_LENGTH: usize = 16;
/// More than an old and a new one are a mistake.
const MOST_KEYS: usize = 2;
/// A list without entries is a mistake too, and must not read as one that is not set.
const NOTHING: &str = "set, but nothing stands in it";

impl Raw {
    pub(super) fn callers(&mut self, endpoints: Option<&Endpoints>) -> Callers {
        let webhook = self.webhook(endpoints);
        let operator = self.keys("operator_key", "nobody can read the captures", true);
        let sweep = self.keys("sweep_key", "nobody can call the sweep", true);
        let pairs = [
            ("operator_key", &operator, "webhook_key", &webhook.keys),
            ("sweep_key", &sweep, "webhook_key", &webhook.keys),
            ("sweep_key", &sweep, "operator_key", &operator),
        ];
        for (name, keys, other, others) in pairs {
            if keys.overlap(others) {
                let problem = format!("the same as {other}: whoever has the one can do what the other may");
                self.problem::<()>(name, problem);
            }
        }
        Callers { webhook, operator, sweep }
    }

    fn webhook(&mut self, endpoints: Option<&Endpoints>) -> Webhook {
        let is_set = |raw: &Self, name| raw.get(name).is_some();
        let is_key_needed = !is_set(self, "webhook_secret") && !is_set(self, "webhook_audience");
        let webhook = Webhook {
            keys: self.keys("webhook_key", "nobody can send an alert", is_key_needed),
            tokens: self.tokens(endpoints),
            secrets: self.secrets("webhook_secret").unwrap_or_default(),
            requires: Vec::new(),
        };
        let Some(text) = self.get("webhook_requires") else { return webhook };
        let requires = self.entries("webhook_requires", &text, |word| {
            let proof = Proof::ALL.into_iter().find(|proof| proof.name() == word);
            proof.ok_or_else(|| "is none of key, token and signature".to_owned())
        });
        if split(&text).next().is_none() {
            self.problem::<()>("webhook_requires", NOTHING);
        }
        if requires.is_empty() || requires.len() != split(&text).count() {
            // What was to be required is not known: better nobody than somebody too many.
            return Webhook::default();
        }
        for proof in &requires {
            let (is_set, variable) = match proof {
                Proof::Key => (!webhook.keys.0.is_empty(), "webhook_key"),
                Proof::Token => (webhook.tokens.is_some(), "webhook_audience"),
                Proof::Signature => (!webhook.secrets.is_empty(), "webhook_secret"),
            };
            if !is_set {
                let name = proof.name();
                let problem =
                    format!("names {name}, but {variable} is not set or not right, so nobody gets in");
                self.problem::<()>("webhook_requires", problem);
            }
        }
        Webhook { requires, ..webhook }
    }

    /// One or two live keys. One that is wrong lets nobody in, and does not shut the other out.
    fn keys(&mut self, name: &'static str, consequence: &str, is_needed: bool) -> Keys {
        let Some(text) = self.get(name) else {
            if is_needed {
                self.problem::<()>(name, format!("not set, so {consequence}; set a long random one"));
            }
            return Keys::default();
        };
        // Only blanks part them: a key may hold commas.
        let mut keys = Vec::new();
        for (index, key) in text.split_whitespace().enumerate() {
            if key.len() < MIN_KEY_LENGTH {
                let number = index.saturating_add(1);
                let problem = format!(
                    "key {number} is shorter than {MIN_KEY_LENGTH} characters; set a long random one"
                );
                self.problem::<()>(name, problem);
            } else {
                keys.push(SecretString::from(key));
            }
        }
        if keys.len() > MOST_KEYS {
            keys.truncate(MOST_KEYS);
            let problem =
                "more than two keys; the new one and the old one are enough, and the others let nobody in";
            self.problem::<()>(name, problem);
        }
        Keys(keys)
    }

    /// One or two live secrets; none at all if one is wrong: nothing is sent unsigned that was to be signed.
    pub(super) fn secrets(&mut self, name: &'static str) -> Option<Vec<Secret>> {
        let Some(text) = self.get(name) else { return Some(Vec::new()) };
        let wanted = split(&text).count();
        if wanted == 0 {
            return self.problem(name, NOTHING);
        }
        let secrets = self.entries(name, &text, Secret::parse);
        if wanted > MOST_KEYS {
            return self.problem(name, "more than two secrets; the new one and the old one are enough");
        }
        (secrets.len() == wanted).then_some(secrets)
    }

    /// Whose tokens are taken; none's where a part of it is wrong.
    fn tokens(&mut self, endpoints: Option<&Endpoints>) -> Option<Terms> {
        let Some(audiences) = self.get("webhook_audience") else {
            for name in ["webhook_tenants", "webhook_app_id"] {
                if self.get(name).is_some() {
                    self.problem::<()>(name, "set, but webhook_audience is not, so no tokens are taken");
                }
            }
            return None;
        };
        // A client id is written in small letters in tokens; a URI as it was registered.
        let audiences = split(&audiences).map(|one| guid(one).unwrap_or_else(|_| one.to_owned()));
        let audiences: Vec<String> = audiences.collect();
        if audiences.is_empty() {
            return self.problem("webhook_audience", NOTHING);
        }
        let name = "webhook_tenants";
        let tenants = self.get(name).or_else(|| self.get("tenant_id").filter(|id| guid(id).is_ok()));
        let tenants = match tenants {
            Some(tenants) => self.guids(name, &tenants),
            None => self.problem(name, "not set, and tenant_id is no GUID; set it to the ids of the tenants"),
        };
        let applications = self.get("webhook_app_id").unwrap_or_else(|| ACTION_GROUPS.to_owned());
        let applications = self.guids("webhook_app_id", &applications);
        let Endpoints { login, cloud, .. } = endpoints?.clone();
        Some(Terms { login, cloud, audiences, tenants: tenants?, applications: applications? })
    }

    fn guids(&mut self, name: &'static str, text: &str) -> Option<Vec<String>> {
        let guids = self.entries(name, text, guid);
        if split(text).next().is_none() {
            return self.problem(name, NOTHING);
        }
        (guids.len() == split(text).count()).then_some(guids)
    }
}

/// In small letters with its hyphens, as claims are compared with it.
pub(super) fn guid(text: &str) -> Result<String, String> {
    let guid = uuid::Uuid::try_parse(text).map_err(|_| "is no GUID".to_owned())?;
    Ok(guid.as_hyphenated().to_string())
}
