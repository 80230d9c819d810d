//! Whatever stands in a body: no panic, and no target that the body does not name.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// All fixtures, parsed.
pub(crate) fn fixtures() -> Vec<Value> {
    names_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
        .iter()
        .map(|name| serde_json::from_slice(&fixture(name)).unwrap())
        .collect()
}

/// What can happen to a node.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Drop,
    Replace(Value),
    Duplicate,
    Nest(bool),
    /// The node takes the place of another one.
    MoveTo(prop::sample::Index),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "Resolved",
            "Prometheus",
            "Log",
            "/",
            "//////////",
            "/subscriptions//resourceGroups//providers/Microsoft.Compute/virtualMachines/"
        ])
        .prop_map(Value::from),
        (1usize..30_000).prop_map(|n| Value::from("ä/".repeat(n))),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, 1, "x", [], {}])),
        Just(json!({"name": "Computer", "value": "c"})),
    ];
    prop_oneof![
        Just(Mutation::Drop),
        value.prop_map(Mutation::Replace),
        Just(Mutation::Duplicate),
        any::<bool>().prop_map(Mutation::Nest),
        any::<prop::sample::Index>().prop_map(Mutation::MoveTo),
    ]
}

/// The JSON pointers of all nodes.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| pointers(value, &format!("{at}/{n}"), into));
        }
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            pointers(value, &format!("{at}/{key}"), into);
        }),
        _ => {}
    }
}

pub(crate) fn mutate(body: &mut Value, at: &prop::sample::Index, mutation: Mutation) {
    let mut all = Vec::new();
    pointers(body, "", &mut all);
    let at = at.get(&all).clone();
    let node = body.pointer(&at).unwrap().clone();
    let new = match mutation {
        Mutation::Drop => {
            let Some((parent, key)) = at.rsplit_once('/') else { return };
            match body.pointer_mut(parent).unwrap() {
                Value::Array(list) => _ = list.remove(key.parse().unwrap()),
                Value::Object(object) => _ = object.remove(&key.replace("~1", "/").replace("~0", "~")),
                _ => {}
            }
            return;
        }
        Mutation::Replace(value) => value,
        Mutation::Duplicate => json!([node.clone(), node]),
        Mutation::Nest(true) => json!([node]),
        Mutation::Nest(false) => json!({"tables": node.clone(), "name": node}),
        Mutation::MoveTo(other) => {
            let other: &String = other.get(&all);
            *body.pointer_mut(other).unwrap() = node;
            return;
        }
    };
    *body.pointer_mut(&at).unwrap() = new;
}

/// All texts in a body, those within a runbook's text too.
fn texts(value: &Value, into: &mut HashSet<String>) {
    match value {
        Value::String(text) => {
            if let Ok(inner @ Value::Object(_)) = serde_json::from_str(text) {
                texts(&inner, into);
            }
            into.insert(text.clone());
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, into)),
        Value::Object(object) => object.values().for_each(|value| texts(value, into)),
        _ => {}
    }
}

fn check(body: &Value) -> Result<(), TestCaseError> {
    let bytes = serde_json::to_vec(body).unwrap();
    let reading = read(&bytes);
    prop_assert_eq!(&reading, &read(&bytes));
    let Ok(Reading::Alert(alert)) = reading else { return Ok(()) };
    let mut named = HashSet::new();
    texts(body, &mut named);
    prop_assert!(alert.targets.len() <= MAX_TARGETS && alert.properties.len() <= MAX_PROPERTIES);
    for target in &alert.targets {
        match target {
            Target::Resource(id) => prop_assert!(
                named.iter().any(|text| text
                    .trim()
                    .strip_prefix(id.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))),
                "{id}"
            ),
            Target::Computer(name) => prop_assert!(named.iter().any(|text| text.trim() == name), "{name}"),
        }
    }
    let kept = serde_json::to_string(&alert).unwrap();
    prop_assert_eq!(serde_json::from_str::<Alert>(&kept).unwrap(), *alert);
    Ok(())
}

#[test]
fn any_one_node_of_any_fixture_may_be_dropped_or_anything_else() {
    for body in fixtures() {
        let mut all = Vec::new();
        pointers(&body, "", &mut all);
        for at in &all {
            for value in [
                json!(null),
                json!(7),
                json!(""),
                json!("x"),
                json!([]),
                json!({}),
                json!([[{}]]),
                json!(true),
            ] {
                let mut body = body.clone();
                *body.pointer_mut(at).unwrap() = value;
                check(&body).unwrap();
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "[\\[\\]{}\":,a-z0-9 ]{0,60}") {
        _ = read(&bytes);
        _ = read(text.as_bytes());
    }

    #[test]
    fn any_mutations_of_any_fixture_are_read_without_a_panic_and_name_no_new_target(
        fixture in prop::sample::select(fixtures()),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..5),
    ) {
        let mut body = fixture;
        for (at, mutation) in mutations {
            mutate(&mut body, &at, mutation);
        }
        check(&body)?;
    }
}
