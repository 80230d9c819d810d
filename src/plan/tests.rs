use super::*;
use crate::{
    alert::{self, Reading},
    testing::{self, SUBSCRIPTION},
};

fn now() -> Timestamp {
    "2026-11-22T02:00:20Z".parse().unwrap()
}

fn metric() -> Alert {
    read(include_bytes!("../../tests/fixtures/metric-fired.json"))
}

fn read(body: &[u8]) -> Alert {
    match alert::read(body).unwrap() {
        Reading::Alert(alert) => *alert,
        other => panic!("{other:?}"),
    }
}

fn with_targets(targets: &[&str]) -> Alert {
    Alert { targets: targets.iter().map(|&t| Target::Resource(t.to_owned())).collect(), ..metric() }
}

/// The plan for an alert that arrives at `now`.
fn at(alert: &Alert, captures: &Captures, now: Timestamp) -> Plan {
    plan(alert, captures, Moment::of(alert.identity.span(), captures.dedupe_window_seconds, now), now)
}

fn planned(alert: &Alert) -> Plan {
    at(alert, &testing::settings().captures, now())
}

#[test]
fn a_fired_alert_leads_to_one_capture_of_its_machine() {
    let plan = planned(&metric());
    let [capture] = &plan.captures[..] else { panic!("{plan:?}") };
    assert_eq!(capture.machine.kind, MachineKind::AzureVM);
    assert_eq!(capture.parameters.time_limit_in_seconds, Some(60));
    assert_eq!(capture.parameters.total_bytes_per_session, None);
    assert!(capture.name.starts_with("alertcap-web-01-20261122T020013Z-"), "{}", capture.name);
    assert_eq!(capture.earlier_name, None);
}

#[test]
fn a_resolved_alert_leads_to_none() {
    assert_eq!(planned(&Alert { condition: Condition::Resolved, ..metric() }), Plan::default());
}

#[test]
fn the_name_does_not_depend_on_when_or_how_often_the_alert_arrives() {
    let captures = testing::settings().captures;
    let first = at(&metric(), &captures, now()).captures;
    assert_eq!(first, at(&metric(), &captures, now().after(3_600)).captures);
}

#[test]
fn scale_sets_and_their_instances_are_machines_and_other_things_are_not() {
    let vmss =
        format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/api");
    assert_eq!(planned(&with_targets(&[&vmss])).captures[0].machine.kind, MachineKind::AzureVMSS);
    let instances = [format!("{vmss}/virtualMachines/3"), format!("{vmss}/virtualMachines/0")];
    let plan = planned(&with_targets(&[&instances[0], &instances[1]]));
    assert_eq!(plan.captures.len(), 1);
    assert_eq!(plan.captures[0].machine.instances.include, ["0", "3"]);
    let storage = format!("{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/x");
    let plan = planned(&with_targets(&[&storage, SUBSCRIPTION, "", "web-01"]));
    assert!(plan.captures.is_empty());
    assert!(plan.left_out.iter().all(|l| l.reason == "notAMachine") && plan.left_out.len() == 4);
}

#[test]
fn what_machines_are_behind_is_asked_for_but_only_in_the_allowed_subscriptions() {
    let nic = format!("{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/networkInterfaces/n");
    let elsewhere = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Network/loadBalancers/l";
    let mut alert = with_targets(&[&nic, elsewhere]);
    alert.targets.push(Target::Computer("web-01".to_owned()));
    let plan = planned(&alert);
    assert_eq!(plan.to_ask, [Target::Resource(nic.clone()), Target::Computer("web-01".to_owned())]);
    assert_eq!(plan.left_out[0].reason, "outsideAllowedScopes");
    let moment = Moment::of(alert.identity.span(), 300, now());
    let inquiry = inquiry(&alert, plan.to_ask.clone(), &testing::settings().captures, moment).unwrap();
    assert_eq!((inquiry.machine.kind, inquiry.machine.id.to_string()), (MachineKind::Unresolved, nic));
    assert_eq!(inquiry.inquiry.unwrap().alert.targets, plan.to_ask);
    let nowhere = Alert { about: None, targets: vec![Target::Computer("x".to_owned())], ..alert };
    assert_eq!(
        super::inquiry(&nowhere, nowhere.targets.clone(), &testing::settings().captures, moment),
        None
    );
}

#[test]
fn machines_outside_the_allowed_scopes_are_left_out() {
    let mut captures = testing::settings().captures;
    captures.allowed_scopes.clear();
    assert_eq!(at(&metric(), &captures, now()).left_out[0].reason, "outsideAllowedScopes");
    let other = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
    assert_eq!(planned(&with_targets(&[other])).left_out[0].reason, "outsideAllowedScopes");
}

#[test]
fn one_machine_named_twice_is_captured_once_and_too_many_are_left_out() {
    let Target::Resource(target) = metric().targets[0].clone() else { panic!("a resource") };
    assert_eq!(
        planned(&with_targets(&[&target, &target.to_uppercase().replace("SUBSCRIPTIONS", "subscriptions")]))
            .captures
            .len(),
        1
    );
    let many: Vec<String> = (0..20).map(|n| format!("{target}{n}")).collect();
    let plan = planned(&with_targets(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!((plan.captures.len(), plan.left_out.len()), (16, 4));
}

#[test]
fn the_tutorials_wishes_are_granted_within_the_settings() {
    let flat = include_str!("../../tests/fixtures/tutorial.json");
    let capture = planned(&read(flat.as_bytes())).captures.remove(0);
    assert!(capture.name.starts_with("segments-web-01-"), "{}", capture.name);
    assert_eq!(capture.notes, Vec::<String>::new());
    let longer = flat.replace("\"60\"", "\"600\"").replace("stshopcaptures", "elsewhere");
    let capture = planned(&read(longer.as_bytes())).captures.remove(0);
    assert_eq!(capture.parameters.time_limit_in_seconds, Some(60));
    assert_eq!(capture.notes.len(), 2);
    let shorter = flat.replace("\"60\"", "5");
    assert_eq!(planned(&read(shorter.as_bytes())).captures[0].parameters.time_limit_in_seconds, Some(5));
}

#[test]
fn a_body_without_a_time_is_the_same_alert_within_the_window() {
    let alert = read(include_bytes!("../../tests/fixtures/tutorial.json"));
    let captures = testing::settings().captures;
    let spec = |now| at(&alert, &captures, now).captures.remove(0);
    let window = Timestamp::from_unix(now().unix() - now().unix() % 300);
    let (early, late, next) = (spec(window), spec(window.after(299)), spec(window.after(300)));
    assert_eq!(early.name, late.name);
    assert_ne!(early.name, next.name);
    assert_eq!(next.earlier_name, Some(early.name));
}
