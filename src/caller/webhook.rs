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
        let claim = match &self.secrets[..] {
            [] => Ok(None),
            _ => Claim::read(&request.headers, app.platform.now()).map_err(Refusal::Signature),
        };
        if !self.requires.is_empty() {
            return self.admit_with_all(app, azure, request, key, claim).await;
        }
        if key == Given::Right {
            return Ok(Admission::Granted);
        }
        match (self.has_token(app, azure, request).await, claim) {
            (Ok(true), _) => Ok(Admission::Granted),
            (_, Ok(Some(claim))) => Ok(Admission::IfSigned(claim)),
            // The most telling of what was wrong.
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
            (Ok(false), Ok(None)) if key == Given::Wrong => Err(Refusal::WrongKey),
            (Ok(false), Ok(None)) => Err(Refusal::Nothing),
        }
    }

    /// The same where all that [`Self::requires`] names must be right; what costs most is looked at last.
    async fn admit_with_all<P: Platform>(
        &self,
        app: &App<P>,
        azure: Option<&Azure>,
        request: &Parts,
        key: Given,
        claim: Result<Option<Claim>, Refusal>,
    ) -> Result<Admission, Refusal> {
        let requires = |proof| self.requires.contains(&proof);
        match key {
            Given::Wrong if requires(Proof::Key) => return Err(Refusal::WrongKey),
            Given::None if requires(Proof::Key) => return Err(Refusal::Missing(Proof::Key)),
            _ => {}
        }
        let mut admission = Admission::Granted;
        if requires(Proof::Signature) {
            admission = Admission::IfSigned(claim?.ok_or(Refusal::Missing(Proof::Signature))?);
        }
        if requires(Proof::Token) && !self.has_token(app, azure, request).await? {
            return Err(Refusal::Missing(Proof::Token));
        }
        Ok(admission)
    }

    /// Whether the request has a token that is right; false if it has none.
    async fn has_token<P: Platform>(
        &self,
        app: &App<P>,
        azure: Option<&Azure>,
        request: &Parts,
    ) -> Result<bool, Refusal> {
        let Some(terms) = &self.tokens else { return Ok(false) };
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
