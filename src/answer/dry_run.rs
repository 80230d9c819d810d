//! `POST /api/alerts?dry_run=true`: the whole way of an alert, explained; nothing is written, nothing is sent to Azure.
//! `?dry_run=probe` reads Azure besides ([`crate::probe`]) and says what would fail.

use serde_json::{Value, json};

use super::set;
use crate::{
    alert::{Alert, Condition},
    app::App,
    azure::{arm::Arm, compute, network_watcher::CaptureProperties, resource_id::ResourceId},
    capture::{accept::is_recent, admit, episode, inquire, note::AlertNote},
    plan::{
        CaptureSpec, Judged, Judgement, Machine, Moment, Subject, Tags, judge,
        machine::{self, network},
        session_name,
    },
    platform::{Platform, StoreError},
    probe,
    settings::Settings,
    store::{self, Place},
};

/// How much a dry run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rehearsal {
    /// What is known without asking.
    Explain,
    /// Azure too.
    Probe,
}

/// Machines of one alert that a probe looks at.
const PROBED: usize = 4;

/// What an alert would lead to, step by step.
///
/// # Errors
/// [`StoreError`]: duplicates and cool-downs cannot be told without the store.
pub(super) async fn explain<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    alert: &Alert,
    rehearsal: Rehearsal,
) -> Result<Value, StoreError> {
    let now = app.platform.now();
    let moment = episode::foresee(app, alert, settings.captures.dedupe_window_seconds, now).await?;
    let mut answer = json!({
        "dryRun": match rehearsal { Rehearsal::Explain => "explain", Rehearsal::Probe => "probe" },
        "schema": alert.schema,
        "condition": alert.condition,
        "alert": AlertNote::of(alert),
        "identity": { "by": alert.identity.words(), "time": moment.time },
    });
    if let Some(obstacle) = settings.obstacle() {
        set(&mut answer, "obstacle", obstacle);
    }
    if alert.condition == Condition::Resolved {
        set(&mut answer, "reason", "resolved");
        set(&mut answer, "wouldStop", json!(admit::foresee_stops(app, alert, now).await?));
        return Ok(answer);
    }
    let explain = Explain { app, settings, alert, moment };
    let (mut machines, mut left_out, mut ask) = (Vec::new(), Vec::new(), Vec::new());
    for target in &alert.targets {
        match machine::subject(target) {
            Err(why) => left_out.push(json!(why)),
            Ok(Subject::Machine(machine)) => machines.push(machine),
            Ok(Subject::Network(id)) => ask.push(explain.question(&id)),
            Ok(Subject::Computer(name)) => ask.push(json!({
                "computer": name, "request": "GET the virtual machines of allowed_scopes, and look for this name",
            })),
        }
    }
    let mut machines = machine::together(machines);
    let mut tags = std::collections::BTreeMap::new();
    let arm = settings
        .azure
        .as_ref()
        .filter(|_| rehearsal == Rehearsal::Probe)
        .map(|azure| Arm::urgent(app, azure));
    if let Some(arm) = &arm {
        set(&mut answer, "checks", json!([probe::token(arm).await]));
        match inquire::find(arm, settings, alert).await {
            Ok(found) => {
                left_out = found.left_out.iter().map(|why| json!(why)).collect();
                machines = machine::together(found.machines);
                tags = found.tags;
            }
            Err(error) => set(&mut answer, "lookedUp", json!({ "error": error.failure })),
        }
    }
    let mut shown = Vec::new();
    for (index, machine) in machines.iter().enumerate() {
        let probe = arm.as_ref().filter(|_| index < PROBED);
        shown.push(explain.machine(machine, tags.get(&machine.id.canonical()), probe).await?);
    }
    set(&mut answer, "machines", shown);
    set(&mut answer, "leftOut", left_out);
    set(&mut answer, "toAsk", ask);
    Ok(answer)
}

struct Explain<'a, P> {
    app: &'a App<P>,
    settings: &'a Settings,
    alert: &'a Alert,
    moment: Moment,
}

