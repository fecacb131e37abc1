//! Upgrades as a release engineer meets them: side by side, staged, half finished.

use serde_json::Value;

use crate::sandbox::{Sandbox, example};

fn installed(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in names {
        sandbox.text(&format!("import {}", example(name)));
    }
    sandbox
}

/// The only change to a component that a plan lists.
fn change_of<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let changes = plan["changes"].as_array().expect("changes");
    changes.iter().find(|change| change["component"]["name"] == name).expect("a change of the component")
}

#[test]
fn r20_actions_stand_side_by_side_and_a_refused_upgrade_says_nothing_of_deletions() {
    let sandbox = installed(&["contoso-core-1.0"]);
    let next = example("contoso-core-1.1");
    let compared = sandbox.json(&format!("plan {next} --compare"));
    assert_eq!(compared["additive"], false);
    for (action, deleted) in [("update", 0), ("upgrade", 1), ("stage", 0)] {
        assert_eq!(compared[action]["operation"], action);
        assert_eq!(compared[action]["summary"]["delete"], deleted, "{action}");
    }
    assert!(sandbox.text(&format!("plan {next} --compare")).contains("Not additive"));
    let same = sandbox.text(&format!("plan {} --compare", example("contoso-core-1.0")));
    assert!(same.contains("fails: VersionNotHigher") && !same.contains("additive"), "{same}");
}

#[test]
fn l41_l80_applying_says_what_is_in_force_already_and_what_stays_masked() {
    let sandbox = installed(&["contoso-core-1.0", "fabrikam-addon-1.0"]);
    sandbox.text(&format!("import {} --action stage", example("contoso-core-1.1")));
    let plan = sandbox.json("plan --apply-upgrade ContosoCore");
    assert_eq!(plan["options"], serde_json::json!({}), "an object, though applying has no options");
    let masked = change_of(&plan, "contoso_order.contoso_notes");
    assert_eq!((&masked["effect"], &masked["maskedby"][0]), (&"masked".into(), &"FabrikamAddon".into()));
    assert_eq!(plan["summary"]["masked"], 1);
    assert_eq!(change_of(&plan, "contoso_orderstatus")["effect"], "none");
    assert_eq!(sandbox.run("plan --apply-upgrade ContosoCore --fail-on masked").code, 3);
    let text = sandbox.text("plan --apply-upgrade ContosoCore");
    assert!(text.contains("choice contoso_orderstatus “Order Status”  (in force already)"), "{text}");
    assert!(text.contains("MaxLength: 100 → 400  (hidden: stays 100, FabrikamAddon decides)"), "{text}");
}

#[test]
fn l81_a_holding_solution_without_its_base_has_one_way_out() {
    let sandbox = installed(&["contoso-core-1.0"]);
    sandbox.text(&format!("import {} --action stage", example("contoso-core-1.1")));
    sandbox.text("solution delete ContosoCore");
    let listed = sandbox.run("solution list");
    assert!(listed.stdout.contains("base is gone"), "{}", listed.stdout);
    assert!(listed.stderr.contains("strata solution delete --solution-name ContosoCore_Upgrade"), "{}", listed.stderr);
    assert_eq!(sandbox.json("solution list")[0]["lostbase"], true);
    assert_eq!(sandbox.error("solution upgrade ContosoCore", 1)["code"], "0x8004F083");
    sandbox.text("solution delete ContosoCore_Upgrade");
    assert_eq!(sandbox.json("solution list"), serde_json::json!([]));
}

#[test]
fn l61_l94_the_way_from_unmanaged_to_managed_is_named_and_works() {
    let sandbox = Sandbox::new();
    sandbox.write_settings_package("ops", "1.0.0.0");
    let manifest = std::fs::read_to_string(sandbox.path("ops/Other/Solution.xml")).expect("the manifest");
    sandbox.write("ops/Other/Solution.xml", &manifest.replace("<Managed>1<", "<Managed>0<"));
    sandbox.text("import ops");
    sandbox.write("ops/Other/Solution.xml", &manifest);
    let error = sandbox.error("import ops --convert-to-managed", 1);
    assert_eq!(error["code"], "0x80048040");
    let hint = error["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("`strata solution delete --solution-name Ops`"), "{hint}");
    assert!(hint.contains("`--convert-to-managed`"), "{hint}");
    sandbox.text("solution delete --solution-name Ops");
    sandbox.text("import ops --convert-to-managed");
    assert_eq!(sandbox.json("solution list")[0]["ismanaged"], true);
}
