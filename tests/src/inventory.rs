//! What the stand-in has, for tests.

use std::path::Path;

use toml::Table;

use crate::stack::{Options, ROLE_SECRET};

/// The stand-in's own inventory with waits that a test can take.
pub(crate) fn quick_inventory(options: &Options, recording: &Path) -> String {
    let text = include_str!("../../local/azure/inventory.toml");
    let mut inventory: Table = text.parse().expect("the inventory is TOML");
    let quick = [
        ("timings", "provisioning_ms", 300),
        ("timings", "retry_after_s", 1),
        ("timings", "status_stale_s", 1),
        ("timings", "status_operation_ms", 100),
        ("timings", "stop_ms", 100),
        ("timings", "delete_ms", 100),
        ("timings", "upload_delay_ms", 100),
    ];
    for (table, key, value) in quick.into_iter().chain(options.inventory.iter().copied()) {
        let table = inventory.get_mut(table).and_then(toml::Value::as_table_mut).expect("the table exists");
        table.insert(key.to_owned(), value.into());
    }
    let tenant = inventory.get_mut("tenants").and_then(|all| all.get_mut(0)).expect("a tenant");
    let apps = tenant.get_mut("apps").and_then(toml::Value::as_array_mut).expect("there are applications");
    for (client_id, actions) in options.roles {
        let mut secret = Table::new();
        secret.insert("value".to_owned(), ROLE_SECRET.into());
        let mut app = Table::new();
        app.insert("name".to_owned(), client_id.as_str().into());
        app.insert("client_id".to_owned(), client_id.as_str().into());
        app.insert("secrets".to_owned(), vec![secret].into());
        app.insert("actions".to_owned(), actions.clone().into());
        apps.push(app.into());
    }
    let subscription = inventory.get_mut("subscriptions").and_then(|all| all.get_mut(0)).expect("one");
    let machines =
        subscription.get_mut("machines").and_then(toml::Value::as_array_mut).expect("there are machines");
    let of_name = |machine: &&mut toml::Value| {
        machine.get("name").and_then(toml::Value::as_str).is_some_and(|name| Some(name) == options.recorded)
    };
    if let Some(machine) = machines.iter_mut().find(of_name).and_then(toml::Value::as_table_mut) {
        machine.insert("recording".to_owned(), recording.to_string_lossy().into_owned().into());
    }
    for (number, name) in options.machines.iter().enumerate() {
        let mut machine = machines.get(1).cloned().expect("db-01");
        let fields = machine.as_table_mut().expect("a table");
        fields.insert("name".to_owned(), name.as_str().into());
        fields.insert(
            "private_ip".to_owned(),
            format!("10.20.{}.{}", 1 + number / 200, 1 + number % 200).into(),
        );
        machines.push(machine);
    }
    toml::to_string(&inventory).expect("it can be written")
}
