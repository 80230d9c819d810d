//! What stands around every page, and the pages that are hardly more than that.

use maud::{DOCTYPE, Markup, html};

use super::{assets, session::Session, text::Outside};

/// What a page needs beside what it shows.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// In the window's title.
    pub title: &'a str,
    /// Who has signed in.
    pub session: Option<&'a Session>,
    /// What was just done, in a sentence of ours.
    pub notice: Option<&'static str>,
    /// After so many seconds the script looks for what has changed; 0 is never.
    pub every: u32,
}

/// A whole page.
#[must_use]
pub fn page(frame: Frame<'_>, main: &Markup) -> String {
    // Without what was just done, which is not said twice.
    let again = if frame.notice.is_some() { "?" } else { "" };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (crate::text::clean(frame.title)) " · alertcap" }
                link rel="icon" type="image/svg+xml" href={ "/assets/" (assets::icon()) };
                link rel="stylesheet" href={ "/assets/" (assets::style()) };
                script defer src={ "/assets/" (assets::script()) } {}
            }
            body data-every=(frame.every) {
                a.skip href="#main" { "Skip to the content" }
                header.site {
                    a.home href="/" { "alertcap" }
                    @if let Some(session) = frame.session {
                        span.pulse id="pulse" hidden { "live" }
                        form method="post" action="/sign-out" { (token(session)) button.quiet { "Sign out" } }
                    }
                }
                p.news id="news" role="status" aria-live="polite" {}
                @if let Some(notice) = frame.notice { p.notice role="status" { (notice) } }
                main id="main" tabindex="-1" { (main) }
                @if frame.every > 0 {
                    noscript { p.foot { "Without JavaScript this page stays as it is: " a href=(again) { "load it again" } " to see what has changed." } }
                }
            }
        }
    };
    page.into_string()
}

/// The form's token: what another site cannot know.
#[must_use]
pub fn token(session: &Session) -> Markup {
    html! { input type="hidden" name="token" value=(session.form_token); }
}

/// Where one proves to be an operator; then one is sent on to `to`, a path of ours.
#[must_use]
pub fn sign_in(to: &str, error: Option<&str>) -> String {
    let main = html! {
        div.sign-in {
            h1 { "Sign in" }
            p { "Packet captures that alerts have led to: what runs, why it ended, and what was on the wire." }
            form method="post" action="/sign-in" {
                input type="hidden" name="to" value=(to);
                // For password managers: they keep nothing without a name.
                input type="text" name="username" value="operator" autocomplete="username" readonly hidden;
                label for="key" { "Operator key" }
                input type="password" id="key" name="key" required autofocus autocomplete="current-password"
                    spellcheck="false" aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "wrong")];
                @if let Some(error) = error { p.error id="wrong" role="alert" { (error) } }
                button.main { "Sign in" }
            }
            p.hint { "The key is what the variable " code { "operator_key" } " is set to. You stay signed in for 12 hours." }
        }
    };
    page(Frame { title: "Sign in", session: None, notice: None, every: 0 }, &main)
}

/// Something went wrong.
#[must_use]
pub fn error(session: Option<&Session>, title: &str, detail: &str, back: &str) -> String {
    let main = html! {
        h1 { (title) }
        p { (Outside(detail)) }
        p { a.button href=(back) { @if back == "/" { "To the captures" } @else { "Back to the capture" } } }
    };
    page(Frame { title, session, notice: None, every: 0 }, &main)
}
