//! Alert + settings → [`Plan`]: one capture per machine, or why not. Pure.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    alert::{Alert, Condition, Target, identity::Span},
    azure::resource_id::ResourceId,
    capture::name,
    settings::Captures,
    time::Timestamp,
};

/// A common alert names one target; more than this many machines in one alert are left out, and said so.
const MAX_MACHINES: usize = 16;

/// What shall be done about an alert.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One per machine.
    pub captures: Vec<CaptureSpec>,
    /// Targets that get none.
    pub left_out: Vec<LeftOut>,
}

/// One capture to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureSpec {
    /// Its name at Azure and in the store.
    pub name: String,
    /// The name that a delivery a little earlier would have led to, where an alert is known only by a window of time.
    pub earlier_name: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// `properties` of the PUT, without the storage location, which is the settings'.
    pub limits: Limits,
    /// What the reader of the record should know.
    pub notes: Vec<String>,
}

/// What a capture is taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its ARM id.
    #[serde(rename = "target")]
    pub id: ResourceId,
    /// What it is.
    #[serde(rename = "targetType")]
    pub kind: MachineKind,
}

/// `targetType` in Azure's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineKind {
    /// A virtual machine.
    AzureVM,
    /// A scale set, all its instances.
    AzureVMSS,
}

/// How much is captured; what is absent is not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Seconds, 1 to 18000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_in_seconds: Option<u32>,
    /// Bytes of each packet; 0 = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_to_capture_per_packet: Option<u32>,
    /// Bytes of the whole capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes_per_session: Option<u32>,
}

/// A target that gets no capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The target as the alert names it, cleaned.
    pub target: String,
    /// `notAMachine`, `outsideAllowedScopes`, …
    pub reason: &'static str,
    /// The same in words, with what to do.
    pub detail: String,
}

impl Machine {
    fn of(id: ResourceId) -> Result<Self, &'static str> {
        if id.is_type("Microsoft.Compute/virtualMachines") {
            Ok(Self { id, kind: MachineKind::AzureVM })
        } else if id.is_type("Microsoft.Compute/virtualMachineScaleSets") {
            Ok(Self { id, kind: MachineKind::AzureVMSS })
        } else {
            Err("is neither a virtual machine nor a scale set")
        }
    }
}

/// Makes the plan for an alert that arrived at `now`.
#[must_use]
pub fn plan(alert: &Alert, settings: &Captures, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    if alert.condition == Condition::Resolved {
        return plan;
    }
    let mut seen = HashSet::new();
    for target in &alert.targets {
        let (Target::Resource(target) | Target::Computer(target)) = target;
        match allowed(target, settings) {
            Ok(machine) if !seen.insert(machine.id.canonical()) => {}
            Ok(_) if plan.captures.len() >= MAX_MACHINES => plan.left_out.push(LeftOut {
                target: crate::text::clean(target),
                reason: "tooManyMachines",
                detail: format!("one alert leads to at most {MAX_MACHINES} captures"),
            }),
            Ok(machine) => plan.captures.push(spec(alert, settings, machine, now)),
            Err(left_out) => plan.left_out.push(left_out),
        }
    }
    plan
}

fn allowed(target: &str, settings: &Captures) -> Result<Machine, LeftOut> {
    let left_out = |reason, detail: String| LeftOut { target: crate::text::clean(target), reason, detail };
    let id = ResourceId::parse(target).map_err(|why| left_out("notAMachine", format!("the target {why}")))?;
    let machine = Machine::of(id).map_err(|why| left_out("notAMachine", format!("the target {why}")))?;
    if settings.allowed_scopes.iter().any(|scope| scope.contains(&machine.id)) {
        Ok(machine)
    } else if settings.allowed_scopes.is_empty() {
        let detail = "allowed_scopes is not set, so no machine may be captured".to_owned();
        Err(left_out("outsideAllowedScopes", detail))
    } else {
        let detail = "the machine lies outside allowed_scopes; add its subscription or resource group to it if \
                      alerts may capture it";
        Err(left_out("outsideAllowedScopes", detail.to_owned()))
    }
}

fn spec(alert: &Alert, settings: &Captures, machine: Machine, now: Timestamp) -> CaptureSpec {
    let front = alert.properties.get("packetCaptureName").unwrap_or(&settings.name_prefix);
    let canonical = machine.id.canonical();
    let name_at =
        |time| name::derive(front, machine.id.name(), time, &alert.identity.with_machine(&canonical, time));
    let (time, earlier) = match alert.identity.span() {
        Span::FiredAt(time) | Span::WhileFired(time) => (time, None),
        Span::Window => {
            let window = i64::from(settings.dedupe_window_seconds.max(1));
            let begin = Timestamp::from_unix(now.unix().saturating_sub(now.unix().rem_euclid(window)));
            (begin, Some(begin.after(window.saturating_neg())))
        }
    };

    let mut notes = Vec::new();
    let time_limit_in_seconds = match (
        alert.properties.get("timeLimit").and_then(|text| text.parse().ok()),
        settings.time_limit_seconds,
    ) {
        (Some(wish), Some(most)) if wish > most => {
            notes.push(format!("timeLimit {wish} was cut to the settings' {most} seconds"));
            Some(most)
        }
        (wish, most) => wish.or(most),
    };
    if let (Some(wish), Some(own)) = (alert.properties.get("storageID"), &settings.storage_account)
        && ResourceId::parse(wish).ok().as_ref() != Some(own)
    {
        notes.push("storageID names another account; the file goes to the settings' account".to_owned());
    }
    CaptureSpec {
        name: name_at(time),
        earlier_name: earlier.map(name_at),
        limits: Limits {
            time_limit_in_seconds,
            bytes_to_capture_per_packet: settings.bytes_per_packet,
            total_bytes_per_session: settings.bytes_per_session,
        },
        machine,
        notes,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
