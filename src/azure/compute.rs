//! Microsoft.Compute: where a machine is.

use serde::Deserialize;

use super::arm::{Arm, ArmError};
use crate::{
    plan::{Machine, MachineKind},
    platform::Platform,
};

/// The region of a virtual machine or scale set, as `westeurope`.
///
/// # Errors
/// [`ArmError`]; 404 if the machine does not exist.
pub async fn location<P: Platform>(arm: &Arm<'_, P>, machine: &Machine) -> Result<String, ArmError> {
    #[derive(Deserialize)]
    struct Resource {
        location: String,
    }
    let url = machine.id.url(&arm.azure.arm, &[], &arm.azure.compute_api_version);
    let what = match machine.kind {
        MachineKind::AzureVM => "virtual machine",
        MachineKind::AzureVMSS => "scale set",
    };
    match arm.get(&url).await {
        Ok(answer) => Ok(normalized(&answer.json::<Resource>()?.location)),
        Err(mut error) if error.is_not_found() => {
            error.failure.message =
                format!("the {what} {} was not found: {}", machine.id.name(), error.failure.message);
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// `West Europe` and `westeurope` are one region.
#[must_use]
pub fn normalized(location: &str) -> String {
    location.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}
