//! `[limits]`, and the budgets and cool-downs that rules have as well.

use super::{
    super::{CoolDown, Limits, duration},
    reader::{Entry, Keys, Reader},
};
use std::time::Duration;

/// More captures than this are no answer to any alert.
const MAX_CAPTURES: u32 = 500;

/// `cool_down_at_most` where nothing is set: an alert whose resolution never comes must not silence a machine for good.
const DEFAULT_AT_MOST: Duration = Duration::from_secs(86_400);

pub(super) fn read(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Limits {
    let Some(mut keys) = entry.keys(reader, "[limits]") else { return Limits::default() };
    let limits = Limits {
        captures_per_hour: captures(&mut keys, "captures_per_hour", reader),
        captures_at_once: captures(&mut keys, "captures_at_once", reader),
        cool_down: cool_down(&mut keys, reader),
        max_alert_age: keys.entry("max_alert_age").and_then(|entry| entry.duration(reader)),
    };
    keys.end(reader);
    limits
}

pub(super) fn captures(keys: &mut Keys<'_, '_>, key: &'static str, reader: &mut Reader<'_>) -> Option<u32> {
    keys.entry(key)?.number(reader, 1, MAX_CAPTURES)
}

/// `cool_down` with its `cool_down_at_most`.
pub(super) fn cool_down(keys: &mut Keys<'_, '_>, reader: &mut Reader<'_>) -> Option<CoolDown> {
    let cool_down = keys.entry("cool_down");
    let at_most = keys.entry("cool_down_at_most");
    let limit = at_most.as_ref().and_then(|entry| entry.duration(reader));
    let cool_down = cool_down.and_then(|entry| {
        entry.parsed(reader, |text| {
            if text.eq_ignore_ascii_case("until resolved") {
                Ok(CoolDown::UntilResolved { at_most: limit.unwrap_or(DEFAULT_AT_MOST) })
            } else {
                duration::parse(text)
                    .map(CoolDown::For)
                    .map_err(|why| format!("{why}, nor \"until resolved\""))
            }
        })
    });
    if let (Some(entry), None | Some(CoolDown::For(_))) = (at_most, cool_down) {
        let advice =
            "cool_down_at_most bounds only cool_down = \"until resolved\"; leave it out, or set that";
        reader.problem(entry.key_at, advice);
    }
    cool_down
}
