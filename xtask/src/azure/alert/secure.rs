//! A secure webhook: the Entra application that Azure Monitor's tokens are for.
//!
//! Source: Microsoft's page on action groups, "Configure authentication for Secure webhook"; its PowerShell script does
//! the same.

use serde_json::json;

use super::Plan;
use crate::azure::shell::word;

/// `AzNS AAD Webhook`, as which Azure Monitor calls.
const AZNS: &str = "461e8683-5575-4561-ac7f-899cc907d62a";
/// The role its token has to have.
const ROLE: &str = "ActionGroupsSecureWebhook";
/// The role's id within the application, the same each time, so that a second run changes nothing.
const ROLE_ID: &str = "5c0f1d0a-8a0b-4d5e-9c37-2f6d1b7e4a90";

/// Makes the application, lets Azure Monitor in, and leaves `app_id` and `object_id` in the shell.
pub(super) fn commands(plan: &Plan) -> String {
    let roles = json!([{
        "id": ROLE_ID, "value": ROLE, "displayName": ROLE, "description": "Azure Monitor's action groups may call alertcap",
        "allowedMemberTypes": ["Application"], "isEnabled": true,
    }]);
    let (name, roles) = (word(&format!("{}-webhook", plan.name)), word(&roles.to_string()));
    format!(
        r#"# The application that the tokens are for, with the role that a caller has to have.
app_id=$(az ad app create --display-name {name} --sign-in-audience AzureADMyOrg --requested-access-token-version 2 --app-roles {roles} --query appId --output tsv)
az ad app update --id "$app_id" --identifier-uris "api://$app_id"
object_id=$(az ad app show --id "$app_id" --query id --output tsv)
own=$(az ad sp show --id "$app_id" --query id --output tsv 2>/dev/null || az ad sp create --id "$app_id" --query id --output tsv)

# Azure lets only an owner of the application put it into an action group (AadWebhookResourceNotOwnedByCaller).
# In a pipeline, set OWNER_OBJECT_ID to the object id of its service principal.
owner=${{OWNER_OBJECT_ID:-$(az ad signed-in-user show --query id --output tsv)}}
az ad app owner add --id "$app_id" --owner-object-id "$owner"

# "AzNS AAD Webhook" is Azure Monitor. Whoever may make action groups in this tenant can have it call.
azns=$(az ad sp show --id {AZNS} --query id --output tsv 2>/dev/null || az ad sp create --id {AZNS} --query id --output tsv)
: "${{own:?az gave no service principal of $app_id}}" "${{azns:?az gave no service principal of AzNS AAD Webhook}}"
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
assigned=$(az rest --method get --url "${{graph%/}}/v1.0/servicePrincipals/$own/appRoleAssignedTo" --query "value[?principalId=='$azns' && appRoleId=='{ROLE_ID}'].id" --output tsv)
if [ -z "$assigned" ]; then
  az rest --method post --url "${{graph%/}}/v1.0/servicePrincipals/$own/appRoleAssignedTo" --output none --body "{{\"principalId\":\"$azns\",\"resourceId\":\"$own\",\"appRoleId\":\"{ROLE_ID}\"}}"
fi

"#
    )
}

/// What to set for the component, said at the end.
pub(super) fn epilogue() -> &'static str {
    r#"
echo "export SPIN_VARIABLE_WEBHOOK_AUDIENCE='$app_id api://$app_id'"
"#
}
