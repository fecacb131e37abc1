//! A maker's environment, built up without a package.

use crate::sandbox::{Sandbox, example};

/// A publisher, its solution and a table with parts of every kind.
fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.text("publisher create --name contoso --prefix contoso --option-prefix 72700");
    sandbox.text("solution create --name Sales --publisher contoso");
    std::fs::write(sandbox.path("order.js"), b"function onLoad() {}").expect("a file");
    for line in [
        "component create entity:Order --solution-name Sales",
        "component create attribute:contoso_order.Total --solution-name Sales --property Type=money --display-name Total",
        "component create attribute:contoso_order.contoso_Tier --solution-name Sales --property Type=picklist \
         --option Gold --option Silver",
        "component create systemform:contoso_order.Main --solution-name Sales",
        "component create savedquery:contoso_order.Open --solution-name Sales",
        "component create savedqueryvisualization:contoso_order.Tiers --solution-name Sales",
        "component create optionset:contoso_color --solution-name Sales --option Red --option Green",
        "component create webresource:contoso_/order.js --solution-name Sales --content order.js",
        "component create environmentvariabledefinition:contoso_Url --solution-name Sales",
        "component create role:Clerk --solution-name Sales",
    ] {
        sandbox.text(line);
    }
    sandbox
}

#[test]
fn l7_l9_l17_an_environment_is_built_up_without_a_package() {
    let sandbox = built();
    let listed = sandbox.json("solution show --solution-name Sales");
    let listed = listed["components"].as_array().expect("components");
    let types: Vec<_> = listed.iter().filter_map(|component| component["typename"].as_str()).collect();
    for expected in ["entity", "attribute", "systemform", "savedquery", "optionset", "webresource", "role"] {
        assert!(types.contains(&expected), "{expected} in {types:?}");
    }
    assert_eq!(
        types.iter().filter(|name| **name == "attribute").count(),
        23,
        "key, name, the platform's 16, two more, and three that come with the amount"
    );
    let tier = sandbox.json("component show attribute:contoso_order.contoso_tier --unpublished");
    let properties = &tier["properties"];
    assert_eq!(properties["Type"], "picklist");
    assert_eq!(properties["optionset/options/option[727000000]/labels/label[1033]@description"], "Gold");
    assert_eq!(properties["optionset/options/option[727000001]/labels/label[1033]@description"], "Silver");
    assert_eq!((&tier["state"], &tier["iscustomizable"]), (&"unpublished".into(), &true.into()));
    // Nothing is seen before it is published.
    let table = sandbox.json("component show entity:contoso_order");
    assert_eq!(table["properties"].as_object().map(serde_json::Map::len), Some(0));
    sandbox.text("solution publish --solution-name Sales");
    let layers = sandbox.json("component layers entity:contoso_order");
    assert_eq!(layers["layers"][0]["kind"], "active");
    assert_eq!(layers["resolved"]["@Name"], "contoso_Order");
    let layers = sandbox.json("layers webresource:contoso_/order.js");
    assert_eq!(layers["resolved"]["WebResourceType"], "3");
    assert!(layers["resolved"]["file"].as_str().is_some_and(|digest| digest.len() == 64));
    assert_eq!(sandbox.json("component show systemform:Main")["state"], "published");
}

