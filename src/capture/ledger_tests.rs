use super::*;
use crate::rules::Limits;

fn now() -> Timestamp {
    "2026-11-22T02:00:20.4812377Z".parse().unwrap()
}

/// A capture of 60 s by the rule `r` on the machine `m`, taken `seconds` from now.
fn taken(name: &str, seconds: i64) -> Entry {
    let at = now().after(seconds);
    Entry {
        name: name.to_owned(),
        at,
        rule: "r".to_owned(),
        machine: "m".to_owned(),
        series: "s".to_owned(),
        fired: None,
        alert: name.to_owned(),
        ends: at.after(120),
        keep: at.after(86_400),
        resolved: None,
        over: false,
        stop: false,
        inquiry: false,
    }
}

/// An alert of `series` that fired `seconds` from now.
fn of(series: &str, seconds: i64) -> Alert {
    let fired_at = Some(now().after(seconds));
    Alert { series: series.to_owned(), fired_at, ..crate::testing::metric_alert() }
}

fn ledger(entries: impl IntoIterator<Item = Entry>) -> Ledger {
    Ledger { entries: entries.into_iter().collect() }
}

fn minutes(minutes: u64) -> CoolDown {
    CoolDown::For(Duration::from_mins(minutes))
}

/// What holds a new capture back: its reason, and for how many seconds.
fn held(ledger: &Ledger, claim: &Entry, restraint: &Restraint) -> Option<(String, u64)> {
    let held_back = ledger.judge(claim, restraint, now())?;
    Some((held_back.reason.into_owned(), held_back.until.since(now()).as_secs()))
}

fn because(reason: &str, seconds: u64) -> Option<(String, u64)> {
    Some((reason.to_owned(), seconds))
}

#[test]
fn a_rules_cool_down_is_of_one_machine_and_one_rule() {
    let restraint = Restraint { cool_down: Some(minutes(10)), ..Restraint::default() };
    let known = ledger([taken("a", -400), taken("b", -100)]);
    assert_eq!(held(&known, &taken("c", 0), &restraint), because("coolDown", 500), "the last one counts");
    for other in
        [Entry { machine: "n".to_owned(), ..taken("c", 0) }, Entry { rule: "q".to_owned(), ..taken("c", 0) }]
    {
        assert_eq!(held(&known, &other, &restraint), None);
    }
    assert_eq!(held(&ledger([taken("a", -600)]), &taken("c", 0), &restraint), None, "ten minutes are over");
}

#[test]
fn a_rules_cool_down_over_all_machines_is_of_the_rule_only() {
    let restraint = Restraint { cool_down_rule: Some(300), ..Restraint::default() };
    let known = ledger([taken("a", -100)]);
    let together = Entry { machine: "n".to_owned(), alert: "a".to_owned(), ..taken("c", 0) };
    assert_eq!(held(&known, &together, &restraint), None, "the machines of one alert are captured together");
    let elsewhere = Entry { machine: "n".to_owned(), ..taken("c", 0) };
    assert_eq!(held(&known, &elsewhere, &restraint), because("coolDown", 200));
    assert_eq!(held(&known, &Entry { rule: "q".to_owned(), ..elsewhere }, &restraint), None);
}

#[test]
fn the_overall_cool_down_is_of_a_machine_whatever_the_rule() {
    let overall = Limits { cool_down: Some(minutes(10)), ..Limits::default() };
    let restraint = Restraint { overall, ..Restraint::default() };
    let known = ledger([taken("a", -100)]);
    assert_eq!(
        held(&known, &Entry { rule: "q".to_owned(), ..taken("c", 0) }, &restraint),
        because("coolDown", 500)
    );
    assert_eq!(held(&known, &Entry { machine: "n".to_owned(), ..taken("c", 0) }, &restraint), None);
}

