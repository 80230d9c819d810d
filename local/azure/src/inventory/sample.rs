//! What a first user needs to know.

use serde::Serialize;

use super::compute::has_agent;
use super::{AppRegistration, IdentityKind, Inventory};
use crate::entra::signing::TEST_CLUSTER;

const SAMPLE_KEY: &str = include_str!("../../sample/alertcap-key.pem");
const SAMPLE_CERTIFICATE: &str = include_str!("../../sample/alertcap-cert.pem");

/// What a first user needs to know: who signs in, what is captured, where files go.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// The tenant to sign in to.
    pub tenant_id: String,
    /// The app registration that has a secret.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its private key and certificate, PEM, if they are the sample's.
    pub client_certificate_pem: Option<String>,
    /// An outside issuer and subject that it trusts, if the test cluster is one: `/_standin/federated-token` makes its tokens.
    pub federated_issuer: Option<String>,
    /// The subject.
    pub federated_subject: Option<String>,
    /// A managed identity of the host that was made for itself and may do everything.
    pub identity_client_id: Option<String>,
    /// Its ARM id.
    pub identity_resource_id: Option<String>,
    /// The subscription of the machine.
    pub subscription_id: String,
    /// A machine with the agent, in a region with a watcher.
    pub machine_id: String,
    /// A storage account in the machine's region.
    pub storage_account_id: String,
}

impl Inventory {
    /// The first app with a usable secret, the first machine that can be captured, and an account beside it.
    pub fn sample(&self) -> Option<Sample> {
        self.subscriptions.iter().find_map(|subscription| {
            let tenant = self.tenant(&subscription.tenant_id)?;
            let can_work =
                |app: &&AppRegistration| !app.disabled && app.blob_reader && app.role().may_everything();
            let (app, secret) = tenant.apps.iter().filter(can_work).find_map(|app| {
                app.secrets.iter().find(|secret| !secret.expired).map(|secret| (app, &secret.value))
            })?;
            let machine = subscription.machines.iter().find(|machine| {
                has_agent(&machine.extensions)
                    && machine.power_state == "running"
                    && subscription.watcher_in(&machine.location).is_some()
            })?;
            let account = subscription.storage_accounts.iter().find(|account| {
                account.location.eq_ignore_ascii_case(&machine.location)
                    && account.takes_uploads()
                    && account.is_open()
                    && !account.sku.starts_with("Premium")
            })?;
            let federated = app.federated.iter().find(|one| one.key == TEST_CLUSTER);
            let identity = self.identities.iter().find(|identity| {
                identity.kind == IdentityKind::UserAssigned
                    && identity.assigned
                    && identity.blob_reader
                    && identity.role().may_everything()
            });
            Some(Sample {
                tenant_id: tenant.id.clone(),
                client_id: app.client_id.clone(),
                client_secret: secret.clone(),
                client_certificate_pem: sample_certificate(app),
                federated_issuer: federated.map(|one| one.issuer.clone()),
                federated_subject: federated.map(|one| one.subject.clone()),
                identity_client_id: identity.map(|identity| identity.client_id.clone()),
                identity_resource_id: identity.map(|identity| identity.resource_id.clone()),
                subscription_id: subscription.id.clone(),
                machine_id: subscription.machine_id(machine),
                storage_account_id: subscription.account_id(account),
            })
        })
    }
}

/// The sample certificate with its private key, for an app that has it.
fn sample_certificate(app: &AppRegistration) -> Option<String> {
    let has = app.certificates.iter().any(|pem| pem.trim() == SAMPLE_CERTIFICATE.trim());
    has.then(|| format!("{SAMPLE_KEY}{SAMPLE_CERTIFICATE}"))
}
