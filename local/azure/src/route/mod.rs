//! What a request asks for: method and path become one typed value, and its operation's name.

mod arm;
#[cfg(test)]
mod tests;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::request::Req;

/// Every operation that is recorded and can be given a fault.
pub const OPERATIONS: &[&str] = &[
    "token",
    "openid",
    "keys",
    "imds.token",
    "metadata",
    "subscriptions.list",
    "virtualMachines.list",
    "virtualMachines.get",
    "virtualMachineScaleSets.get",
    "virtualMachineScaleSetVMs.get",
    "networkInterfaces.get",
    "publicIPAddresses.get",
    "loadBalancers.get",
    "applicationGateways.get",
    "storageAccounts.get",
    "permissions.list",
    "networkWatchers.list",
    "networkWatchers.get",
    "packetCaptures.put",
    "packetCaptures.get",
    "packetCaptures.delete",
    "packetCaptures.list",
    "packetCaptures.stop",
    "packetCaptures.queryStatus",
    "operations.get",
    "operationResults.get",
    "blob.get",
    "blob.head",
    "blob.list",
    "blob.delegationKey",
    "notify",
    "slack",
    "teams",
];

/// Where a resource is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) name: String,
}

/// A request's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Token {
        tenant: String,
    },
    OpenId {
        tenant: String,
    },
    /// A tenant's keys, as they were first laid out or as they are for tokens of version 2.0.
    Keys {
        tenant: String,
        version: u8,
    },
    /// A managed identity's token, of the instance metadata service.
    IdentityToken,
    Metadata,
    Subscriptions,
    VirtualMachines {
        subscription: String,
        group: Option<String>,
    },
    VirtualMachine(ResourcePath),
    ScaleSet(ResourcePath),
    /// A scale set and the id of one of its instances.
    ScaleSetInstance(ResourcePath, String),
    Interface(ResourcePath),
    PublicAddress(ResourcePath),
    LoadBalancer(ResourcePath),
    ApplicationGateway(ResourcePath),
    StorageAccount(ResourcePath),
    /// What the caller may do on a subscription, a group or a resource.
    Permissions {
        scope: String,
    },
    Watchers {
        subscription: String,
        group: Option<String>,
    },
    Watcher(ResourcePath),
    CaptureList(ResourcePath),
    CapturePut(ResourcePath, String),
    CaptureGet(ResourcePath, String),
    CaptureDelete(ResourcePath, String),
    CaptureStop(ResourcePath, String),
    CaptureStatus(ResourcePath, String),
    Operation {
        subscription: String,
        id: String,
    },
    OperationResult {
        subscription: String,
        id: String,
    },
    Blob {
        account: String,
        container: String,
        name: String,
        head: bool,
    },
    BlobList {
        account: String,
        container: String,
    },
    /// A key to sign links with.
    DelegationKey {
        account: String,
    },
    Notify {
        name: String,
    },
    Slack {
        name: String,
    },
    Teams {
        name: String,
    },
    Control {
        path: String,
    },
    /// Below `/subscriptions`, but nothing the stand-in plays, or not with this method.
    ArmUnknown,
    Unknown,
}

impl Route {
    /// Reads a request. Of a container and an account, only what is asked in the query is played.
    pub(crate) fn of(req: &Req) -> Self {
        let route = Self::parse(&req.method, req.uri.path());
        let asks = |what: &str| req.query("comp").is_some_and(|comp| comp == what);
        match route {
            Self::BlobList { .. } if !asks("list") => Self::Unknown,
            Self::DelegationKey { .. } if !asks("userdelegationkey") => Self::Unknown,
            route => route,
        }
    }

