//! A token of an outside issuer that Entra has been told to trust: workload identity.

use bytes::Bytes;
use http::Request;
use secrecy::{ExposeSecret, SecretString};

use super::{Ask, Credential, entra::Application};
use crate::azure::arm::ArmError;

/// An application that somebody else vouches for.
#[derive(Debug)]
pub struct FederatedToken {
    /// Which one.
    pub application: Application,
    /// What the other says of it: a JWT, replaced by whoever issues it before it ends.
    pub token: SecretString,
}

impl Credential for FederatedToken {
    fn kind(&self) -> &'static str {
        "federated token"
    }

    fn identity(&self) -> String {
        self.application.identity(self.kind())
    }

    fn secret(&self) -> Option<&[u8]> {
        // It is another one every hour.
        None
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Bytes>, ArmError> {
        self.application.request_with_assertion(ask, self.token.expose_secret())
    }
}
