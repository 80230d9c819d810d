use super::*;
use crate::rules::{OnConflict, Rules};

fn apply(rule: &str, properties: &[(&str, &str)]) -> (Terms, Vec<String>) {
    let text = format!("[[rules]]\nname = \"r\"\n{rule}\n");
    let mut terms = Rules::parse(&text, &[]).unwrap().rules.remove(0).terms;
    let properties =
        properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let notes = apply_properties(&mut terms, &properties);
    (terms, notes)
}

#[test]
fn opened_parameters_are_set_under_our_name_or_the_tutorials_in_any_case() {
    let open =
        "open = [\"time_limit_seconds\", \"name_prefix\", \"bytes_per_packet\", \"bytes_per_session\"]";
    for name in ["time_limit_seconds", "TIME_LIMIT_SECONDS", "timeLimit", "TimeLimit"] {
        let (terms, notes) = apply(open, &[(name, " 45 ")]);
        assert_eq!((terms.time_limit_seconds, notes), (Some(45), vec![]), "{name}");
    }
    let (terms, notes) = apply(
        open,
        &[
            ("packetCaptureName", "shop"),
            ("bytes_per_packet", "0"),
            ("bytes_per_session", "5000"),
            ("timeLimit", ""),
        ],
    );
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(terms.name_prefix.as_deref(), Some("shop"));
    assert_eq!((terms.bytes_per_packet, terms.bytes_per_session), (Some(0), Some(5000)));
    assert_eq!(terms.time_limit_seconds, None);
    let (terms, _) = apply(open, &[("timeLimit", "60"), ("time_limit_seconds", "90")]);
    assert_eq!(terms.time_limit_seconds, Some(90), "our own name goes first");
}

#[test]
fn a_parameter_that_is_not_opened_is_left_alone_with_a_note_and_others_without() {
    let (terms, notes) = apply("time_limit_seconds = 60", &[("timeLimit", "18000"), ("team", "network")]);
    assert_eq!(terms.time_limit_seconds, Some(60));
    assert_eq!(
        notes,
        [
            "the alert's property timeLimit was not applied: the rule does not open it (open = [\"time_limit_seconds\"])"
        ]
    );
}

#[test]
fn a_value_out_of_bounds_is_not_applied_and_noted() {
    let open = "time_limit_seconds = 60\nopen = [\"time_limit_seconds\", \"name_prefix\", \"bytes_per_packet\", \"bytes_per_session\"]";
    for (name, value) in [
        ("timeLimit", "18001"),
        ("timeLimit", "0"),
        ("timeLimit", "soon"),
        ("timeLimit", "-5"),
        ("packetCaptureName", "../x"),
        ("name_prefix", "a name that is much too long for one"),
        ("bytes_per_packet", "4294967296"),
        ("bytes_per_session", "0"),
        ("name_prefix", &"x".repeat(5_000)),
    ] {
        let (terms, notes) = apply(open, &[(name, value)]);
        assert_eq!(notes.len(), 1, "{name} {value}");
        assert!(notes[0].contains(name) && notes[0].chars().count() < 700, "{notes:?}");
        assert_eq!(
            (terms.time_limit_seconds, terms.name_prefix, terms.bytes_per_packet),
            (Some(60), None, None)
        );
    }
}

#[test]
fn an_account_is_chosen_only_among_the_rules_own() {
    let rule = "storage_account = [\"stone\", \"sttwo\", \"stthree\"]\nopen = [\"storage_account\"]";
    let names = |terms: Terms| {
        let accounts = terms.storage_accounts.unwrap();
        accounts.iter().map(|account| account.name().to_owned()).collect::<Vec<_>>()
    };
    let (terms, notes) = apply(rule, &[("storage_account", "stthree")]);
    assert_eq!((names(terms), notes), (vec!["stthree".into(), "stone".into(), "sttwo".into()], vec![]));
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/STTWO";
    assert_eq!(names(apply(rule, &[("storageID", id)]).0)[0], "sttwo");
    for other in ["stother", "not an account", &id.replace("STTWO", "stevil")] {
        let (terms, notes) = apply(rule, &[("storageID", other)]);
        assert_eq!((names(terms)[0].as_str(), notes.len()), ("stone", 1), "{other}");
    }
}

#[test]
fn filters_come_as_json_with_azures_names_or_as_toml_with_ours() {
    let open = "open = [\"filters\"]";
    for good in [r#"[{"protocol":"UDP","remotePort":"53"}]"#, r#"[{ protocol = "UDP", remote_port = "53" }]"#]
    {
        let (terms, notes) = apply(open, &[("filters", good)]);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(terms.filters.unwrap()[0].to_string(), "UDP, remote port 53");
    }
    for bad in [
        "",
        "[]",
        "[{}]",
        "5",
        "TCP",
        r#"[{"protocol":"UDP","remoteport":"53"}]"#,
        r#"[{ protocol = "UDP", remotePort = "53" }]"#,
        r#"[{"remoteIPAddress":"1.1.1.1-255.255.255"}]"#,
        "[]\n[limits]",
    ] {
        let (terms, notes) = apply(open, &[("filters", bad)]);
        assert_eq!((terms.filters, notes.len()), (None, usize::from(!bad.is_empty())), "{bad}");
    }
}

#[test]
fn what_an_earlier_rule_opened_does_not_break_what_a_later_one_set() {
    let mut terms = Terms {
        open: Some(vec![Parameter::TimeLimitSeconds, Parameter::NamePrefix, Parameter::StorageAccount]),
        continuous: Some(true),
        exact_name: Some("nightly".to_owned()),
        on_conflict: Some(OnConflict::Keep),
        ..Terms::default()
    };
    let before = terms.clone();
    let properties = [("timeLimit", "5"), ("name_prefix", "x"), ("storageID", "stone")];
    let properties =
        properties.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(apply_properties(&mut terms, &properties).len(), 3);
    assert_eq!(terms, before);
}
