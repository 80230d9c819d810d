//! Alert + rules + settings → [`Plan`]: one capture per machine, or why not. Pure.

mod judge;
pub mod machine;
pub mod parameters;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    alert::{Alert, Condition, Target, identity::Span},
    azure::resource_id::ResourceId,
    capture::name,
    report::Audience,
    rules::{CoolDown, OnConflict, Rule},
    settings::Captures,
    text::{clean, lower},
    time::Timestamp,
};

pub use judge::{Judged, Judgement, Tags, judge};
pub use machine::{Instances, Machine, MachineKind, Subject};
pub use parameters::{Parameters, StorageLocation};

/// More machines than this in one alert are left out, and said so.
pub const MAX_MACHINES: usize = 16;

/// What shall be done about an alert.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// One per machine.
    pub captures: Vec<CaptureSpec>,
    /// What the rules say shall only be explained.
    pub rehearsed: Vec<CaptureSpec>,
    /// Targets that get none.
    pub left_out: Vec<LeftOut>,
    /// Targets that Azure has to be asked about first: which machine it is, or which tags it has.
    pub to_ask: Vec<Target>,
}

/// One capture to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureSpec {
    /// Its name in the store and, unless [`Policy::exact`] is set, at Azure.
    pub name: String,
    /// The name that a delivery a little earlier would have led to, where an alert is known only by a window of time.
    pub earlier_name: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// What is captured and where it goes.
    pub parameters: Parameters,
    /// How it is treated.
    pub policy: Policy,
    /// What the reader of the record should know.
    pub notes: Vec<String>,
    /// The alert whose machines have to be asked for before anything can be captured.
    pub inquiry: Option<Box<Inquiry>>,
}

/// An alert whose machines have to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The alert, with the targets that are to be asked for.
    pub alert: Alert,
    /// What its captures are named for.
    pub moment: Timestamp,
}

/// How a capture is treated, apart from what Azure is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The rules that apply, the deciding one first; none without rules.
    pub rules: Vec<String>,
    /// The session's name as given.
    pub exact: Option<ExactName>,
    /// Whether it is stopped when its alert resolves.
    pub stop_on_resolve: bool,
    /// Who is told what.
    pub tell: Audience,
    /// What holds it back.
    pub restraint: Restraint,
}

/// A session's name as an operator gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExactName {
    /// The name at Azure.
    pub name: String,
    /// What to do with a session that has it already.
    pub on_conflict: OnConflict,
}

/// The name at Azure of the capture called `name`: its own, unless a rule gives another.
#[must_use]
pub fn session_name<'a>(name: &'a str, exact: Option<&'a ExactName>) -> &'a str {
    exact.map_or(name, |exact| exact.name.as_str())
}

/// What holds captures back: cool-downs, budgets, bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restraint {
    /// The deciding rule, in lower case.
    pub rule: String,
    /// Between two captures of the rule on one machine.
    pub cool_down: Option<CoolDown>,
    /// Between two captures of the rule, in seconds.
    pub cool_down_rule: Option<u64>,
    /// Captures of the rule per hour.
    pub captures_per_hour: Option<u32>,
    /// Captures of the rule at once.
    pub captures_at_once: Option<u32>,
    /// The same, whatever the rule.
    pub overall: crate::rules::Limits,
}

impl Restraint {
    /// Whether nothing holds a capture back.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self { rule: self.rule.clone(), ..Self::default() }
    }
}

/// A target that gets no capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The target as the alert names it, cleaned.
    pub target: String,
    /// `notAMachine`, `outsideAllowedScopes`, …
    pub reason: Cow<'static, str>,
    /// The same in words, with what to do.
    pub detail: String,
}

impl LeftOut {
    /// `target` gets no capture.
    #[must_use]
    pub fn new(target: impl Into<String>, reason: &'static str, detail: impl Into<String>) -> Self {
        Self { target: target.into(), reason: Cow::Borrowed(reason), detail: detail.into() }
    }
}

/// The time that an alert's captures are named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The same for every delivery of the alert.
    pub time: Timestamp,
    /// The time before it, where deliveries are known only by a window of time.
    pub earlier: Option<Timestamp>,
}

