//! A client secret.

use bytes::Bytes;
use http::Request;
use secrecy::{ExposeSecret, SecretString};

use super::{Ask, Credential, entra::Application};
use crate::azure::arm::ArmError;

/// An application that knows a secret.
#[derive(Debug)]
pub struct ClientSecret {
    /// Which one.
    pub application: Application,
    /// The secret.
    pub secret: SecretString,
}

impl Credential for ClientSecret {
    fn kind(&self) -> &'static str {
        "client secret"
    }

    fn identity(&self) -> String {
        self.application.identity(self.kind())
    }

    fn secret(&self) -> Option<&[u8]> {
        Some(self.secret.expose_secret().as_bytes())
    }

    fn request(&self, ask: &Ask<'_>) -> Result<Request<Bytes>, ArmError> {
        self.application.request(ask, &[("client_secret", self.secret.expose_secret())])
    }
}
