//! What the rules and the settings say of one machine of an alert.

use std::collections::BTreeMap;

use super::{CaptureSpec, ExactName, LeftOut, Machine, Moment, Parameters, Policy, Restraint, session_name};
use crate::{
    alert::{Alert, identity::Span},
    capture::name,
    report::Audience,
    rules::{AccountRef, Facts, Miss, OnConflict, Parameter, Terms, Verdict, apply_properties},
    settings::Captures,
    text::{clean, lower},
    time::Timestamp,
};

/// The tags of a machine.
pub type Tags = BTreeMap<String, String>;

/// What is judged about a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The rules that apply, the deciding one first.
    pub rules: Vec<String>,
    /// The rules that do not, and why.
    pub why_not: Vec<Miss>,
    /// What follows.
    pub outcome: Judgement,
}

/// What follows for a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The rules depend on tags that have not been asked for.
    NeedsTags,
    /// No capture.
    LeftOut(LeftOut),
    /// A capture.
    Capture(Box<CaptureSpec>),
    /// A capture that the rule only wants to see explained.
    Rehearse(Box<CaptureSpec>),
}

/// Judges one machine of `alert`; `tags` where they are known.
#[must_use]
pub fn judge(
    alert: &Alert,
    machine: &Machine,
    tags: Option<&Tags>,
    settings: &Captures,
    moment: Moment,
    now: Timestamp,
) -> Judged {
    let mut judged = Judged { rules: Vec::new(), why_not: Vec::new(), outcome: Judgement::NeedsTags };
    if !settings.allowed_scopes.iter().any(|scope| scope.contains(&machine.id)) {
        let detail = if settings.allowed_scopes.is_empty() {
            "allowed_scopes is not set, so no machine may be captured"
        } else {
            "the machine lies outside allowed_scopes; add its subscription or resource group to it if alerts may capture it"
        };
        judged.outcome = left_out(machine, "outsideAllowedScopes", detail);
        return judged;
    }
    if let Some(detail) = too_old(alert, settings, now) {
        judged.outcome = left_out(machine, "tooOld", detail);
        return judged;
    }
    let mut terms = match terms(alert, machine, tags, settings, &mut judged) {
        Ok(terms) => terms,
        Err(outcome) => {
            judged.outcome = outcome;
            return judged;
        }
    };
    let scopes = terms.allowed_scopes.take();
    if terms.ignore == Some(true) {
        judged.outcome =
            left_out(machine, "ignored", format!("the rules {} lead to no capture", judged.rules.join(", ")));
    } else if scopes.is_some_and(|scopes| !scopes.iter().any(|scope| scope.contains(&machine.id))) {
        let detail =
            format!("the machine lies outside the allowed_scopes of the rules {}", judged.rules.join(", "));
        judged.outcome = left_out(machine, "outsideAllowedScopes", detail);
    } else {
        let is_rehearsed = terms.dry_run == Some(true);
        let spec = Box::new(spec(alert, machine, terms, &judged.rules, settings, moment));
        judged.outcome = if is_rehearsed { Judgement::Rehearse(spec) } else { Judgement::Capture(spec) };
    }
    judged
}

fn left_out(machine: &Machine, reason: &'static str, detail: impl Into<String>) -> Judgement {
    Judgement::LeftOut(LeftOut::new(clean(&machine.id.to_string()), reason, detail))
}

/// What the rules say; without any rule, that every alert is captured as the settings say.
fn terms(
    alert: &Alert,
    machine: &Machine,
    tags: Option<&Tags>,
    settings: &Captures,
    judged: &mut Judged,
) -> Result<Terms, Judgement> {
    if settings.rules.rules.is_empty() {
        // The tutorial's own properties, as far as they only narrow.
        let open = vec![Parameter::NamePrefix, Parameter::TimeLimitSeconds, Parameter::StorageAccount];
        return Ok(Terms { open: Some(open), ..Terms::default() });
    }
    let facts = Facts {
        alert_rule: alert.rule.as_deref(),
        severity: alert.severity.as_deref(),
        monitoring_service: alert.monitoring_service.as_deref(),
        signal_type: alert.signal_type.as_deref(),
        target: &machine.id,
        tags,
        properties: &alert.properties,
    };
    match settings.rules.judge(&facts) {
        Verdict::NeedsTags => Err(Judgement::NeedsTags),
        Verdict::Decided { rules, terms, why_not } => {
            judged.why_not = why_not;
            judged.rules = rules;
            if judged.rules.is_empty() {
                let detail = "no rule matches the alert; ?dry_run=true says why for each";
                return Err(left_out(machine, "noRule", detail));
            }
            Ok(terms)
        }
    }
}

/// An alert that fires anew on each evaluation is as young as its delivery.
fn too_old(alert: &Alert, settings: &Captures, now: Timestamp) -> Option<String> {
    let most = settings.rules.limits.max_alert_age?;
    let Span::FiredAt(time) = alert.identity.span() else { return None };
    let age = now.since(time);
    (age > most).then(|| {
        format!("the alert fired {} s ago, longer than max_alert_age ({} s)", age.as_secs(), most.as_secs())
    })
}

fn spec(
    alert: &Alert,
    machine: &Machine,
    mut terms: Terms,
    rules: &[String],
    settings: &Captures,
    moment: Moment,
) -> CaptureSpec {
    let is_local_only = terms.local_path.is_some() && terms.storage_accounts.is_none();
    if terms.storage_accounts.is_none() && !is_local_only {
        terms.storage_accounts =
            Some(settings.storage_accounts.iter().cloned().map(AccountRef::Id).collect());
    }
    let mut notes = apply_properties(&mut terms, &alert.properties);
    if let (true, Some(wish), Some(most)) =
        (rules.is_empty(), terms.time_limit_seconds, settings.time_limit_seconds)
        && wish > most
    {
        notes.push(format!("timeLimit {wish} was cut to the settings' {most} seconds"));
        terms.time_limit_seconds = Some(most);
    }
    let canonical = machine.canonical();
    let front = terms.exact_name.as_ref().or(terms.name_prefix.as_ref()).unwrap_or(&settings.name_prefix);
    let name_at =
        |time| name::derive(front, machine.id.name(), time, &alert.identity.with_machine(&canonical, time));
    let name = name_at(moment.time);
    let on_conflict = terms.on_conflict.unwrap_or(OnConflict::Keep);
    let exact = terms.exact_name.clone().map(|name| ExactName { name, on_conflict });
    CaptureSpec {
        earlier_name: moment.earlier.map(name_at),
        parameters: Parameters::new(&terms, settings, session_name(&name, exact.as_ref())),
        policy: Policy {
            rules: rules.to_vec(),
            exact,
            stop_on_resolve: terms.stop_on_resolve == Some(true),
            tell: Audience::of(terms.tell.as_deref(), terms.tell_events.as_deref(), &settings.receivers),
            restraint: Restraint {
                rule: lower(first(rules)),
                cool_down: terms.cool_down,
                cool_down_rule: terms.cool_down_rule.map(|time| time.as_secs()),
                captures_per_hour: terms.captures_per_hour,
                captures_at_once: terms.captures_at_once,
                overall: crate::rules::Limits { max_alert_age: None, ..settings.rules.limits.clone() },
            },
        },
        machine: machine.clone(),
        notes,
        inquiry: None,
        name,
    }
}

fn first(rules: &[String]) -> &str {
    rules.first().map_or("", String::as_str)
}