#[test]
fn l18_l20_l21_solutions_list_components_and_nothing_else() {
    let sandbox = built();
    sandbox.text("solution create --name Other --publisher contoso");
    let error =
        sandbox.error("solution add-solution-component -sn Other --component attribute:contoso_order.contoso_tier", 1);
    assert_eq!((&error["code"], &error["rule"]), (&"0x80048536".into(), &"L19".into()));
    assert!(error["hints"][0].as_str().is_some_and(|hint| hint.contains("entity:contoso_order")), "{error}");
    let planned = sandbox.text("solution add-solution-component -sn Other --component entity:contoso_order --plan");
    assert!(planned.contains("would add entity:contoso_order to Other"), "{planned}");
    let members = |name: &str| {
        let shown = sandbox.json(&format!("solution show --solution-name {name}"));
        shown["components"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(members("Other"), 0);
    sandbox.text("solution add-solution-component -sn Other -ct 1 -c contoso_order");
    assert_eq!(
        members("Other"),
        44,
        "the table, its 23 columns, and what the platform and the maker gave it beside them"
    );
    sandbox.text("component create attribute:contoso_order.Late --solution-name Sales");
    assert_eq!(members("Other"), 45, "later parts join by themselves");
    sandbox.text("solution remove-solution-component -sn Other --component entity:contoso_order");
    assert_eq!(members("Other"), 0);
    assert_eq!(sandbox.run("component show entity:contoso_order").code, 0, "the component is still there");
    let error = sandbox.error("solution remove-solution-component -sn Other --component entity:contoso_order", 1);
    assert_eq!(error["code"], "0x8004F021");
    sandbox.text("undo");
    assert_eq!(members("Other"), 45);
}

#[test]
fn l102_deleting_a_table_takes_its_parts_and_an_undo_brings_them_back() {
    let sandbox = built();
    sandbox.text("solution publish");
    let plan = sandbox.json("component delete entity:contoso_order --plan");
    assert_eq!(plan["summary"]["delete"], 44);
    sandbox.text("component delete entity:contoso_order");
    assert_eq!(sandbox.run("component show attribute:contoso_order.contoso_tier").code, 1);
    sandbox.text("undo");
    let tier = sandbox.json("component show attribute:contoso_order.contoso_tier");
    assert_eq!(tier["solutions"][0], "Sales");
}

#[test]
fn l49_deleting_a_view_waits_for_a_publish() {
    let sandbox = built();
    sandbox.text("solution publish");
    sandbox.text("component delete savedquery:Open");
    assert_eq!(sandbox.json("component show savedquery:Open")["state"], "deleted");
    sandbox.text("component delete savedqueryvisualization:Tiers");
    assert_eq!(sandbox.error("component delete savedquery:Open", 1)["code"], "0x8004F00F");
    sandbox.text("solution publish");
    assert_eq!(sandbox.run("component show savedquery:Open").code, 1);
    assert_eq!(sandbox.run("component show savedqueryvisualization:Tiers").code, 1);
}

#[test]
fn l92_flows_are_switched_on_and_off() {
    let sandbox = built();
    sandbox.text("component create workflow:Notify --solution-name Sales --property Category=5");
    let is_on = || sandbox.json("component show workflow:Notify")["active"].clone();
    assert_eq!(is_on(), false);
    assert!(sandbox.text("component activate workflow:Notify --plan").contains("would switch"));
    sandbox.text("component activate workflow:Notify");
    assert_eq!(is_on(), true);
    let listed = sandbox.json("component list --type workflow");
    assert_eq!(listed[0]["active"], true);
    assert_eq!(sandbox.json("history")[0]["kind"], "activate");
    sandbox.text("undo");
    assert_eq!(is_on(), false);
    let error = sandbox.error("component activate role:Clerk", 1);
    assert_eq!(error["name"], "NothingToSwitch");
}

#[test]
fn l92_l120_a_flow_is_on_only_with_its_connections() {
    let sandbox = Sandbox::new();
    let core = example("contoso-core-1.0");
    let plan = sandbox.json(&format!("import {core} --activate-plugins"));
    let findings = plan["findings"].as_array().expect("findings");
    let stays_off = |finding: &&serde_json::Value| finding["rule"] == "L120" && finding["severity"] == "warning";
    assert_eq!(findings.iter().filter(stays_off).count(), 1, "{findings:?}");
    let flow = sandbox.json("component list --type workflow")[0].clone();
    assert_eq!(flow["active"], false);
    let activate = format!("component activate workflow:{}", flow["name"].as_str().expect("a name"));
    let error = sandbox.error(&activate, 1);
    assert_eq!((&error["name"], &error["rule"]), (&"ConnectionMissing".into(), &"L120".into()));
    sandbox.text("component set connectionreference:contoso_dataverse --property connectionid=abc");
    sandbox.text(&activate);
    assert_eq!(sandbox.json("component list --type workflow")[0]["active"], true);

    let settings = r#"{"EnvironmentVariables": [], "ConnectionReferences": [{"LogicalName": "contoso_dataverse",
        "ConnectionId": "abc", "ConnectorId": "/providers/Microsoft.PowerApps/apis/shared_commondataserviceforapps"}]}"#;
    let other = Sandbox::new();
    std::fs::write(other.path("settings.json"), settings).expect("a file");
    other.json(&format!("import {core} --activate-plugins --settings-file settings.json"));
    assert_eq!(other.json("component list --type workflow")[0]["active"], true);
}

#[test]
fn l27_what_the_rules_remark_of_a_roll_up_goes_to_stderr() {
    let sandbox = built();
    let run = sandbox.run("solution clone-solution Sales --version 1.0.0.5");
    assert_eq!((run.code, run.stdout.trim()), (0, "rolled up Sales 1.0.0.5"));
    assert!(run.stderr.contains("a higher one is expected"), "{}", run.stderr);
}
