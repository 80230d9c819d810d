//! Azure Resource Manager: what every request passes (token, api-version, rights), and who answers it.

mod compute;
pub(crate) mod error;
pub(crate) mod id;
mod network;
mod network_watchers;
pub(crate) mod operations;
mod packet_captures;
mod paging;
mod permissions;
mod storage_accounts;
mod subscriptions;
pub(crate) mod throttle;
mod versions;

use std::sync::Arc;

use http::StatusCode;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::clock;
use crate::entra::tokens::{self, Audience, Claims, Refused};
use crate::inventory::{Role, Subscription};
use crate::request::Req;
use crate::route::{ResourcePath, Route};
use error::{ArmError, ArmResult};

/// A request that has passed the door.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a Arc<App>,
    pub(crate) req: &'a Req,
    pub(crate) version: String,
    claims: Claims,
}

/// Answers any request below `/subscriptions`.
pub(crate) fn handle(app: &Arc<App>, req: &Req, route: &Route) -> Answer {
    let mut answer = dispatch(app, req, route).unwrap_or_else(|error| error.answer());
    decorate(app, req, &mut answer);
    answer
}

fn dispatch(app: &Arc<App>, req: &Req, route: &Route) -> ArmResult {
    let claims = authenticate(app, req)?;
    app.throttle.take(app, req)?;
    let version = versions::check(req, route)?;
    app.gone.check_path(req.uri.path())?;
    let call = Call { app, req, version, claims };
    match route {
        Route::Subscriptions => subscriptions::list(&call),
        Route::VirtualMachines { subscription, group } => {
            compute::machines::list(&call, subscription, group.as_deref())
        }
        Route::VirtualMachine(path) => compute::machines::get(&call, path),
        Route::ScaleSet(path) => compute::scale_sets::get(&call, path),
        Route::ScaleSetInstance(path, id) => compute::scale_sets::instance(&call, path, id),
        Route::Interface(path) => network::interfaces::get(&call, path),
        Route::PublicAddress(path) => network::public_ips::get(&call, path),
        Route::LoadBalancer(path) => network::balancers::load_balancer(&call, path),
        Route::ApplicationGateway(path) => network::balancers::application_gateway(&call, path),
        Route::StorageAccount(path) => storage_accounts::get(&call, path),
        Route::Permissions { scope } => permissions::list(&call, scope),
        Route::Watchers { subscription, group } => {
            network_watchers::list(&call, subscription, group.as_deref())
        }
        Route::Watcher(watcher) => network_watchers::get(&call, watcher),
        Route::CaptureList(watcher) => packet_captures::list(&call, watcher),
        Route::CapturePut(watcher, name) => packet_captures::create::put(&call, watcher, name),
        Route::CaptureGet(watcher, name) => packet_captures::get(&call, watcher, name),
        Route::CaptureDelete(watcher, name) => packet_captures::delete(&call, watcher, name),
        Route::CaptureStop(watcher, name) => packet_captures::stop(&call, watcher, name),
        Route::CaptureStatus(watcher, name) => packet_captures::query_status(&call, watcher, name),
        Route::Operation { subscription, id } => operations::status(&call, subscription, id),
        Route::OperationResult { subscription, id } => operations::result(&call, subscription, id),
        _ => Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "InvalidResourceType",
            format!("The stand-in for Azure does not play {} {}.", req.method, req.uri.path()),
        )),
    }
}

/// The bearer token must be ours, in time and for ARM.
fn authenticate(app: &App, req: &Req) -> ArmResult<Claims> {
    let base = req.base_url();
    let refuse = |code, message: &str| Err(ArmError::unauthorized(code, message, &base));
    let Some(token) = req.bearer() else {
        return refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        );
    };
    match tokens::check(&app.keys, token, Audience::Arm, app.clock.now()) {
        Ok(claims) => Ok(claims),
        Err(Refused::Invalid) => refuse("InvalidAuthenticationToken", "The access token is invalid."),
        Err(Refused::Expired) => refuse(
            "ExpiredAuthenticationToken",
            &format!(
                "The access token expiry UTC time is earlier than current UTC time '{}'.",
                app.clock.now()
            ),
        ),
        Err(Refused::WrongAudience) => refuse(
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.",
        ),
    }
}

