//! Keys of one rule that do not go together. Whoever writes both wants something that will not happen.

use super::super::reader::{Keys, Reader};
use crate::rules::{Parameter, Terms};

pub(super) fn find(keys: &Keys<'_, '_>, terms: &Terms, goes_on: Option<bool>, reader: &mut Reader<'_>) {
    let opens = |parameter| terms.open.as_ref().is_some_and(|open| open.contains(&parameter));
    let mut wrong = |key: &str, is_wrong: bool, message: &str| {
        if let (Some(at), true) = (keys.at(key), is_wrong) {
            reader.problem(at, message);
        }
    };
    let is_continuous = terms.continuous == Some(true);

    wrong(
        "time_limit_seconds",
        is_continuous,
        "a continuous capture has no time_limit_seconds; set ring.session_time_limit_seconds (up to 7 days) instead",
    );
    wrong(
        "ring",
        !is_continuous,
        "ring is for continuous captures; set continuous = true, or leave ring out",
    );
    wrong(
        "on_conflict",
        keys.at("exact_name").is_none(),
        "on_conflict needs exact_name: other names are each alert's own and never meet",
    );
    wrong(
        "name_prefix",
        keys.at("exact_name").is_some(),
        "name_prefix and exact_name exclude each other; keep one of them",
    );
    wrong(
        "open",
        is_continuous && opens(Parameter::TimeLimitSeconds),
        "open has time_limit_seconds, but a continuous capture has no time limit",
    );
    wrong(
        "open",
        keys.at("exact_name").is_some() && opens(Parameter::NamePrefix),
        "open has name_prefix, but exact_name leaves it no place",
    );
    wrong(
        "open",
        opens(Parameter::StorageAccount) && terms.storage_accounts.as_ref().is_none_or(|all| all.len() < 2),
        "open has storage_account, but the rule has no list to choose from; set storage_account = [\"first\", \
         \"second\"]",
    );
    wrong(
        "tell_events",
        terms.tell.as_ref().is_some_and(Vec::is_empty),
        "the rule tells nobody, so tell_events has no effect; leave one of both out",
    );

    if terms.ignore == Some(true) {
        if goes_on == Some(true) {
            wrong("continue", true, "ignore = true ends the matter; later rules have nothing to add");
        }
        let others = keys.all().filter(|(key, _)| !["name", "match", "ignore", "continue"].contains(key));
        for (key, at) in others {
            reader.problem(
                at,
                format!("the rule ignores its alerts, so {key} has no effect; leave one of both out"),
            );
        }
    }
}
