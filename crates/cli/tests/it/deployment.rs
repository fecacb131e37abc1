//! Deployment settings: made from a package, checked, given to an import (L117–L121).

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const VAULT: &str = "/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s";

fn with_package() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_settings_package("ops", "1.0.0.0");
    sandbox
}

fn settings(sandbox: &Sandbox, variables: &[(&str, &str)], connections: &[(&str, &str, &str)]) {
    let variable = |(name, value): &(&str, &str)| json!({"SchemaName": name, "Value": value});
    let connection = |(name, connection, connector): &(&str, &str, &str)| json!({"LogicalName": name, "ConnectionId": connection, "ConnectorId": connector});
    let json = json!({
        "EnvironmentVariables": variables.iter().map(variable).collect::<Vec<_>>(),
        "ConnectionReferences": connections.iter().map(connection).collect::<Vec<_>>(),
    });
    sandbox.write("settings.json", &json.to_string());
}

fn full(sandbox: &Sandbox) {
    let variables = [("contoso_Url", "https://contoso.example"), ("contoso_Secret", VAULT)];
    settings(sandbox, &variables, &[("contoso_sql", "c0ffee", "/apis/shared_sql")]);
}

#[test]
fn l121_settings_are_made_from_a_package_and_not_overwritten_unasked() {
    let sandbox = with_package();
    let made = sandbox.json("solution create-settings --path ops --settings-file new.json");
    let names: Vec<_> = made["EnvironmentVariables"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["SchemaName"].clone())
        .collect();
    assert_eq!(names, ["contoso_Days", "contoso_Mail", "contoso_Secret", "contoso_Url"]);
    let reference = json!({"LogicalName": "contoso_sql", "ConnectionId": "", "ConnectorId": "/apis/shared_sql"});
    assert_eq!(made["ConnectionReferences"], json!([reference]));
    let written = std::fs::read(sandbox.path("new.json")).expect("the file");
    assert_eq!(serde_json::from_slice::<Value>(&written).expect("JSON"), made);
    let error = sandbox.error("solution create-settings --solution-folder ops --settings-file new.json", 1);
    assert_eq!(error["name"], "AlreadyExists");
    assert!(sandbox.text("solution create-settings -f ops -s new.json --overwrite").starts_with("wrote new.json: 4"));
    assert!(sandbox.text("solution create-settings -f ops -s other.json --plan").starts_with("would write other.json"));
    assert!(!sandbox.path("other.json").exists() && !sandbox.has_store());
}

#[test]
fn l121_every_entry_that_does_not_fit_is_named_and_trips_the_gate() {
    let sandbox = with_package();
    settings(
        &sandbox,
        &[("contoso_Url", ""), ("contoso_Days", "five"), ("contoso_No", "x"), ("contoso_days", "5")],
        &[("contoso_sql", "c0ffee", "/apis/shared_other"), ("contoso_none", "1", "")],
    );
    let run = sandbox.run("solution check-settings --path ops --settings-file settings.json --format json");
    assert_eq!(run.code, 3, "{}", run.stderr);
    let problems: Vec<Value> = serde_json::from_str(&run.stdout).expect("a list");
    let seen: Vec<_> = problems
        .iter()
        .map(|problem| {
            [&problem["kind"], &problem["name"], &problem["problem"]].map(|text| text.as_str().unwrap_or(""))
        })
        .collect();
    let variable = "environmentvariable";
    let connection = "connectionreference";
    assert_eq!(
        seen,
        [
            [variable, "contoso_Url", "empty"],
            [variable, "contoso_Days", "type"],
            [variable, "contoso_No", "unknown"],
            [variable, "contoso_days", "duplicate"],
            [variable, "contoso_Secret", "missing"],
            [connection, "contoso_sql", "connector"],
            [connection, "contoso_none", "unknown"],
        ]
    );
    full(&sandbox);
    assert_eq!(sandbox.json("solution check-settings --path ops --settings-file settings.json"), json!([]));
    sandbox.write("settings.json", "[1]");
    assert_eq!(sandbox.run("solution check-settings --path ops --settings-file settings.json").code, 4);
}

#[test]
fn l118_what_the_environment_has_need_not_be_given_again() {
    let sandbox = with_package();
    full(&sandbox);
    sandbox.json("import ops --settings-file settings.json");
    settings(&sandbox, &[], &[]);
    let check = "solution check-settings --path ops --settings-file settings.json";
    assert_eq!(sandbox.run(check).code, 3, "on its own the package needs them");
    assert_eq!(sandbox.json(&format!("{check} -e default")), json!([]));
}

