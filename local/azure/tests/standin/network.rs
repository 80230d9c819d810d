//! What leads to machines: interfaces, public addresses, load balancers and application gateways.

use serde_json::{Value, json};

use crate::client::{Azure, machine, network, scale_set};

fn configuration(interface: &str) -> String {
    format!("{}/ipConfigurations/ipconfig1", network(&format!("networkInterfaces/{interface}")))
}

fn id(of: String) -> Value {
    json!({ "id": of })
}

#[tokio::test]
async fn an_interface_leads_to_its_machine_and_its_public_address() {
    let azure = Azure::start().await;
    let body = azure.get(&network("networkInterfaces/web-01-nic").to_uppercase()).await.json();
    assert_eq!(body["id"], network("networkInterfaces/web-01-nic"));
    let properties = &body["properties"];
    assert_eq!(properties["virtualMachine"], id(machine("web-01")));
    let first = &properties["ipConfigurations"][0];
    assert_eq!((&first["id"], &first["name"]), (&json!(configuration("web-01-nic")), &json!("ipconfig1")));
    assert_eq!(first["properties"]["privateIPAddress"], "10.20.0.4");
    assert_eq!(first["properties"]["publicIPAddress"], id(network("publicIPAddresses/pip-web-01")));
    let pool = |balancer: &str| json!([id(format!("{}/backendAddressPools/shop", network(balancer)))]);
    assert_eq!(first["properties"]["loadBalancerBackendAddressPools"], pool("loadBalancers/lb-shop"));
    assert_eq!(
        first["properties"]["applicationGatewayBackendAddressPools"],
        pool("applicationGateways/agw-shop")
    );

    let spare = azure.get(&network("networkInterfaces/nic-spare")).await.json();
    assert_eq!(spare["properties"]["virtualMachine"], Value::Null);
    assert_eq!(spare["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"], "10.20.0.90");
    assert_eq!(
        spare["properties"]["ipConfigurations"][0]["properties"]["loadBalancerBackendAddressPools"],
        Value::Null
    );
}

#[tokio::test]
async fn a_public_address_leads_to_what_it_is_attached_to() {
    let nat = "address = \"203.0.113.90\"";
    let azure = Azure::with(&[(nat, "address = \"203.0.113.90\"\nnat_gateway = \"nat-shop\"")]).await;
    for (name, user) in [
        ("pip-web-01", configuration("web-01-nic")),
        ("pip-lb-shop", format!("{}/frontendIPConfigurations/frontend-1", network("loadBalancers/lb-shop"))),
        (
            "pip-agw-shop",
            format!("{}/frontendIPConfigurations/frontend-1", network("applicationGateways/agw-shop")),
        ),
    ] {
        let properties =
            azure.get(&network(&format!("publicIPAddresses/{name}"))).await.json()["properties"].clone();
        assert_eq!(properties["ipConfiguration"], id(user), "{name}");
        assert_eq!(properties["natGateway"], Value::Null);
    }
    let spare = azure.get(&network("publicIPAddresses/pip-spare")).await.json()["properties"].clone();
    assert_eq!((&spare["ipAddress"], &spare["ipConfiguration"]), (&json!("203.0.113.90"), &Value::Null));
    assert_eq!(spare["natGateway"], id(network("natGateways/nat-shop")));
}

#[tokio::test]
async fn a_load_balancer_leads_to_the_configurations_behind_it() {
    let azure = Azure::start().await;
    let body = azure.get(&network("loadBalancers/lb-shop")).await.json();
    let frontend = &body["properties"]["frontendIPConfigurations"][0]["properties"];
    assert_eq!(frontend["publicIPAddress"], id(network("publicIPAddresses/pip-lb-shop")));
    let pool = &body["properties"]["backendAddressPools"][0]["properties"];
    let expected = [configuration("web-01-nic"), configuration("db-01-nic")];
    assert_eq!(pool["backendIPConfigurations"], json!(expected.clone().map(id)));
    let address = &pool["loadBalancerBackendAddresses"][1]["properties"];
    assert_eq!(address["networkInterfaceIPConfiguration"], id(expected[1].clone()));

    let api = azure.get(&network("loadBalancers/lb-api")).await.json();
    assert_eq!(
        api["properties"]["frontendIPConfigurations"][0]["properties"]["privateIPAddress"],
        "10.20.1.100"
    );
    let instance = |instance: &str| {
        id(format!(
            "{}/virtualMachines/{instance}/networkInterfaces/vmss-api-nic/ipConfigurations/ipconfig1",
            scale_set("vmss-api")
        ))
    };
    let pool = &api["properties"]["backendAddressPools"][0]["properties"];
    assert_eq!(pool["backendIPConfigurations"], json!([instance("0"), instance("3")]));
}

#[tokio::test]
async fn a_pool_of_addresses_has_no_configurations() {
    let members = "[{ machine = \"web-01\" }, { machine = \"db-01\" }]";
    let azure = Azure::with(&[(members, "[{ ip = \"10.30.0.4\" }]")]).await;
    let body = azure.get(&network("loadBalancers/lb-shop")).await.json();
    let pool = &body["properties"]["backendAddressPools"][0]["properties"];
    assert_eq!(pool["backendIPConfigurations"], Value::Null);
    assert_eq!(pool["loadBalancerBackendAddresses"][0]["properties"], json!({ "ipAddress": "10.30.0.4" }));
}

#[tokio::test]
async fn an_application_gateway_has_configurations_and_names_behind_it() {
    let azure = Azure::start().await;
    let body = azure.get(&network("applicationGateways/agw-shop")).await.json();
    let frontend = &body["properties"]["frontendIPConfigurations"][0]["properties"];
    assert_eq!(frontend["publicIPAddress"], id(network("publicIPAddresses/pip-agw-shop")));
    let pool = &body["properties"]["backendAddressPools"][0]["properties"];
    assert_eq!(pool["backendIPConfigurations"], json!([id(configuration("web-01-nic"))]));
    assert_eq!(pool["backendAddresses"], json!([{ "fqdn": "shop.example" }]));
}

#[tokio::test]
async fn what_is_missing_is_not_found_and_the_version_is_checked() {
    let azure = Azure::start().await;
    for kind in ["networkInterfaces", "publicIPAddresses", "loadBalancers", "applicationGateways"] {
        let answer = azure.get(&network(&format!("{kind}/none"))).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "ResourceNotFound"), "{kind}");
        let answer = azure.get(&format!("{}?api-version=2016-03-30", network(&format!("{kind}/none")))).await;
        assert_eq!(answer.code(), "NoRegisteredProviderFound", "{kind}");
    }
}
