use serde_json::json;

use super::*;
use crate::{
    platform::SendError,
    testing::{
        self, SUBSCRIPTION, Sim,
        azure::{Fault, error},
    },
};

fn network_id(rest: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/{rest}")
}

fn compute_id(rest: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.Compute/{rest}")
}

/// Azure has this network resource, by the last part of its id.
fn has(sim: &Sim, name: &str, properties: Value) {
    sim.0.azure.borrow_mut().network.insert(name.to_owned(), json!({ "properties": properties }));
}

fn nic_of(sim: &Sim, nic: &str, machine: &str) -> Value {
    has(sim, nic, json!({"virtualMachine": {"id": compute_id(&format!("virtualMachines/{machine}"))}}));
    json!({"id": network_id(&format!("networkInterfaces/{nic}/ipConfigurations/c"))})
}

fn ask_for(sim: &Sim, ids: &[String]) -> Result<Found, ArmError> {
    let (app, azure, captures) = (sim.app(), testing::azure(), testing::settings().captures);
    let ids = ids.iter().map(|id| ResourceId::parse(id).unwrap()).collect();
    sim.run(async move { machines(&Arm::new(&app, &azure), &captures, ids).await })
}

/// The names of the machines behind, each once, and why others are left out.
fn behind(sim: &Sim, id: &str) -> (Vec<String>, Vec<LeftOut>) {
    let found = ask_for(sim, &[network_id(id)]).unwrap();
    let machines = crate::plan::machine::together(found.machines);
    (machines.iter().map(|machine| machine.id.name().to_owned()).collect(), found.left_out)
}

fn reasons(left_out: &[LeftOut]) -> Vec<&str> {
    left_out.iter().map(|left_out| &*left_out.reason).collect()
}

#[test]
fn a_network_interface_leads_to_its_machine() {
    let sim = Sim::new();
    nic_of(&sim, "nic-1", "web-01");
    assert_eq!(behind(&sim, "networkInterfaces/nic-1"), (vec!["web-01".to_owned()], vec![]));
    assert_eq!(behind(&sim, "networkInterfaces/nic-1/ipConfigurations/c").0, ["web-01"]);
}

#[test]
fn a_public_address_leads_to_what_it_belongs_to() {
    let sim = Sim::new();
    let config = nic_of(&sim, "nic-1", "web-01");
    has(&sim, "of-nic", json!({ "ipConfiguration": config }));
    assert_eq!(behind(&sim, "publicIPAddresses/of-nic").0, ["web-01"]);
    for kind in ["loadBalancers", "applicationGateways"] {
        let front = network_id(&format!("{kind}/front/frontendIPConfigurations/f"));
        has(&sim, "of-front", json!({"ipConfiguration": {"id": front}}));
        let pool = json!({"properties": {"backendIPConfigurations": [nic_of(&sim, "nic-1", "web-01")]}});
        has(&sim, "front", json!({"backendAddressPools": [pool]}));
        assert_eq!(behind(&sim, "publicIPAddresses/of-front"), (vec!["web-01".to_owned()], vec![]));
    }
    has(
        &sim,
        "of-bastion",
        json!({"ipConfiguration": {"id": network_id("bastionHosts/b/bastionHostIpConfigurations/c")}}),
    );
    assert_eq!(reasons(&behind(&sim, "publicIPAddresses/of-bastion").1), ["notAMachine"]);
}

#[test]
fn a_load_balancer_leads_to_every_machine_once_and_to_instances_of_a_set_together() {
    let sim = Sim::new();
    let config = |instance: u8| {
        compute_id(&format!(
            "virtualMachineScaleSets/api/virtualMachines/{instance}/networkInterfaces/n/ipConfigurations/c"
        ))
    };
    has(
        &sim,
        "lb",
        json!({"backendAddressPools": [
            {"properties": {"backendIPConfigurations": [{"id": config(2)}, {"id": config(0)}]}},
            {"properties": {
                "backendIPConfigurations": [nic_of(&sim, "nic-1", "web-01")],
                // The same members once more, as Azure shows them since it knows members by address.
                "loadBalancerBackendAddresses": [
                    {"properties": {"ipAddress": "10.0.0.4", "networkInterfaceIPConfiguration": {"id": config(0)}}},
                    {"properties": {"networkInterfaceIPConfiguration": nic_of(&sim, "nic-1", "web-01")}},
                ],
            }},
        ]}),
    );
    let found = ask_for(&sim, &[network_id("loadBalancers/lb")]).unwrap();
    let machines = crate::plan::machine::together(found.machines);
    assert_eq!(machines.len(), 2, "{machines:?}");
    assert_eq!(
        (machines[0].id.name(), &machines[0].instances.include[..]),
        ("api", &["0".to_owned(), "2".to_owned()][..])
    );
    assert_eq!((machines[1].id.name(), found.left_out.len()), ("web-01", 0));
    assert_eq!(sim.count("network"), 2, "the network interface is read once");
}

