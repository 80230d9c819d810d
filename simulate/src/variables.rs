//! The operator's variables in a run.

use crate::{
    azure::{ARM, LOGIN},
    scenario::RECEIVERS,
    truth::HISTORY_DAYS,
    world::{OPERATOR_KEY, SWEEP_KEY, WEBHOOK_KEY, World},
};

impl World {
    /// The operator's variable.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let account = format!(
            "{}/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopcaptures",
            crate::alerts::SUBSCRIPTION
        );
        Some(match name {
            "webhook_key" => WEBHOOK_KEY.to_owned(),
            "operator_key" => OPERATOR_KEY.to_owned(),
            "sweep_key" => SWEEP_KEY.to_owned(),
            "tenant_id" => "tenant-1".to_owned(),
            "client_id" => "client-1".to_owned(),
            "client_secret" => self.azure.borrow().secret.clone(),
            "login_endpoint" => LOGIN.to_owned(),
            "arm_endpoint" => ARM.to_owned(),
            "allowed_scopes" => crate::alerts::SUBSCRIPTION.to_owned(),
            "storage_account_id" => account,
            // What a file shows is another matter than that none is lost.
            "summary" => "off".to_owned(),
            "time_limit_seconds" => self.scenario.time_limit.to_string(),
            "history_days" => HISTORY_DAYS.to_string(),
            "on_limit" if self.scenario.evicts => "evict".to_owned(),
            "session_limit" => self.scenario.session_limit.to_string(),
            "rules" if !self.scenario.rules.text.is_empty() => self.scenario.rules.text.clone(),
            _ => return self.receiver_variable(name),
        })
    }

    /// `notify_url` is the first one's older name.
    fn receiver_variable(&self, name: &str) -> Option<String> {
        let (receiver, part) = name.rsplit_once('_')?;
        let receiver = if receiver == "notify" { "webhook" } else { receiver };
        let (_, host) = RECEIVERS.iter().find(|(known, _)| *known == receiver)?;
        let is_set = self.scenario.receivers.contains(&receiver);
        match part {
            "url" if is_set => Some(format!("{host}/hook?secret=canary")),
            "host" if is_set => Some((*host).to_owned()),
            _ => None,
        }
    }
}
