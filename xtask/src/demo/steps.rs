//! The steps of the demo, in their order. Each has a deadline far beyond what it takes.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use super::{
    file,
    watch::{Seen, Sight, Watch},
};
use crate::{sample, ui::Step};

const SOON: Duration = Duration::from_secs(10);
const PROVISIONED: Duration = Duration::from_secs(40);
const ENDED: Duration = Duration::from_secs(60);

/// Plays all of them; the file goes to `folder`.
pub(super) fn play(watch: &mut Watch, state: &Path, folder: &Path) -> Result<()> {
    let machine = watch.azure()["sample"]["machine_id"]
        .as_str()
        .context("the stand-in has no sample machine")?
        .to_owned();
    let alert = sample::write(state, &machine)?;
    let name = accepted(watch, &fs::read_to_string(alert)?)?;
    watch.follow(&name);

    watch.wait("a token from Entra", SOON, |sight| {
        Ok(answered(sight, "token", 200)?.map(|at| seen(at, "token from Entra")))
    })?;
    watch.wait("the machine and its watcher looked up", SOON, looked_up)?;
    watch.wait("the PUT that starts the capture", SOON, |sight| put(sight, &name))?;
    watch.wait("provisioning followed", SOON, |sight| {
        let poll = answered(sight, "operations.get", 200)?;
        Ok(poll.map(|at| seen(at, "provisioning: Azure's long-running operation is followed")))
    })?;
    watch.wait("the capture runs", PROVISIONED, |sight| Ok(running(sight)))?;
    watch.wait("people told that it runs", SOON, |sight| told(sight, "started", &name))?;
    watch.wait("the capture ends by its time limit", ENDED, ended)?;
    watch.wait("people told that it ended", SOON, |sight| told(sight, "ended", &name))?;
    watch.wait("the record is closed", SOON, |sight| {
        let step = sight.entered("reported").and_then(|step| step["at"].as_str());
        Ok(step.map(|at| seen(at.to_owned(), "reported: all are told, the record is put away")))
    })?;
    let puts = watch.sight.count("packetCaptures.put");
    ensure!(puts == 1, "one alert led to {puts} PUTs");
    fetched(watch, &name, folder)
}

fn seen(at: String, what: impl Into<String>) -> Seen {
    Seen { at: Some(at), what: what.into() }
}

/// When an operation was answered as it should be.
fn answered(sight: &Sight, operation: &str, status: u64) -> Result<Option<String>> {
    let Some(request) = sight.request(operation) else { return Ok(None) };
    ensure!(request["status"] == status, "the stand-in answered {operation} with {}", request["status"]);
    Ok(request["answered_at"].as_str().or(request["received_at"].as_str()).map(str::to_owned))
}

fn accepted(watch: &mut Watch, alert: &str) -> Result<String> {
    let step = Step::start("waiting: the alert is accepted");
    let answer = watch.fire(alert)?;
    drop(step);
    if answer.status != 202 {
        bail!(
            "step \"alert accepted\" did not happen: alertcap answered {} {}",
            answer.status,
            answer.text.trim()
        );
    }
    let name = answer.json["captures"][0]["name"].as_str();
    let name = name.with_context(|| format!("the answer names no capture: {}", answer.text.trim()))?;
    watch.show(&Seen { at: None, what: format!("alert accepted: 202, capture {name}") });
    Ok(name.to_owned())
}

fn looked_up(sight: &Sight) -> Result<Option<Seen>> {
    let machine = answered(sight, "virtualMachines.get", 200)?;
    let watcher = answered(sight, "networkWatchers.list", 200)?;
    let (Some(machine), Some(watcher)) = (machine, watcher) else { return Ok(None) };
    let Some(location) = sight.record["location"].as_str() else { return Ok(None) };
    let id = sight.record["watcher"].as_str().unwrap_or_default();
    let name = id.rsplit('/').next().unwrap_or(id);
    Ok(Some(seen(
        machine.max(watcher),
        format!("machine looked up, it is in {location}; its watcher is {name}"),
    )))
}

