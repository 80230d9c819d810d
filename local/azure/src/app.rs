//! Everything the handlers share.

use std::sync::Arc;

use crate::answer::Answer;
use crate::arm;
use crate::arm::operations::Operations;
use crate::arm::throttle::Throttle;
use crate::blob::Blobs;
use crate::captures::Captures;
use crate::clock::Clock;
use crate::entra;
use crate::entra::signing::SigningKeys;
use crate::faults::Faults;
use crate::happen::Gone;
use crate::imds::Assigned;
use crate::inventory::Inventory;
use crate::keys::Keys;
use crate::receivers::Secrets;
use crate::record::Record;
use crate::request::Req;
use crate::route::Route;

/// The stand-in's state; each part guards itself.
pub(crate) struct App {
    pub(crate) inventory: Inventory,
    /// Whether each request is told on stderr.
    pub(crate) log: bool,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) record: Record,
    pub(crate) faults: Faults,
    pub(crate) captures: Captures,
    pub(crate) operations: Operations,
    pub(crate) blobs: Blobs,
    pub(crate) gone: Gone,
    pub(crate) throttle: Throttle,
    pub(crate) webhook_secrets: Secrets,
    pub(crate) identities: Assigned,
}

impl App {
    /// Does what is asked.
    pub(crate) fn handle(self: &Arc<Self>, req: &Req, route: &Route) -> Answer {
        match route {
            Route::Token { tenant } => entra::token(self, req, tenant),
            Route::OpenId { tenant } => entra::openid::document(self, req, tenant),
            Route::Keys { tenant, version } => entra::openid::keys(self, req, tenant, *version),
            Route::IdentityToken => crate::imds::token(self, req),
            Route::Metadata => entra::openid::metadata(req),
            Route::Blob { account, container, name, head } => {
                crate::blob::http::handle(self, req, account, container, name, *head)
            }
            Route::BlobList { account, container } => {
                crate::blob::list::handle(self, req, account, container)
            }
            Route::DelegationKey { account } => crate::blob::delegation::handle(self, req, account),
            Route::Notify { name } => crate::receivers::webhook(self, req, name),
            Route::Slack { name } => crate::receivers::slack::take(self, req, name),
            Route::Teams { name } => crate::receivers::teams::take(self, req, name),
            Route::Unknown => crate::control::nothing_here(),
            _ => arm::handle(self, req, route),
        }
    }
}
