//! Numbers, times and foreign text as people read them.

use std::time::Duration;

use maud::{Markup, html};

use crate::{text::clean, time::Timestamp};

/// Text from outside: without what nobody sees, cut, escaped, and kept from turning the direction of what is around it.
#[must_use]
pub fn outside(text: &str) -> Markup {
    html! { bdi { (clean(text)) } }
}

/// `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len().saturating_add(6));
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and its noun: `1 packet`, `12,345 packets`.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    [&grouped(number), " ", noun, plural].concat()
}

/// `999 B`, `1.5 kB`, `23 GB`: decimal, as network people reckon.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    scaled(bytes, &["B", "kB", "MB", "GB", "TB", "PB", "EB"], 1_000)
}

/// A span of nanoseconds: `850 ns`, `1.2 ms`, `3.4 s`.
#[must_use]
pub fn nanoseconds(span: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    match span.checked_div(SECOND) {
        Some(seconds) if seconds >= 60 => duration(Duration::from_secs(seconds)),
        _ => scaled(span, &["ns", "µs", "ms", "s"], 1_000),
    }
}

/// With one decimal below ten. Whole numbers only: what formats others is 17 KB.
fn scaled(number: u64, units: &[&str], step: u64) -> String {
    let (mut whole, mut rest, mut unit) = (number, 0_u64, units.iter());
    let mut shown = unit.next();
    while whole >= step {
        let Some(next) = unit.next() else { break };
        rest = whole.checked_rem(step).unwrap_or_default();
        whole = whole.checked_div(step).unwrap_or_default();
        shown = Some(next);
    }
    let tenths = rest.checked_div(step.checked_div(10).unwrap_or(1)).unwrap_or_default();
    let shown = shown.copied().unwrap_or_default();
    if whole < 10 && tenths > 0 {
        [&whole.to_string(), ".", &tenths.to_string(), " ", shown].concat()
    } else {
        [&grouped(whole), " ", shown].concat()
    }
}

/// A span in its two largest units: `45 s`, `3 min`, `2 h 5 min`, `4 days`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let of = |unit: u64| seconds.checked_div(unit).unwrap_or_default();
    let minutes = of(60).checked_rem(60).unwrap_or_default().to_string();
    match seconds {
        0..60 => [&seconds.to_string(), " s"].concat(),
        60..3_600 => [&of(60).to_string(), " min"].concat(),
        3_600..172_800 if minutes == "0" => [&of(3_600).to_string(), " h"].concat(),
        3_600..172_800 => [&of(3_600).to_string(), " h ", &minutes, " min"].concat(),
        _ => [&grouped(of(86_400)), " days"].concat(),
    }
}

/// `62 %`; below one percent with a decimal, so that little is not nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let per_mille = u128::from(part).saturating_mul(1_000).checked_div(u128::from(whole)).unwrap_or_default();
    let percent = per_mille.checked_div(10).unwrap_or_default();
    if percent == 0 && part > 0 {
        match per_mille {
            0 => "< 0.1 %".to_owned(),
            tenths => ["0.", &tenths.to_string(), " %"].concat(),
        }
    } else {
        [&percent.to_string(), " %"].concat()
    }
}

/// `part` of `whole` as a number from 0 to `most`, for lengths in pictures.
#[must_use]
pub fn share(part: u64, whole: u64, most: u64) -> u64 {
    let part = u128::from(part.min(whole)).saturating_mul(u128::from(most));
    let share = part.checked_div(u128::from(whole)).unwrap_or_default();
    u64::try_from(share).unwrap_or(most)
}

/// A moment, to the second: `2026-11-22 02:00:13 UTC`.
#[must_use]
pub fn time(time: Timestamp) -> Markup {
    let exact = time.to_string();
    // RFC 3339: the date, a T, the time.
    let date = exact.get(..10).unwrap_or_default();
    html! { time datetime=(exact) { (date) " " (clock(time)) " UTC" } }
}

/// Its time of day: `02:00:13`.
#[must_use]
pub fn clock(time: Timestamp) -> String {
    time.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// A moment in nanoseconds.
#[must_use]
pub fn of_nanoseconds(time: u64) -> Timestamp {
    Timestamp::from_unix(0).plus(Duration::from_nanos(time))
}

/// How long until `end`, for people and, in `data-end`, for the script that counts on.
#[must_use]
pub fn left(end: Timestamp, now: Timestamp) -> Markup {
    let left = end.since(now);
    html! {
        span.left data-end=(end.unix()) {
            @if left.is_zero() { "due to end" } @else { (duration(left)) " left" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_scaled() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), shown);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!((count(1, "packet"), count(2_000, "packet")), ("1 packet".into(), "2,000 packets".into()));
        for (number, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_500, "1.5 kB"),
            (15_900, "15 kB"),
            (1_073_741_824, "1 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(bytes(number), shown);
        }
        for (span, shown) in [
            (0, "0 ns"),
            (1_200_000, "1.2 ms"),
            (59_900_000_000, "59 s"),
            (60_000_000_000, "1 min"),
            (u64::MAX, "213,503 days"),
        ] {
            assert_eq!(nanoseconds(span), shown);
        }
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (172_799, "47 h 59 min"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), shown);
        }
    }

    #[test]
    fn shares_stay_in_their_bounds_whatever_the_numbers() {
        for (part, whole, shown) in [
            (0, 0, "0 %"),
            (7, 0, "< 0.1 %"),
            (1, 2, "50 %"),
            (1, 1_000, "0.1 %"),
            (1, 10_000, "< 0.1 %"),
            (u64::MAX, u64::MAX, "100 %"),
        ] {
            assert_eq!(percent(part, whole), shown, "{part}/{whole}");
        }
        for (part, whole, of_100) in
            [(0, 0, 0), (5, 0, 0), (1, 2, 50), (9, 2, 100), (u64::MAX, u64::MAX, 100)]
        {
            assert_eq!(share(part, whole, 100), of_100, "{part}/{whole}");
        }
    }

    #[test]
    fn foreign_text_is_escaped_and_has_no_direction_of_its_own() {
        let text = outside("<script>alert(1)</script>\u{202e}\u{7}\"&'").into_string();
        assert_eq!(text, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;'</bdi>");
        assert!(outside(&"x".repeat(10_000)).into_string().len() < 600);
    }

    #[test]
    fn times_are_shown_to_the_second_and_kept_exactly() {
        let at: Timestamp = "2026-11-22T02:00:13.4812377Z".parse().unwrap();
        assert_eq!(
            time(at).into_string(),
            "<time datetime=\"2026-11-22T02:00:13.4812377Z\">2026-11-22 02:00:13 UTC</time>"
        );
        assert_eq!(clock(of_nanoseconds(1_795_312_813_000_000_000)).len(), 8);
        assert!(left(at.after(300), at).into_string().contains(">5 min left<"));
        assert!(left(at, at).into_string().contains(">due to end<"));
    }
}
