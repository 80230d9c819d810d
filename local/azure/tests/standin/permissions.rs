//! What an app may do, as ARM tells it and as ARM acts on it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Azure, SUBSCRIPTION, account, capture, group, machine, network, send, watcher, web_01};

const READER: (&str, &str) = ("c11e47ab-0000-4000-8000-0000000000b4", "standin-secret-read~1");
const NO_PUT: (&str, &str) = ("c11e47ab-0000-4000-8000-0000000000b5", "standin-secret-noput~1");
const NO_RIGHTS: (&str, &str) = ("c11e47ab-0000-4000-8000-0000000000b2", "standin-secret-none~1");

async fn signed_in(app: (&str, &str)) -> Azure {
    let mut azure = Azure::start().await;
    azure.become_app(app.0, app.1).await;
    azure
}

async fn permissions(azure: &Azure, scope: &str) -> crate::client::Answer {
    azure.get(&format!("{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01")).await
}

#[tokio::test]
async fn permissions_are_told_for_every_kind_of_scope() {
    let azure = Azure::start().await;
    let data = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";
    for scope in [
        format!("/subscriptions/{SUBSCRIPTION}"),
        group("rg-shop"),
        watcher(),
        machine("web-01").to_uppercase(),
        capture("never-was"),
        account("stshopcaptures"),
    ] {
        let body = permissions(&azure, &scope).await.json();
        let all = json!({ "actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": [] });
        assert_eq!(body["value"][0], all, "{scope}: {body}");
        assert_eq!(body["value"][1]["dataActions"], json!([data]), "{scope}");
    }
    for (scope, status, code) in [
        (group("rg-nowhere"), 404, "ResourceGroupNotFound"),
        ("/subscriptions/00000000-0000-4000-8000-000000000000".into(), 404, "SubscriptionNotFound"),
        (
            format!("{}/providers/Microsoft.Compute/virtualMachines", group("rg-shop")),
            400,
            "InvalidResourceId",
        ),
    ] {
        let answer = permissions(&azure, &scope).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{scope}");
    }
}

#[tokio::test]
async fn a_reader_reads_everything_and_changes_nothing() {
    let azure = signed_in(READER).await;
    let body = permissions(&azure, &watcher()).await.json();
    assert_eq!(body["value"][0]["actions"], json!(["*/read"]));
    for path in [
        format!("{}?api-version=2026-04-01", machine("web-01")),
        format!("{}?api-version=2023-05-01", account("stshopcaptures")),
        network("loadBalancers/lb-shop"),
        network("networkInterfaces/web-01-nic"),
        watcher(),
        format!("{}/packetCaptures", watcher()),
    ] {
        assert_eq!(azure.get(&path).await.status, 200, "{path}");
    }
    for (method, path, action) in [
        (Method::PUT, capture("mine"), "write"),
        (Method::DELETE, capture("mine"), "delete"),
        (Method::POST, format!("{}/stop", capture("mine")), "stop/action"),
        (Method::POST, format!("{}/queryStatus", capture("mine")), "queryStatus/action"),
    ] {
        let request = azure.arm(method, &path).json(&json!({ "properties": web_01(60) }));
        let answer = send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AuthorizationFailed"), "{path}");
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        let action = format!("'Microsoft.Network/networkWatchers/packetCaptures/{action}'");
        assert!(message.contains(&action) && message.contains(&format!("over scope '{path}'")), "{message}");
    }
}

#[tokio::test]
async fn what_a_role_takes_away_is_refused_and_nothing_else() {
    let azure = signed_in(NO_PUT).await;
    let put = azure.put_capture("mine", web_01(60)).await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (403, "AuthorizationFailed"));
    assert_eq!(azure.control("captures").await["captures"], json!([]));
    assert_eq!(send(azure.arm(Method::DELETE, &capture("mine"))).await.status, 204);
    let body = permissions(&azure, &capture("mine")).await.json();
    assert_eq!(body["value"][0]["actions"], json!(["*"]));
    assert_eq!(
        body["value"][0]["notActions"],
        json!(["Microsoft.Network/networkWatchers/packetCaptures/write"])
    );
}

#[tokio::test]
async fn without_a_role_every_read_is_refused_by_its_action() {
    let azure = signed_in(NO_RIGHTS).await;
    let all = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines");
    for (path, action) in [
        (format!("{all}?api-version=2026-04-01"), "Microsoft.Compute/virtualMachines/read"),
        (network("networkInterfaces/web-01-nic"), "Microsoft.Network/networkInterfaces/read"),
        (network("publicIPAddresses/pip-web-01"), "Microsoft.Network/publicIPAddresses/read"),
        (network("loadBalancers/lb-shop"), "Microsoft.Network/loadBalancers/read"),
        (network("applicationGateways/agw-shop"), "Microsoft.Network/applicationGateways/read"),
        (
            format!("{}?api-version=2023-05-01", account("stshopcaptures")),
            "Microsoft.Storage/storageAccounts/read",
        ),
    ] {
        let answer = azure.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AuthorizationFailed"), "{path}");
        assert!(answer.json()["error"]["message"].to_string().contains(&format!("'{action}'")), "{path}");
    }
    let answer = permissions(&azure, &group("rg-shop")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["value"].clone()), (403, Value::Null));
}

#[tokio::test]
async fn a_role_on_one_group_with_some_actions_holds_there_only() {
    let rights = format!("rights = [\"{}\"]\nactions = [\"Microsoft.Compute/*/read\"]", group("rg-lab"));
    let mut azure = Azure::with(&[("rights = []", &rights)]).await;
    azure.become_app(NO_RIGHTS.0, NO_RIGHTS.1).await;
    let lab = machine("lab-01").replace("rg-shop", "rg-lab");
    for (path, status) in [
        (format!("{lab}?api-version=2026-04-01"), 200),
        (format!("{}?api-version=2026-04-01", machine("web-01")), 403),
        (network("networkInterfaces/lab-01-nic").replace("rg-shop", "rg-lab"), 403),
    ] {
        assert_eq!(azure.get(&path).await.status.as_u16(), status, "{path}");
    }
}