#[test]
fn members_known_by_address_or_name_are_told_and_keep_no_other_from_being_found() {
    let sim = Sim::new();
    has(
        &sim,
        "lb",
        json!({"backendAddressPools": [{"properties": {
            "backendIPConfigurations": [nic_of(&sim, "nic-1", "web-01")],
            "loadBalancerBackendAddresses": [{"properties": {"ipAddress": "10.0.0.9"}}],
        }}]}),
    );
    let (machines, left_out) = behind(&sim, "loadBalancers/lb");
    assert_eq!((machines, reasons(&left_out)), (vec!["web-01".to_owned()], vec!["memberByAddress"]));
    assert!(left_out[0].detail.starts_with("1 members") && !left_out[0].detail.contains("10.0.0.9"));
    let by_name = json!([{"fqdn": "shop.example"}, {"fqdn": null, "ipAddress": "10.0.0.8"}]);
    has(&sim, "agw", json!({"backendAddressPools": [{"properties": {"backendAddresses": by_name}}]}));
    let (_, left_out) = behind(&sim, "applicationGateways/agw");
    assert_eq!(reasons(&left_out), ["nothingBehind", "memberByAddress"]);
    assert!(left_out[1].detail.starts_with("2 members"), "{left_out:?}");
}

#[test]
fn what_is_attached_to_nothing_is_told() {
    let sim = Sim::new();
    for (kind, reason) in [
        ("networkInterfaces", "notAttached"),
        ("publicIPAddresses", "notAttached"),
        ("loadBalancers", "nothingBehind"),
        ("applicationGateways", "nothingBehind"),
    ] {
        has(
            &sim,
            "free",
            json!({"virtualMachine": null, "ipConfiguration": null, "backendAddressPools": null}),
        );
        assert_eq!(reasons(&behind(&sim, &format!("{kind}/free")).1), [reason]);
    }
}

#[test]
fn what_azure_refuses_is_left_out_and_what_passes_is_tried_again() {
    let sim = Sim::new();
    nic_of(&sim, "nic-1", "web-01");
    let ids = ["gone", "nic-1"].map(|nic| network_id(&format!("networkInterfaces/{nic}")));
    let found = ask_for(&sim, &ids).unwrap();
    assert_eq!((found.machines.len(), reasons(&found.left_out)), (1, vec!["notFound"]));
    let (forbidden, _) = (error(403, "AuthorizationFailed", "no"), ());
    let body: Value = serde_json::from_slice(forbidden.body()).unwrap();
    sim.0.azure.borrow_mut().fault("network", Fault::Answer(403, body, None));
    let found = ask_for(&sim, &ids).unwrap();
    assert_eq!((found.machines.len(), reasons(&found.left_out)), (1, vec!["notReadable"]));
    assert!(found.left_out[0].detail.contains("AuthorizationFailed"), "{found:?}");
    for fault in [Fault::Answer(429, Value::Null, None), Fault::Error(SendError::TimedOut)] {
        sim.0.azure.borrow_mut().fault("network", fault);
        assert_eq!(ask_for(&sim, &ids).unwrap_err().kind, ErrorKind::Passing);
    }
}

#[test]
fn another_subscription_is_never_asked() {
    let sim = Sim::new();
    let nic = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n";
    has(
        &sim,
        "lb",
        json!({"backendAddressPools": [{"properties": {"backendIPConfigurations": [{"id": nic}]}}]}),
    );
    let (machines, left_out) = behind(&sim, "loadBalancers/lb");
    assert_eq!((machines.len(), reasons(&left_out)), (0, vec!["outsideAllowedScopes"]));
    assert!(sim.0.sent.borrow().iter().all(|sent| !sent.url.contains("/other/")));
}

