//! Microsoft.Compute beyond one machine: lists, names, a scale set's instances.

use serde_json::{Value, json};

use crate::client::{Azure, SUBSCRIPTION, group, machine, scale_set};

const VERSION: &str = "api-version=2026-04-01";

fn names(list: &Value) -> Vec<String> {
    let entries = list["value"].as_array().cloned().unwrap_or_default();
    entries.iter().map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn machines_are_listed_for_the_subscription_and_for_one_group() {
    let azure = Azure::start().await;
    let all = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines?{VERSION}");
    let all = azure.get(&all).await.json();
    let twins: Vec<String> = names(&all).into_iter().filter(|id| id.ends_with("/twin-01")).collect();
    assert_eq!(twins, [machine("twin-01"), machine("twin-01").replace("rg-shop", "rg-lab")]);
    assert_eq!(all["nextLink"], Value::Null);

    let lab = format!("{}/providers/Microsoft.Compute/virtualMachines?{VERSION}", group("RG-LAB"));
    let lab = names(&azure.get(&lab).await.json());
    assert_eq!(lab, ["twin-01", "lab-01"].map(|name| machine(name).replace("rg-shop", "rg-lab")));

    let nowhere = format!("{}/providers/Microsoft.Compute/virtualMachines?{VERSION}", group("rg-nowhere"));
    let answer = azure.get(&nowhere).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "ResourceGroupNotFound"));
}

#[tokio::test]
async fn a_list_tells_of_extensions_only_their_ids() {
    let azure = Azure::start().await;
    let list = format!("{}/providers/Microsoft.Compute/virtualMachines?{VERSION}", group("rg-shop"));
    let list = azure.get(&list).await.json();
    let find = |name: &str| {
        let mut entries = list["value"].as_array().cloned().unwrap_or_default().into_iter();
        entries.find(|one| one["name"] == name).expect("the machine")
    };
    let id = format!("{}/extensions/AzureNetworkWatcherExtension", machine("web-01"));
    assert_eq!(find("web-01")["resources"], json!([{ "id": id }]));
    assert_eq!(find("bare-01")["resources"], Value::Null);
    let mut one = azure.get(&format!("{}?{VERSION}", machine("web-01"))).await.json();
    one["resources"] = json!([{ "id": id }]);
    assert_eq!(find("web-01"), one, "all else is as GET has it");
}

#[tokio::test]
async fn long_lists_of_machines_come_in_pages() {
    let azure = Azure::with(&[("page_size = 100", "page_size = 4")]).await;
    let mut seen = Vec::new();
    let first =
        format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines?{VERSION}");
    let mut next = Some(first);
    while let Some(path) = next {
        let page = azure.get(&path).await.json();
        assert!(names(&page).len() <= 4);
        seen.extend(names(&page));
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(seen.len(), 10);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 10);
}

#[tokio::test]
async fn a_machine_may_know_itself_by_another_name() {
    let azure = Azure::start().await;
    for (name, computer_name) in [("legacy-01", "FS01"), ("web-01", "web-01")] {
        let path = format!("{}?{VERSION}&$expand=instanceView", machine(name));
        let properties = azure.get(&path).await.json()["properties"].clone();
        assert_eq!(properties["osProfile"]["computerName"], computer_name);
        assert_eq!(properties["instanceView"]["computerName"], computer_name);
    }
}

#[tokio::test]
async fn an_instance_of_a_scale_set_is_read_by_its_id() {
    let azure = Azure::start().await;
    let id = format!("{}/virtualMachines/3", scale_set("vmss-api"));
    let body = azure.get(&format!("{}?{VERSION}", id.to_uppercase())).await.json();
    assert_eq!(
        (&body["id"], &body["instanceId"], &body["name"]),
        (&json!(id), &json!("3"), &json!("vmss-api_3"))
    );
    assert_eq!(body["properties"]["osProfile"]["computerName"], "vmss-api000003");
    assert_eq!(body["resources"][0]["properties"]["type"], "NetworkWatcherAgentLinux");
    assert_eq!(body["properties"]["instanceView"], Value::Null);
    let nic = &body["properties"]["networkProfile"]["networkInterfaces"][0]["id"];
    assert_eq!(nic, &json!(format!("{id}/networkInterfaces/vmss-api-nic")));

    let view = azure.get(&format!("{id}?{VERSION}&$expand=instanceView")).await.json();
    assert_eq!(view["properties"]["instanceView"]["statuses"][1]["code"], "PowerState/running");
    let bare = azure.get(&format!("{}/virtualMachines/0?{VERSION}", scale_set("vmss-bare"))).await.json();
    assert_eq!(bare["resources"], Value::Null);
    for missing in [
        format!("{}/virtualMachines/9", scale_set("vmss-api")),
        format!("{}/virtualMachines/0", scale_set("none")),
    ] {
        let answer = azure.get(&format!("{missing}?{VERSION}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "ResourceNotFound"), "{missing}");
    }
}
