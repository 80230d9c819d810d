use super::*;

const VM: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm";
const WORKSPACE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w";

/// The targets of a log alert on a workspace with this context.
fn found(context: Value) -> Vec<Target> {
    found_with(context, json!([]))
}

fn found_with(context: Value, items: Value) -> Vec<Target> {
    let body = changed("log-v2-computer", |body| {
        body["data"]["alertContext"] = context;
        body["data"]["essentials"]["alertTargetIDs"] = json!([WORKSPACE]);
        body["data"]["essentials"]["configurationItems"] = items;
    });
    alert(&body).targets
}

fn own(ids: Value) -> Vec<Target> {
    alert(&with("metric-fired", "/data/essentials/alertTargetIDs", ids)).targets
}

fn resource(id: &str) -> Target {
    Target::Resource(id.to_owned())
}

fn computer(name: &str) -> Target {
    Target::Computer(name.to_owned())
}

fn dimension(name: &str, value: &str) -> Value {
    json!([{ "name": name, "value": value }])
}

fn rows(columns: &[&str], rows: Value) -> Value {
    let columns: Vec<Value> = columns.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]})
}

#[test]
fn targets_are_texts_kept_once_as_they_came() {
    let upper = VM.to_uppercase();
    assert_eq!(
        own(json!([VM, 7, null, "", upper, {"id": VM}, WORKSPACE])),
        [resource(VM), resource(WORKSPACE)]
    );
    assert_eq!(own(json!(["/subscriptions/<id>/../x y"])), [resource("/subscriptions/<id>/../x y")]);
    assert_eq!(own(Value::Null), []);
    let many: Vec<String> = (0..200).map(|n| format!("{VM}{n}")).collect();
    assert_eq!(own(json!(many)).len(), MAX_TARGETS);
}

