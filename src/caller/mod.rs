//! Who may call what.
//!
//! | caller | proves itself by | file |
//! | --- | --- | --- |
//! | operator, sweep | a key | [`key`] |
//! | an action group, a person | a key in the webhook's URL | [`key`] |
//! | an action group with a secure webhook | a token of Entra's | [`token`], [`key_set`] |
//! | any other sender | a Standard Webhooks signature | [`signature`] |
//!
//! [`webhook`] puts the three that may send alerts together. What is refused costs no write to the store (but for a
//! tenant's keys that were asked for anew, at most once a minute), and is told in
//! words that help whoever set it up and nobody who guesses; the log has the reason itself.

pub mod key;
pub mod key_set;
pub mod signature;
pub mod token;
pub mod webhook;

use std::fmt;

/// What a caller of the webhook can prove itself by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A key.
    Key,
    /// A token of Entra's.
    Token,
    /// A signature of the request.
    Signature,
}

impl Proof {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Key, Self::Token, Self::Signature];

    /// Its name in `webhook_requires`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Token => "token",
            Self::Signature => "signature",
        }
    }
}

/// Why a caller is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing was given, or nothing that is taken here.
    Nothing,
    /// A key that is none of those.
    WrongKey,
    /// `webhook_requires` names a proof that is missing, or that is not set up.
    Missing(Proof),
    /// The token is not right.
    Token(token::Flaw),
    /// The signature is not right.
    Signature(signature::Flaw),
    /// Whether the caller is right cannot be said just now: its tenant's keys, or the store, could not be had.
    Unknowable,
}

impl Refusal {
    /// What the caller is told.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Nothing => {
                "Send a key as ?code=… or in the header x-functions-key; to /api/alerts also a bearer token of a secure \
                 webhook or a Standard Webhooks signature. If nobody gets in, GET /readyz says what is not set."
            }
            Self::WrongKey => "The key is not valid.",
            Self::Missing(Proof::Key) => "A key is required, beside what else was sent.",
            Self::Missing(Proof::Token) => "A bearer token is required, beside what else was sent.",
            Self::Missing(Proof::Signature) => {
                "A Standard Webhooks signature is required, beside what else was sent."
            }
            Self::Token(flaw) => flaw.detail(),
            Self::Signature(flaw) => flaw.detail(),
            Self::Unknowable => "Whether the caller may call cannot be said just now.",
        }
    }
}

/// The reason itself, for the log.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no key, token or signature"),
            Self::WrongKey => f.write_str("a wrong key"),
            Self::Missing(proof) => write!(f, "no {}, which webhook_requires names", proof.name()),
            Self::Token(flaw) => write!(f, "token: {flaw}"),
            Self::Signature(flaw) => write!(f, "signature: {flaw}"),
            Self::Unknowable => f.write_str("nothing to tell by could be had"),
        }
    }
}
