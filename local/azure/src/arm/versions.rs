//! Which api-versions each resource type takes.

use http::StatusCode;

use super::error::{ArmError, ArmResult};
use crate::request::Req;
use crate::route::Route;

/// The stable versions of Microsoft.Network since packet captures exist.
const NETWORK: &[&str] = &[
    "2016-09-01",
    "2016-12-01",
    "2017-03-01",
    "2017-06-01",
    "2017-08-01",
    "2017-09-01",
    "2017-10-01",
    "2017-11-01",
    "2018-01-01",
    "2018-02-01",
    "2018-04-01",
    "2018-06-01",
    "2018-07-01",
    "2018-08-01",
    "2018-10-01",
    "2018-11-01",
    "2018-12-01",
    "2019-02-01",
    "2019-04-01",
    "2019-06-01",
    "2019-07-01",
    "2019-08-01",
    "2019-09-01",
    "2019-11-01",
    "2019-12-01",
    "2020-03-01",
    "2020-04-01",
    "2020-05-01",
    "2020-06-01",
    "2020-07-01",
    "2020-08-01",
    "2020-11-01",
    "2021-02-01",
    "2021-03-01",
    "2021-05-01",
    "2021-08-01",
    "2022-01-01",
    "2022-05-01",
    "2022-07-01",
    "2022-09-01",
    "2022-11-01",
    "2023-02-01",
    "2023-04-01",
    "2023-05-01",
    "2023-06-01",
    "2023-09-01",
    "2023-11-01",
    "2024-01-01",
    "2024-03-01",
    "2024-05-01",
    "2024-07-01",
    "2024-10-01",
    "2025-01-01",
    "2025-03-01",
    "2025-05-01",
    "2025-07-01",
    "2025-09-01",
    "2026-01-01",
    "2026-03-01",
];

/// Stable versions of Microsoft.Compute.
const COMPUTE: &[&str] = &[
    "2017-03-30",
    "2017-12-01",
    "2018-04-01",
    "2018-06-01",
    "2018-10-01",
    "2019-03-01",
    "2019-07-01",
    "2019-12-01",
    "2020-06-01",
    "2020-12-01",
    "2021-03-01",
    "2021-04-01",
    "2021-07-01",
    "2021-11-01",
    "2022-03-01",
    "2022-08-01",
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2025-11-01",
    "2026-04-01",
];

/// Stable versions of Microsoft.Storage.
const STORAGE: &[&str] = &[
    "2016-12-01",
    "2017-06-01",
    "2017-10-01",
    "2018-02-01",
    "2018-07-01",
    "2018-11-01",
    "2019-04-01",
    "2019-06-01",
    "2021-01-01",
    "2021-02-01",
    "2021-04-01",
    "2021-06-01",
    "2021-08-01",
    "2021-09-01",
    "2022-05-01",
    "2022-09-01",
    "2023-01-01",
    "2023-04-01",
    "2023-05-01",
    "2024-01-01",
    "2025-01-01",
    "2025-06-01",
    "2025-08-01",
    "2026-04-01",
    "2026-06-01",
    "2026-09-01",
];

/// Versions of Microsoft.Authorization/permissions.
const PERMISSIONS: &[&str] = &["2015-07-01", "2018-01-01-preview", "2022-04-01", "2022-05-01-preview"];

/// Versions of the subscriptions list.
const SUBSCRIPTIONS: &[&str] = &[
    "2014-04-01",
    "2015-01-01",
    "2016-06-01",
    "2018-06-01",
    "2019-06-01",
    "2019-11-01",
    "2020-01-01",
    "2021-01-01",
    "2022-09-01",
    "2022-12-01",
];

/// From here on a capture's target may be a scale set.
pub(super) const SCALE_SETS_SINCE: &str = "2022-01-01";
/// From here on there are continuous captures.
pub(super) const CONTINUOUS_SINCE: &str = "2023-11-01";

/// The request's api-version, if its resource type takes it.
pub(super) fn check(req: &Req, route: &Route) -> ArmResult<String> {
    let (kind, known) = match route {
        Route::Subscriptions => ("subscriptions", SUBSCRIPTIONS),
        Route::VirtualMachines { .. } | Route::VirtualMachine(_) => ("virtualMachines", COMPUTE),
        Route::ScaleSet(_) => ("virtualMachineScaleSets", COMPUTE),
        Route::ScaleSetInstance(..) => ("virtualMachineScaleSets/virtualMachines", COMPUTE),
        Route::Interface(_) => ("networkInterfaces", NETWORK),
        Route::PublicAddress(_) => ("publicIPAddresses", NETWORK),
        Route::LoadBalancer(_) => ("loadBalancers", NETWORK),
        Route::ApplicationGateway(_) => ("applicationGateways", NETWORK),
        Route::StorageAccount(_) => ("storageAccounts", STORAGE),
        Route::Permissions { .. } => ("permissions", PERMISSIONS),
        Route::Watchers { .. } | Route::Watcher(_) => ("networkWatchers", NETWORK),
        Route::Operation { .. } => ("locations/operations", NETWORK),
        Route::OperationResult { .. } => ("locations/operationResults", NETWORK),
        _ => ("networkWatchers/packetCaptures", NETWORK),
    };
    let version = req.query("api-version").filter(|version| !version.is_empty()).ok_or_else(|| {
        ArmError::bad_request(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    })?;
    if *route == Route::ArmUnknown || known.contains(&version.as_str()) {
        return Ok(version);
    }
    let list = known.join(", ");
    if version.trim_end_matches("-preview").parse::<jiff::civil::Date>().is_err() {
        return Err(ArmError::bad_request(
            "InvalidApiVersionParameter",
            format!("The api-version '{version}' is invalid. The supported versions are '{list}'."),
        ));
    }
    Err(ArmError::new(
        StatusCode::BAD_REQUEST,
        "NoRegisteredProviderFound",
        format!(
            "No registered resource provider found for location 'westeurope' and API version '{version}' for type '{kind}'. The supported api-versions are '{list}'."
        ),
    ))
}
