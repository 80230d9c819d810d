use clap::Parser;
use serde_json::Value;

use super::*;

const S: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn given(options: &[&str]) -> Result<Role> {
    let group = format!("{S}/resourceGroups/rg-shop");
    let account = format!("{group}/providers/Microsoft.Storage/storageAccounts/stshop");
    let fixed = ["role", "--scope", &group, "--storage-account", &account, "--assignee", "c11e47ab"];
    role(&Line::try_parse_from(fixed.iter().chain(options)).unwrap().arguments)
}

#[test]
fn the_role_to_fill_in_is_the_whole_one() {
    let role: Value = serde_json::from_str(&to_fill_in().unwrap()).unwrap();
    let whole: Value = serde_json::from_str(&given(&[]).unwrap().json()).unwrap();
    assert_eq!(role["Actions"], whole["Actions"]);
    assert_eq!(role["AssignableScopes"], json!(["/subscriptions/<subscription>"]));
}

#[test]
fn the_role_is_what_az_takes() {
    let role: Value = serde_json::from_str(&given(&[]).unwrap().json()).unwrap();
    assert_eq!((&role["Name"], &role["AssignableScopes"]), (&json!("alertcap"), &json!([S])));
    let actions = role["Actions"].as_array().unwrap();
    assert!(actions.contains(&json!("Microsoft.Network/networkWatchers/packetCaptures/write")));
    assert!(actions.iter().all(|action| !action.as_str().unwrap().ends_with("/*")));
    let reading = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
    assert_eq!(role["DataActions"], json!([reading]));
}

#[test]
fn bicep_and_json_have_the_same_actions() {
    let role = given(&["--part", "storage"]).unwrap();
    let bicep = role.bicep();
    let listed: Vec<_> = bicep
        .lines()
        .filter_map(|line| line.trim().strip_prefix("'Microsoft.")?.strip_suffix('\''))
        .collect();
    let names = [role.names(false), role.names(true)].concat();
    let names: Vec<_> = names.into_iter().filter_map(|name| name.strip_prefix("Microsoft.")).collect();
    assert_eq!(listed, names);
    assert!(bicep.contains("roleName: 'alertcap storage'") && bicep.contains("listKeys"));
    assert_eq!(bicep.matches('{').count(), bicep.matches('}').count());
}

#[test]
fn the_role_is_assigned_where_its_actions_are_needed() {
    let places = |options: &[&str]| {
        let role = given(options).unwrap();
        role.places.iter().map(|(scope, _)| scope.replace(S, "")).collect::<Vec<_>>()
    };
    // On the subscription it holds everywhere in it.
    assert_eq!(places(&[]), [""]);
    let account = "/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshop";
    assert_eq!(
        places(&["--watcher-group", "NetworkWatcherRG"]),
        ["/resourceGroups/NetworkWatcherRG", "/resourceGroups/rg-shop"]
    );
    assert_eq!(places(&["--part", "watcher"]), [""]);
    assert_eq!(places(&["--part", "machines"]), ["/resourceGroups/rg-shop"]);
    assert_eq!(places(&["--part", "storage"]), [account]);
    assert_eq!(places(&["--watcher-group", "rg-shop"]), ["/resourceGroups/rg-shop"]);
    let lines = given(&["--part", "storage"]).unwrap().assignments();
    assert!(
        lines.contains("--role 'alertcap storage' --assignee c11e47ab --scope /subscriptions/"),
        "{lines}"
    );
}

#[test]
fn what_can_be_no_role_is_refused_with_the_reason() {
    for (options, reason) in [
        (["--scope", "/subscriptions/shop"], "which is a GUID"),
        (["--storage-account", S], "is not a storage account"),
        (["--watcher-group", "a/b"], "--watcher-group"),
        (["--name", " "], "1 to 512 characters"),
    ] {
        let error = format!("{:#}", given(&options).unwrap_err());
        assert!(error.contains(reason), "{options:?}: {error}");
    }
    let error = given(&["--without", "vm", "--without", "vmss"]).unwrap_err().to_string();
    assert!(error.contains("nothing can be captured"), "{error}");
}
