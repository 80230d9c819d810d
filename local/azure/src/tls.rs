//! The stand-in's own certificate authority, and the certificate it serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::keys;

/// What https needs.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// Where clients find the authority to trust.
    pub(crate) ca_file: PathBuf,
}

/// Opens the authority kept in the state, or makes one, and has it sign a fresh certificate for this machine.
pub(crate) fn open(state_dir: &Path) -> Result<Tls> {
    let ca_file = state_dir.join("ca.pem");
    let key_file = state_dir.join("ca-key.pem");
    let issuer = match (std::fs::read_to_string(&ca_file), std::fs::read_to_string(&key_file)) {
        (Ok(pem), Ok(key)) => read_issuer(&pem, &key).with_context(|| {
            format!(
                "{} and {} cannot be used: delete both, and new ones are made",
                ca_file.display(),
                key_file.display()
            )
        })?,
        _ => make_issuer(&ca_file, &key_file)?,
    };

    let mut params =
        CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])?;
    params.distinguished_name = named("localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // Short enough for clients that distrust long-lived server certificates: it is made anew at every start.
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(1);
    params.not_after = now + time::Duration::days(365);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), ca_file })
}

fn read_issuer(pem: &str, key: &str) -> Result<Issuer<'static, KeyPair>> {
    Ok(Issuer::from_ca_cert_pem(pem, KeyPair::from_pem(key)?)?)
}

fn make_issuer(ca_file: &Path, key_file: &Path) -> Result<Issuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = named("azure-standin, this machine only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    // Whoever has this key can pose as any host to those who trust the authority.
    keys::write_private(key_file, key.serialize_pem().as_bytes())?;
    std::fs::write(ca_file, certificate.pem())
        .with_context(|| format!("cannot write {}", ca_file.display()))?;
    Ok(Issuer::new(params, key))
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::OrganizationName, "alertcap azure-standin");
    names.push(DnType::CommonName, name);
    names
}
