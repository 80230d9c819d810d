//! Everything that leaves the component: what it answers, what it says in its log, what it keeps, whom it tells what, and
//! what it sends to Azure.

use std::sync::{Mutex, PoisonError};

use alertcap_tests::{Answer, Stack, raw};
use serde_json::Value;

use crate::search::Canary;

#[derive(Default)]
pub(crate) struct Witness {
    answers: Mutex<String>,
}

impl Witness {
    /// Remembers an answer, whole.
    pub(crate) fn saw(&self, answer: Answer) -> Answer {
        let text =
            format!("{} {:?} {}\n", answer.status, answer.headers, String::from_utf8_lossy(&answer.bytes));
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        answer
    }

    /// Asks, and remembers the answer.
    pub(crate) fn ask(&self, stack: &Stack, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let length = body.len().to_string();
        let mut all: Vec<(&str, &[u8])> = vec![("content-length", length.as_bytes())];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
        self.saw(raw(&stack.url(), &format!("{line} HTTP/1.1"), &all, body.as_bytes()))
    }

    /// Every place that one of them is found in.
    pub(crate) fn find(&self, stack: &Stack, canaries: &[Canary]) -> Vec<String> {
        let mut places = vec![(
            "an answer".to_owned(),
            self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        )];
        places.extend(told(stack));
        places.push(("the log".to_owned(), stack.logs()));
        for (key, value) in stack.kept() {
            places.push((format!("the store, under {key}"), String::from_utf8_lossy(&value).into_owned()));
        }
        for file in std::fs::read_dir(stack.host_state()).expect("the state").filter_map(Result::ok) {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            let place = format!("the file {}", file.file_name().display());
            places.push((place, String::from_utf8_lossy(&bytes).into_owned()));
        }
        find(&places, canaries)
    }

    /// The same in what Azure was sent: of the secrets that are none of its business.
    pub(crate) fn find_at_azure(stack: &Stack, canaries: &[Canary]) -> Vec<String> {
        let of_people = ["notify", "slack", "teams"];
        let is_azures = |request: &&Value| !of_people.iter().any(|name| request["operation"] == **name);
        let requests: Vec<Value> = stack.requests(None).iter().filter(is_azures).cloned().collect();
        let text = Value::from(requests).to_string();
        find(&[("what Azure was sent".to_owned(), text)], canaries)
    }
}

/// What each receiver was told, without where to: its URL is a secret that it shares.
fn told(stack: &Stack) -> Vec<(String, String)> {
    let text = |told: &Value| format!("{}{}", told["headers"], told["body"]);
    let place = |told: &Value| format!("what {} was told", told["name"].as_str().unwrap_or_default());
    stack.told().iter().map(|told| (place(told), text(told))).collect()
}

fn find(places: &[(String, String)], canaries: &[Canary]) -> Vec<String> {
    let in_place = |(place, text): &(String, String)| {
        canaries.iter().filter_map(|canary| canary.find(place, text)).collect::<Vec<_>>()
    };
    places.iter().flat_map(in_place).collect()
}
