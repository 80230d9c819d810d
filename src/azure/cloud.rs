//! Azure's clouds, told by the endpoints that the operator sets.
//!
//! Source: azure-cli's `cloud.py` and azure-core's `AzureClouds`; the issuers are those of each cloud's discovery documents.

use url::Url;

/// One of Azure's clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// The public one.
    Public,
    /// In China, run by 21Vianet.
    China,
    /// For the government of the United States.
    UsGovernment,
    /// Any other: a private one, or a stand-in.
    Custom,
}

impl Cloud {
    /// The cloud of two endpoints.
    ///
    /// # Errors
    /// The two clouds that they are of, if these differ: no token of the one is taken by the other.
    pub fn of(login: &Url, arm: &Url) -> Result<Self, (Self, Self)> {
        let of_login = match login.host_str() {
            Some("login.microsoftonline.com") => Self::Public,
            Some("login.chinacloudapi.cn" | "login.partner.microsoftonline.cn") => Self::China,
            Some("login.microsoftonline.us") => Self::UsGovernment,
            _ => Self::Custom,
        };
        let of_arm = match arm.host_str() {
            Some("management.azure.com") => Self::Public,
            Some("management.chinacloudapi.cn") => Self::China,
            Some("management.usgovcloudapi.net") => Self::UsGovernment,
            _ => Self::Custom,
        };
        match (of_login, of_arm) {
            (one, other) if one == other => Ok(one),
            // A proxy of one's own before either of the two.
            (known, Self::Custom) | (Self::Custom, known) => Ok(known),
            (one, other) => Err((one, other)),
        }
    }

    /// What ARM is called in Entra: a proxy before it is no resource of its own.
    #[must_use]
    pub fn arm_resource(self, arm: &Url) -> String {
        match self {
            Self::Public => "https://management.azure.com".to_owned(),
            Self::China => "https://management.chinacloudapi.cn".to_owned(),
            Self::UsGovernment => "https://management.usgovcloudapi.net".to_owned(),
            Self::Custom => arm.origin().ascii_serialization(),
        }
    }

    /// Its name, as `az cloud list` shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "AzureCloud",
            Self::China => "AzureChinaCloud",
            Self::UsGovernment => "AzureUSGovernment",
            Self::Custom => "custom",
        }
    }

    /// Who may have issued a token of `tenant`, as its `iss` says it: v2.0 tokens, then v1.0 ones.
    #[must_use]
    pub fn issuers(self, login: &Url, tenant: &str) -> Vec<String> {
        let v2 = |authority: &str| format!("{authority}/{tenant}/v2.0");
        let v1 = |authority: &str| format!("{authority}/{tenant}/");
        let own = login.origin().ascii_serialization();
        match self {
            Self::China => vec![
                v2("https://login.partner.microsoftonline.cn"),
                v2("https://login.chinacloudapi.cn"),
                v1("https://sts.chinacloudapi.cn"),
            ],
            Self::Public => vec![v2("https://login.microsoftonline.com"), v1("https://sts.windows.net")],
            Self::UsGovernment => {
                vec![v2("https://login.microsoftonline.us"), v1("https://sts.windows.net")]
            }
            Self::Custom => vec![v2(&own), v1("https://sts.windows.net")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(login: &str, arm: &str) -> Result<Cloud, (Cloud, Cloud)> {
        Cloud::of(&login.parse().unwrap(), &arm.parse().unwrap())
    }

    #[test]
    fn the_two_endpoints_say_which_cloud_it_is() {
        for (login, arm, cloud) in [
            ("https://login.microsoftonline.com", "https://management.azure.com", Cloud::Public),
            ("https://LOGIN.microsoftonline.com/", "https://management.azure.com/", Cloud::Public),
            ("https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn", Cloud::China),
            ("https://login.partner.microsoftonline.cn", "https://management.chinacloudapi.cn", Cloud::China),
            ("https://login.microsoftonline.us", "https://management.usgovcloudapi.net", Cloud::UsGovernment),
            ("http://127.0.0.1:1", "http://127.0.0.1:1", Cloud::Custom),
            ("https://login.microsoftonline.us", "https://arm.example", Cloud::UsGovernment),
        ] {
            assert_eq!(of(login, arm), Ok(cloud), "{login} {arm}");
        }
    }

    #[test]
    fn a_token_for_arm_behind_a_proxy_is_for_arm() {
        let proxy = "https://proxy.example:8443".parse().unwrap();
        assert_eq!(Cloud::UsGovernment.arm_resource(&proxy), "https://management.usgovcloudapi.net");
        assert_eq!(Cloud::Custom.arm_resource(&proxy), "https://proxy.example:8443");
    }

    #[test]
    fn endpoints_of_two_clouds_are_no_cloud() {
        let mixed = of("https://login.microsoftonline.com", "https://management.usgovcloudapi.net");
        assert_eq!(mixed, Err((Cloud::Public, Cloud::UsGovernment)));
    }

    #[test]
    fn each_cloud_has_its_own_issuers() {
        let login = "https://login.example:8443".parse().unwrap();
        for (cloud, issuer) in [
            (Cloud::Public, "https://login.microsoftonline.com/t/v2.0"),
            (Cloud::Public, "https://sts.windows.net/t/"),
            (Cloud::China, "https://login.partner.microsoftonline.cn/t/v2.0"),
            (Cloud::China, "https://sts.chinacloudapi.cn/t/"),
            (Cloud::UsGovernment, "https://login.microsoftonline.us/t/v2.0"),
            (Cloud::Custom, "https://login.example:8443/t/v2.0"),
        ] {
            assert!(cloud.issuers(&login, "t").iter().any(|known| known == issuer), "{issuer}");
        }
        assert!(!Cloud::Custom.issuers(&login, "t").iter().any(|known| known.contains("microsoftonline")));
    }
}
