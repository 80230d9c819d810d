//! Why something failed and what to do about it, in the words of the thing that failed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::clean;

/// One failure, as the caller, the record and the people notified see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The code as it came (`AADSTS7000215`, ARM's `error.code`, `StorageFailed`), or one of ours in camelCase.
    pub code: String,
    /// The message as it came, cleaned.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The HTTP status it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Azure's id of the request, for a support case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Failure {
    /// A failure with the advice that belongs to its code.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl AsRef<str>) -> Self {
        let code = clean(&code.into());
        let message = clean(message.as_ref());
        let advice = advice(&code).map(str::to_owned);
        Self { code, message, advice, status: None, request_id: None }
    }

    /// With another advice than the code's own.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// What to do about the failures that are known. Sources: Microsoft Entra's reference of AADSTS codes, Network
/// Watcher's documents on packet capture; codes of ours are in camelCase.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "AADSTS7000215" => {
            "The client secret is wrong. Set client_secret to the secret's value (not its id), newly made if need be."
        }
        "AADSTS7000222" => "The client secret has expired. Make a new one and set client_secret.",
        "AADSTS7000218" => {
            "Entra saw neither a secret nor an assertion. Check that nothing between changes requests."
        }
        "AADSTS50012" | "AADSTS50013" | "AADSTS50027" | "AADSTS700027" | "AADSTS7000272" => {
            "Entra does not know what signed. Add the certificate in client_certificate to the application, or set the one that \
             it has; of a federated token, check its issuer's keys."
        }
        "AADSTS700021" | "AADSTS700023" => {
            "The signed statement is another application's or tenant's. Check client_id, tenant_id and login_endpoint."
        }
        "AADSTS700024" => {
            "The signed statement is out of its time. Check the clock of what alertcap runs on, or put a fresh token into \
             federated_token."
        }
        "AADSTS70025" | "AADSTS700211" | "AADSTS700212" | "AADSTS700213" | "AADSTS7002138" => {
            "The application trusts no such token. Compare its federated credential's issuer, subject and audience with the \
             token's, letter by letter."
        }
        "AADSTS90033" | "AADSTS90024" | "AADSTS90012" | "AADSTS90055" | "temporarily_unavailable" => {
            "Entra is busy. alertcap tries again."
        }
        "AADSTS7000112" => "The application is disabled in Entra. Enable its service principal.",
        "AADSTS700016" => "The application is not in this tenant. Check client_id and tenant_id.",
        "AADSTS90002" => "The tenant does not exist. Check tenant_id and login_endpoint.",
        "AADSTS70011" | "AADSTS500011" => {
            "Entra does not know this ARM endpoint. Check arm_endpoint and the cloud."
        }
        "AADSTS90038" | "AADSTS900382" | "AADSTS900432" => {
            "The tenant is in another cloud. Check login_endpoint and arm_endpoint."
        }
        "AuthorizationFailed" | "LinkedAuthorizationFailed" | "notReadable" => {
            "The application lacks a permission. Give it the actions named in the message, on that scope."
        }
        "SubscriptionNotFound"
        | "ResourceGroupNotFound"
        | "ResourceNotFound"
        | "notFound"
        | "machineNotFound" => {
            "It does not exist, or the application may not see it. Check the alert rule's target and the role assignment."
        }
        "AgentStopped" => {
            "The Network Watcher agent on the machine stopped. Check that the extension is installed and running."
        }
        "CaptureFailed" => "The agent could not capture. Look at the extension's log on the machine.",
        "LocalFileFailed" => "The agent could not write on the machine's disk. Check its free space.",
        "StorageFailed" => {
            "The agent could not upload. The storage account must be Standard, in the machine's region, reachable from \
             its subnet, with account-key access on."
        }
        "noNetworkWatcher" => {
            "Enable Network Watcher in that region: az network watcher configure --locations <region> --enabled true \
             --resource-group NetworkWatcherRG"
        }
        "sessionLimit" => {
            "Delete capture sessions that have ended (their files stay), or raise session_limit up to Azure's 10000."
        }
        "settings" => "Set the variables named in the message; GET /readyz shows when all are well.",
        "addressNotAllowed" => {
            "Check that login_endpoint, arm_endpoint, imds_endpoint, storage_endpoint and notify_host name the hosts to be called."
        }
        _ => return None,
    })
}