    /// Reads method and path. Azure's paths are taken in any case; names keep the caller's.
    pub(crate) fn parse(method: &Method, path: &str) -> Self {
        let decoded: Vec<String> = path
            .trim_start_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let names: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let lower: Vec<String> = decoded.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["_standin", rest @ ..] => Self::Control { path: rest.join("/") },
            ["subscriptions", ..] => arm::parse(method, &words, &names),
            ["metadata", "endpoints"] if method == Method::GET => Self::Metadata,
            ["metadata", "identity", "oauth2", "token"] if method == Method::GET => Self::IdentityToken,
            ["slack", _, ..] if method == Method::POST => Self::Slack { name: names[1..].join("/") },
            ["teams", _, ..] if method == Method::POST => Self::Teams { name: names[1..].join("/") },
            ["notify", _] if method == Method::POST => Self::Notify { name: names[1].into() },
            [_, "oauth2", "v2.0", "token"] if method == Method::POST => {
                Self::Token { tenant: names[0].into() }
            }
            [_, "v2.0", ".well-known", "openid-configuration"] if method == Method::GET => {
                Self::OpenId { tenant: names[0].into() }
            }
            [_, "discovery", "keys"] if method == Method::GET => {
                Self::Keys { tenant: names[0].into(), version: 1 }
            }
            [_, "discovery", "v2.0", "keys"] if method == Method::GET => {
                Self::Keys { tenant: names[0].into(), version: 2 }
            }
            [_, _, rest @ ..] if !rest.is_empty() && (method == Method::GET || method == Method::HEAD) => {
                Self::Blob {
                    account: names[0].into(),
                    container: names[1].into(),
                    name: names[2..].join("/"),
                    head: method == Method::HEAD,
                }
            }
            [_, container] if !container.is_empty() && method == Method::GET => {
                Self::BlobList { account: names[0].into(), container: names[1].into() }
            }
            [account] | [account, ""] if !account.is_empty() && method == Method::POST => {
                Self::DelegationKey { account: names[0].into() }
            }
            _ => Self::Unknown,
        }
    }

    /// Whether ARM answers it.
    pub(crate) fn is_arm(&self) -> bool {
        !matches!(
            self,
            Self::Token { .. }
                | Self::OpenId { .. }
                | Self::Keys { .. }
                | Self::IdentityToken
                | Self::Metadata
                | Self::Blob { .. }
                | Self::BlobList { .. }
                | Self::DelegationKey { .. }
                | Self::Notify { .. }
                | Self::Slack { .. }
                | Self::Teams { .. }
                | Self::Control { .. }
                | Self::Unknown
        )
    }

    /// The name of the session it is about; `of_operation` knows it of an operation's id.
    pub(crate) fn capture(&self, of_operation: impl Fn(&str) -> Option<String>) -> Option<String> {
        match self {
            Self::CapturePut(_, name)
            | Self::CaptureGet(_, name)
            | Self::CaptureDelete(_, name)
            | Self::CaptureStop(_, name)
            | Self::CaptureStatus(_, name) => Some(name.clone()),
            Self::Operation { id, .. } | Self::OperationResult { id, .. } => of_operation(id),
            _ => None,
        }
    }

    /// The name under which it is recorded.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::OpenId { .. } => "openid",
            Self::Keys { .. } => "keys",
            Self::IdentityToken => "imds.token",
            Self::Metadata => "metadata",
            Self::Subscriptions => "subscriptions.list",
            Self::VirtualMachines { .. } => "virtualMachines.list",
            Self::VirtualMachine(_) => "virtualMachines.get",
            Self::ScaleSet(_) => "virtualMachineScaleSets.get",
            Self::ScaleSetInstance(..) => "virtualMachineScaleSetVMs.get",
            Self::Interface(_) => "networkInterfaces.get",
            Self::PublicAddress(_) => "publicIPAddresses.get",
            Self::LoadBalancer(_) => "loadBalancers.get",
            Self::ApplicationGateway(_) => "applicationGateways.get",
            Self::StorageAccount(_) => "storageAccounts.get",
            Self::Permissions { .. } => "permissions.list",
            Self::Watchers { .. } => "networkWatchers.list",
            Self::Watcher(_) => "networkWatchers.get",
            Self::CaptureList(_) => "packetCaptures.list",
            Self::CapturePut(..) => "packetCaptures.put",
            Self::CaptureGet(..) => "packetCaptures.get",
            Self::CaptureDelete(..) => "packetCaptures.delete",
            Self::CaptureStop(..) => "packetCaptures.stop",
            Self::CaptureStatus(..) => "packetCaptures.queryStatus",
            Self::Operation { .. } => "operations.get",
            Self::OperationResult { .. } => "operationResults.get",
            Self::Blob { head: false, .. } => "blob.get",
            Self::Blob { head: true, .. } => "blob.head",
            Self::BlobList { .. } => "blob.list",
            Self::DelegationKey { .. } => "blob.delegationKey",
            Self::Notify { .. } => "notify",
            Self::Slack { .. } => "slack",
            Self::Teams { .. } => "teams",
            Self::Control { .. } => "control",
            Self::ArmUnknown | Self::Unknown => "unknown",
        }
    }
}
