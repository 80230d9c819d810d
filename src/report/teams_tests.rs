use super::*;
use crate::report::message::tests::{failed, hostile, hostile_text, is_clean, texts};

fn card(body: &Value) -> &Value {
    &body["attachments"][0]["content"]
}

#[test]
fn a_failure_as_teams_gets_it() {
    let message = Message::of(&failed(), Event::Failed, "c.failed");
    let golden: Value = serde_json::from_str(include_str!("golden/teams.json")).unwrap();
    assert_eq!(body(&message), golden, "{:#}", body(&message));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(100))]

    #[test]
    fn no_text_becomes_markup_a_link_or_a_mention_and_the_card_fits(text in hostile_text()) {
        for message in hostile(&text) {
            let body = body(&message);
            proptest::prop_assert!(body.to_string().len() < 28 * 1024, "{}", body.to_string().len());
            let card = card(&body);
            proptest::prop_assert!(card.get("msteams").is_none(), "there the mentions would be");
            for block in card["body"].as_array().unwrap() {
                proptest::prop_assert_eq!(&block["type"], "RichTextBlock");
                for run in block["inlines"].as_array().unwrap() {
                    proptest::prop_assert_eq!(&run["type"], "TextRun");
                    proptest::prop_assert!(run.get("selectAction").is_none());
                    let text = run["text"].as_str().unwrap();
                    proptest::prop_assert!(!text.is_empty() && is_clean(text), "{:?}", text);
                    for wrong in ["<at", "</", "<!", "{{", "${"] {
                        proptest::prop_assert!(!text.contains(wrong), "{:?}", text);
                    }
                }
            }
            for action in card["actions"].as_array().unwrap() {
                let url = action["url"].as_str().unwrap();
                proptest::prop_assert!(url.starts_with("https://st.example/"), "{}", url);
            }
            proptest::prop_assert!(texts(card).contains(&"capture.event"));
        }
    }
}
