//! What a request asks for: method and path become one typed value, and its operation's name.

use http::Method;
use percent_encoding::percent_decode_str;

/// Every operation that is recorded and can be given a fault.
pub const OPERATIONS: &[&str] = &[
    "token",
    "openid",
    "metadata",
    "subscriptions.list",
    "virtualMachines.get",
    "virtualMachineScaleSets.get",
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
    "notify",
];

/// Where a watcher is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatcherPath {
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
    Keys {
        tenant: String,
    },
    Metadata,
    Subscriptions,
    VirtualMachine {
        subscription: String,
        group: String,
        name: String,
    },
    ScaleSet {
        subscription: String,
        group: String,
        name: String,
    },
    Watchers {
        subscription: String,
        group: Option<String>,
    },
    Watcher(WatcherPath),
    CaptureList(WatcherPath),
    CapturePut(WatcherPath, String),
    CaptureGet(WatcherPath, String),
    CaptureDelete(WatcherPath, String),
    CaptureStop(WatcherPath, String),
    CaptureStatus(WatcherPath, String),
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
    Notify {
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
            ["subscriptions", ..] => arm(method, &words, &names),
            ["metadata", "endpoints"] if method == Method::GET => Self::Metadata,
            ["notify", _] if method == Method::POST => Self::Notify { name: names[1].into() },
            [_, "oauth2", "v2.0", "token"] if method == Method::POST => {
                Self::Token { tenant: names[0].into() }
            }
            [_, "v2.0", ".well-known", "openid-configuration"] if method == Method::GET => {
                Self::OpenId { tenant: names[0].into() }
            }
            [_, "discovery", "v2.0", "keys"] if method == Method::GET => {
                Self::Keys { tenant: names[0].into() }
            }
            [_, _, rest @ ..] if !rest.is_empty() && (method == Method::GET || method == Method::HEAD) => {
                Self::Blob {
                    account: names[0].into(),
                    container: names[1].into(),
                    name: names[2..].join("/"),
                    head: method == Method::HEAD,
                }
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
                | Self::Metadata
                | Self::Blob { .. }
                | Self::Notify { .. }
                | Self::Control { .. }
                | Self::Unknown
        )
    }

    /// The name under which it is recorded.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::OpenId { .. } | Self::Keys { .. } => "openid",
            Self::Metadata => "metadata",
            Self::Subscriptions => "subscriptions.list",
            Self::VirtualMachine { .. } => "virtualMachines.get",
            Self::ScaleSet { .. } => "virtualMachineScaleSets.get",
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
            Self::Notify { .. } => "notify",
            Self::Control { .. } => "control",
            Self::ArmUnknown | Self::Unknown => "unknown",
        }
    }
}

