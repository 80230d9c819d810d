//! The link in a report that opens the file.

use super::{
    files::{PATH, captured, sim},
    *,
};

#[test]
fn a_report_of_the_end_carries_a_link_that_opens_the_file_if_that_is_asked_for() {
    for (share, links) in [(None, false), (Some("24h"), true)] {
        let sim = Sim::with_chats();
        sim.set("summary", "off");
        sim.set("share_links", share.unwrap_or("off"));
        sim.0.azure.borrow_mut().storage_path = PATH;
        let name = captured(&sim);
        let azure = sim.0.azure.borrow();
        let ended = azure.told.last().unwrap();
        let link = &ended["data"]["shareLink"];
        assert_eq!(
            link["url"].as_str().is_some_and(|url| url.starts_with(PATH) && url.contains("&sig=")),
            links
        );
        assert_eq!(azure.told[0]["data"]["shareLink"], Value::Null, "nothing is there when it starts");
        let chats = format!("{:?}{:?}", azure.told_in_teams, azure.told_in_slack);
        assert_eq!(chats.matches("&sig=").count(), if links { 2 } else { 0 }, "{chats}");
        if links {
            assert!(link["expiresAt"].as_str().unwrap().starts_with("2026-11-23T02:0"), "{link}");
        }
        drop(azure);
        let kept: Vec<u8> = sim.0.store.borrow().values().flatten().copied().collect();
        let seen = format!(
            "{}{}{:?}",
            String::from_utf8_lossy(&kept),
            send(&sim, get(&format!("/api/captures/{name}"))).1,
            sim.0.log.borrow()
        );
        assert!(!seen.contains("sig="), "{seen}");
    }
}

#[test]
fn a_report_goes_out_without_a_link_where_storage_gives_no_key_and_says_so() {
    let sim = sim();
    sim.set("share_links", "1h");
    fault(&sim, "blob key", Fault::Answer(403, Value::Null, None));
    captured(&sim);
    let azure = sim.0.azure.borrow();
    let ended = azure.told.last().unwrap();
    assert_eq!(
        (ended["type"].as_str(), &ended["data"]["shareLink"]),
        (Some("alertcap.capture.ended.v1"), &Value::Null)
    );
}
