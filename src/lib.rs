//! alertcap: an Azure Monitor alert comes in, an Azure Network Watcher packet capture of that very machine goes out, is
//! followed to its end and reported.
//!
//! | request | module |
//! | --- | --- |
//! | `POST /api/alerts` | [`answer`] → [`caller`] → [`alert`] → [`plan`] (by [`rules`]) → [`capture`] |
//! | `POST /api/alerts?dry_run=…` | the same, and [`probe`]; nothing is done |
//! | `GET /api/captures[/{name}]` | [`answer`] → [`store`] |
//! | `GET /api/captures/{name}/file`, `…/summary` | [`answer`] → [`view`] |
//! | `GET /`, `/captures/{name}` | [`answer`] → [`store`] → [`page`] |
//! | `POST /api/sweep` | [`answer`] → [`capture::sweep`] |
//! | `GET /healthz`, `/readyz` | [`answer`] → [`settings`] |
//!
//! [`azure`] speaks with Entra and ARM, [`report`] with the people to tell. All of it is pure or generic over
//! [`platform`]'s traits and runs natively; only `platform::spin` and the entry point below know the host.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unreachable
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        missing_docs,
        reason = "a test that fails may panic"
    )
)]

pub mod alert;
pub mod answer;
pub mod app;
pub mod azure;
pub mod caller;
pub mod capture;
pub mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
pub mod json;
pub mod jwt;
pub mod log;
pub mod page;
pub mod plan;
pub mod platform;
pub mod probe;
pub mod problem;
pub mod report;
pub mod retry;
pub mod route;
pub mod rules;
pub mod settings;
pub mod side_by_side;
pub mod sort;
pub mod standard_webhooks;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod time;
pub mod view;

#[cfg(target_family = "wasm")]
mod entry {
    use bytes::Bytes;
    use http_body_util::BodyExt;
    use spin_sdk::{
        http::{IntoResponse, Request},
        http_service,
        wasip3::http_compat::IncomingRequestBody,
    };

    use crate::{
        answer::{Body, BodyError, DRAINED, answer},
        app::App,
        platform::spin::{Spin, into_wasi},
    };

    thread_local! {
        /// One for all requests of this instance: what it remembers saves requests to Entra.
        static APP: App<Spin> = App::new(Spin);
    }

    #[http_service]
    async fn handle(request: Request) -> impl IntoResponse {
        let app = APP.with(Clone::clone);
        into_wasi(answer(&app, request.map(Incoming)).await)
    }

    struct Incoming(IncomingRequestBody);

    impl Body for Incoming {
        async fn read(mut self, most: usize) -> Result<Bytes, BodyError> {
            let mut bytes = Vec::new();
            let mut length = 0_usize;
            while let Some(frame) = self.0.frame().await {
                let frame = frame.map_err(|_| BodyError::Broken)?;
                let Some(data) = frame.data_ref() else { continue };
                length = length.saturating_add(data.len());
                if length <= most {
                    bytes.extend_from_slice(data);
                } else if length > most.saturating_mul(DRAINED) {
                    break;
                }
            }
            if length > most { Err(BodyError::TooLarge) } else { Ok(Bytes::from(bytes)) }
        }
    }
}
