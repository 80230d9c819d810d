//! Where people are told: what Slack and Teams take and refuse.

use serde_json::{Value, json};

use crate::client::{Azure, send};

async fn tell(azure: &Azure, path: &str, message: &Value) -> (u16, String) {
    let answer = send(azure.post(path).json(message)).await;
    (answer.status.as_u16(), String::from_utf8_lossy(&answer.bytes).into_owned())
}

#[tokio::test]
async fn slack_takes_what_it_can_show_and_refuses_the_rest_in_its_own_words() {
    let azure = Azure::start().await;
    let section = |length: usize| json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x".repeat(length) } });
    let header = |length: usize| json!({ "type": "header", "text": { "type": "plain_text", "text": "ä".repeat(length) } });
    let field = |length: usize| json!({ "type": "mrkdwn", "text": "x".repeat(length) });
    let fields =
        |count: usize, length: usize| json!({ "type": "section", "fields": vec![field(length); count] });
    let blocks = |blocks: &[Value]| json!({ "text": "a capture ended", "blocks": blocks });
    let many = |count: usize| blocks(&vec![json!({ "type": "divider" }); count]);
    for (message, status, word) in [
        (json!({ "text": "hello" }), 200, "ok"),
        (blocks(&[header(150), section(3_000), fields(10, 2_000)]), 200, "ok"),
        (many(50), 200, "ok"),
        (json!([]), 400, "invalid_payload"),
        (json!({}), 400, "no_text"),
        (json!({ "text": "" }), 400, "no_text"),
        (blocks(&[header(151)]), 400, "invalid_blocks"),
        (
            blocks(&[json!({ "type": "header", "text": { "type": "mrkdwn", "text": "x" } })]),
            400,
            "invalid_blocks",
        ),
        (blocks(&[section(3_001)]), 400, "invalid_blocks"),
        (blocks(&[section(0)]), 400, "invalid_blocks"),
        (blocks(&[fields(11, 1)]), 400, "invalid_blocks"),
        (blocks(&[fields(1, 2_001)]), 400, "invalid_blocks"),
        (blocks(&[json!({ "type": "banner" })]), 400, "invalid_blocks"),
        (many(51), 400, "invalid_blocks"),
    ] {
        assert_eq!(
            tell(&azure, "/slack/services/T0/B0/x", &message).await,
            (status, word.into()),
            "{message}"
        );
    }
    let broken = send(azure.post("/slack/x").body("{")).await;
    assert_eq!((broken.status.as_u16(), broken.bytes.as_slice()), (400, &b"invalid_payload"[..]));
    assert_eq!(broken.header("content-type"), "text/plain; charset=utf-8");
    let told = azure.control("notifications").await["notifications"].clone();
    assert_eq!((&told[0]["name"], &told[0]["to"]), (&json!("slack"), &json!("services/T0/B0/x")));
    assert_eq!((&told[0]["status"], &told[0]["refused"]), (&json!(200), &Value::Null));
    assert!(told[6]["refused"].as_str().is_some_and(|why| why.contains("151 characters")), "{}", told[6]);

    let fault = json!({ "kind": "status", "status": 410, "code": "channel_is_archived" });
    azure.fault(json!({ "operation": "slack", "fault": fault })).await;
    assert_eq!(
        tell(&azure, "/slack/x", &json!({ "text": "hello" })).await,
        (410, "channel_is_archived".into())
    );
}

#[tokio::test]
async fn teams_takes_one_adaptive_card_and_answers_with_nothing() {
    let azure = Azure::start().await;
    let card = |text: &str| {
        let body = json!([{ "type": "TextBlock", "text": text, "wrap": true }]);
        let content = json!({ "type": "AdaptiveCard", "version": "1.4", "body": body });
        json!({ "contentType": "application/vnd.microsoft.card.adaptive", "content": content })
    };
    let message = |cards: &[Value]| json!({ "type": "message", "attachments": cards });
    assert_eq!(tell(&azure, "/teams/night", &message(&[card("hello")])).await, (202, String::new()));
    let mut no_version = card("hello");
    no_version["content"]["version"] = Value::Null;
    for (message, status) in [
        (json!({ "text": "hello" }), 400),
        (message(&[]), 400),
        (message(&[card("a"), card("b")]), 400),
        (message(&[json!({ "contentType": "text/html", "content": "hello" })]), 400),
        (message(&[no_version]), 400),
        (message(&[card(&"x".repeat(28 * 1024))]), 413),
    ] {
        assert_eq!(tell(&azure, "/teams/night", &message).await.0, status, "{message}");
    }
    let told = azure.control("notifications").await["notifications"].clone();
    assert_eq!((&told[0]["name"], &told[0]["to"]), (&json!("teams"), &json!("night")));
    assert!(told[3]["refused"].as_str().is_some_and(|why| why.contains("2 attachments")), "{}", told[3]);
}

#[tokio::test]
async fn a_webhook_that_was_told_secrets_says_what_a_signature_is_worth() {
    let azure = Azure::start().await;
    let told = json!({ "name": "people", "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });
    assert_eq!(send(azure.post("/_standin/receivers").json(&told)).await.status, 204);
    send(azure.post("/notify/people").body("{}")).await;
    let signed = azure.post("/notify/people").header("webhook-signature", "v1,AAAA").body("{}");
    assert_eq!(send(signed).await.status, 202, "it takes everything");
    send(azure.post("/notify/others").body("{}")).await;
    let told = azure.control("notifications").await["notifications"].clone();
    let worth: Vec<&Value> = (0..3).map(|index| &told[index]["signature"]).collect();
    assert_eq!(worth, [&json!("none"), &json!("invalid"), &Value::Null]);
    let wrong = json!({ "name": "people", "secrets": ["whsec_?"] });
    assert_eq!(send(azure.post("/_standin/receivers").json(&wrong)).await.status, 400);
}