fn arm(method: &Method, words: &[&str], names: &[&str]) -> Route {
    const NETWORK: &str = "microsoft.network";
    const COMPUTE: &str = "microsoft.compute";
    let text = |index: usize| names[index].to_owned();
    let watcher = || WatcherPath { subscription: text(1), group: text(3), name: text(7) };
    match (method.as_str(), words) {
        ("GET", ["subscriptions"]) => Route::Subscriptions,
        ("GET", [_, _, "providers", NETWORK, "networkwatchers"]) => {
            Route::Watchers { subscription: text(1), group: None }
        }
        ("GET", [_, _, "providers", NETWORK, "locations", _, "operations", _]) => {
            Route::Operation { subscription: text(1), id: text(7) }
        }
        ("GET", [_, _, "providers", NETWORK, "locations", _, "operationresults", _]) => {
            Route::OperationResult { subscription: text(1), id: text(7) }
        }
        (method, [_, _, "resourcegroups", _, "providers", provider, rest @ ..]) => {
            match (method, *provider, rest) {
                ("GET", COMPUTE, ["virtualmachines", _]) => {
                    Route::VirtualMachine { subscription: text(1), group: text(3), name: text(7) }
                }
                ("GET", COMPUTE, ["virtualmachinescalesets", _]) => {
                    Route::ScaleSet { subscription: text(1), group: text(3), name: text(7) }
                }
                ("GET", NETWORK, ["networkwatchers"]) => {
                    Route::Watchers { subscription: text(1), group: Some(text(3)) }
                }
                ("GET", NETWORK, ["networkwatchers", _]) => Route::Watcher(watcher()),
                ("GET", NETWORK, ["networkwatchers", _, "packetcaptures"]) => Route::CaptureList(watcher()),
                ("PUT", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => {
                    Route::CapturePut(watcher(), text(9))
                }
                ("GET", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => {
                    Route::CaptureGet(watcher(), text(9))
                }
                ("DELETE", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => {
                    Route::CaptureDelete(watcher(), text(9))
                }
                ("POST", NETWORK, ["networkwatchers", _, "packetcaptures", _, "stop"]) => {
                    Route::CaptureStop(watcher(), text(9))
                }
                ("POST", NETWORK, ["networkwatchers", _, "packetcaptures", _, "querystatus"]) => {
                    Route::CaptureStatus(watcher(), text(9))
                }
                _ => Route::ArmUnknown,
            }
        }
        _ => Route::ArmUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: &str, path: &str) -> &'static str {
        Route::parse(&method.parse().expect("a method"), path).operation()
    }

    #[test]
    fn every_operation_is_reached_by_its_path_in_any_case() {
        let watcher = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkWatchers/w";
        let compute = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute";
        let location = "/subscriptions/s/providers/Microsoft.Network/locations/westeurope";
        let paths = [
            ("POST", "/t/oauth2/v2.0/token".to_owned(), "token"),
            ("GET", "/t/v2.0/.well-known/openid-configuration".into(), "openid"),
            ("GET", "/metadata/endpoints".into(), "metadata"),
            ("GET", "/subscriptions".into(), "subscriptions.list"),
            ("GET", format!("{compute}/virtualMachines/m"), "virtualMachines.get"),
            ("GET", format!("{compute}/virtualMachineScaleSets/m"), "virtualMachineScaleSets.get"),
            (
                "GET",
                "/subscriptions/s/providers/Microsoft.Network/networkWatchers".into(),
                "networkWatchers.list",
            ),
            ("GET", watcher.into(), "networkWatchers.get"),
            ("PUT", format!("{watcher}/packetCaptures/c"), "packetCaptures.put"),
            ("GET", format!("{watcher}/packetCaptures/c"), "packetCaptures.get"),
            ("DELETE", format!("{watcher}/packetCaptures/c"), "packetCaptures.delete"),
            ("GET", format!("{watcher}/packetCaptures"), "packetCaptures.list"),
            ("POST", format!("{watcher}/packetCaptures/c/stop"), "packetCaptures.stop"),
            ("POST", format!("{watcher}/packetCaptures/c/queryStatus"), "packetCaptures.queryStatus"),
            ("GET", format!("{location}/operations/o"), "operations.get"),
            ("GET", format!("{location}/operationResults/o"), "operationResults.get"),
            ("GET", "/account/container/a/b.cap".into(), "blob.get"),
            ("HEAD", "/account/container/a/b.cap".into(), "blob.head"),
            ("POST", "/notify/people".into(), "notify"),
        ];
        for (method, path, expected) in &paths {
            assert_eq!(operation(method, path), *expected, "{method} {path}");
            assert_eq!(operation(method, &path.to_uppercase()), *expected, "{method} {path} in capitals");
        }
        let mut reached: Vec<&str> = paths.iter().map(|(.., name)| *name).collect();
        reached.dedup();
        assert_eq!(reached, OPERATIONS);
    }

    #[test]
    fn names_keep_the_callers_case_and_are_decoded() {
        let path = "/SUBSCRIPTIONS/s/resourcegroups/G/providers/microsoft.network/NetworkWatchers/W/packetcaptures/a%20B";
        let Route::CapturePut(watcher, name) = Route::parse(&Method::PUT, path) else { panic!("not a PUT") };
        assert_eq!((watcher.group.as_str(), watcher.name.as_str(), name.as_str()), ("G", "W", "a B"));
    }
}