#[test]
fn what_lies_below_a_machine_is_that_machine() {
    let scale_set = VM.replace("virtualMachines/vm", "virtualMachineScaleSets/api");
    let instance = format!("{scale_set}/virtualMachines/3");
    for (target, machine) in [
        (format!("{VM}/extensions/script"), VM),
        (format!("{VM}/providers/Microsoft.Insights/guestDiagnosticSettings/d"), VM),
        (format!("{VM}/"), VM),
        (format!("{scale_set}/extensions/x"), &scale_set),
        (format!("{scale_set}/virtualMachines/"), &scale_set),
        (instance.clone(), &instance),
        (format!("{instance}/networkInterfaces/nic"), &instance),
        (
            VM.replace("Compute/virtualMachines/vm", "Network/networkInterfaces/n/ipConfigurations/i"),
            &VM.replace("Compute/virtualMachines/vm", "Network/networkInterfaces/n"),
        ),
        (format!("{WORKSPACE}/tables/t"), &format!("{WORKSPACE}/tables/t")),
        (
            VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute") + "/a/b",
            &(VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute") + "/a/b"),
        ),
        (format!("x{VM}/extensions/script"), &format!("x{VM}/extensions/script")),
    ] {
        assert_eq!(own(json!([target])), [resource(machine)], "{target}");
    }
}

#[test]
fn a_machine_among_the_targets_is_believed_and_nothing_else_looked_for() {
    for kind in [
        "Compute/virtualMachines",
        "Compute/virtualMachineScaleSets",
        "Network/networkInterfaces",
        "Network/publicIPAddresses",
        "Network/loadBalancers",
        "Network/applicationGateways",
    ] {
        let id = format!("/subscriptions/s/resourcegroups/g/providers/microsoft.{}/x", kind.to_lowercase());
        let body = changed("log-v2-computer", |body| {
            body["data"]["essentials"]["alertTargetIDs"] = json!([WORKSPACE, id]);
        });
        assert_eq!(alert(&body).targets, [resource(WORKSPACE), resource(&id)]);
    }
}

#[test]
fn the_machines_id_is_looked_for_in_dimensions_then_rows_then_items() {
    let ids = |n: u8| format!("{VM}{n}");
    let by_dimension =
        |name: &str| json!({"condition": {"allOf": [{"dimensions": dimension(name, &ids(1))}]}});
    for name in ["_ResourceId", "ResourceId", "resourceId", "microsoft.resourceid", "Microsoft.ResourceId"] {
        assert_eq!(found(by_dimension(name)), [resource(&ids(1))], "{name}");
    }
    assert_eq!(found(by_dimension("entity")), [resource(WORKSPACE)]);
    let labels = json!({"labels": {"microsoft.resourceid": ids(1), "nodename": "vm9", "n": 7}});
    assert_eq!(found(labels), [resource(&ids(1))]);

    let mut all = by_dimension("_ResourceId");
    all["SearchResults"] =
        rows(&["Computer", "_ResourceId"], json!([["c", ids(2)], ["c", ids(3)], ["c", ids(2)]]));
    all["AffectedConfigurationItems"] = json!([ids(4), "c4"]);
    assert_eq!(found_with(all.clone(), json!([ids(5)])), [resource(&ids(1))]);
    all["condition"] = Value::Null;
    assert_eq!(found_with(all.clone(), json!([ids(5)])), [resource(&ids(2)), resource(&ids(3))]);
    all["SearchResult"] = all["SearchResults"].take();
    assert_eq!(found_with(all.clone(), json!([ids(5)])), [resource(&ids(2)), resource(&ids(3))]);
    all["SearchResult"] = Value::Null;
    assert_eq!(found_with(all, json!([ids(5)])), [resource(&ids(5)), resource(&ids(4))]);
}

#[test]
fn a_computers_name_is_the_next_best() {
    let mut all = json!({"condition": {"allOf": [{"dimensions": dimension("computer", "c1")}]}});
    all["SearchResults"] =
        rows(&["x", "Computer"], json!([["-", "c2"], [], null, ["-", "C2"], ["-", 7], ["-", "c3.shop"]]));
    assert_eq!(found_with(all.clone(), json!(["c4"])), [computer("c1")]);
    all["condition"] = json!({});
    assert_eq!(found_with(all.clone(), json!(["c4"])), [computer("c2"), computer("c3.shop")]);
    all["SearchResults"] = json!("none");
    all["AffectedConfigurationItems"] = json!(["c5", WORKSPACE]);
    assert_eq!(found_with(all, json!(["c4"])), [computer("c4"), computer("c5")]);
    for name in ["nodename", "host.name"] {
        assert_eq!(found(json!({"labels": {name: "node-1"}})), [computer("node-1")]);
    }
}

#[test]
fn version_ones_dimensions_are_read_in_any_shape() {
    for dimensions in [
        json!([{"name": "Computer", "value": "c1"}]),
        json!([null, 7, {"Name": "Computer", "Value": "c1"}, {"name": "Computer"}]),
        json!({"Computer": "c1", "other": [1]}),
    ] {
        assert_eq!(found(json!({"Dimensions": dimensions})), [computer("c1")], "{dimensions}");
    }
    assert_eq!(found(json!({"Dimensions": "Computer=c1"})), [resource(WORKSPACE)]);
}

#[test]
fn what_is_no_machine_does_not_count() {
    let context = json!({"condition": {"allOf": [{"dimensions": [
        {"name": "ResourceId", "value": "3efad9dc-3d50-4eac-9c87-8b3fd6f97e4e"},
        {"name": "_ResourceId", "value": WORKSPACE},
        {"name": "Computer", "value": "no name of a computer"},
        {"name": "Computer", "value": ""},
        {"name": "Computer", "value": "a".repeat(300)},
    ]}]}});
    assert_eq!(found(context), [resource(WORKSPACE)]);
}

#[test]
fn an_item_that_is_a_targets_name_is_no_computer() {
    assert_eq!(found_with(json!({}), json!(["W", "budgets and more"])), [resource(WORKSPACE)]);
    let metric = changed("metric-web-test", |body| {
        body["data"]["essentials"]["configurationItems"] = json!(["something"]);
    });
    assert_eq!(alert(&metric).targets.len(), 2, "a metric alert's items are its targets");
}

#[test]
fn only_so_much_of_a_result_is_looked_at() {
    let many: Vec<Value> = (0..500).map(|n| json!([format!("{VM}{n}")])).collect();
    assert_eq!(found(json!({"SearchResults": rows(&["_ResourceId"], json!(many))})).len(), 64);
    let columns: Vec<String> = (0..300).map(|n| format!("c{n}")).chain(["Computer".to_owned()]).collect();
    let row: Vec<String> = (0..301).map(|n| format!("v{n}")).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    assert_eq!(found(json!({"SearchResults": rows(&columns, json!([row]))})), [computer("v300")]);
}

#[test]
fn a_health_alert_that_names_a_machine_is_an_alert() {
    let body = with("service-health", "/data/essentials/alertTargetIDs", json!([VM]));
    assert_eq!(alert(&body).targets, [resource(VM)]);
    let body = with("old-activity-service-health", "/data/context/activityLog/resourceId", VM.into());
    assert_eq!(alert(&body).targets, [resource(VM)]);
    for nothing in [Value::Null, json!([]), json!(["/subscriptions/s/resourceGroups/g"])] {
        let reading = read(&with("service-health", "/data/essentials/alertTargetIDs", nothing)).unwrap();
        assert!(
            matches!(reading, Reading::NotForUs { reason: "serviceHealth", detail, .. } if detail.contains("West Europe"))
        );
    }
}

#[test]
fn what_was_measured_is_the_metrics_name_or_the_query() {
    for (name, measured) in [
        ("metric-fired", Some("TCP segments sent")),
        ("metric-dynamic", Some("Network Out Total")),
        ("classic-activated", Some("TCP segments sent")),
        ("old-metric-static", Some("TCP segments sent")),
        ("log-v1-rows", Some("Syslog | project _ResourceId, Computer")),
        ("log-v2-computer", Some("Heartbeat | summarize count() by Computer")),
        ("prometheus-fired", Some("rate(node_netstat_Tcp_OutSegs[5m]) > 100")),
        ("resource-health-fired", None),
        ("tutorial", None),
    ] {
        assert_eq!(alert(&fixture(name)).measured.as_deref(), measured, "{name}");
    }
}
