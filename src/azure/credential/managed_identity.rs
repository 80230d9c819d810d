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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::Sim;

    fn identity(which: Which) -> ManagedIdentity {
        ManagedIdentity { imds: "http://169.254.169.254".parse().unwrap(), which }
    }

    #[test]
    fn the_request_is_what_azure_documents_for_each_kind_of_identity() {
        let sim = Sim::new();
        let base = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01\
                    &resource=https%3A%2F%2Fmanagement.azure.com%2F";
        for (which, more) in [
            (Which::System, ""),
            (Which::ClientId("c-1".into()), "&client_id=c-1"),
            (Which::ResourceId("/subscriptions/s/x".into()), "&msi_res_id=%2Fsubscriptions%2Fs%2Fx"),
        ] {
            let ask =
                Ask { resource: "https://management.azure.com", now: Timestamp::from_unix(0), random: &sim };
            let request = identity(which).request(&ask).unwrap();
            assert_eq!(request.uri().to_string(), format!("{base}{more}"));
            assert_eq!(
                (request.method().as_str(), &request.headers()["metadata"]),
                ("GET", &"true".parse().unwrap())
            );
            assert!(request.body().is_empty());
        }
    }

    #[test]
    fn what_passes_at_imds_is_tried_again_and_a_missing_identity_is_told_with_what_to_do() {
        let read = |status: u16, body: Value| {
            let answer = Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap();
            let at = Timestamp::from_unix(0);
            identity(Which::System).read(&answer, at, at).err().unwrap()
        };
        for status in [404, 410, 429, 500, 503] {
            assert_eq!(read(status, json!({"error": "x"})).kind, ErrorKind::Passing, "{status}");
        }
        let none = json!({"error": "invalid_request", "error_description": "Identity not found"});
        let error = read(400, none);
        assert_eq!(
            (error.kind, error.failure.to_string().as_str()),
            (ErrorKind::Unable, "invalid_request: Identity not found")
        );
        assert!(error.failure.advice.unwrap().contains("managed_identity"));
    }
}
