use std::process::Command;

use clap::Parser;

use super::*;

const GROUP: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop";
const TENANT: &str = "7e57ab1e-0000-4000-8000-0000000000a1";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn machine(name: &str) -> String {
    format!("{GROUP}/providers/{MACHINE}/{name}")
}

fn given(options: &[&str]) -> Result<Plan> {
    let machine = machine("web-01");
    let fixed = ["alert", "--resource-group", "rg-shop", "--machine", &machine];
    let url = if options.contains(&"--url") {
        &[][..]
    } else {
        &["--url", "https://alertcap.example/api/alerts"][..]
    };
    plan(&Line::try_parse_from(fixed.iter().chain(url).chain(options)).unwrap().arguments)
}

/// Runs the script with an `az` that prints its arguments and what comes in, and returns what it printed.
fn run(script: &str, key: Option<&str>) -> (bool, String) {
    let az = r#"az() { printf 'az'; printf ' [%s]' "$@"; echo; case "$*" in *@-*) cat ;; esac; }
"#;
    let mut sh = Command::new("sh");
    sh.args(["-c", &format!("{az}{script}")]).env_remove(KEY).env_remove("OWNER_OBJECT_ID");
    if let Some(key) = key {
        sh.env(KEY, key);
    }
    let out = sh.output().unwrap();
    let text = [out.stdout, out.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (out.status.success(), text)
}

#[test]
fn the_script_makes_an_action_group_with_the_common_schema_and_a_rule_with_its_properties() {
    let options =
        ["--property", "time_limit_seconds=300", "--property", "note=it's ${data.essentials.severity}"];
    let (ended_well, said) = run(&az::script(&given(&options).unwrap()), Some("0123456789abcdef"));
    assert!(ended_well, "{said}");
    let receiver = r#"[{"name":"alertcap","service-uri":"https://alertcap.example/api/alerts?code=0123456789abcdef","use-common-alert-schema":true}]"#;
    assert!(said.contains(receiver), "{said}");
    assert!(said.contains("[--condition] [total Network Out Total > 1000000000]"), "{said}");
    assert!(said.contains("[time_limit_seconds=300] [note=it's ${data.essentials.severity}]"), "{said}");
    assert!(said.contains(&format!("[--scopes] [{}]", machine("web-01"))), "{said}");
}

#[test]
fn the_key_is_in_nothing_that_is_printed_and_without_it_nothing_is_done() {
    let script = az::script(&given(&[]).unwrap());
    let (ended_well, said) = run(&script, None);
    assert!(!ended_well && said.contains("ALERTCAP_WEBHOOK_KEY") && !said.contains("az ["), "{said}");
    let (ended_well, said) = run(&script, Some("key\"with&all"));
    assert!(!ended_well && !said.contains("az [") && !said.contains("with&all"), "{said}");
    // Nowhere an argument of a process: it goes through the pipe alone.
    let (_, said) = run(&script, Some("0123456789abcdef"));
    assert!(
        said.lines().filter(|line| line.starts_with("az")).all(|line| !line.contains("0123456789abcdef"))
    );
}

#[test]
fn a_secure_webhook_has_an_application_with_the_role_and_no_key_unless_it_is_wanted() {
    let plan = given(&["--secure", "--tenant-id", TENANT]).unwrap();
    let (ended_well, said) = run(&az::script(&plan), None);
    assert!(ended_well, "{said}");
    assert!(
        said.contains(r#""use-aad-auth":true"#) && said.contains(TENANT) && !said.contains("?code="),
        "{said}"
    );
    let script = az::script(&plan);
    assert!(
        script.contains("ActionGroupsSecureWebhook")
            && script.contains("461e8683-5575-4561-ac7f-899cc907d62a")
    );
    let both = az::script(&given(&["--secure", "--tenant-id", TENANT, "--with-key"]).unwrap());
    assert!(both.contains("?code=%s") && both.contains("use-aad-auth"));
}

#[test]
fn what_a_machine_counts_itself_is_switched_on_first() {
    let windows = ["--metric", "tcp-segments-windows", "--location", "westeurope"];
    let (ended_well, said) = run(&az::script(&given(&windows).unwrap()), Some("0123456789abcdef"));
    assert!(ended_well, "{said}");
    assert!(
        said.contains(r#""\\TCPv4\\Segments Sent/sec""#) && said.contains("AzureMonitorWindowsAgent"),
        "{said}"
    );
    let condition =
        r"[avg Azure.VM.Windows.GuestMetrics.TCPv4\Segments Sent/sec > 5000 with skipmetricvalidation]";
    assert!(said.contains(condition), "{said}");
    let (ended_well, said) =
        run(&az::script(&given(&["--metric", "tcp-segments-linux"]).unwrap()), Some("0123456789abcdef"));
    assert!(
        ended_well && said.contains("TcpOutSegs") && said.contains("Telegraf/nstat.TcpOutSegs_rate"),
        "{said}"
    );
}

#[test]
fn bicep_says_the_same_and_takes_the_key_as_a_secure_parameter() {
    let options = ["--property", "note=it's ${data.x}", "--secure", "--with-key", "--tenant-id", TENANT];
    let template = bicep::template(&given(&options).unwrap()).unwrap();
    for part in [
        "@secure()\nparam webhookKey string",
        "serviceUri: 'https://alertcap.example/api/alerts?code=${uriComponent(webhookKey)}'",
        "identifierUri: 'api://${applicationId}'",
        r"'note': 'it\'s \${data.x}'",
        "windowSize: 'PT5M'",
        "metricNamespace: 'Microsoft.Compute/virtualMachines'",
    ] {
        assert!(template.contains(part), "{part}: {template}");
    }
    for pair in ["{}", "[]", "()"] {
        let (open, close) = pair.split_at(1);
        assert_eq!(template.matches(open).count(), template.matches(close).count(), "{pair}");
    }
    let windows = ["--metric", "tcp-segments-windows", "--location", "westeurope"];
    let template = bicep::template(&given(&windows).unwrap()).unwrap();
    assert!(template.contains(r"'\\TCPv4\\Segments Sent/sec'"), "{template}");
    let elsewhere = machine("web-02").replace("rg-shop", "rg-lab");
    let error =
        given(&[&windows[..], &["--machine", &elsewhere]].concat()).and_then(|plan| bicep::template(&plan));
    assert!(error.unwrap_err().to_string().contains("is not in rg-shop"));
}

#[test]
fn machines_of_one_name_have_rules_of_their_own_and_one_named_twice_has_one() {
    let elsewhere = machine("web-01").replace("rg-shop", "rg-lab");
    let plan = given(&["--machine", &machine("WEB-01"), "--machine", &elsewhere]).unwrap();
    let rules: Vec<_> = plan.machines.iter().map(|machine| machine.rule.as_str()).collect();
    assert_eq!(rules, ["alertcap-network-out-web-01", "alertcap-network-out-web-01-rg-lab"]);
}

#[test]
fn what_cannot_be_set_up_is_refused_with_the_reason() {
    let scale_set = format!("{GROUP}/providers/{SCALE_SET}/vmss");
    for (options, reason) in [
        (&["--url", "http://alertcap.example/api/alerts"][..], "begin with https://"),
        (&["--url", "https://alertcap.example/api/alerts?code=x"], "without the key"),
        (&["--url", "https://alertcap.example/"], "end in /api/alerts"),
        (&["--url", "https:///api/alerts"], "no host"),
        (&["--machine", GROUP], "neither a virtual machine nor a scale set"),
        (&["--machine", "web-01"], "it is not /subscriptions/"),
        (&["--metric", "tcp-segments-linux", "--machine", &scale_set], "is a scale set"),
        (&["--metric", "tcp-segments-windows"], "--location"),
        (&["--location", "West Europe"], "short name"),
        (&["--window", "7"], "one of [1, 5,"),
        (&["--name", "a b"], "letters, digits"),
        (&["--property", "x"], "NAME=VALUE"),
        (&["--property", "a b=1"], "a property's name"),
        (&["--secure", "--tenant-id", "contoso.com"], "not a tenant's id"),
    ] {
        let error = format!("{:#}", given(options).unwrap_err());
        assert!(error.contains(reason), "{options:?}: {error}");
    }
}
