//! What the store keeps.

use alertcap_tests::{Options, states};

use crate::site::{ONE_AT_A_TIME, Site, name, reported, taken, told};

pub(crate) fn killed(site: &Site) -> String {
    let _one = ONE_AT_A_TIME.lock();
    let mut stack = site.own(Options::default());
    let alert = site.fresh_alert();
    let name = name(&stack.alert(&alert));
    stack.kill_host();
    stack.start_host();
    if stack.kind().is_durable() {
        let state = stack.record(&name)["state"].clone();
        assert!(state.is_string() && state != "reported", "{state}");
        assert_eq!(stack.sweep().json["open"], 1);
    } else {
        assert_eq!(stack.read(&format!("/api/captures/{name}")).status, 404, "this host keeps it: say so");
        // Azure Monitor sends an alert again that was not answered; this one was, so somebody has to.
        let again = stack.alert(&alert);
        assert_eq!(crate::site::name(&again), name);
    }
    let record = reported(&stack, &name);
    assert_eq!(taken(&stack, &name), 1);
    assert_eq!(told(&stack, &name).last(), Some(&format!("{name}.ended")));
    if stack.kind().is_durable() {
        assert!(record["error"].is_null(), "{record}");
        assert_eq!(states(&record), ["accepted", "starting", "running", "ended", "reported"]);
        "the sweep goes on"
    } else {
        "forgets; the alert, sent again, finds its capture"
    }
    .to_owned()
}

pub(crate) fn many_keys(site: &Site) -> String {
    let stack = site.shared();
    let mut names: Vec<_> = (0..5).map(|_| name(&stack.alert(&site.fresh_alert()))).collect();
    let listed = stack.read("/api/captures?limit=100");
    assert_eq!(listed.status, 200, "{listed:?}");
    if !stack.kind().is_durable() {
        return "an instance lists its own".to_owned();
    }
    let listed = listed.json["captures"].as_array().expect("a list").clone();
    let mut listed: Vec<_> = listed.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    listed.retain(|name| names.contains(name));
    names.sort();
    listed.sort();
    assert_eq!(listed, names);
    "yes".to_owned()
}
