//! Tables and lists of facts out of a summary: which member stands where, and as what. Data, so that a table more costs
//! the component its words and nothing else.

use maud::{Markup, html};

use crate::page::{
    text::{Bytes, Grouped, Outside, Percent, Span, Time, of_nanoseconds, share},
    tree::{List, Tree},
};

/// A member, and as what it is shown.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    /// Foreign text.
    Text(&'static str),
    /// A number.
    Number(&'static str),
    /// A number, and its share of another one.
    Part(&'static str, &'static str),
    /// A number of bytes.
    Bytes(&'static str),
    /// A moment.
    Time(&'static str),
    /// Spans of time: the middle one, and the shortest and longest.
    Spread(&'static str),
    /// Bytes: these members together, as a share of all bytes, with a bar.
    Share(&'static [&'static str]),
    /// Whatever this makes of it all.
    Own(fn(Tree<'_>) -> Markup),
}

/// What stands above a column and in it.
pub(super) type Column = (&'static str, Cell);
/// A fact's name, what it is, and what it means.
pub(super) type Fact = (&'static str, Cell, &'static str);

impl Cell {
    pub(super) fn show(self, row: Tree<'_>, all_bytes: u64) -> Markup {
        match self {
            Self::Text(name) => html! { (Outside(row.text(name).unwrap_or("–"))) },
            Self::Number(name) => html! { (Grouped(row.number(name))) },
            Self::Part(name, whole) => {
                let part = row.number(name);
                html! { (Grouped(part)) @if part > 0 { " (" (Percent(part, row.number(whole))) ")" } }
            }
            Self::Bytes(name) => html! { (Bytes(row.number(name))) },
            Self::Time(name) => html! { (Time(of_nanoseconds(row.number(name)))) },
            Self::Spread(name) => {
                let spread = row.at(name);
                html! {
                    (Span(spread.number("median"))) " "
                    span.hint { "in the middle; " (Span(spread.number("shortest"))) " to " (Span(spread.number("longest"))) }
                }
            }
            Self::Share(names) => bar(sum(row, names), all_bytes),
            Self::Own(own) => own(row),
        }
    }

    /// Whether there is something to tell.
    fn is_there(self, row: Tree<'_>) -> bool {
        match self {
            Self::Text(name) => row.text(name).is_some(),
            Self::Number(name) | Self::Part(name, _) | Self::Bytes(name) | Self::Time(name) => {
                row.number(name) > 0
            }
            Self::Spread(name) => row.at(name).number("count") > 0,
            Self::Share(_) | Self::Own(_) => true,
        }
    }
}

fn sum(row: Tree<'_>, names: &[&str]) -> u64 {
    names.iter().fold(0, |sum, name| sum.saturating_add(row.number(name)))
}

/// A share of the whole as a bar; the number stands beside it.
fn bar(part: u64, whole: u64) -> Markup {
    let length = share(part, whole, 100).max(u64::from(part > 0));
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" { rect width=(length) height="8" {} }
        (Percent(part, whole))
    }
}

/// A table in a section of its own, if it has rows; `of` so many.
pub(super) fn section(title: &str, of: u64, rows: List<'_>, columns: &[Column], all_bytes: u64) -> Markup {
    html! {
        @if rows.clone().next().is_some() {
            section { h2 { (title) } (table(title, of, rows, columns, all_bytes)) }
        }
    }
}

/// The same below a heading of a section, if it has rows.
pub(super) fn part(title: &str, top: Tree<'_>, columns: &[Column]) -> Markup {
    let rows = top.list("largest");
    html! {
        @if rows.clone().next().is_some() {
            h3 { (title) }
            (table(title, top.number("count"), rows, columns, 0))
        }
    }
}

/// It can be scrolled by itself where the page is narrow.
fn table(title: &str, of: u64, rows: List<'_>, columns: &[Column], all_bytes: u64) -> Markup {
    let shown = u64::try_from(rows.clone().count()).unwrap_or_default();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table {
                caption.away[shown >= of] { @if shown < of { "The largest " (shown) " of " (Grouped(of)) } @else { (title) } }
                thead { tr { @for (title, _) in columns { th scope="col" { (title) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (place, (_, cell)) in columns.iter().enumerate() {
                                @if place == 0 { th scope="row" { (cell.show(row, all_bytes)) } }
                                @else { td { (cell.show(row, all_bytes)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The facts that there are.
pub(super) fn facts(of: Tree<'_>, facts: &[Fact]) -> Markup {
    html! {
        dl.facts {
            @for (name, cell, meaning) in facts {
                @if cell.is_there(of) {
                    div {
                        dt { (name) }
                        dd { (cell.show(of, 0)) @if !meaning.is_empty() { " " span.hint { (meaning) } } }
                    }
                }
            }
        }
    }
}
