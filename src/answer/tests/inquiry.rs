//! Alerts whose machines have to be asked for: what is behind a network resource, who bears a computer's name.

use std::time::Duration;

use super::*;
use crate::{platform::Clock, testing::SUBSCRIPTION};

const LOG: &[u8] = include_bytes!("../../../tests/fixtures/log-v2-computer.json");

fn network_id(rest: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/{rest}")
}

fn machine_id(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// A metric alert on these resources.
fn on(targets: &[&str]) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(METRIC).unwrap();
    body["data"]["essentials"]["alertTargetIDs"] = json!(targets);
    body.to_string().into_bytes()
}

/// An alert on the load balancer `lb`, and the machines behind it.
fn behind(sim: &Sim, machines: &[&str]) -> Vec<u8> {
    let mut azure = sim.0.azure.borrow_mut();
    let mut pool = Vec::new();
    for machine in machines {
        let nic = json!({"properties": {"virtualMachine": {"id": machine_id(machine)}}});
        azure.network.insert(format!("nic-{machine}"), nic);
        pool.push(json!({"id": network_id(&format!("networkInterfaces/nic-{machine}/ipConfigurations/c"))}));
    }
    let lb =
        json!({"properties": {"backendAddressPools": [{"properties": {"backendIPConfigurations": pool}}]}});
    azure.network.insert("lb".to_owned(), lb);
    on(&[&network_id("loadBalancers/lb")])
}

/// The captures themselves, without the looking.
fn captures(sim: &Sim) -> Vec<Value> {
    records(sim).into_iter().filter(|record| record["targetType"] != "Unresolved").collect()
}

#[test]
fn an_alert_on_a_load_balancer_leads_to_a_capture_of_each_machine_behind_it() {
    let sim = Sim::new();
    let body = behind(&sim, &["web-01", "web-02", "web-03"]);
    let begin = sim.now();
    let (status, answer) = send(&sim, alert(&body));
    assert_eq!(status, 202);
    let took = sim.now().since(begin);
    assert!(took < Duration::from_secs(2), "it waits for its captures' starts, not for their ends: {took:?}");
    let named: Vec<_> = answer["captures"].as_array().unwrap().iter().map(|c| c["target"].clone()).collect();
    assert_eq!(named, ["web-01", "web-02", "web-03"].map(machine_id));
    assert!(answer["captures"].as_array().unwrap().iter().all(|c| c["state"] == "starting"), "{answer}");
    sim.pass(60);
    send_all(&sim, sweep());
    assert_eq!(outcomes(&captures(&sim)), ["captured"; 3]);
    let looked: Vec<Value> = records(&sim).into_iter().filter(|r| r["targetType"] == "Unresolved").collect();
    assert_eq!(
        (looked[0]["outcome"].as_str(), looked[0]["ledTo"].as_array().unwrap().len()),
        (Some("lookedUp"), 3)
    );
    assert!(looked[0]["history"].to_string().contains("led to 3 captures"), "{}", looked[0]);
    assert_eq!(sim.count("put"), 3);
}

#[test]
fn an_azure_that_is_busy_when_machines_are_asked_for_loses_no_capture() {
    for fault_of in [
        || Fault::Answer(429, json!({"error": {"code": "TooManyRequests", "message": "slow"}}), Some("200")),
        || Fault::Error(SendError::TimedOut),
    ] {
        let sim = Sim::new();
        let body = behind(&sim, &["web-01", "web-02"]);
        fault(&sim, "network", fault_of());
        let begin = sim.now();
        let (status, answer) = send(&sim, alert(&body));
        assert_eq!(
            (status.as_u16(), answer["captures"][0]["state"].as_str()),
            (202, Some("accepted")),
            "{answer}"
        );
        assert!(sim.now().since(begin) < Duration::from_secs(8));
        assert_eq!(sim.count("put"), 0);
        // The instance is gone; a sweep goes on.
        sim.pass(300);
        send_all(&sim, sweep());
        assert_eq!(outcomes(&captures(&sim)), ["captured"; 2]);
    }
}

#[test]
fn an_instance_that_dies_while_it_looks_loses_nothing_and_leads_to_nothing_twice() {
    for millis in [150, 250, 350, 450, 550, 700] {
        let sim = Sim::new();
        sim.0.store_takes.set(Duration::from_millis(15));
        let body = behind(&sim, &["web-01", "web-02"]);
        let (app, world) = (sim.app(), sim.clone());
        sim.run(async move {
            let death = world.sleep(Duration::from_millis(millis));
            futures_util::future::select(std::pin::pin!(answer(&app, alert(&body))), std::pin::pin!(death))
                .await;
        });
        sim.pass(60);
        send_all(&sim, sweep());
        assert_eq!(outcomes(&captures(&sim)), ["captured"; 2], "died after {millis} ms");
        assert_eq!(sim.0.azure.borrow().sessions.len(), 2);
    }
}

