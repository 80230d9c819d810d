use super::*;

fn account() -> ResourceId {
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st";
    ResourceId::parse(id).unwrap()
}

fn sound() -> AccountView {
    AccountView {
        location: "westeurope".to_owned(),
        kind: "StorageV2".to_owned(),
        sku: "Standard_GRS".to_owned(),
        allows_keys: true,
        has_firewall: false,
        is_private: false,
    }
}

fn machine(kind: &str) -> Machine {
    let id = format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/{kind}");
    Machine::of(&ResourceId::parse(&id).unwrap()).unwrap()
}

fn view() -> MachineView {
    MachineView {
        location: "westeurope".to_owned(),
        tags: std::collections::BTreeMap::new(),
        has_agent: true,
        is_windows: false,
        power_state: Some("running".to_owned()),
    }
}

#[test]
fn all_that_is_wrong_with_an_account_is_told_at_once() {
    let view = AccountView {
        location: "northeurope".to_owned(),
        kind: "FileStorage".to_owned(),
        sku: "Premium_LRS".to_owned(),
        allows_keys: false,
        has_firewall: true,
        is_private: true,
    };
    let check = of_storage(&account(), &view, "westeurope");
    assert_eq!(check.outcome, Outcome::Fails);
    for words in ["northeurope", "FileStorage", "Premium_LRS", "account-key", "public network access"] {
        assert!(check.detail.contains(words), "{words}: {}", check.detail);
    }
}

#[test]
fn an_account_is_held_against_the_machines_region_where_that_is_known() {
    let outcome = |view: &AccountView, location: &str| of_storage(&account(), view, location).outcome;
    assert_eq!(outcome(&sound(), "westeurope"), Outcome::Ok);
    assert_eq!(outcome(&sound(), "northeurope"), Outcome::Fails);
    assert_eq!(outcome(&sound(), ""), Outcome::Ok, "the machine could not be read; that is another check's");
    let firewall = AccountView { has_firewall: true, ..sound() };
    assert_eq!(outcome(&firewall, "westeurope"), Outcome::Doubtful, "the machine's subnet may be allowed");
}

#[test]
fn a_machine_runs_and_has_the_agent_and_a_scale_set_has_no_power_state() {
    let outcomes = |machine: &Machine, view: &MachineView| {
        of_machine(machine, view).into_iter().map(|check| (check.check, check.outcome)).collect::<Vec<_>>()
    };
    let vm = machine("virtualMachines/web-01");
    let all_well = [("machine", Outcome::Ok), ("power", Outcome::Ok), ("agent", Outcome::Ok)];
    assert_eq!(outcomes(&vm, &view()), all_well);
    let stopped = MachineView { power_state: Some("deallocated".to_owned()), has_agent: false, ..view() };
    assert_eq!(outcomes(&vm, &stopped)[1..], [("power", Outcome::Fails), ("agent", Outcome::Fails)]);
    let set = outcomes(&machine("virtualMachineScaleSets/api"), &MachineView { power_state: None, ..view() });
    assert_eq!(set, [("machine", Outcome::Ok), ("agent", Outcome::Ok)]);
}

#[test]
fn a_check_stands_in_an_answer_in_plain_words() {
    let json =
        serde_json::to_value(Check::failed("token", &Failure::new("AADSTS7000222", "expired"))).unwrap();
    assert_eq!((json["check"].as_str(), json["outcome"].as_str()), (Some("token"), Some("fails")));
    assert!(json["detail"].as_str().unwrap().contains("Make a new one"), "with what to do: {json}");
}
