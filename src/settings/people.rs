//! Where those are who can be told. What is wrong with it keeps nothing from being captured: an operator can mend it while
//! reports are tried again.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Captures,
    parse::{Raw, is_protected},
};
use crate::{report::Receiver, standard_webhooks::Secret, text::quoted};

/// The variables that are read here.
pub(super) const VARIABLES: [&str; 7] =
    ["notify_url", "notify_host", "notify_secret", "teams_url", "teams_host", "slack_url", "slack_host"];

/// Where a receiver is.
#[derive(Debug)]
pub struct Destination {
    /// Which one.
    pub to: Receiver,
    /// What signs what it is sent; none = nothing does.
    pub secrets: Vec<Secret>,
    url: SecretString,
}

impl Destination {
    /// Its URL, for the one place that calls it: whoever knows it can write there.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }
}

impl Raw {
    /// Who can be told, as far as something is set for it.
    pub(super) fn receivers(&self) -> Vec<Receiver> {
        Receiver::ALL.into_iter().filter(|to| self.get(to.variables().0).is_some()).collect()
    }

    /// Where they are; one of which something is wrong is nowhere.
    pub(super) fn people(&mut self) -> Vec<Destination> {
        Receiver::ALL.into_iter().filter_map(|to| self.destination(to)).collect()
    }

    fn destination(&mut self, to: Receiver) -> Option<Destination> {
        let (url_name, host_name) = to.variables();
        let value = self.get(url_name)?;
        let url = match Url::parse(&value) {
            Ok(url) if url.has_host() && is_protected(&url) => url,
            _ => return self.problem(url_name, "not an https URL (plain http only to this machine)"),
        };
        let host = self.get(host_name).and_then(|host| Url::parse(&host).ok());
        if host.is_none_or(|host| host.origin() != url.origin()) {
            // The host would refuse the call: better told now than after the first capture.
            let problem =
                format!("not the scheme, host and port of {url_name}; the outbound allow-list needs them");
            return self.problem(host_name, problem);
        }
        let secrets = if to == Receiver::Webhook { self.secrets("notify_secret")? } else { Vec::new() };
        Some(Destination { to, secrets, url: SecretString::from(String::from(url)) })
    }

    /// A rule may name a receiver that nobody has set up. Captures are taken all the same: the problem is the receiver's.
    pub(super) fn tells_only_who_is_set_up(&mut self, captures: &Captures) {
        for rule in &captures.rules.rules {
            for to in Receiver::ALL {
                let is_named = rule.terms.tell.iter().flatten().any(|name| name == to.name());
                if is_named && !captures.receivers.contains(&to) {
                    let problem = format!("not set, but the rule {} tells {}", quoted(&rule.name), to.name());
                    self.problem::<()>(to.variables().0, problem);
                }
            }
        }
    }
}
