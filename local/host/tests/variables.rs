//! Where values come from, what templates do, and that no value is ever printed.

mod common;

use std::ffi::OsString;

use alertcap_host::variables::{Denied, Variables};
use common::manifest;

fn nothing(_: &str) -> Option<OsString> {
    None
}

fn refusal(variables: &str, component: &str, given: &[&str]) -> String {
    let given: Vec<_> = given.iter().map(|text| (*text).to_owned()).collect();
    match Variables::resolve(&manifest(variables, component), &given, nothing) {
        Ok(_) => panic!("should be refused"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_default() {
    let declared = "a = { default = 'd' }\nb_c = { default = 'd' }\nd = { default = 'd' }";
    let seen = "a = '{{ a }}'\nb_c = '{{ b_c }}'\nd = '{{ d }}'";
    let environment = |name: &str| match name {
        "SPIN_VARIABLE_A" | "SPIN_VARIABLE_B_C" => Some("env".into()),
        _ => None,
    };
    let given = ["a=x=y".to_owned()];
    let variables = Variables::resolve(&manifest(declared, seen), &given, environment).unwrap();
    assert_eq!(variables.get("a"), Ok("x=y"));
    assert_eq!(variables.get("b_c"), Ok("env"));
    assert_eq!(variables.get("d"), Ok("d"));
}

#[test]
fn an_empty_value_is_a_value() {
    let variables =
        Variables::resolve(&manifest("a = { required = true }", "a = '{{a}}'"), &["a=".into()], nothing)
            .unwrap();
    assert_eq!(variables.get("a"), Ok(""));
}

#[test]
fn templates_are_filled_in() {
    let manifest = manifest("host = { default = 'h' }\nkey = { default = 'k', secret = true }", "");
    let variables = Variables::resolve(&manifest, &[], nothing).unwrap();
    for (template, text, literal, secret) in [
        ("", "", true, false),
        ("plain }} text", "plain }} text", true, false),
        ("https://{{ host }}:{{host}}/", "https://h:h/", false, false),
        ("{{ key }}", "k", false, true),
    ] {
        let filled = variables.fill(template).unwrap();
        assert_eq!(
            (filled.text.as_str(), filled.literal, filled.secret),
            (text, literal, secret),
            "{template:?}"
        );
    }
    for bad in ["{{ host", "{{ nobody }}", "{{ }}"] {
        assert!(variables.fill(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_component_sees_only_its_own_variables() {
    let manifest = manifest("a = { default = 'x' }", "seen = 'v-{{ a }}'");
    let variables = Variables::resolve(&manifest, &[], nothing).unwrap();
    assert_eq!(variables.get("seen"), Ok("v-x"));
    assert_eq!(variables.get("a"), Err(Denied::Undefined("no variable for \"app\".\"a\"".into())));
    for bad in ["", "A", "a-b", "1a", "_a", "a_", "a__b", "ä"] {
        assert!(matches!(variables.get(bad), Err(Denied::InvalidName(_))), "{bad:?}");
    }
    assert!(matches!(variables.get("a_1b"), Err(Denied::Undefined(_))));
}

#[test]
fn every_missing_value_is_named_at_once() {
    let refusal =
        refusal("a = { required = true }\nb = { default = '' }\nc_d = { required = true }", "", &[]);
    assert_eq!(refusal, "required variables without a value: a (SPIN_VARIABLE_A), c_d (SPIN_VARIABLE_C_D)");
}

#[test]
fn mistakes_are_refused() {
    let table = [
        (
            "",
            "a = '{{ a }}'",
            &[][..],
            "component.app.variables.a: the template uses \"a\", which is not declared",
        ),
        ("", "a = '{{ a '", &[], "component.app.variables.a: '{{' without '}}'"),
        ("", "A = 'a'", &[], "component.app.variables.A: the name must be lower-case"),
        ("", "", &["a=s3cret"], "--variable a: the manifest declares no such variable"),
        ("", "", &["s3cret"], "--variable no. 1 is not of the form name=value"),
    ];
    for (variables, component, given, expected) in table {
        let refusal = refusal(variables, component, given);
        assert!(refusal.contains(expected), "{refusal}");
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
}
