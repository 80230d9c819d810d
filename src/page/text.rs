//! Numbers, times and foreign text as people read them. Types and no functions that make text: templates write them
//! straight into the page, which is less code at each place.

use std::time::Duration;

use maud::{Markup, Render, html};

use crate::{text::clean, time::Timestamp};

/// Text from outside: without what nobody sees, cut, escaped, and kept from turning the direction of what is around it.
#[derive(Debug, Clone, Copy)]
pub struct Outside<'a>(pub &'a str);

impl Render for Outside<'_> {
    fn render_to(&self, page: &mut String) {
        page.push_str("<bdi>");
        clean(self.0).render_to(page);
        page.push_str("</bdi>");
    }
}

/// `12,345`.
#[derive(Debug, Clone, Copy)]
pub struct Grouped(pub u64);

impl Render for Grouped {
    fn render_to(&self, page: &mut String) {
        let digits = self.0.to_string();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
                page.push(',');
            }
            page.push(digit);
        }
    }
}

/// A number and its noun: `1 packet`, `12,345 packets`.
#[derive(Debug, Clone, Copy)]
pub struct Count(pub u64, pub &'static str);

impl Render for Count {
    fn render_to(&self, page: &mut String) {
        Grouped(self.0).render_to(page);
        page.push(' ');
        page.push_str(self.1);
        if self.0 != 1 {
            page.push('s');
        }
    }
}

/// `999 B`, `1.5 kB`, `23 GB`: decimal, as network people reckon.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub u64);

impl Render for Bytes {
    fn render_to(&self, page: &mut String) {
        scaled(page, self.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"]);
    }
}

/// A span of nanoseconds: `850 ns`, `1.2 ms`, `3.4 s`.
#[derive(Debug, Clone, Copy)]
pub struct Span(pub u64);

impl Render for Span {
    fn render_to(&self, page: &mut String) {
        match Duration::from_nanos(self.0) {
            long if long.as_secs() >= 60 => Lasting(long).render_to(page),
            _ => scaled(page, self.0, &["ns", "µs", "ms", "s"]),
        }
    }
}

/// With one decimal below ten. Whole numbers only: what formats others is 17 KB.
fn scaled(page: &mut String, number: u64, units: &[&str]) {
    let (mut whole, mut rest, mut unit) = (number, 0, units.iter());
    let mut shown = unit.next();
    while whole >= 1_000 {
        let Some(next) = unit.next() else { break };
        rest = whole % 1_000;
        whole /= 1_000;
        shown = Some(next);
    }
    Grouped(whole).render_to(page);
    let tenths = rest / 100;
    if whole < 10 && tenths > 0 {
        page.push('.');
        tenths.render_to(page);
    }
    page.push(' ');
    page.push_str(shown.copied().unwrap_or_default());
}

/// A span in its two largest units: `45 s`, `3 min`, `2 h 5 min`, `4 days`.
#[derive(Debug, Clone, Copy)]
pub struct Lasting(pub Duration);

impl Render for Lasting {
    fn render_to(&self, page: &mut String) {
        let seconds = self.0.as_secs();
        let (first, unit, minutes) = match seconds {
            0..60 => (seconds, " s", 0),
            60..3_600 => (seconds / 60, " min", 0),
            3_600..172_800 => (seconds / 3_600, " h", seconds / 60 % 60),
            _ => (seconds / 86_400, " days", 0),
        };
        Grouped(first).render_to(page);
        page.push_str(unit);
        if minutes > 0 {
            page.push(' ');
            minutes.render_to(page);
            page.push_str(" min");
        }
    }
}

/// `62 %`, of a part and the whole; below one percent with a decimal, so that little is not nothing.
#[derive(Debug, Clone, Copy)]
pub struct Percent(pub u64, pub u64);

impl Render for Percent {
    fn render_to(&self, page: &mut String) {
        let per_mille = share(self.0, self.1, 1_000);
        match (per_mille, self.0) {
            (0, 1..) => page.push_str("&lt; 0.1"),
            (0..10, 1..) => {
                page.push_str("0.");
                per_mille.render_to(page);
            }
            _ => (per_mille / 10).render_to(page),
        }
        page.push_str(" %");
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
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Timestamp);

impl Render for Time {
    fn render_to(&self, page: &mut String) {
        let exact = self.0.to_string();
        // RFC 3339: the date, a T, the time.
        let date = exact.get(..10).unwrap_or_default();
        html! { time datetime=(exact) { (date) " " (clock(self.0)) " UTC" } }.render_to(page);
    }
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
            @if left.is_zero() { "due to end" } @else { (Lasting(left)) " left" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(what: impl Render) -> String {
        what.render().into_string()
    }

    #[test]
    fn numbers_are_grouped_and_scaled() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(shown(Grouped(number)), expected);
        }
        assert_eq!(shown(Grouped(u64::MAX)), "18,446,744,073,709,551,615");
        assert_eq!(
            (shown(Count(1, "packet")), shown(Count(2_000, "packet"))),
            ("1 packet".into(), "2,000 packets".into())
        );
        for (number, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_500, "1.5 kB"),
            (15_900, "15 kB"),
            (1_073_741_824, "1 GB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(shown(Bytes(number)), expected);
        }
        for (span, expected) in [
            (0, "0 ns"),
            (1_200_000, "1.2 ms"),
            (59_900_000_000, "59 s"),
            (60_000_000_000, "1 min"),
            (u64::MAX, "213,503 days"),
        ] {
            assert_eq!(shown(Span(span)), expected);
        }
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (172_799, "47 h 59 min"),
            (172_800, "2 days"),
        ] {
            assert_eq!(shown(Lasting(Duration::from_secs(seconds))), expected);
        }
    }

    #[test]
    fn shares_stay_in_their_bounds_whatever_the_numbers() {
        for (part, whole, expected) in [
            (0, 0, "0 %"),
            (7, 0, "&lt; 0.1 %"),
            (1, 2, "50 %"),
            (1, 1_000, "0.1 %"),
            (1, 10_000, "&lt; 0.1 %"),
            (u64::MAX, u64::MAX, "100 %"),
        ] {
            assert_eq!(shown(Percent(part, whole)), expected, "{part}/{whole}");
        }
        for (part, whole, of_100) in
            [(0, 0, 0), (5, 0, 0), (1, 2, 50), (9, 2, 100), (u64::MAX, u64::MAX, 100)]
        {
            assert_eq!(share(part, whole, 100), of_100, "{part}/{whole}");
        }
    }

    #[test]
    fn foreign_text_is_escaped_and_has_no_direction_of_its_own() {
        let text = shown(Outside("<script>alert(1)</script>\u{202e}\u{7}\"&'"));
        assert_eq!(text, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;'</bdi>");
        assert!(shown(Outside(&"x".repeat(10_000))).len() < 600);
    }

    #[test]
    fn times_are_shown_to_the_second_and_kept_exactly() {
        let at: Timestamp = "2026-11-22T02:00:13.4812377Z".parse().unwrap();
        assert_eq!(
            shown(Time(at)),
            "<time datetime=\"2026-11-22T02:00:13.4812377Z\">2026-11-22 02:00:13 UTC</time>"
        );
        assert_eq!(clock(of_nanoseconds(1_795_312_813_000_000_000)).len(), 8);
        assert!(left(at.after(300), at).into_string().contains(">5 min left<"));
        assert!(left(at, at).into_string().contains(">due to end<"));
    }
}