#[test]
fn reads_are_bounded_and_what_is_not_looked_at_is_one_line() {
    let sim = Sim::new();
    let members: Vec<Value> =
        (0..900).map(|n| nic_of(&sim, &format!("nic-{n}"), &format!("web-{n}"))).collect();
    has(&sim, "lb", json!({"backendAddressPools": [{"properties": {"backendIPConfigurations": members}}]}));
    let (machines, left_out) = behind(&sim, "loadBalancers/lb");
    assert_eq!((machines.len(), reasons(&left_out)), (MOST_READS - 1, vec!["tooManyMachines"]));
    assert_eq!(sim.count("network"), MOST_READS);
    assert!(left_out[0].detail.contains(&format!("this and {} more", 900 - MOST_READS)), "{left_out:?}");
}

#[test]
fn circles_end() {
    let sim = Sim::new();
    let circle = |kind: &str| json!({"id": network_id(kind)});
    has(&sim, "a", json!({"ipConfiguration": circle("publicIPAddresses/b")}));
    has(&sim, "b", json!({"ipConfiguration": circle("publicIPAddresses/A")}));
    assert_eq!(behind(&sim, "publicIPAddresses/a"), (vec![], vec![]));
    assert_eq!(sim.count("network"), 2);
}

/// Who bears the name `name`, among these machines (name of the resource, name within).
fn called(machines: &[(&str, &str)], name: &str, scopes: &[&str]) -> Result<String, String> {
    let sim = Sim::new();
    let listed = machines.iter().map(|(id, computer)| {
        let id = compute_id(&format!("virtualMachines/{id}"));
        json!({"id": id, "tags": {"tier": "web"}, "properties": {"osProfile": {"computerName": computer}}})
    });
    sim.0.azure.borrow_mut().listed = listed.collect();
    let mut captures = testing::settings().captures;
    captures.allowed_scopes = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
    let (app, azure, name) = (sim.app(), testing::azure(), name.to_owned());
    let found = sim.run(async move { computers(&Arm::new(&app, &azure), &captures, &[name]).await }).unwrap();
    assert_eq!(found.machines.len() + found.left_out.len(), 1);
    match &found.machines[..] {
        [machine] => {
            assert_eq!(found.tags[&machine.id.canonical()]["tier"], "web");
            Ok(machine.id.name().to_owned())
        }
        _ => Err(found.left_out[0].reason.clone().into_owned()),
    }
}

#[test]
fn a_computer_is_known_by_its_name_with_or_without_its_domain() {
    let machines =
        [("web-01", "web-01"), ("vm-7", "db-01"), ("vm-8", "app-01.shop.example"), ("dc.1", "other")];
    for (name, machine) in [
        ("web-01", Ok("web-01")),
        ("WEB-01.shop.example", Ok("web-01")),
        ("DB-01", Ok("vm-7")),
        ("db-01.shop.example", Ok("vm-7")),
        ("app-01", Ok("vm-8")),
        ("app-01.shop.example", Ok("vm-8")),
        ("app-01.other.example", Err("unknownComputer")),
        ("dc", Err("unknownComputer")),
        ("dc.1", Ok("dc.1")),
        ("web-0", Err("unknownComputer")),
        ("", Err("unknownComputer")),
    ] {
        let expected = machine.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(called(&machines, name, &[SUBSCRIPTION]), expected, "{name}");
    }
}

#[test]
fn a_name_that_two_bear_is_nobodys_and_one_outside_the_scopes_is_unknown() {
    let two = [("web-01", "web-01"), ("vm-7", "web-01")];
    assert_eq!(called(&two, "web-01", &[SUBSCRIPTION]), Err("ambiguousComputer".to_owned()));
    let only = compute_id("virtualMachines/vm-7");
    assert_eq!(called(&two, "web-01", &[&only]), Ok("vm-7".to_owned()), "the other is not ours to capture");
    let elsewhere = format!("{SUBSCRIPTION}/resourceGroups/rg-other");
    assert_eq!(called(&two, "web-01", &[&elsewhere]), Err("unknownComputer".to_owned()));
}

#[test]
fn each_subscription_or_group_is_listed_once() {
    let scopes: Vec<Scope> = [
        "/subscriptions/a/resourceGroups/g",
        "/subscriptions/a",
        "/subscriptions/a/resourceGroups/h",
        "/subscriptions/b/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
        "/subscriptions/b/resourceGroups/G",
    ]
    .map(|scope| Scope::parse(scope).unwrap())
    .into();
    let of = |scope: &&Scope| (scope.subscription().to_owned(), scope.resource_group().map(str::to_owned));
    let listed: Vec<_> = lists(&scopes).iter().map(of).collect();
    assert_eq!(listed, [("a".to_owned(), None), ("b".to_owned(), Some("g".to_owned()))]);
}
