//! Any change of any payload: within the scope or refused with a reason, and nothing leaves for another address.

use proptest::prelude::*;

use super::*;
use crate::{alert::tests::mutations, testing::SUBSCRIPTION};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_mutation_leads_to_a_capture_within_scope_or_to_an_answer_with_a_reason(
        fixture in prop::sample::select(mutations::fixtures()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), mutations::mutation()), 0..4),
        probe in any::<bool>(),
    ) {
        let mut body = fixture;
        for (at, change) in changes {
            mutations::mutate(&mut body, &at, change);
        }
        let body = serde_json::to_vec(&body).unwrap();
        let sim = Sim::new();
        sim.set("rules", "[[rules]]\nname = \"web\"\nmatch.tags.tier = \"web\"\nopen = [\"time_limit_seconds\", \"name_prefix\"]\n");
        let query = if probe { format!("{OPERATOR_KEY}&dry_run=probe") } else { WEBHOOK_KEY.to_owned() };
        let uri = format!("/api/alerts?code={query}");
        let (status, answer) = send(&sim, request(Method::POST, &uri, &body));
        match status.as_u16() {
            202 => prop_assert!(!answer["captures"].as_array().unwrap().is_empty(), "{answer}"),
            200 if probe => {}
            200 => prop_assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}"),
            400 | 413 => prop_assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{answer}"),
            other => prop_assert!(false, "{other}: {answer}"),
        }
        for sent in sim.0.sent.borrow().iter() {
            let at_arm = sent.url.to_lowercase().starts_with(&format!("https://arm.example{SUBSCRIPTION}/"));
            let known = at_arm || sent.url.starts_with("https://login.example/") || sent.url.starts_with("https://people.example/")
                || sent.url.starts_with("https://arm.example/operation");
            prop_assert!(known, "{}", sent.url);
            prop_assert!(!sent.url.contains("..") && !sent.url.contains("%2f") && !sent.url.contains("%2F") || sent.url.contains("&t="), "{}", sent.url);
            if sent.operation == "put" {
                let target = sent.body["properties"]["target"].as_str().unwrap().to_lowercase();
                prop_assert!(target.starts_with(&format!("{SUBSCRIPTION}/")), "{target}");
                prop_assert!(!probe, "a probe only reads");
            }
        }
    }
}
