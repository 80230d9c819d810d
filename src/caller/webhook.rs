//! Who may send alerts: the three proofs put together.
//!
//! Any one that is set up is enough, unless `webhook_requires` names those that must be right together. What needs no body
//! is looked at before the body is read.

use http::request::Parts;

use super::{
    Proof, Refusal,
    key::{Given, Keys},
    key_set,
    signature::{self, Claim},
    token::{self, Terms},
};
use crate::{app::App, platform::Platform, settings::Azure, standard_webhooks::Secret};

/// By what a sender of alerts proves itself; without anything set, nobody does.
#[derive(Debug, Default)]
pub struct Webhook {
    /// The keys.
    pub keys: Keys,
    /// Whose tokens are taken.
    pub tokens: Option<Terms>,
    /// What requests are signed with.
    pub secrets: Vec<Secret>,
    /// The proofs that must all be right; none = any one is enough.
    pub requires: Vec<Proof>,
}

/// How far a sender has got before its body was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is let in.
    Granted,
    /// It is let in if its signature fits the body.
    IfSigned(Claim),
}

impl Webhook {
    /// Lets a sender in, as far as that can be said without the body.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn admit<P: Platform>(
        &self,
        app: &App<P>,
        azure: Option<&Azure>,
        request: &Parts,
    ) -> Result<Admission, Refusal> {
        let key = self.keys.check(request);
        // None is set: whatever is given is nothing that is taken here.
        let key = if self.keys.0.is_empty() { Given::None } else { key };
        let claim = match &self.secrets[..] {
            [] => Ok(None),
            _ => Claim::read(&request.headers, app.platform.now()),
        };
        let requires = |proof| self.requires.contains(&proof);
        if self.requires.is_empty() {
            return match (key, self.token(app, azure, request, key).await, claim) {
                (Given::Right, ..) | (_, Ok(true), _) => Ok(Admission::Granted),
                (_, _, Ok(Some(claim))) => Ok(Admission::IfSigned(claim)),
                // The most telling of what was wrong.
                (_, Err(refusal), _) => Err(refusal),
                (_, _, Err(flaw)) => Err(Refusal::Signature(flaw)),
                (Given::Wrong, ..) => Err(Refusal::WrongKey),
                (Given::None, ..) => Err(Refusal::Nothing),
            };
        }
        match key {
            Given::Wrong if requires(Proof::Key) => return Err(Refusal::WrongKey),
            Given::None if requires(Proof::Key) => return Err(Refusal::Missing(Proof::Key)),
            _ => {}
        }
        let claim = if requires(Proof::Signature) {
            Some(claim.map_err(Refusal::Signature)?.ok_or(Refusal::Missing(Proof::Signature))?)
        } else {
            None
        };
        if requires(Proof::Token) && !self.token(app, azure, request, Given::None).await? {
            return Err(Refusal::Missing(Proof::Token));
        }
        Ok(claim.map_or(Admission::Granted, Admission::IfSigned))
    }

    /// Whether the request has a token that is right; false if it has none, or if a key has let it in already.
    async fn token<P: Platform>(
        &self,
        app: &App<P>,
        azure: Option<&Azure>,
        request: &Parts,
        key: Given,
    ) -> Result<bool, Refusal> {
        let Some(terms) = self.tokens.as_ref().filter(|_| key != Given::Right) else { return Ok(false) };
        let Some(text) = token::given(&request.headers).map_err(Refusal::Token)? else { return Ok(false) };
        let candidate = token::read(text, terms, app.platform.now()).map_err(Refusal::Token)?;
        let (tenant, key_id) = (&candidate.tenant, &candidate.key_id);
        let key = key_set::find(app, azure, &terms.login, tenant, key_id).await?;
        candidate.verify(&key, terms).map(|()| true).map_err(Refusal::Token)
    }

    /// Lets a sender in whose body is known now; the claim is to be noted once what it brought is written down.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn check<P: Platform>(
        &self,
        app: &App<P>,
        admission: Admission,
        body: &[u8],
    ) -> Result<Option<Claim>, Refusal> {
        let Admission::IfSigned(claim) = admission else { return Ok(None) };
        claim.verify(&self.secrets, body).map_err(Refusal::Signature)?;
        match claim.is_new(app, body).await {
            Ok(true) => Ok(Some(claim)),
            Ok(false) => Err(Refusal::Signature(signature::Flaw::Replayed)),
            Err(_) => Err(Refusal::Unknowable),
        }
    }
}
