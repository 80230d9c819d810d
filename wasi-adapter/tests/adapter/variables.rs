//! `spin:variables` over `wasi:config`.

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
