use super::*;

#[test]
fn the_tutorials_body_says_where_and_its_wishes_are_properties() {
    let alert = alert(&fixture("tutorial"));
    let property = |name: &str| alert.properties.get(name).map(String::as_str);
    assert_eq!(property("packetCaptureName"), Some("segments"));
    assert_eq!(property("timeLimit"), Some("60"));
    assert!(property("storageID").is_some_and(|id| id.ends_with("stshopcaptures")));
    assert_eq!(alert.properties.len(), 3);
    assert_eq!((alert.signal_type, alert.monitoring_service), (None, None));
}

#[test]
fn a_time_limit_may_be_a_number_a_text_or_nothing_but_not_nonsense() {
    let limit = |value: Value| {
        read(&with("tutorial", "/timeLimit", value)).map(|reading| match reading {
            Reading::Alert(alert) => alert.properties.get("timeLimit").cloned(),
            other @ Reading::NotForUs { .. } => panic!("{other:?}"),
        })
    };
    assert_eq!(limit(json!(90)), Ok(Some("90".to_owned())));
    assert_eq!(limit(json!(" 90 ")), Ok(Some("90".to_owned())));
    for unset in [json!(null), json!(0), json!(""), json!("0")] {
        assert_eq!(limit(unset), Ok(None));
    }
    for bad in [json!(18_001), json!(-1), json!(1.5), json!("abc"), json!([1]), json!(true)] {
        assert!(limit(bad.clone()).is_err(), "{bad}");
    }
}