#[test]
fn a_repeated_alert_leads_to_the_same_captures_while_they_are_looked_for_and_after() {
    let sim = Sim::new();
    let body = behind(&sim, &["web-01", "web-02"]);
    let (app, again) = (sim.app(), body.clone());
    let answers = sim.run_all(async move {
        futures_util::future::join_all((0..5).map(|_| answer(&app, alert(&again)))).await
    });
    assert!(answers.iter().all(|answer| answer.status() == 202));
    let (status, later) = send_all(&sim, alert(&body));
    assert_eq!((status.as_u16(), later["captures"].as_array().unwrap().len()), (202, 2));
    assert!(later["captures"].as_array().unwrap().iter().all(|c| c["duplicate"] == true), "{later}");
    assert_eq!((sim.count("put"), captures(&sim).len()), (2, 2));
}

#[test]
fn a_machine_that_is_named_and_is_behind_what_is_named_is_captured_once() {
    for takes in (0..400).step_by(20) {
        let sim = Sim::new();
        sim.0.store_takes.set(Duration::from_millis(takes));
        behind(&sim, &["web-01", "web-02"]);
        let body = on(&[&machine_id("web-01"), &network_id("loadBalancers/lb")]);
        let (status, answer) = send_all(&sim, alert(&body));
        sim.0.store_takes.set(Duration::ZERO);
        assert_eq!((status.as_u16(), answer["captures"].as_array().unwrap().len()), (202, 2), "{answer}");
        assert_eq!((sim.count("put"), captures(&sim).len()), (2, 2), "{takes} ms");
        for capture in captures(&sim) {
            assert_eq!(states(&capture), ["accepted", "starting", "running", "ended", "reported"]);
        }
    }
}

#[test]
fn what_leads_to_no_machine_fails_and_people_are_told_why() {
    for (target, code) in [("networkInterfaces/gone", "notFound"), ("loadBalancers/empty", "nothingBehind")] {
        let sim = Sim::new();
        sim.0.azure.borrow_mut().network.insert("empty".to_owned(), json!({"properties": {}}));
        let (status, answer) = send_all(&sim, alert(&on(&[&network_id(target)])));
        assert_eq!((status.as_u16(), answer["captures"][0]["error"]["code"].as_str()), (202, Some(code)));
        let told = sim.0.azure.borrow().told.clone();
        assert_eq!((told.len(), told[0]["type"].as_str()), (1, Some("alertcap.capture.failed.v1")));
        assert_eq!(outcomes(&records(&sim)), ["failed"]);
    }
}

#[test]
fn one_machine_that_is_not_found_keeps_no_other_from_being_captured() {
    let sim = Sim::new();
    behind(&sim, &["web-01"]);
    let body = on(&[&network_id("networkInterfaces/gone"), &network_id("loadBalancers/lb")]);
    let (status, answer) = send_all(&sim, alert(&body));
    assert_eq!((status.as_u16(), answer["captures"].as_array().unwrap().len()), (202, 1));
    assert_eq!(answer["leftOut"][0]["reason"], "notFound");
}

#[test]
fn a_log_alert_leads_to_a_capture_of_the_machine_that_bears_its_computers_name() {
    let sim = Sim::new();
    sim.0.azure.borrow_mut().listed =
        vec![json!({"id": machine_id("vm-7"), "properties": {"osProfile": {"computerName": "WEB-01"}}})];
    let (status, answer) = send_all(&sim, alert(LOG));
    assert_eq!(
        (status.as_u16(), answer["captures"][0]["target"].clone()),
        (202, machine_id("vm-7").into()),
        "{answer}"
    );
    assert_eq!(outcomes(&captures(&sim)), ["captured"]);
    // And where nobody is called so, that is told.
    let sim = Sim::new();
    let (_, answer) = send_all(&sim, alert(LOG));
    assert_eq!(answer["captures"][0]["error"]["code"], "unknownComputer");
    assert_eq!((sim.0.azure.borrow().told.len(), sim.count("put")), (1, 0));
}

#[test]
fn many_machines_and_a_slow_store_do_not_keep_the_answer_waiting() {
    for takes in (50..100).step_by(3) {
        let sim = Sim::new();
        let names: Vec<String> = (0..16).map(|n| format!("web-{n:02}")).collect();
        let body = behind(&sim, &names.iter().map(String::as_str).collect::<Vec<_>>());
        sim.0.store_takes.set(Duration::from_millis(takes));
        let begin = sim.now();
        let app = sim.app();
        let response = sim.run(async move { answer(&app, alert(&body)).await });
        let took = sim.now().since(begin);
        assert!(took < Duration::from_secs(8), "{took:?}");
        assert_eq!(response.status().as_u16(), 202, "{takes} ms");
        sim.0.store_takes.set(Duration::ZERO);
        sim.pass(60);
        send_all(&sim, sweep());
        assert_eq!(outcomes(&captures(&sim)), ["captured"; 16]);
    }
}

#[test]
fn nobody_is_told_of_a_failed_look_where_nobody_can_be_told() {
    let sim = Sim::new();
    sim.set("notify_url", "");
    sim.set("notify_host", "");
    // Nobody bears the name.
    send_all(&sim, alert(LOG));
    let record = record(&sim);
    assert_eq!((record["outcome"].as_str(), record["state"].as_str()), (Some("failed"), Some("reported")));
    assert!(record.get("reports").is_none(), "{record}");
}
