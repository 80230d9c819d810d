//! `spin:variables` over `wasi:config` and the environment.

use crate::{
    guest::{Guest, VariableError},
    host::{ConfigError, Script},
};

async fn ask(
    config: &[(&'static str, Result<&'static str, ConfigError>)],
    name: &str,
) -> (Result<String, VariableError>, Vec<String>) {
    let mut guest =
        Guest::new(Script { config: config.iter().cloned().collect(), ..Script::default() }).await;
    let value = guest.calls(async |spin| spin.variable(name).await).await;
    let asked = guest.script().configured.clone();
    (value, asked)
}

#[tokio::test]
async fn a_variable_is_the_configurations_value_of_its_name() {
    let (value, asked) = ask(&[("tenant_id", Ok("a tenant"))], "tenant_id").await;
    assert_eq!(value, Ok("a tenant".to_owned()));
    assert_eq!(asked, ["tenant_id"]);
}

#[tokio::test]
async fn an_empty_value_is_a_value() {
    assert_eq!(ask(&[("rules", Ok(""))], "rules").await.0, Ok(String::new()));
}

#[tokio::test]
async fn what_the_host_has_no_value_for_is_undefined() {
    assert_eq!(ask(&[], "rules").await.0, Err(VariableError::Undefined("rules".to_owned())));
}

#[tokio::test]
async fn a_failure_of_the_host_keeps_its_words() {
    let upstream = ConfigError::Upstream("vault is sealed".to_owned());
    let io = ConfigError::Io("no such file".to_owned());
    let config = [("upstream", Err(upstream)), ("io", Err(io))];
    assert_eq!(ask(&config, "upstream").await.0, Err(VariableError::Provider("vault is sealed".to_owned())));
    assert_eq!(ask(&config, "io").await.0, Err(VariableError::Provider("no such file".to_owned())));
}

#[tokio::test]
async fn a_name_that_spin_refuses_is_refused_before_the_host_is_asked() {
    for name in ["", "TENANT", "tenant-id", "1st", "_x", "x_", "a__b", "größe"] {
        let (value, asked) = ask(&[("TENANT", Ok("there"))], name).await;
        assert!(matches!(value, Err(VariableError::InvalidName(_))), "{name}: {value:?}");
        assert!(asked.is_empty(), "{name}");
    }
}

/// With this environment, beside a configuration that knows `configured` alone.
async fn ask_environment(
    environment: &[(&'static str, &'static str)],
    name: &str,
) -> Result<String, VariableError> {
    let config = [("configured", Ok("by the host"))].into();
    let mut guest =
        Guest::new(Script { config, environment: environment.to_vec(), ..Script::default() }).await;
    guest.calls(async |spin| spin.variable(name).await).await
}

#[tokio::test]
async fn what_the_configuration_lacks_comes_from_the_environment_by_spins_name() {
    let environment = [("SPIN_VARIABLE_TENANT_ID", "a tenant, and more = less"), ("SPIN_VARIABLE_X9", "")];
    assert_eq!(ask_environment(&environment, "tenant_id").await.unwrap(), "a tenant, and more = less");
    assert_eq!(ask_environment(&environment, "x9").await.unwrap(), "");
}

#[tokio::test]
async fn the_configuration_wins_over_the_environment() {
    let environment = [("SPIN_VARIABLE_CONFIGURED", "by the environment")];
    assert_eq!(ask_environment(&environment, "configured").await.unwrap(), "by the host");
}

#[tokio::test]
async fn nothing_but_spins_names_is_looked_for_in_the_environment() {
    let environment = [
        ("RULES", "1"),
        ("rules", "2"),
        ("SPIN_VARIABLE_rules", "3"),
        ("spin_variable_RULES", "4"),
        ("SPIN_VARIABLE_RULES_", "5"),
    ];
    for name in ["rules", "path", "home"] {
        let undefined = VariableError::Undefined(name.to_owned());
        assert_eq!(ask_environment(&environment, name).await, Err(undefined));
    }
}

#[tokio::test]
async fn a_failure_of_the_configuration_is_not_covered_up_by_the_environment() {
    let config = [("rules", Err(ConfigError::Io("no such file".to_owned())))].into();
    let environment = vec![("SPIN_VARIABLE_RULES", "old ones")];
    let mut guest = Guest::new(Script { config, environment, ..Script::default() }).await;
    let value = guest.calls(async |spin| spin.variable("rules").await).await;
    assert_eq!(value, Err(VariableError::Provider("no such file".to_owned())));
}