#[test]
fn a_cool_down_until_the_alert_resolves_ends_then_or_at_its_longest() {
    let until = CoolDown::UntilResolved { at_most: Duration::from_mins(60) };
    let restraint = Restraint { cool_down: Some(until), ..Restraint::default() };
    let mut known = ledger([taken("a", -100)]);
    assert_eq!(held(&known, &taken("c", 0), &restraint), because("coolDown", 3_500));
    assert_eq!(known.resolve(&of("another series", 0), now()), (Vec::new(), false));
    assert!(held(&known, &taken("c", 0), &restraint).is_some());
    let (captures, is_news) = known.resolve(&of("s", 0), now());
    assert_eq!((captures.len(), is_news), (1, true));
    assert_eq!(held(&known, &taken("c", 0), &restraint), None);
    let (captures, is_news) = known.resolve(&of("s", 0), now());
    assert_eq!((captures.len(), is_news), (1, false), "told again, as often as it is asked");
    assert_eq!(held(&ledger([taken("a", -3_600)]), &taken("c", 0), &restraint), None);
}

#[test]
fn a_resolve_that_comes_late_is_not_about_what_fired_after_it() {
    let fired =
        |name: &str, seconds: i64| Entry { fired: Some(now().after(seconds)), ..taken(name, seconds) };
    let mut known = ledger([fired("a", -300), fired("b", -100)]);
    let names = |(captures, _): (Vec<Entry>, bool)| captures.into_iter().map(|c| c.name).collect::<Vec<_>>();
    assert_eq!(names(known.resolve(&of("s", -200), now())), ["a"]);
    assert_eq!(names(known.resolve(&of("s", -100), now())), ["a", "b"]);
}

#[test]
fn a_budget_is_free_again_an_hour_after_the_oldest_that_fills_it() {
    let restraint = Restraint { captures_per_hour: Some(2), ..Restraint::default() };
    let known = ledger([taken("a", -3_000), taken("b", -1_000)]);
    assert_eq!(held(&known, &taken("c", 0), &restraint), because("budget", 600));
    let over = ledger([taken("a", -4_000), taken("b", -1_000)]);
    assert_eq!(held(&over, &taken("c", 0), &restraint), None);
    assert_eq!(held(&known, &Entry { rule: "q".to_owned(), ..taken("c", 0) }, &restraint), None);
    // Lowered meanwhile: more than one has to be forgotten first.
    let lower = Restraint { captures_per_hour: Some(1), ..Restraint::default() };
    assert_eq!(held(&known, &taken("c", 0), &lower), because("budget", 2_600));
}

#[test]
fn the_overall_budget_counts_every_rules_captures() {
    let overall = Limits { captures_per_hour: Some(2), ..Limits::default() };
    let restraint = Restraint { overall, ..Restraint::default() };
    let known = ledger([taken("a", -3_000), Entry { rule: "q".to_owned(), ..taken("b", -1_000) }]);
    assert_eq!(held(&known, &taken("c", 0), &restraint), because("budget", 600));
}

#[test]
fn so_many_at_once_until_one_is_known_to_have_ended_or_must_have() {
    let overall = Limits { captures_at_once: Some(1), ..Limits::default() };
    for restraint in [
        Restraint { captures_at_once: Some(1), ..Restraint::default() },
        Restraint { overall, ..Restraint::default() },
    ] {
        let mut known = ledger([taken("a", -50)]);
        assert_eq!(held(&known, &taken("c", 0), &restraint), because("atOnce", 70));
        known.ended(&["a".to_owned()]);
        assert_eq!(held(&known, &taken("c", 0), &restraint), None);
        // Its start was put off for long, perhaps: who is late has to be looked at.
        let late = ledger([taken("a", -500)]);
        assert_eq!(held(&late, &taken("c", 0), &restraint), because("atOnce", 60));
        assert_eq!(late.running(now()).len(), 1);
        assert_eq!(held(&ledger([taken("a", -1_020)]), &taken("c", 0), &restraint), None);
    }
}

#[test]
fn those_that_should_have_ended_are_looked_at_first() {
    let known = ledger([Entry { ends: now().after(900), ..taken("long", -100) }, taken("short", -90)]);
    let names: Vec<String> = known.running(now()).into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["short", "long"]);
}

