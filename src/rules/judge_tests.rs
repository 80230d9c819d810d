use super::*;
use crate::rules::Rules;

const VM: &str =
    "/subscriptions/S-1/resourceGroups/rg-Shop/providers/Microsoft.Compute/virtualMachines/web-01";

/// Facts that own what they show.
#[derive(Default)]
struct Case {
    severity: Option<&'static str>,
    tags: Option<BTreeMap<String, String>>,
    properties: BTreeMap<String, String>,
    target: Option<String>,
}

fn map(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Case {
    fn judge(&self, rules: &str) -> Verdict {
        let target = ResourceId::parse(self.target.as_deref().unwrap_or(VM)).unwrap();
        Rules::parse(rules, &[]).unwrap().judge(&Facts {
            alert_rule: Some("tcp-segments-web"),
            severity: self.severity,
            monitoring_service: Some("Platform"),
            signal_type: Some("Metric"),
            target: &target,
            tags: self.tags.as_ref(),
            properties: &self.properties,
        })
    }

    fn matches(&self, condition: &str) -> bool {
        match self.judge(&format!("[[rules]]\nname = \"r\"\n{condition}\n")) {
            Verdict::Decided { rules, .. } => !rules.is_empty(),
            Verdict::NeedsTags => panic!("needs tags"),
        }
    }
}

fn decided(verdict: Verdict) -> (Vec<String>, Terms, Vec<Miss>) {
    match verdict {
        Verdict::Decided { rules, terms, why_not } => (rules, terms, why_not),
        Verdict::NeedsTags => panic!("needs tags"),
    }
}

#[test]
fn each_condition_looks_at_its_own_fact() {
    let case = Case {
        severity: Some("Sev1"),
        tags: Some(map(&[("Tier", "Web")])),
        properties: map(&[("Team", "network")]),
        target: None,
    };
    for (holds, fails) in [
        ("match.alert_rule = \"TCP-*\"", "match.alert_rule = \"=TCP-segments-web\""),
        ("match.severity = [\"sev0\", \"sev1\"]", "match.severity = [\"Sev0\", \"Sev2\"]"),
        ("match.monitoring_service = \"platform\"", "match.monitoring_service = \"Log*\""),
        ("match.signal_type = \"Metric\"", "match.signal_type = \"Log\""),
        ("match.target = \"*/virtualMachines/web-??\"", "match.target = \"*/web\""),
        (
            "match.target_type = \"microsoft.compute/virtualmachines\"",
            "match.target_type = \"Microsoft.Compute/virtualMachineScaleSets\"",
        ),
        ("match.resource_group = \"RG-SHOP\"", "match.resource_group = \"rg\""),
        ("match.subscription = \"s-1\"", "match.subscription = \"s-2\""),
        ("match.tags.tier = \"web\"", "match.tags.tier = \"=web\""),
        ("match.properties.team = \"net*\"", "match.properties.owner = \"*\""),
    ] {
        assert!(case.matches(holds), "{holds}");
        assert!(!case.matches(fails), "{fails}");
        assert!(!case.matches(&format!("{holds}\nmatch.properties.no = \"*\"")), "all must hold: {holds}");
    }
}

#[test]
fn an_instance_of_a_scale_set_is_of_its_own_type() {
    let set = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/set";
    let case = Case { target: Some(format!("{set}/virtualMachines/3")), ..Case::default() };
    assert!(
        case.matches("match.target_type = \"Microsoft.Compute/virtualMachineScaleSets/virtualMachines\"")
    );
    assert!(!case.matches("match.target_type = \"Microsoft.Compute/virtualMachineScaleSets\""));
    assert!(!case.matches("match.target_type = \"Microsoft.Compute/virtualMachines\""));
}

#[test]
fn the_first_match_wins_and_the_misses_before_it_say_why() {
    let rules = r#"
        [[rules]]
        name = "worst"
        match.severity = ["Sev0", "Sev1"]
        [[rules]]
        name = "team"
        match.properties.team = "network"
        [[rules]]
        name = "segments"
        match.alert_rule = "tcp-*"
        time_limit_seconds = 300
        [[rules]]
        name = "rest"
    "#;
    let case = Case { severity: Some("Sev3"), ..Case::default() };
    let (names, terms, why_not) = decided(case.judge(rules));
    assert_eq!((names, terms.time_limit_seconds), (vec!["segments".to_owned()], Some(300)));
    let why_not: Vec<_> = why_not.iter().map(|miss| format!("{}: {}", miss.rule, miss.because)).collect();
    assert_eq!(
        why_not,
        [
            "worst: severity is Sev3, not one of Sev0, Sev1",
            "team: properties.team is not there; the rule wants network"
        ]
    );
}

#[test]
fn a_missing_value_matches_no_pattern() {
    let case = Case { tags: Some(BTreeMap::new()), ..Case::default() };
    assert!(!case.matches("match.severity = \"*\"") && !case.matches("match.tags.tier = \"*\""));
    assert!(!case.matches("match.tags.tier = \"=\""));
    let (names, terms, why_not) = decided(case.judge(""));
    assert_eq!((names, terms, why_not), (Vec::new(), Terms::default(), Vec::new()));
}

#[test]
fn continue_adds_what_was_left_open_and_the_first_name_counts() {
    let rules = r#"
        [[rules]]
        name = "short"
        match.severity = "Sev1"
        continue = true
        time_limit_seconds = 60
        [[rules]]
        name = "web"
        match.alert_rule = "tcp-*"
        time_limit_seconds = 900
        stop_on_resolve = true
    "#;
    let (names, terms, _) = decided(Case { severity: Some("Sev1"), ..Case::default() }.judge(rules));
    assert_eq!(names, ["short", "web"]);
    assert_eq!((terms.time_limit_seconds, terms.stop_on_resolve), (Some(60), Some(true)));
}

#[test]
fn tags_are_asked_for_only_where_the_outcome_depends_on_them() {
    let rules = r#"
        [[rules]]
        name = "worst web"
        match.severity = "Sev0"
        match.tags.tier = "web"
        [[rules]]
        name = "segments"
        match.severity = ["Sev0", "Sev1"]
        [[rules]]
        name = "database"
        match.tags.tier = "database"
    "#;
    let case = |severity, tags: Option<&[(&str, &str)]>| {
        Case { severity: Some(severity), tags: tags.map(map), ..Case::default() }.judge(rules)
    };
    assert_eq!(case("Sev0", None), Verdict::NeedsTags);
    assert_eq!(decided(case("Sev0", Some(&[("tier", "web")]))).0, ["worst web"]);
    assert_eq!(decided(case("Sev0", Some(&[]))).0, ["segments"]);
    assert_eq!(decided(case("Sev1", None)).0, ["segments"]);
    assert_eq!(case("Sev2", None), Verdict::NeedsTags);
    let (names, _, why_not) = decided(case("Sev2", Some(&[("tier", "web")])));
    assert!(names.is_empty());
    assert_eq!(why_not[2].because, "tags.tier is web, not database");
}

#[test]
fn words_of_a_match_name_its_conditions() {
    let rules =
        "[[rules]]\nname = \"r\"\nmatch.severity = [\"Sev0\", \"Sev1\"]\nmatch.tags.tier = \"web, front\"";
    let rules = Rules::parse(rules, &[]).unwrap();
    assert_eq!(rules.rules[0].when.to_string(), "severity Sev0 or Sev1, tags.tier web, front");
    assert_eq!(Match::default().to_string(), "every alert");
}