impl<'a> Call<'a> {
    /// What the app registration or managed identity that calls may do.
    pub(crate) fn caller(&self) -> Option<Role<'a>> {
        self.app.inventory.role(&self.claims.tid, &self.claims.appid)
    }

    /// Whether the caller's tenant is this one.
    pub(crate) fn is_from(&self, tenant: &str) -> bool {
        self.claims.tid.eq_ignore_ascii_case(tenant)
    }

    /// The subscription, for a caller of its tenant.
    pub(crate) fn subscription(&self, id: &str) -> ArmResult<&'a Subscription> {
        let subscription = self.app.inventory.subscription(id).ok_or_else(|| {
            ArmError::new(
                StatusCode::NOT_FOUND,
                "SubscriptionNotFound",
                format!("The subscription '{id}' could not be found."),
            )
        })?;
        if self.is_from(&subscription.tenant_id) {
            return Ok(subscription);
        }
        let message = format!(
            "The access token is from the wrong issuer 'https://sts.windows.net/{}/'. It must match the tenant 'https://sts.windows.net/{}/' associated with this subscription.",
            self.claims.tid, subscription.tenant_id
        );
        Err(ArmError::unauthorized("InvalidAuthenticationTokenTenant", &message, &self.req.base_url()))
    }

    /// The subscription of a resource's path, for a caller who may do this there, if the group exists too.
    pub(crate) fn place(&self, path: &ResourcePath, action: &str) -> ArmResult<&'a Subscription> {
        let subscription = self.subscription(&path.subscription)?;
        self.allow(action, self.req.uri.path())?;
        self.group(subscription, &path.group)?;
        Ok(subscription)
    }

    /// The same for a list, of the subscription or of one group.
    pub(crate) fn list_place(
        &self,
        subscription: &str,
        group: Option<&str>,
        action: &str,
    ) -> ArmResult<&'a Subscription> {
        let subscription = self.subscription(subscription)?;
        // Whether ARM would show a caller with rights on one group that group's part here is not known: invented.
        let scope = match group {
            None => format!("/subscriptions/{}", subscription.id),
            Some(group) => format!("/subscriptions/{}/resourceGroups/{group}", subscription.id),
        };
        self.allow(action, &scope)?;
        if let Some(group) = group {
            self.group(subscription, group)?;
        }
        Ok(subscription)
    }

    /// Refuses a caller without a role on this scope that has this action.
    pub(crate) fn allow(&self, action: &str, scope: &str) -> ArmResult<()> {
        let allowed = self.caller().is_some_and(|role| role.may(action, scope));
        if allowed {
            return Ok(());
        }
        let client = &self.claims.appid;
        Err(ArmError::new(
            StatusCode::FORBIDDEN,
            "AuthorizationFailed",
            format!(
                "The client '{client}' with object id '{client}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
            ),
        ))
    }

    /// Refuses a group that is not there.
    pub(crate) fn group(&self, subscription: &Subscription, group: &str) -> ArmResult<()> {
        if subscription.has_group(group) {
            return Ok(());
        }
        Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "ResourceGroupNotFound",
            format!("Resource group '{group}' could not be found."),
        ))
    }
}

/// The headers ARM sets on whatever it answers.
pub(crate) fn decorate(app: &App, req: &Req, answer: &mut Answer) {
    let request_id = clock::guid();
    let correlation =
        req.header("x-ms-correlation-request-id").map_or_else(|| request_id.clone(), str::to_owned);
    let routing = format!("WESTEUROPE:{}:{}", app.clock.now().strftime("%Y%m%dT%H%M%SZ"), clock::guid());
    answer::set(answer, "x-ms-request-id", &request_id);
    answer::set(answer, "x-ms-correlation-request-id", correlation);
    answer::set(answer, "x-ms-routing-request-id", routing);
    answer::set(answer, "x-ms-arm-service-request-id", clock::guid());
    answer::set(
        answer,
        "x-ms-operation-identifier",
        format!("tenantId=standin,objectId=standin/westeurope/{request_id}"),
    );
    throttle::show(app, req, answer);
    let wants_id =
        req.header("x-ms-return-client-request-id").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let Some(id) = req.header("x-ms-client-request-id").filter(|_| wants_id) {
        answer::set(answer, "x-ms-client-request-id", id);
    }
    answer::set(answer, "cache-control", "no-cache");
    answer::set(answer, "pragma", "no-cache");
    answer::set(answer, "expires", "-1");
    answer::set(answer, "strict-transport-security", "max-age=31536000; includeSubDomains");
    answer::set(answer, "x-content-type-options", "nosniff");
}
