//! Bytes over time as a picture: to the machine upwards, from it downwards, and below, on a scale of its own, what was
//! sent again. The words stand beside the picture in HTML, so that they keep their size however narrow it is.

use std::fmt::Write;

use maud::{Markup, html};

use super::cells::{Cell, Column};
use crate::page::{
    text::{Bytes, Count, Grouped, Span, Time, clock, of_nanoseconds, share},
    tree::Tree,
};

/// The picture's width: all points together.
const WIDTH: u64 = 1_200;
/// The height of each half.
const HALF: u64 = 100;
/// And of the strip below.
const STRIP: u64 = 16;
/// A summary has no more points; of others only so many are drawn.
const MOST_POINTS: usize = 120;

const COLUMNS: [Column; 6] = [
    ("Packets in", Cell::Number("packetsIn")),
    ("Packets out", Cell::Number("packetsOut")),
    ("Bytes in", Cell::Bytes("bytesIn")),
    ("Bytes out", Cell::Bytes("bytesOut")),
    ("Others", Cell::Bytes("bytesOther")),
    ("Sent again", Cell::Number("retransmissions")),
];

/// One point, as far as it is drawn.
struct Point {
    to: u64,
    from: u64,
    others: u64,
    again: u64,
}

/// The picture, and the same as a table.
pub(super) fn timeline(summary: Tree<'_>) -> Markup {
    let timeline = summary.at("timeline");
    let points: Vec<Point> = timeline
        .list("points")
        .take(MOST_POINTS)
        .map(|point| Point {
            to: point.number("bytesIn"),
            from: point.number("bytesOut"),
            others: point.number("bytesOther"),
            again: point.number("retransmissions"),
        })
        .collect();
    if points.is_empty() {
        return html! {};
    }
    let (start, step) = (timeline.number("start"), timeline.number("step"));
    let end = start.saturating_add(step.saturating_mul(u64::try_from(points.len()).unwrap_or(u64::MAX)));
    let most_up = most(&points, |point| point.to.saturating_add(point.others));
    let most_down = most(&points, |point| point.from);
    // One scale for both, so that the halves can be compared.
    let scale = most_up.max(most_down);
    let most_again = most(&points, |point| point.again);
    let has_others = points.iter().any(|point| point.others > 0);
    let rate = rate(scale, step);
    html! {
        section.timeline {
            h2 { "Over time" }
            figure {
                div.plot {
                    span.y.top { (rate) "/s" }
                    span.y.middle { "0" }
                    span.y.bottom { (rate) "/s" }
                    svg viewBox={ "0 0 " (WIDTH) " " (HALF.saturating_mul(2)) } preserveAspectRatio="none" role="img" aria-labelledby="tl-title tl-desc" {
                        title id="tl-title" { "Bytes over time, to the machine upwards and from it downwards" }
                        desc id="tl-desc" {
                            (Count(u64::try_from(points.len()).unwrap_or_default(), "span")) " of " (Span(step)) " each. At most "
                            (Bytes(most_up)) " to the machine and " (Bytes(most_down)) " from it in one of them. The table below has the numbers."
                        }
                        path.to d=(bars(&points, |point| (HALF, up(point.to, scale)))) {}
                        @if has_others { path.others d=(bars(&points, |point| (HALF.saturating_sub(up(point.to, scale)), up(point.others, scale)))) {} }
                        path.from d=(bars(&points, |point| { let down = up(point.from, scale); (HALF.saturating_add(down), down) })) {}
                        path.axis d={ "M0 " (HALF) "H" (WIDTH) } {}
                    }
                    @if most_again > 0 {
                        svg.strip viewBox={ "0 0 " (WIDTH) " " (STRIP) } preserveAspectRatio="none" role="img" aria-labelledby="tl-again" {
                            title id="tl-again" { "Segments sent again, at most " (Grouped(most_again)) " in one span" }
                            path d=(bars(&points, |point| (STRIP, share(point.again, most_again, STRIP)))) {}
                        }
                    }
                    span.x.first { (clock(of_nanoseconds(start))) }
                    span.x.last { (clock(of_nanoseconds(end))) " UTC" }
                }
                figcaption {
                    span.key.to { "to the machine" } span.key.from { "from it" }
                    @if has_others { span.key.others { "between others" } }
                    @if most_again > 0 { span.key.again { "sent again" } }
                }
            }
            (table(timeline, start, step))
        }
    }
}

/// What the picture shows, in numbers.
fn table(timeline: Tree<'_>, start: u64, step: u64) -> Markup {
    html! {
        details {
            summary { "The same in numbers" }
            div.scroll tabindex="0" role="region" aria-label="Over time, in numbers" {
                table {
                    caption { "From " (Time(of_nanoseconds(start))) " on, each row " (Span(step)) }
                    thead { tr { th scope="col" { "After" } @for (title, _) in &COLUMNS { th scope="col" { (title) } } } }
                    tbody {
                        @for (row, point) in (0_u64..).zip(timeline.list("points").take(MOST_POINTS)) {
                            tr { th scope="row" { (Span(step.saturating_mul(row))) } @for (_, cell) in &COLUMNS { td { (cell.show(point, 0)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn most(points: &[Point], of: fn(&Point) -> u64) -> u64 {
    points.iter().map(of).max().unwrap_or_default()
}

/// A length in the picture's upper or lower half; what is there at all is seen.
fn up(bytes: u64, scale: u64) -> u64 {
    share(bytes, scale, HALF).max(u64::from(bytes > 0))
}

/// One bar for each point: where its foot is, and how high it stands.
fn bars(points: &[Point], bar: impl Fn(&Point) -> (u64, u64)) -> String {
    let length = u64::try_from(points.len()).unwrap_or(u64::MAX).max(1);
    let mut path = String::new();
    for (place, point) in (0_u64..).zip(points) {
        let at = |place: u64| place.saturating_mul(WIDTH).checked_div(length).unwrap_or_default();
        let (foot, height) = bar(point);
        if height > 0 {
            let (left, right) = (at(place), at(place.saturating_add(1)));
            _ = write!(path, "M{left} {foot}v-{height}h{}v{height}z", right.saturating_sub(left));
        }
    }
    path
}

/// What the scale's end stands for: so many bytes a second.
fn rate(scale: u64, step: u64) -> Bytes {
    let a_second = u128::from(scale).saturating_mul(1_000_000_000).checked_div(u128::from(step));
    Bytes(a_second.and_then(|rate| u64::try_from(rate).ok()).unwrap_or(scale))
}
