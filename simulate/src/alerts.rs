//! Alerts as Azure Monitor sends them, each with a number by which all it leads to can be known.

use alertcap::time::Timestamp;
use serde_json::{Value, json};

use crate::chance::Chance;

pub(crate) const SUBSCRIPTION: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b";

/// Numbers of alerts begin here: as sizes of captures they are beyond any that is drawn otherwise.
const FIRST: u64 = 1_000_000;

/// The shapes that alerts come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Metric,
    OldMetric,
    Log,
    /// Names a computer, which has to be looked for.
    Computer,
    Activity,
    /// Is sent anew on each evaluation.
    Prometheus,
    /// The tutorial's flat body: no id, no time.
    Tutorial,
}

/// An alert of the run.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    /// The names of its machines.
    pub(crate) machines: Vec<String>,
    pub(crate) fired_at: Timestamp,
    /// Whether its end is delivered too.
    pub(crate) resolves: bool,
    /// How often it is sent anew.
    pub(crate) evaluations: u64,
}

/// The name of a machine.
pub(crate) fn machine_name(index: u64) -> String {
    format!("web-{:02}", index + 1)
}

/// The ARM id of a machine.
pub(crate) fn machine_id(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.Compute/virtualMachines/{name}")
}

impl Alert {
    pub(crate) fn draw(chance: &Chance, index: u64, machines: u64, now: Timestamp, is_exact: bool) -> Self {
        let kinds = [
            Kind::Metric,
            Kind::Metric,
            Kind::Metric,
            Kind::OldMetric,
            Kind::Log,
            Kind::Computer,
            Kind::Activity,
            Kind::Prometheus,
            Kind::Tutorial,
        ];
        // The tutorial's body cannot say on whose behalf a session of a given name is begun.
        let kind = chance.pick(&kinds[..kinds.len() - usize::from(is_exact)]);
        let first = chance.below(machines);
        let more = if kind == Kind::Metric && chance.happens(300) { chance.below(machines) } else { 0 };
        Self {
            number: FIRST + index,
            kind,
            machines: (0..=more).map(|more| machine_name((first + more) % machines)).collect(),
            fired_at: now.plus(std::time::Duration::from_nanos(chance.below(1_000_000_000) / 100 * 100)),
            resolves: matches!(kind, Kind::Metric | Kind::OldMetric | Kind::Log | Kind::Prometheus)
                && chance.happens(600),
            evaluations: if kind == Kind::Prometheus { chance.below(4) } else { 0 },
        }
    }

    /// The body of its `evaluation`th delivery, or of its end.
    pub(crate) fn body(&self, evaluation: u64, is_end: bool) -> String {
        let fixture = match self.kind {
            Kind::Metric => include_str!("../../tests/fixtures/metric-fired.json"),
            Kind::OldMetric => include_str!("../../tests/fixtures/old-metric-static.json"),
            Kind::Log => include_str!("../../tests/fixtures/log-v2-resource.json"),
            Kind::Computer => include_str!("../../tests/fixtures/log-v2-computer.json"),
            Kind::Activity => include_str!("../../tests/fixtures/activity-administrative.json"),
            Kind::Prometheus => include_str!("../../tests/fixtures/prometheus-fired.json"),
            Kind::Tutorial => include_str!("../../tests/fixtures/tutorial.json"),
        };
        let machine = self.machines.first().map_or("web-01", String::as_str);
        let mut body: Value = serde_json::from_str(&fixture.replace("web-01", machine)).unwrap_or_default();
        let number = self.number.to_string();
        let own = json!({ "simulated": number, "bytes_per_session": number });
        let fired_at = self.fired_at.after(i64::try_from(evaluation * 60).unwrap_or(0)).to_string();
        match self.kind {
            Kind::Tutorial => {
                body["packetCaptureName"] = format!("sim-{number}").into();
                body["timeLimit"] = Value::Null;
            }
            Kind::OldMetric => {
                body["data"]["properties"] = own;
                let context = &mut body["data"]["context"];
                context["id"] = format!("{SUBSCRIPTION}/metricalerts/{number}").into();
                context["timestamp"] = fired_at.into();
                if is_end {
                    body["data"]["status"] = "Deactivated".into();
                }
            }
            _ => {
                body["data"]["customProperties"] = own;
                let essentials = &mut body["data"]["essentials"];
                essentials["firedDateTime"] = fired_at.into();
                if self.kind != Kind::Activity {
                    essentials["alertId"] = format!("{SUBSCRIPTION}/alerts/{number}-{evaluation}").into();
                    essentials["originAlertId"] = format!("origin-{number}").into();
                }
                if self.kind == Kind::Metric {
                    let lower: Vec<String> =
                        self.machines.iter().map(|name| machine_id(name).to_ascii_lowercase()).collect();
                    essentials["alertTargetIDs"] = json!(lower);
                    essentials["configurationItems"] = json!(self.machines);
                }
                if is_end {
                    essentials["monitorCondition"] = "Resolved".into();
                }
                if self.kind == Kind::Activity {
                    body["data"]["alertContext"]["eventDataId"] = format!("event-{number}").into();
                }
            }
        }
        body.to_string()
    }
}

/// The alert's number as its record tells it.
pub(crate) fn number_of(record: &Value) -> Option<u64> {
    let properties = record.pointer("/alert/properties")?;
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    text("simulated").or_else(|| text("packetCaptureName")?.strip_prefix("sim-"))?.parse().ok()
}
