//! What people may call a component, and what they are told when nothing bears the name (spec `cli.md` §3).

use crate::sandbox::{Sandbox, example};

fn with_two_forms() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.text(&format!("import {}", example("contoso-core-1.0")));
    sandbox
}

#[test]
fn a_form_is_named_by_its_table_and_display_name() {
    let sandbox = with_two_forms();
    let error = sandbox.error("component show systemform:Information", 1);
    let hint = error["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("(of contoso_order)") && hint.contains("(of contoso_orderline)"), "{hint}");
    let listed = sandbox.json("component list --type systemform");
    assert_eq!((&listed[0]["partof"], &listed[1]["partof"]), (&"contoso_orderline".into(), &"contoso_order".into()));
    assert!(sandbox.text("component list --type systemform").contains("of contoso_orderline"));
    let columns = sandbox.json("component list --type attribute");
    assert!(columns[0]["partof"].is_null(), "a column's name says its table");
    let form = sandbox.json("layers systemform:Contoso_Order.information");
    assert_eq!(form["component"]["id"], "f9b47531-31b6-53e7-80af-e6de4d58365b");
    let view = sandbox.run_words(&["component", "show", "savedquery:contoso_orderline.Active Order Lines"]);
    assert_eq!(view.code, 0, "{}", view.stderr);
}

#[test]
fn a_wrong_type_gets_a_guess() {
    let sandbox = with_two_forms();
    let error = sandbox.error("component show enity:contoso_order", 1);
    let hint = error["hints"][0].as_str().expect("a hint");
    assert!(hint.starts_with("did you mean entity"), "{hint}");
    let listed = sandbox.run("component list --type systemfrom --format json");
    assert_eq!((listed.code, listed.stdout.trim()), (0, "[]"));
    assert!(sandbox.run("component list --type systemfrom").stderr.contains("did you mean systemform"));
    for nameless in [":contoso_order", "entity:", "contoso_order"] {
        let error = sandbox.error(&format!("component show {nameless}"), 1);
        assert!(error["message"].as_str().is_some_and(|text| text.contains("TYPE:NAME")), "{error}");
    }
}

#[test]
fn r8_an_edit_of_a_property_nobody_mentions_names_the_component() {
    let sandbox = with_two_forms();
    let plan = sandbox.json("component set attribute:contoso_order.contoso_notes --property MaxLengt=5 --plan");
    let finding = &plan["findings"][0];
    assert_eq!((&finding["rule"], &finding["severity"]), (&"R8".into(), &"warning".into()));
    assert_eq!(finding["component"]["name"], "contoso_order.contoso_notes");
    let hint = "see the paths with `strata layers attribute:contoso_order.contoso_notes`";
    assert_eq!(finding["hints"][0], hint);
    let form = sandbox.json("component set systemform:contoso_order.Information --property X@y=1 --plan");
    assert_eq!(form["findings"][0]["component"]["displayname"], "Information");
}

#[test]
fn an_environment_has_a_name_of_its_own_kind() {
    let sandbox = Sandbox::new();
    let run = sandbox.run_words(&["env", "create", "my env", "--format", "json"]);
    let error: serde_json::Value = serde_json::from_str(&run.stderr).expect("an error object");
    assert_eq!((run.code, &error["error"]["name"]), (1, &"InvalidEnvironmentName".into()));
    assert!(error["error"]["code"].is_null() && !sandbox.has_store());
}

#[test]
fn the_parts_of_an_app_are_shown_by_display_name() {
    let sandbox = with_two_forms();
    sandbox.text("publisher create --name fab --prefix fab");
    sandbox.text("solution create --name Apps --publisher fab");
    let app = "<AppModule><UniqueName>fab_Orders</UniqueName><AppModuleComponents>\
               <AppModuleComponent type=\"1\" schemaName=\"contoso_order\" />\
               <AppModuleComponent type=\"60\" id=\"{f9b47531-31b6-53e7-80af-e6de4d58365b}\" />\
               <AppModuleComponent type=\"60\" id=\"{00000000-0000-0000-0000-000000000001}\" />\
               </AppModuleComponents></AppModule>";
    sandbox.write("app.xml", app);
    sandbox.text("component create appmodule:fab_Orders --solution-name Apps --definition app.xml");
    let shown = sandbox.text("layers appmodule:fab_Orders --unpublished");
    assert!(shown.contains("part form “Information” f9b47531-31b6-53e7-80af-e6de4d58365b"), "{shown}");
    assert!(shown.contains("part table contoso_order"), "{shown}");
    assert!(shown.contains("part {00000000-0000-0000-0000-000000000001}"), "what is not there keeps its id: {shown}");
    let outline = sandbox.json("layers appmodule:fab_Orders --unpublished")["outline"].clone();
    assert_eq!(outline[1]["component"]["displayname"], "Information");
}
