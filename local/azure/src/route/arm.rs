//! Everything below `/subscriptions`.

use http::Method;

use super::{ResourcePath, Route};

const AUTHORIZATION: &str = "microsoft.authorization";
const COMPUTE: &str = "microsoft.compute";
const NETWORK: &str = "microsoft.network";
const STORAGE: &str = "microsoft.storage";

/// Reads a path's segments: `words` in lower case, `names` as they came.
pub(super) fn parse(method: &Method, words: &[&str], names: &[&str]) -> Route {
    let text = |index: usize| names[index].to_owned();
    match (method.as_str(), words) {
        ("GET", ["subscriptions"]) => Route::Subscriptions,
        // An extension of whatever stands before it.
        ("GET", [_, _, .., "providers", AUTHORIZATION, "permissions"]) => {
            // Microsoft's clients write an empty segment where a resource has no parent; ARM takes it.
            let scope: Vec<&str> =
                names[..names.len() - 3].iter().copied().filter(|name| !name.is_empty()).collect();
            Route::Permissions { scope: format!("/{}", scope.join("/")) }
        }
        ("GET", [_, _, "providers", COMPUTE, "virtualmachines"]) => {
            Route::VirtualMachines { subscription: text(1), group: None }
        }
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
            in_group(method, provider, rest, names)
        }
        _ => Route::ArmUnknown,
    }
}

fn in_group(method: &str, provider: &str, rest: &[&str], names: &[&str]) -> Route {
    let text = |index: usize| names[index].to_owned();
    let path = || ResourcePath { subscription: text(1), group: text(3), name: text(7) };
    match (method, provider, rest) {
        ("GET", COMPUTE, ["virtualmachines"]) => {
            Route::VirtualMachines { subscription: text(1), group: Some(text(3)) }
        }
        ("GET", COMPUTE, ["virtualmachines", _]) => Route::VirtualMachine(path()),
        ("GET", COMPUTE, ["virtualmachinescalesets", _]) => Route::ScaleSet(path()),
        ("GET", COMPUTE, ["virtualmachinescalesets", _, "virtualmachines", _]) => {
            Route::ScaleSetInstance(path(), text(9))
        }
        ("GET", NETWORK, ["networkinterfaces", _]) => Route::Interface(path()),
        ("GET", NETWORK, ["publicipaddresses", _]) => Route::PublicAddress(path()),
        ("GET", NETWORK, ["loadbalancers", _]) => Route::LoadBalancer(path()),
        ("GET", NETWORK, ["applicationgateways", _]) => Route::ApplicationGateway(path()),
        ("GET", STORAGE, ["storageaccounts", _]) => Route::StorageAccount(path()),
        ("GET", NETWORK, ["networkwatchers"]) => {
            Route::Watchers { subscription: text(1), group: Some(text(3)) }
        }
        ("GET", NETWORK, ["networkwatchers", _]) => Route::Watcher(path()),
        ("GET", NETWORK, ["networkwatchers", _, "packetcaptures"]) => Route::CaptureList(path()),
        ("PUT", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => Route::CapturePut(path(), text(9)),
        ("GET", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => Route::CaptureGet(path(), text(9)),
        ("DELETE", NETWORK, ["networkwatchers", _, "packetcaptures", _]) => {
            Route::CaptureDelete(path(), text(9))
        }
        ("POST", NETWORK, ["networkwatchers", _, "packetcaptures", _, "stop"]) => {
            Route::CaptureStop(path(), text(9))
        }
        ("POST", NETWORK, ["networkwatchers", _, "packetcaptures", _, "querystatus"]) => {
            Route::CaptureStatus(path(), text(9))
        }
        _ => Route::ArmUnknown,
    }
}
