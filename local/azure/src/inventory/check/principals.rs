//! Who may sign in: app registrations with their credentials, and managed identities.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};

use super::guid;
use crate::entra::certificate::{Certificate, IssuerKey};
use crate::entra::signing::TEST_CLUSTER;
use crate::inventory::{AppRegistration, Federated, IdentityKind, Inventory};

/// Entra's limit.
const MAX_FEDERATED: usize = 20;

/// Refuses what Entra would, and what could not work.
pub(super) fn check(inventory: &Inventory) -> Result<()> {
    let mut clients = HashSet::new();
    let mut claim = |client_id: &str| {
        ensure!(
            clients.insert(client_id.to_lowercase()),
            "two app registrations or identities have the client_id {client_id}: give each its own"
        );
        Ok(())
    };
    for tenant in &inventory.tenants {
        guid("tenants.id", &tenant.id)?;
        for app in &tenant.apps {
            guid("tenants.apps.client_id", &app.client_id)?;
            claim(&app.client_id)?;
            actions(&app.name, &app.actions, &app.not_actions)?;
            credentials(app)?;
        }
    }
    let mut names = HashSet::new();
    for identity in &inventory.identities {
        let name = &identity.name;
        ensure!(names.insert(name), "two identities are called {name}: rename one");
        guid("identities.client_id", &identity.client_id)?;
        guid("identities.object_id", &identity.object_id)?;
        claim(&identity.client_id)?;
        actions(name, &identity.actions, &identity.not_actions)?;
        ensure!(
            inventory.tenant(&identity.tenant_id).is_some(),
            "the identity {name} names the tenant {}, which is not there: add it to [[tenants]] or correct tenant_id",
            identity.tenant_id
        );
    }
    let own = inventory.identities.iter().filter(|identity| identity.kind == IdentityKind::SystemAssigned);
    ensure!(
        own.count() <= 1,
        "a host has one system-assigned identity at most: make the others UserAssigned"
    );
    Ok(())
}

fn actions(name: &str, actions: &[String], not_actions: &[String]) -> Result<()> {
    for action in actions.iter().chain(not_actions) {
        ensure!(
            is_action(action),
            "{name} has the action {action:?}: write it as Microsoft.Network/networkWatchers/read, with * for anything"
        );
    }
    Ok(())
}

/// An action as roles have it, or the beginning of one with stars.
fn is_action(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "./*_-".contains(c);
    text.contains(['/', '*']) && text.chars().all(fits)
}

fn credentials(app: &AppRegistration) -> Result<()> {
    let name = &app.name;
    for pem in &app.certificates {
        Certificate::from_pem(pem).with_context(|| {
            format!(
                "a certificate of the app {name} cannot be read: give one PEM block, -----BEGIN CERTIFICATE-----"
            )
        })?;
    }
    ensure!(
        app.federated.len() <= MAX_FEDERATED,
        "the app {name} has more than {MAX_FEDERATED} federated credentials, Entra's limit: share them out"
    );
    let mut trusted = HashSet::new();
    for one in &app.federated {
        federated(name, one)?;
        ensure!(
            trusted.insert((&one.issuer, &one.subject)),
            "the app {name} has two federated credentials for {} of {}: Entra takes one",
            one.subject,
            one.issuer
        );
    }
    Ok(())
}

fn federated(app: &str, one: &Federated) -> Result<()> {
    ensure!(
        one.issuer.starts_with("https://"),
        "a federated credential of the app {app} has the issuer {:?}: it is an https URL, exactly as in the tokens' iss",
        one.issuer
    );
    ensure!(
        !one.subject.is_empty(),
        "a federated credential of the app {app} has no subject: name who it is for"
    );
    ensure!(
        !one.audiences.is_empty(),
        "a federated credential of the app {app} names no audience: leave audiences out for Entra's own"
    );
    if one.key != TEST_CLUSTER {
        IssuerKey::from_pem(&one.key, None).with_context(|| {
            format!(
                "the key of {} cannot be read (app {app}): give its public key or certificate, one PEM block, or the name {TEST_CLUSTER}",
                one.issuer
            )
        })?;
    }
    Ok(())
}
