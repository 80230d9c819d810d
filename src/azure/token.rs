//! Tokens, remembered: in the instance and, sealed, in the store. Instances live about a second after their last request
//! and alerts are rare, so the store is what helps.
//!
//! A token serves the credential, the cloud and the audience that it was asked for with, and no other: all of them are in
//! the key that it is sealed with. What does not open is as good as nothing.

use std::time::Duration;

use super::{
    arm::ArmError,
    credential::{Ask, Audience, Token},
    sealed::SealingKey,
};
use crate::{app::App, platform::Platform, settings::Azure, store, time::Timestamp};

const TIMEOUT: Duration = Duration::from_secs(10);
/// A token is replaced this many seconds before its end, as Azure's own clients do.
const RENEW_BEFORE: i64 = 300;
/// So many seconds a refusal stands for all requests of the instance that wait for a token at the same time.
const REFUSAL_LASTS: i64 = 2;
/// While a token still works, its renewal is not tried again for so many seconds: Azure's own clients wait as long.
const RENEWAL_PAUSE: i64 = 30;

impl Token {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.after(RENEW_BEFORE) < self.expires_at
    }
}

/// A token for `audience`; another one than `refused`, which no longer works.
///
/// # Errors
/// [`ArmError`] in the words of whoever refused it.
pub async fn token<P: Platform>(
    app: &App<P>,
    azure: &Azure,
    audience: Audience,
    refused: Option<&str>,
) -> Result<String, ArmError> {
    // One renewal at a time: whoever waited finds its outcome in memory.
    let _renewal = app.turn("(token)").await;
    let resource = audience.resource(azure.cloud, &azure.arm);
    let place = Place::new(azure, &resource);
    let now = app.platform.now();
    let is_usable = |token: &Token| now < token.expires_at && refused != Some(token.value.as_str());
    let mut known = app.memory.token(&place.in_memory).filter(is_usable);
    if known.is_none() {
        known = place.key.load(app, &place.in_store).await.filter(is_usable);
    }
    let refusal = app.memory.refusal(&place.in_memory, now);
    match (known, refusal) {
        (Some(token), refusal) if token.is_fresh(now) || refusal.is_some() => {
            app.memory.keep_token(&place.in_memory, token.clone());
            Ok(token.value)
        }
        (None, Some(error)) => Err(error),
        (known, _) => match (request(app, azure, &resource).await, known) {
            (Ok(token), _) => {
                app.memory.keep_token(&place.in_memory, token.clone());
                place
                    .key
                    .keep(
                        app,
                        &place.in_store,
                        &token,
                        "the token could not be stored; the next instance asks for another",
                    )
                    .await;
                Ok(token.value)
            }
            // In its last minutes it still works.
            (Err(error), Some(token)) => {
                let until = app.platform.now().after(RENEWAL_PAUSE).min(token.expires_at);
                app.memory.keep_refusal(&place.in_memory, until, error);
                Ok(token.value)
            }
            (Err(error), None) => {
                let until = app.platform.now().after(REFUSAL_LASTS);
                app.memory.keep_refusal(&place.in_memory, until, error.clone());
                Err(error)
            }
        },
    }
}

/// Where a token is kept.
struct Place {
    in_store: String,
    in_memory: String,
    key: SealingKey,
}

impl Place {
    fn new(azure: &Azure, resource: &str) -> Self {
        let key = SealingKey::new(azure);
        let in_store = store::token_key(azure, resource);
        // Nothing in the store's key tells one secret of an application from another.
        let in_memory = format!("{in_store} {}", key.name());
        Self { in_store, in_memory, key }
    }
}

async fn request<P: Platform>(app: &App<P>, azure: &Azure, resource: &str) -> Result<Token, ArmError> {
    let credential = &azure.credential;
    let asked_at = app.platform.now();
    let request = credential.request(&Ask { resource, now: asked_at, random: &app.platform })?;
    let answer = app.platform.send(request, TIMEOUT).await;
    let answer = answer.map_err(|error| ArmError::unanswered(credential.issuer(), &error))?;
    credential.read(&answer, asked_at, app.platform.now())
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
