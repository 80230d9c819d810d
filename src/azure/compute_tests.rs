use serde_json::json;

use super::*;

fn extension(publisher: &str, kind: &str) -> Value {
    json!({"name": "any", "properties": {"publisher": publisher, "type": kind, "typeHandlerVersion": "1.4"}})
}

#[test]
fn the_agent_is_known_by_publisher_and_type_whatever_its_name() {
    let machine = |extension: Value| parse(&json!({"location": "West Europe", "resources": [extension]}));
    assert!(machine(extension("microsoft.azure.networkwatcher", "networkwatcheragentlinux")).has_agent);
    assert!(!machine(extension("Other", "NetworkWatcherAgentLinux")).has_agent);
    assert!(!machine(extension("Microsoft.Azure.NetworkWatcher", "Other")).has_agent);
    assert!(!parse(&json!({"location": "x"})).has_agent, "Azure leaves `resources` out where there are none");
    let set = json!({"properties": {"virtualMachineProfile": {
        "storageProfile": {"osDisk": {"osType": "Windows"}},
        "extensionProfile": {"extensions": [extension("Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentWindows")]},
    }}});
    assert!(parse(&set).has_agent && parse(&set).is_windows);
}

#[test]
fn region_tags_and_power_state_are_read_and_nulls_survived() {
    let view = parse(&json!({
        "location": "West Europe", "tags": {"tier": "web"},
        "properties": {"instanceView": {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/deallocated"}]}},
    }));
    assert_eq!((view.location.as_str(), view.power_state.as_deref()), ("westeurope", Some("deallocated")));
    assert_eq!(view.tags["tier"], "web");
    let empty = parse(&json!({"location": null, "tags": null, "properties": null, "resources": null}));
    assert_eq!((empty.location.as_str(), empty.tags.len()), ("", 0));
}

#[test]
fn the_command_installs_the_agent_of_the_machines_system() {
    let of = |kind: &str| {
        let id = format!("/subscriptions/s-1/resourceGroups/rg-a/providers/Microsoft.Compute/{kind}");
        Machine::of(&ResourceId::parse(&id).unwrap()).unwrap()
    };
    assert_eq!(
        install_agent(&of("virtualMachines/web-01"), false),
        "az vm extension set --publisher Microsoft.Azure.NetworkWatcher --name NetworkWatcherAgentLinux --version 1.4 \
         --resource-group rg-a --vm-name web-01 --subscription s-1"
    );
    let set = install_agent(&of("virtualMachineScaleSets/api"), true);
    assert!(set.contains("az vmss extension set") && set.contains("--name NetworkWatcherAgentWindows"));
    assert!(set.contains("az vmss update-instances"));
}
