//! The identity that Azure gives to what alertcap runs on, by its instance metadata service (IMDS).
//!
//! Source: "How to use managed identities for Azure resources on an Azure VM to acquire an access token".

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use url::Url;

use super::{Ask, Credential, Token, entra, not_made, token, unreadable};
use crate::{
    azure::arm::{ArmError, ErrorKind},
    time::Timestamp,
};

/// `api-version` of the token request.
const API_VERSION: &str = "2018-02-01";

/// Which of the machine's identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Its own.
    System,
    /// One that was assigned to it, by its client id.
    ClientId(String),
    /// The same, by its ARM id.
    ResourceId(String),
}

/// A managed identity.
#[derive(Debug)]
pub struct ManagedIdentity {
    /// The metadata service, `http://169.254.169.254`.
    pub imds: Url,
    /// Which identity.
    pub which: Which,
}

impl ManagedIdentity {
    fn chosen(&self) -> Option<(&'static str, &str)> {
        match &self.which {
            Which::System => None,
            Which::ClientId(id) => Some(("client_id", id)),
            Which::ResourceId(id) => Some(("msi_res_id", id)),
        }
    }
}

impl Credential for ManagedIdentity {
    fn kind(&self) -> &'static str {
        "managed identity"
    }

    fn issuer(&self) -> &'static str {
        "the instance metadata service"
    }

    fn identity(&self) -> String {
        let (_, id) = self.chosen().unwrap_or_default();
        [self.kind(), self.imds.as_str(), id].join("\n")
    }

    fn secret(&self) -> Option<&[u8]> {
        None
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Bytes>, ArmError> {
        let mut url = self.imds.clone();
        url.set_path("/metadata/identity/oauth2/token");
        // IMDS speaks of resources, not of scopes, and of this one with its slash.
        let resource = format!("{}/", ask.resource);
        let fields = [("api-version", API_VERSION), ("resource", &resource)];
        url.query_pairs_mut().extend_pairs(fields).extend_pairs(self.chosen());
        Request::get(url.as_str())
            .header("metadata", "true")
            .body(Bytes::new())
            .map_err(|error| not_made(&error))
    }

    fn read(&self, answer: &Response<Bytes>, asked_at: Timestamp, now: Timestamp) -> Result<Token, ArmError> {
        if answer.status() == StatusCode::OK {
            return token(answer.body(), asked_at).ok_or_else(unreadable);
        }
        let mut error = entra::refusal(answer, now);
        if matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::GONE) {
            // It is being set up, or moved; Azure's own clients wait for it too.
            error.kind = ErrorKind::Passing;
        } else if error.kind == ErrorKind::Unable {
            let advice = "Assign the managed identity to what alertcap runs on, and set managed_identity to system, to its \
                          client id or to its ARM id.";
            *error.failure = error.failure.advise(advice);
        }
        Err(error)
    }
}
