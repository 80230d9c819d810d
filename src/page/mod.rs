//! What operators see in a browser: the captures, one of them with what was on its wire, and the sign-in before both.
//!
//! | file | what |
//! | --- | --- |
//! | [`session`] | the cookie of who has signed in, and the token of each form |
//! | [`origin`] | where a request comes from: over https or not, from a page of ours or not |
//! | [`shell`] | what stands around every page; the sign-in page and those of errors |
//! | [`list`], [`capture`] | the two pages |
//! | [`summary`] | what a capture file showed: what stands out, the timeline, the tables |
//! | [`assets`] | style and script |
//!
//! All of it is pure: `answer::page` asks the store and answers. Text is escaped by the templates unless it is a
//! template's own; what comes from outside goes through [`text::outside`] as well. Nothing needs JavaScript: the script
//! only fetches the same page again and puts in place what has changed.

pub mod assets;
pub mod capture;
pub mod list;
pub mod origin;
pub mod session;
pub mod shell;
pub mod standing;
pub mod summary;
pub mod text;
pub mod tree;
