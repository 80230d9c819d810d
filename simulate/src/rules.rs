//! The rules that alertcap is given in a run, and what they promise in numbers.

use crate::chance::Chance;

/// The rules of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// As the operator writes them; none if empty.
    pub(crate) text: String,
    /// Seconds between two captures on one machine.
    pub(crate) cool_down: Option<u64>,
    /// Seconds between two captures on any.
    pub(crate) cool_down_rule: Option<u64>,
    /// Captures in an hour.
    pub(crate) per_hour: Option<u64>,
    /// Captures at once.
    pub(crate) at_once: Option<u64>,
    /// The session's name.
    pub(crate) exact: Option<&'static str>,
    /// Whether one that has ended gives its name up.
    pub(crate) replaces: bool,
    /// Whether the alert's end stops the capture.
    pub(crate) stops: bool,
}

/// The capture's size is the alert's number: what Azure is asked for says on whose behalf.
const OPEN: &str = "open = [\"bytes_per_session\"]\n";

impl Rules {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let mut rules = Self::default();
        let mut terms;
        match chance.below(17) {
            0..=3 => return rules,
            4 | 5 => {
                let seconds = chance.pick(&[20, 120, 1_800]);
                rules.cool_down = Some(seconds);
                terms = format!("cool_down = \"{}\"\n", duration(seconds));
            }
            6 => {
                let seconds = chance.pick(&[5, 60]);
                rules.cool_down_rule = Some(seconds);
                terms = format!("cool_down_rule = \"{}\"\n", duration(seconds));
            }
            7 => terms = "cool_down = \"until resolved\"\ncool_down_at_most = \"10m\"\n".to_owned(),
            8 | 9 => {
                let most = chance.between(1, 3);
                rules.per_hour = Some(most);
                terms = format!("captures_per_hour = {most}\n");
            }
            10 | 11 => {
                let most = chance.between(1, 2);
                rules.at_once = Some(most);
                terms = format!("captures_at_once = {most}\n");
            }
            12 | 13 => {
                rules.exact = Some("the-one");
                rules.replaces = chance.happens(700);
                let on_conflict = if rules.replaces { "replace" } else { "keep" };
                terms = format!("exact_name = \"the-one\"\non_conflict = \"{on_conflict}\"\n");
            }
            14 => terms = "match.tags.tier = \"web*\"\n".to_owned(),
            _ => {
                rules.stops = true;
                terms = "stop_on_resolve = true\n".to_owned();
            }
        }
        if !rules.stops && chance.happens(150) {
            rules.stops = true;
            terms.push_str("stop_on_resolve = true\n");
        }
        rules.text = format!("[[rules]]\nname = \"all\"\n{terms}{OPEN}");
        if rules.exact.is_none() && terms.starts_with("match") {
            rules.text.push_str(&format!("\n[[rules]]\nname = \"rest\"\n{OPEN}"));
        }
        rules
    }
}

fn duration(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}