fn put(sight: &Sight, name: &str) -> Result<Option<Seen>> {
    let Some(at) = answered(sight, "packetCaptures.put", 201)? else { return Ok(None) };
    let path =
        sight.request("packetCaptures.put").and_then(|request| request["path"].as_str()).unwrap_or_default();
    ensure!(path.ends_with(&format!("/packetCaptures/{name}")), "the PUT went to {path}");
    Ok(Some(seen(at, "PUT of the capture: 201")))
}

fn running(sight: &Sight) -> Option<Seen> {
    let at = sight.entered("running")?["at"].as_str()?;
    // Azure's own time of the start is older than our knowing of it.
    Some(seen(at.to_owned(), "running: packets are captured"))
}

fn ended(sight: &Sight) -> Result<Option<Seen>> {
    let Some(step) = sight.entered("ended") else { return Ok(None) };
    let Some(reason) = sight.record["stopReason"].as_str() else { return Ok(None) };
    ensure!(reason == "TimeExceeded", "the capture ended for another reason: {reason}");
    let at = step["at"].as_str().unwrap_or_default();
    Ok(Some(seen(at.to_owned(), format!("ended: {reason}"))))
}

fn told(sight: &Sight, event: &str, name: &str) -> Result<Option<Seen>> {
    let kind = format!("alertcap.capture.{event}.v1");
    let Some(notification) =
        sight.notifications.iter().find(|notification| notification["body"]["type"] == kind)
    else {
        return Ok(None);
    };
    let body = &notification["body"];
    ensure!(body["specversion"] == "1.0" && body["id"].is_string(), "what was sent is no CloudEvent: {body}");
    ensure!(body["subject"] == name, "the CloudEvent is about {}", body["subject"]);
    let summary = body["data"]["summary"].as_str().unwrap_or_default();
    let at = notification["received_at"].as_str().unwrap_or_default();
    Ok(Some(seen(at.to_owned(), format!("people told: \"{summary}\" ({kind})"))))
}

fn fetched(watch: &mut Watch, name: &str, folder: &Path) -> Result<()> {
    let path = watch.sight.record["storagePath"]
        .as_str()
        .context("the record does not say where the file is")?
        .to_owned();
    watch.show(&Seen { at: None, what: format!("file at {path}") });
    let step = Step::start("waiting: the file can be fetched");
    let bytes = file::fetch(watch.client(), watch.azure(), &path)?;
    let packets = file::count_packets(&bytes).context("the file is no capture file")?;
    fs::create_dir_all(folder)?;
    let to = folder.join(format!("{name}.cap"));
    fs::write(&to, &bytes).with_context(|| format!("cannot write {}", to.display()))?;
    drop(step);
    ensure!(packets > 0, "there are no packets in {}", to.display());
    let size = crate::ui::size(bytes.len() as u64);
    watch
        .show(&Seen { at: None, what: format!("file fetched: {packets} packets, {size}: {}", to.display()) });
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sight(record: Value) -> Sight {
        Sight { record, ..Sight::default() }
    }

    #[test]
    fn a_capture_that_ended_for_another_reason_is_no_success() {
        let history = json!([{ "state": "ended", "at": "2026-01-01T00:00:00Z", "note": "" }]);
        assert!(ended(&sight(json!({ "history": history, "stopReason": "Manual" }))).is_err());
        assert!(
            ended(&sight(json!({ "history": history, "stopReason": "TimeExceeded" }))).unwrap().is_some()
        );
        assert!(ended(&sight(json!({ "history": [] }))).unwrap().is_none());
    }

    #[test]
    fn a_refused_request_ends_the_wait_for_it() {
        let requests = vec![json!({ "operation": "token", "status": 401 })];
        let error = answered(&Sight { requests, ..Sight::default() }, "token", 200).unwrap_err();
        assert!(error.to_string().contains("401"), "{error}");
    }
}