impl<P: Platform> Explain<'_, P> {
    fn question(&self, id: &ResourceId) -> Value {
        let id = network(id).map_or_else(|| id.clone(), |(_, id)| id);
        match &self.settings.azure {
            Some(azure) if self.settings.captures.may_ask_in(&id) => {
                let url = id.url(&azure.arm, &[], &azure.network_api_version);
                json!({ "target": id, "request": format!("GET {url}") })
            }
            _ => json!({ "target": id, "leftOut": "it lies in no subscription of allowed_scopes" }),
        }
    }

    async fn machine(
        &self,
        machine: &Machine,
        tags: Option<&Tags>,
        probe: Option<&Arm<'_, P>>,
    ) -> Result<Value, StoreError> {
        let now = self.app.platform.now();
        let judge =
            |tags: Option<&Tags>| judge(self.alert, machine, tags, &self.settings.captures, self.moment, now);
        let mut judged = judge(tags);
        if let (Judgement::NeedsTags, Some(arm)) = (&judged.outcome, probe)
            && let Ok(view) = compute::read(arm, machine).await
        {
            judged = judge(Some(&view.tags));
        }
        let Judged { rules, why_not, outcome } = judged;
        let mut shown = json!(machine);
        set(&mut shown, "rules", json!(rules));
        set(&mut shown, "notMatched", json!(why_not));
        match outcome {
            Judgement::NeedsTags => {
                set(&mut shown, "outcome", "needsTags");
                set(
                    &mut shown,
                    "detail",
                    "a rule wants to know the machine's tags; they would be asked for first",
                );
            }
            Judgement::LeftOut(left_out) => {
                set(&mut shown, "outcome", "leftOut");
                set(&mut shown, "reason", json!(left_out.reason));
                set(&mut shown, "detail", left_out.detail);
            }
            Judgement::Rehearse(spec) => {
                set(&mut shown, "outcome", "dryRun");
                self.capture(&spec, &mut shown, probe).await?;
            }
            Judgement::Capture(spec) => {
                set(&mut shown, "outcome", "capture");
                self.capture(&spec, &mut shown, probe).await?;
            }
        }
        Ok(shown)
    }

    async fn capture(
        &self,
        spec: &CaptureSpec,
        shown: &mut Value,
        probe: Option<&Arm<'_, P>>,
    ) -> Result<(), StoreError> {
        set(shown, "name", spec.name.as_str());
        set(shown, "notes", json!(spec.notes));
        set(shown, "stopOnResolve", spec.policy.stop_on_resolve);
        set(shown, "tell", json!(spec.policy.tell));
        let now = self.app.platform.now();
        let window = self.settings.captures.dedupe_window_seconds;
        let known = store::load(&self.app.platform, &spec.name).await?;
        let mut known = known.filter(|record| !record.may_be_taken_now(now));
        if let (None, Some(earlier)) = (&known, &spec.earlier_name) {
            let record = store::load(&self.app.platform, earlier).await?;
            known = record.filter(|record| is_recent(record, now, window));
        }
        if let Some(record) = known {
            set(shown, "outcome", "duplicate");
            set(shown, "duplicateOf", json!({ "name": record.name, "state": record.state }));
        }
        let held_back = admit::foresee(self.app, self.alert, spec, now).await?;
        // Null says so too: nothing cools down, and no budget is spent.
        set(shown, "heldBack", json!(held_back));
        if held_back.is_some() && shown.get("outcome").and_then(Value::as_str) == Some("capture") {
            set(shown, "outcome", "heldBack");
        }
        set(shown, "request", self.request(spec).await);
        if let Some(arm) = probe {
            let limit = self.settings.captures.session_limit;
            set(shown, "checks", json!(probe::capture(self.app, arm, spec, limit).await));
        }
        Ok(())
    }

    /// The PUT, but for its token. Where the watcher is not known yet, a word stands for it.
    async fn request(&self, spec: &CaptureSpec) -> Value {
        let Some(azure) = &self.settings.azure else { return Value::Null };
        let place = store::hint::<Place>(&self.app.platform, &store::place_key(&spec.machine.id)).await;
        let session = session_name(&spec.name, spec.policy.exact.as_ref());
        let capture = place.and_then(|place| place.watcher.child("packetCaptures", session).ok());
        let url = match capture {
            Some(capture) => capture.url(&azure.arm, &[], &azure.network_api_version).to_string(),
            None => format!(
                "{}/subscriptions/{}/resourceGroups/{{its group}}/providers/Microsoft.Network/networkWatchers/\
                 {{the watcher of the machine's region}}/packetCaptures/{session}?api-version={}",
                azure.arm.origin().ascii_serialization(),
                spec.machine.id.subscription(),
                azure.network_api_version
            ),
        };
        let (machine, parameters) = (spec.machine.clone(), spec.parameters.clone());
        json!({
            "method": "PUT",
            "url": url,
            "headers": { "authorization": "Bearer [redacted]", "content-type": "application/json" },
            "body": CaptureProperties { machine, parameters }.body(),
        })
    }
}
