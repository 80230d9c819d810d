//! Each operation is reached by its path.

use super::*;

fn operation(method: &str, path: &str) -> &'static str {
    Route::parse(&method.parse().expect("a method"), path).operation()
}

#[test]
fn every_operation_is_reached_by_its_path_in_any_case() {
    let group = "/subscriptions/s/resourceGroups/g";
    let network = format!("{group}/providers/Microsoft.Network");
    let watcher = format!("{network}/networkWatchers/w");
    let compute = format!("{group}/providers/Microsoft.Compute");
    let location = "/subscriptions/s/providers/Microsoft.Network/locations/westeurope";
    let paths = [
        ("POST", "/t/oauth2/v2.0/token".to_owned(), "token"),
        ("GET", "/t/v2.0/.well-known/openid-configuration".into(), "openid"),
        ("GET", "/t/discovery/keys".into(), "keys"),
        ("GET", "/t/discovery/v2.0/keys".into(), "keys"),
        ("GET", "/metadata/identity/oauth2/token".into(), "imds.token"),
        ("GET", "/metadata/endpoints".into(), "metadata"),
        ("GET", "/subscriptions".into(), "subscriptions.list"),
        ("GET", format!("{compute}/virtualMachines"), "virtualMachines.list"),
        (
            "GET",
            "/subscriptions/s/providers/Microsoft.Compute/virtualMachines".into(),
            "virtualMachines.list",
        ),
        ("GET", format!("{compute}/virtualMachines/m"), "virtualMachines.get"),
        ("GET", format!("{compute}/virtualMachineScaleSets/m"), "virtualMachineScaleSets.get"),
        (
            "GET",
            format!("{compute}/virtualMachineScaleSets/m/virtualMachines/0"),
            "virtualMachineScaleSetVMs.get",
        ),
        ("GET", format!("{network}/networkInterfaces/n"), "networkInterfaces.get"),
        ("GET", format!("{network}/publicIPAddresses/p"), "publicIPAddresses.get"),
        ("GET", format!("{network}/loadBalancers/l"), "loadBalancers.get"),
        ("GET", format!("{network}/applicationGateways/a"), "applicationGateways.get"),
        ("GET", format!("{group}/providers/Microsoft.Storage/storageAccounts/a"), "storageAccounts.get"),
        ("GET", format!("{watcher}/providers/Microsoft.Authorization/permissions"), "permissions.list"),
        ("GET", format!("{group}/providers/Microsoft.Authorization/permissions"), "permissions.list"),
        (
            "GET",
            "/subscriptions/s/providers/Microsoft.Network/networkWatchers".into(),
            "networkWatchers.list",
        ),
        ("GET", watcher.clone(), "networkWatchers.get"),
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
        ("GET", "/account/container".into(), "blob.list"),
        ("POST", "/account/".into(), "blob.delegationKey"),
        ("POST", "/notify/people".into(), "notify"),
        ("POST", "/slack/services/T0/B0/secret".into(), "slack"),
        ("POST", "/teams/workflow".into(), "teams"),
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

#[test]
fn permissions_are_asked_of_a_scope_with_or_without_an_empty_parent() {
    let path = "/subscriptions/s/resourcegroups/G/providers/Microsoft.Compute//virtualMachines/W%201/providers/Microsoft.Authorization/permissions";
    let scope =
        "/subscriptions/s/resourcegroups/G/providers/Microsoft.Compute/virtualMachines/W 1".to_owned();
    assert_eq!(Route::parse(&Method::GET, path), Route::Permissions { scope });
}
