use super::*;
use crate::report::{
    Event,
    message::tests::{failed, hostile, hostile_text, is_clean},
};

#[test]
fn a_failure_as_slack_gets_it() {
    let message = Message::of(&failed(), Event::Failed, "c.failed");
    let golden: Value = serde_json::from_str(include_str!("golden/slack.json")).unwrap();
    assert_eq!(body(&message), golden, "{:#}", body(&message));
}

/// All text objects with the limit of their place.
fn text_objects(block: &Value) -> Vec<(&Value, usize)> {
    match block["type"].as_str().unwrap() {
        "header" => vec![(&block["text"], 150)],
        "context" => block["elements"].as_array().unwrap().iter().map(|text| (text, 2_000)).collect(),
        "section" if block.get("fields").is_some() => {
            let fields = block["fields"].as_array().unwrap();
            assert!((1..=10).contains(&fields.len()));
            fields.iter().map(|text| (text, 2_000)).collect()
        }
        "section" => vec![(&block["text"], 3_000)],
        other => panic!("{other}"),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(100))]

    #[test]
    fn no_text_becomes_markup_or_a_mention_and_every_limit_is_kept(text in hostile_text()) {
        for message in hostile(&text) {
            let body = body(&message);
            let blocks = body["blocks"].as_array().unwrap();
            proptest::prop_assert!(blocks.len() <= 50);
            for (object, most) in blocks.iter().flat_map(text_objects) {
                proptest::prop_assert_eq!(&object["type"], "plain_text");
                let text = object["text"].as_str().unwrap();
                proptest::prop_assert!((1..=most).contains(&text.encode_utf16().count()), "{:?}", text);
                proptest::prop_assert!(!text.trim().is_empty() && is_clean(text), "{:?}", text);
            }
            let fallback = body["text"].as_str().unwrap();
            proptest::prop_assert!(!fallback.contains(['<', '>']) && is_clean(fallback), "{}", fallback);
            let unescaped = fallback.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            proptest::prop_assert!(!unescaped.contains('&'), "{}", fallback);
            proptest::prop_assert_eq!(&body["unfurl_links"], false);
            proptest::prop_assert_eq!(&blocks.last().unwrap()["elements"][0]["text"], "capture.event");
        }
    }
}