#[test]
fn l118_l120_an_import_gives_values_and_connections_and_shows_what_variables_come_to() {
    let sandbox = with_package();
    full(&sandbox);
    let text = sandbox.text("plan ops --settings-file settings.json");
    assert!(text.contains("contoso_Url = https://contoso.example (value in Active)"), "{text}");
    assert!(text.contains("contoso_Days = 5 (default of Ops)"), "{text}");
    assert!(text.contains("contoso_Mail = ops@contoso.example (value in Ops)"), "{text}");
    assert!(!text.contains("KeyVault") && text.contains("contoso_Secret = "), "{text}");
    let done = sandbox.json("import ops --settings-file settings.json");
    assert_eq!(done["options"]["settings_file"]["path"], "settings.json");
    assert!(!done.to_string().contains("KeyVault"), "{done}");
    let shown = sandbox.json("component show environmentvariablevalue:contoso_Url");
    assert_eq!(shown["properties"]["value"], "https://contoso.example");
    let reference = sandbox.json("component layers connectionreference:contoso_sql");
    assert_eq!(reference["decidedby"]["connectionid"], "Active");
    assert_eq!(reference["resolved"]["connectionid"], "c0ffee");
    sandbox.text("undo");
    assert_eq!(sandbox.json("component list"), json!([]));
}

#[test]
fn l97_l117_values_and_connections_that_were_given_go_with_the_solution_and_come_back() {
    let sandbox = with_package();
    full(&sandbox);
    sandbox.json("import ops --settings-file settings.json");
    let before = sandbox.json("component list");
    sandbox.text("solution delete Ops");
    assert_eq!(sandbox.json("component list"), json!([]));
    sandbox.text("undo");
    assert_eq!(sandbox.json("component list"), before);
}

#[test]
fn l120_an_unknown_reference_is_refused_with_the_platforms_code() {
    let sandbox = with_package();
    settings(&sandbox, &[], &[("contoso_none", "1", "")]);
    let error = sandbox.error("import ops --settings-file settings.json", 1);
    assert_eq!(error["code"], "0x80095005");
    assert_eq!(error["name"], "ConnectionReferenceNotFound");
    assert_eq!(error["rule"], "L120");
}

#[test]
fn r13_a_saved_plan_reads_its_settings_again_and_refuses_others() {
    let sandbox = with_package();
    full(&sandbox);
    sandbox.text("plan ops --settings-file settings.json --out ops.plan");
    assert!(!std::fs::read_to_string(sandbox.path("ops.plan")).expect("a plan").contains("KeyVault"));
    settings(&sandbox, &[("contoso_Url", "other")], &[]);
    assert_eq!(sandbox.error("solution apply ops.plan", 1)["name"], "StalePlan");
    full(&sandbox);
    sandbox.text("solution apply ops.plan");
    let shown = sandbox.json("component show environmentvariablevalue:contoso_Url");
    assert_eq!(shown["properties"]["value"], "https://contoso.example");
}

#[test]
fn l118_a_variable_without_a_value_takes_one_by_hand() {
    let sandbox = with_package();
    sandbox.json("import ops");
    sandbox.text("env set --block-unmanaged true");
    sandbox.text("component set environmentvariablevalue:contoso_url --property value=mine");
    let shown = sandbox.json("component show environmentvariablevalue:contoso_Url");
    assert_eq!(shown["properties"]["value"], "mine");
    assert_eq!(shown["component"]["name"], "contoso_Url");
    assert_eq!(sandbox.run("component set environmentvariablevalue:contoso_No --property value=x").code, 1);
    assert_eq!(sandbox.run("component show environmentvariablevalue:contoso_Secret").code, 1);
}

#[test]
fn oq3_terraform_imports_the_installed_version_again_to_give_connections() {
    let sandbox = with_package();
    sandbox.json("import ops");
    assert!(sandbox.text("import ops --as terraform").contains("Nothing to do"));
    full(&sandbox);
    let done = sandbox.json("import ops --as terraform --settings-file settings.json");
    assert_eq!(done["operation"], "update");
    let reference = sandbox.json("component show connectionreference:contoso_sql");
    assert_eq!(reference["properties"]["connectionid"], "c0ffee");
}
