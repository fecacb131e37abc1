//! Usage errors, help, formats, and commands of later versions.

use crate::sandbox::{Sandbox, example};

#[test]
fn usage_errors_exit_with_64_and_make_nothing() {
    let sandbox = Sandbox::new();
    let wrong = [
        "",
        "impotr x.zip",
        "import",
        "import a.zip --path b.zip",
        "import a.zip --action upgrade --import-as-holding",
        "import a.zip --action sideways",
        "import a.zip --stage-and-upgrade --import-as-holding",
        "import a.zip --skip-lower-version --allow-lower-version",
        "import a.zip --at 3",
        "import a.zip --as nobody",
        "import a.zip --force-overwrite=perhaps",
        "plan",
        "plan a.zip --uninstall Core",
        "plan a.zip --fail-on everything",
        "layers",
        "restore x",
        "restore -1",
        "history --at -1",
        "solution",
        "solution show",
        "solution show Core --path a.zip",
        "solution delete",
        "solution delete Core --at 3",
        "component set attribute:a.b",
        "component set --property Length=1",
        "component set attribute:a.b --property Length",
        "env create",
        "env list --at 1",
        "env set --block-unmanaged maybe",
        "completions tcsh",
        "row",
        "row create account",
        "row create account --set name",
        "row create account --set =x",
        "row create account --set name=x --at 1",
        "row get account",
        "row import account",
        "env list --format yaml",
    ];
    for line in wrong {
        let run = sandbox.run(line);
        assert_eq!(run.code, 64, "`{line}`: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "`{line}`");
        assert!(!run.stderr.is_empty(), "`{line}` says nothing");
    }
    assert!(!sandbox.has_store());
}

#[test]
fn a_wrong_command_gets_a_suggestion() {
    let run = Sandbox::new().run("impotr x.zip");
    assert!(run.stderr.contains("import"), "{}", run.stderr);
}

#[test]
fn usage_errors_are_json_where_json_is_asked_for() {
    let sandbox = Sandbox::new();
    for line in ["impotr", "import", "plan a.zip --fail-on everything", "restore x", "solution"] {
        let error = sandbox.error(line, 64);
        assert_eq!(error["name"], "UsageError", "{line}");
        assert!(error["code"].is_null() && error["rule"].is_null());
        assert!(error["hints"].is_array() && error["details"].is_array());
        let message = error["message"].as_str().expect("a message");
        assert!(!message.is_empty() && !message.starts_with("error"), "{line}: {message}");
    }
    let run = sandbox.command().arg("impotr").env("STRATA_FORMAT", "json").output().expect("the binary runs");
    assert!(String::from_utf8_lossy(&run.stderr).trim_start().starts_with('{'));
}

#[test]
fn l60_an_unknown_caller_gets_a_guess_and_the_list() {
    let error = Sandbox::new().error("import a.zip --as portl", 64);
    assert!(error["hints"][0].as_str().is_some_and(|hint| hint.contains("portal")), "{error}");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("build-tools") && message.contains("terraform"), "{message}");
}

#[test]
fn l91_flags_go_before_the_defaults_of_the_caller_and_both_are_shown() {
    let sandbox = Sandbox::new();
    let core = example("contoso-core-1.0");
    let options = |flags: &str| sandbox.json(&format!("plan {core} {flags}"))["options"].clone();
    let ppds = options("--as ppds");
    assert_eq!(ppds["caller"], "ppds");
    assert_eq!(ppds["overwrite_unmanaged_customizations"], true);
    assert_eq!(ppds["publish_workflows"], true);
    let over = options("--as PPDS --force-overwrite=false --activate-plugins=false --publish-changes");
    assert_eq!(over["overwrite_unmanaged_customizations"], false);
    assert_eq!(over["publish_workflows"], false);
    assert_eq!(over["publish_changes"], true);
    let short = options("-fs");
    assert_eq!(short["overwrite_unmanaged_customizations"], true);
    assert_eq!(short["skip_product_update_dependencies"], true);
    assert_eq!(options("--as portal --stage-and-upgrade=false")["action"], "update");
    let text = sandbox.text(&format!("plan {core} --as build-tools --activate-plugins=false --action new"));
    assert!(text.contains("defaults of build-tools; given: action, activate plug-ins"), "{text}");
}

#[test]
fn help_and_version_are_answers() {
    let sandbox = Sandbox::new();
    for line in ["--help", "-h", "--version", "import --help", "solution --help", "help plan", "layers -h"] {
        let run = sandbox.run(line);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
        assert!(!run.stdout.is_empty());
    }
    assert!(sandbox.text("plan --help").contains("Examples:"));
}

#[test]
fn what_a_later_version_brings_says_so() {
    let sandbox = Sandbox::new();
    let error = sandbox.error("plan a.zip --at 3", 1);
    assert_eq!(error["name"], "Unsupported");
    assert!(error["code"].is_null());
    assert!(!sandbox.has_store());
}

#[test]
fn completions_exist_for_each_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(sandbox.text(&format!("completions {shell}")).contains("strata"), "{shell}");
    }
}

#[test]
fn global_flags_stand_before_and_after_the_command() {
    let sandbox = Sandbox::new();
    sandbox.text("--store other.db env create dev");
    assert!(sandbox.path("other.db").exists() && !sandbox.has_store());
    let before = sandbox.text("--store other.db --format json env list");
    assert_eq!(before, sandbox.text("env list --format json --store other.db"));
}

#[test]
fn colours_show_only_where_they_are_wanted() {
    let sandbox = Sandbox::new();
    let core = example("contoso-core-1.0");
    assert!(!sandbox.text(&format!("plan {core}")).contains('\u{1b}'));
    assert!(sandbox.text(&format!("plan {core} --color always")).contains('\u{1b}'));
}

#[test]
fn empty_variables_count_as_none() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command();
    command.args(["env", "create", "dev"]);
    for variable in ["STRATA_STORE", "STRATA_ENVIRONMENT", "STRATA_FORMAT"] {
        command.env(variable, "");
    }
    assert!(command.status().expect("the binary runs").success());
    assert!(sandbox.has_store());
    let wrong = sandbox.command().args(["env", "list"]).env("STRATA_FORMAT", "yaml").status();
    assert_eq!(wrong.expect("the binary runs").code(), Some(64));
}