#[test]
fn the_longest_of_all_that_hold_back_is_told() {
    let restraint = Restraint {
        cool_down: Some(minutes(10)),
        captures_per_hour: Some(1),
        captures_at_once: Some(1),
        ..Restraint::default()
    };
    assert_eq!(held(&ledger([taken("a", -50)]), &taken("c", 0), &restraint), because("budget", 3_550));
}

#[test]
fn only_those_before_it_hold_one_back_that_stands_already() {
    let restraint = Restraint { captures_per_hour: Some(1), ..Restraint::default() };
    let known = ledger([taken("a", 0), taken("b", 0)]);
    assert_eq!(held(&known, &taken("a", 0), &restraint), None);
    assert!(held(&known, &taken("b", 0), &restraint).is_some());
}

#[test]
fn an_entry_is_kept_as_long_as_anything_may_ask_for_it() {
    let alert = crate::testing::metric_alert();
    let mut spec = crate::testing::spec(&alert, now());
    let kept = |spec: &CaptureSpec| Entry::new(&alert, spec, now()).keep.since(now()).as_secs();
    assert_eq!(kept(&spec), 3_600);
    spec.policy.restraint.overall.cool_down = Some(minutes(90));
    assert_eq!(kept(&spec), 5_400);
    spec.policy.restraint.cool_down_rule = Some(7_200);
    assert_eq!(kept(&spec), 7_200);
    spec.parameters.time_limit_in_seconds = Some(18_000);
    assert!(kept(&spec) > 18_000 + 900, "it may start late");
    let mut known = ledger([Entry { keep: now(), ..taken("a", -4_000) }, taken("b", -100)]);
    known.add(taken("c", 0), now());
    assert!(!known.has("a") && known.has("b") && known.has("c"));
}

#[test]
fn the_ledger_never_outgrows_a_value_of_the_store() {
    let alert = crate::testing::metric_alert();
    let mut spec = crate::testing::spec(&alert, now());
    let mut known = Ledger::default();
    for n in 0..2_000 {
        spec.name = format!("{n:080}");
        spec.policy.restraint.rule = "\u{1F980}".repeat(64);
        spec.policy.restraint.overall.cool_down = Some(minutes(10_000));
        let entry = Entry::new(&alert, &spec, now());
        known.add(Entry { resolved: Some(now()), over: true, stop: true, ..entry }, now());
    }
    let size = serde_json::to_vec(&known).unwrap().len();
    assert!(size < 380_000, "{size}");
    assert!(known.entries.len() > 500, "as many as the largest budget");
    assert!(known.has(&format!("{:080}", 1_999)) && !known.has(&format!("{:080}", 0)));
    let again: Ledger = serde_json::from_slice(&serde_json::to_vec(&known).unwrap()).unwrap();
    assert_eq!(again, known);
}

proptest::proptest! {
    #[test]
    fn no_hour_ever_has_more_captures_than_its_budget(
        budget in 1..5_u32,
        per_rule in 1..5_u32,
        alerts in proptest::collection::vec((0..9_000_i64, 0..3_u8), 1..60),
    ) {
        let overall = Limits { captures_per_hour: Some(budget), ..Limits::default() };
        let restraint = Restraint { captures_per_hour: Some(per_rule), overall, ..Restraint::default() };
        let mut known = Ledger::default();
        let mut admitted: Vec<(i64, u8)> = Vec::new();
        // Written down in any order, each as of the time it arrived.
        for (index, (second, rule)) in alerts.into_iter().enumerate() {
            let rule_name = rule.to_string();
            let claim = Entry { rule: rule_name, ..taken(&index.to_string(), second) };
            if known.judge(&claim, &restraint, claim.at).is_none() {
                known.add(claim.clone(), claim.at);
                admitted.push((second, rule));
            }
        }
        for (begin, _) in &admitted {
            let hour: Vec<u8> =
                admitted.iter().filter(|(at, _)| (*begin..begin + 3_600).contains(at)).map(|(_, r)| *r).collect();
            proptest::prop_assert!(hour.len() <= budget as usize, "{admitted:?}");
            for rule in 0..3 {
                let count = hour.iter().filter(|r| **r == rule).count();
                proptest::prop_assert!(count <= per_rule as usize, "{admitted:?}");
            }
        }
    }
}