impl Moment {
    /// The moment of an alert that arrived at `now`. One that fires anew while it stays fired is taken for a new one
    /// here: what is known of it is the store's ([`crate::capture::episode`]).
    #[must_use]
    pub fn of(span: Span, window_seconds: u32, now: Timestamp) -> Self {
        match span {
            Span::FiredAt(time) | Span::WhileFired(time) => Self { time, earlier: None },
            Span::Window => {
                let window = i64::from(window_seconds.max(1));
                let begin = Timestamp::from_unix(now.unix().saturating_sub(now.unix().rem_euclid(window)));
                Self { time: begin, earlier: Some(begin.after(window.saturating_neg())) }
            }
        }
    }
}

/// Makes the plan for an alert that arrived at `now`.
#[must_use]
pub fn plan(alert: &Alert, settings: &Captures, moment: Moment, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    if alert.condition == Condition::Resolved {
        return plan;
    }
    let mut machines = Vec::new();
    for target in &alert.targets {
        match machine::subject(target) {
            Err(left_out) => plan.left_out.push(left_out),
            Ok(Subject::Machine(machine)) => machines.push(machine),
            Ok(Subject::Network(id)) if !settings.may_ask_in(&id) => {
                let detail = "the target lies in no subscription of allowed_scopes, so nobody asks which machines are behind it";
                plan.left_out.push(LeftOut::new(clean(&id.to_string()), "outsideAllowedScopes", detail));
            }
            Ok(Subject::Network(_) | Subject::Computer(_)) => plan.to_ask.push(target.clone()),
        }
    }
    for machine in machine::together(machines) {
        plan.add(judge(alert, &machine, None, settings, moment, now), &machine);
    }
    plan
}

impl Plan {
    /// Takes up what is judged about a machine.
    pub fn add(&mut self, judged: Judged, machine: &Machine) {
        match judged.outcome {
            Judgement::LeftOut(left_out) => self.left_out.push(left_out),
            Judgement::NeedsTags => self.to_ask.push(Target::Resource(machine.id.to_string())),
            Judgement::Rehearse(spec) => self.rehearsed.push(*spec),
            Judgement::Capture(_) if self.captures.len() >= MAX_MACHINES => self.left_out.push(LeftOut::new(
                clean(&machine.id.to_string()),
                "tooManyMachines",
                format!("one alert leads to at most {MAX_MACHINES} captures"),
            )),
            Judgement::Capture(spec) => self.captures.push(*spec),
        }
    }
}

/// What stands for the captures that `targets` of `alert` may lead to, until Azure has been asked.
#[must_use]
pub fn inquiry(
    alert: &Alert,
    targets: Vec<Target>,
    settings: &Captures,
    moment: Moment,
) -> Option<CaptureSpec> {
    // A record is about a resource: the first that is asked for, or else what the alert is about, if only a workspace.
    let ids = targets.iter().filter_map(|target| match target {
        Target::Resource(text) => Some(text),
        Target::Computer(_) => None,
    });
    let named = ids.chain(&alert.about).find_map(|id| ResourceId::parse(id).ok())?;
    let about: Vec<String> = targets
        .iter()
        .map(|target| match target {
            Target::Resource(text) | Target::Computer(text) => lower(text),
        })
        .collect();
    let about = format!("inquiry {}", about.join(" "));
    let name_at = |time| {
        let digest = alert.identity.with_machine(&about, time);
        name::derive(&settings.name_prefix, named.name(), time, &digest)
    };
    Some(CaptureSpec {
        name: name_at(moment.time),
        earlier_name: moment.earlier.map(name_at),
        machine: Machine::unresolved(named),
        parameters: Parameters::default(),
        // Which rule will apply is not known: that the alert resolves meanwhile must reach it, and that no machine is
        // found whomever one of them might tell.
        policy: Policy {
            tell: whoever_might_be_told(settings),
            stop_on_resolve: settings.rules.rules.iter().any(|rule| rule.terms.stop_on_resolve == Some(true)),
            ..Policy::default()
        },
        notes: Vec::new(),
        inquiry: Some(Box::new(Inquiry { alert: Alert { targets, ..alert.clone() }, moment: moment.time })),
    })
}

/// All whom the rules name, or all that are set up if there is one that leaves it open.
fn whoever_might_be_told(settings: &Captures) -> Audience {
    let rules = &settings.rules.rules;
    let leaves_open =
        |rule: &Rule| rule.terms.tell.is_none() && !rule.goes_on && rule.terms.ignore != Some(true);
    let named: Vec<String> =
        rules.iter().flat_map(|rule| rule.terms.tell.iter().flatten().cloned()).collect();
    let named = (!rules.is_empty() && !rules.iter().any(leaves_open)).then_some(named);
    Audience::of(named.as_deref(), None, &settings.receivers)
}

#[cfg(test)]
mod tests;
