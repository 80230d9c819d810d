//! Machines, watchers, and lists of what there is.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::{
    ARM, Asked, Azure, WATCHERS,
    answer::{refusal, reply},
    region_of,
};
use crate::alerts::{SUBSCRIPTION, machine_id, machine_name};

impl Azure {
    /// What is no session and no operation.
    pub(super) fn resource(&self, asked: &Asked<'_>, path: &str) -> Response<Bytes> {
        if path.ends_with("/networkwatchers") {
            let existing = (0..WATCHERS.len()).filter(|index| !self.gone_watchers.contains(index));
            let watchers = existing.map(|index| {
                let (location, group, name) = WATCHERS[index];
                let id = format!(
                    "{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/networkWatchers/{name}"
                );
                json!({"id": id, "location": location})
            });
            return self.paged(asked, watchers.collect());
        }
        if path.ends_with("/virtualmachines") {
            let existing =
                (0..self.machines).map(machine_name).filter(|name| !self.gone_machines.contains(name));
            let machines: Vec<Value> = existing.map(|name| self.machine(&name)).collect();
            return self.paged(asked, machines);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if self.agents.contains_key(name) && !self.gone_machines.contains(name) {
            return reply(200, &self.machine(name));
        }
        refusal(404, "ResourceNotFound", "there is no such resource")
    }

    fn machine(&self, name: &str) -> Value {
        let agent = json!([{"properties": {"publisher": "Microsoft.Azure.NetworkWatcher", "type": "NetworkWatcherAgentLinux"}}]);
        let has_agent = self.agents.get(name).copied().unwrap_or(true);
        json!({
            "id": machine_id(name), "name": name, "location": region_of(name).to_ascii_lowercase().replace(' ', ""),
            "tags": {"tier": if name.ends_with('1') { "web" } else { "database" }},
            "resources": if has_agent { agent } else { json!([]) },
            "properties": {"osProfile": {"computerName": name}},
        })
    }

    pub(super) fn list(&self, asked: &Asked<'_>, watcher: &str) -> Response<Bytes> {
        let shown =
            self.sessions.on(watcher).into_iter().map(|index| self.sessions.all[index].shown(asked.now));
        self.paged(asked, shown.collect())
    }

    /// A list in pages, the next one's address in each.
    fn paged(&self, asked: &Asked<'_>, all: Vec<Value>) -> Response<Bytes> {
        if !self.ways.pages {
            return reply(200, &json!({"value": all}));
        }
        let uri = asked.request.uri();
        let skip =
            uri.query().and_then(|query| query.split("skip=").nth(1)?.parse::<usize>().ok()).unwrap_or(0);
        let page: Vec<&Value> = all.iter().skip(skip).take(2).collect();
        let mut body = json!({"value": page});
        if skip + 2 < all.len() {
            body["nextLink"] = format!("{ARM}{}?api-version=1&skip={}", uri.path(), skip + 2).into();
        }
        reply(200, &body)
    }
}
