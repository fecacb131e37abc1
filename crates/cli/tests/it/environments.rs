//! Stores, environments, publishers, and solutions made by hand.

use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn reading_commands_make_no_store() {
    let sandbox = Sandbox::new();
    let reading = [
        "env list",
        "env show",
        "publisher list",
        "solution list",
        "solution show Core",
        "component list",
        "component show entity:account",
        "layers entity:account",
        "history",
        "history show 1",
    ];
    for line in reading {
        assert_eq!(sandbox.error(line, 1)["name"], "NotFound", "{line}");
    }
    // Nor do those that write where there is nothing to write to.
    for line in ["undo", "restore 1", "solution delete Core", "env delete dev", "env select dev", "env copy a b"] {
        assert_eq!(sandbox.run(line).code, 1, "{line}");
    }
    assert_eq!(sandbox.error("publisher create --name a --prefix abc -e nowhere", 1)["name"], "NotFound");
    assert!(!sandbox.has_store());
}

#[test]
fn environments_are_made_chosen_changed_copied_and_deleted() {
    let sandbox = Sandbox::new();
    let dev = sandbox.json(
        "env create dev --display-name Dev --desktop-flow-schema v1 --language 1031 --language 1033 --language 1031",
    );
    assert_eq!(dev["displayname"], "Dev");
    assert_eq!(dev["desktopflowschema"], "v1");
    assert_eq!(dev["languages"], json!([1031, 1033]));
    assert_eq!(dev["blockunmanaged"], false);
    assert_eq!(dev["operation"], 0);
    assert_eq!(sandbox.error("env create dev", 1)["name"], "AlreadyExists");
    assert_eq!(sandbox.json("env select dev")["selected"], true);
    assert_eq!(sandbox.json("env set --block-unmanaged true")["blockunmanaged"], true);
    assert_eq!(sandbox.json("env show")["operation"], 1);
    assert_eq!(sandbox.json("env show --at 0")["blockunmanaged"], false);
    assert_eq!(sandbox.error("env set --platform-version x", 1)["code"], "0x8004F01E");
    sandbox.text("env copy dev test");
    assert_eq!(sandbox.json("env show -e test")["blockunmanaged"], true);
    sandbox.text("env delete test -y");
    let names = sandbox.json("env list");
    assert_eq!(names.as_array().map(Vec::len), Some(1));
    let lost = sandbox.error("env show -e devv", 1);
    assert!(lost["hints"][0].as_str().is_some_and(|hint| hint.contains("dev")), "{lost}");
}

#[test]
fn plan_of_every_writing_command_does_nothing() {
    let sandbox = Sandbox::new();
    let planned = sandbox.json("env create dev --plan");
    assert_eq!(planned["operation"], "create-environment");
    assert_eq!(planned["environment"]["name"], "dev");
    assert_eq!(sandbox.json("publisher create --name a --prefix abc --plan")["operation"], "create-publisher");
    assert_eq!(sandbox.json("env set --language 1031 --plan")["operation"], "settings");
    assert!(!sandbox.has_store());
    sandbox.text("publisher create --name contoso --prefix contoso");
    let before = sandbox.text("history --format json");
    let writing = [
        "env create dev",
        "env select default",
        "env copy default other",
        "env delete default",
        "env set --block-unmanaged true",
        "publisher create --name b --prefix bcd",
        "solution create Core --publisher contoso",
        "solution publish",
        "component set attribute:account.name --property MaxLength=200",
        "component remove-active attribute:account.name",
        "undo",
        "restore 0",
    ];
    for line in writing {
        assert!(!sandbox.text(&format!("{line} --plan")).is_empty(), "{line}");
        assert!(sandbox.json(&format!("{line} --plan"))["operation"].is_string(), "{line}");
    }
    assert_eq!(before, sandbox.text("history --format json"));
    assert_eq!(sandbox.json("env list").as_array().map(Vec::len), Some(1));
    assert_eq!(sandbox.json("env show")["blockunmanaged"], false);
}

#[test]
fn publishers_and_solutions_answer_with_their_entries() {
    let sandbox = Sandbox::new();
    let publisher = sandbox.json("publisher create --name Contoso --prefix contoso --option-prefix 12345");
    assert_eq!(publisher["customizationprefix"], "contoso");
    assert_eq!(publisher["optionvalueprefix"], 12345);
    assert_eq!(sandbox.json("publisher list")[0], publisher);
    let solution = sandbox.json("solution create --name Core --publisher Contoso --version 1.2");
    assert_eq!(solution["uniquename"], "Core");
    assert_eq!(solution["ismanaged"], false);
    assert_eq!(sandbox.json("solution list")[0], solution);
    assert_eq!(sandbox.json("solution list --all").as_array().map(Vec::len), Some(4));
    assert_eq!(sandbox.json("solution show --name Core")["components"], json!([]));
    assert_eq!(sandbox.error("solution create B --publisher Contoso --version one", 1)["code"], "0x8004F01E");
    assert_eq!(sandbox.error("solution create Core --publisher Contoso", 1)["code"], "0x8004F023");
    let history = sandbox.json("history");
    assert_eq!(history[0]["result"], "failed");
    assert_eq!(history[1]["kind"], "create-solution");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.text("env create dev");
    let mut command = sandbox.command();
    command.args(["component", "list", "--all", "-e", "dev", "--format", "json"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("the binary runs");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}
