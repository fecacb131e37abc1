//! Removal of managed solutions: the worked vectors of section T and the rules of section N.

use strata_model::plan::FindingKind;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

/// Installs solutions, written `1@A`, that all hold the one column.
fn installed(solutions: &[&str]) -> Simulated {
    let mut env = Simulated::default();
    for solution in solutions {
        let (name, publisher) = solution.split_once('@').expect("name@publisher");
        let text = format!("package S{name} 1.0 managed {publisher}\n attribute a.contoso_c <V>{name}</V>");
        assert!(!env.import(&package(&text)).is_refused());
    }
    env
}

fn c() -> strata_model::component::ComponentKey {
    key("attribute:a.contoso_c")
}

#[test]
fn l127_the_only_layer_takes_the_component_with_it() {
    let mut env = installed(&["1@A"]);
    let plan = env.uninstall("S1");
    assert_eq!(changes(&plan), ["delete attribute:a.contoso_c S1 visible"]);
    assert!(env.components().is_empty());
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "L99"));
}

#[test]
fn l128_another_publishers_layer_above_refuses_the_base() {
    let mut env = installed(&["1@A", "2@B"]);
    let plan = env.uninstall("S1");
    assert_eq!(refusal(&plan), "- OtherPublisherLayerAbove L97");
    assert_eq!(env.layers(&c()), ["S1", "S2"]);
    let plan = env.uninstall("S2");
    assert_eq!(changes(&plan), ["detach attribute:a.contoso_c S2 visible"]);
    env.uninstall("S1");
    assert!(env.components().is_empty());
}

#[test]
fn l10_l33_l129_oq11_a_layer_of_the_same_publisher_takes_the_base_place() {
    for top in ["S3", "S2"] {
        let mut env = installed(&["1@A", "2@B", "3@A"]);
        assert!(!env.uninstall(top).is_refused());
    }
    let mut env = installed(&["1@A", "2@B", "3@A"]);
    assert_eq!(env.resolved(&c()), ["V=3 by S3"]);
    let plan = env.uninstall("S1");
    assert_eq!(env.layers(&c()), ["S3", "S2"], "OQ 11: the heir sits at the bottom");
    assert_eq!(env.resolved(&c()), ["V=2 by S2"]);
    assert_eq!(changes(&plan), ["detach attribute:a.contoso_c S1 visible"]);
}

#[test]
fn oq11_the_other_reading_looks_only_at_the_layer_above() {
    let mut env = installed(&["1@A", "2@B", "3@A"]);
    env.rules.same_publisher_anywhere_takes_base = false;
    assert_eq!(refusal(&env.uninstall("S1")), "- OtherPublisherLayerAbove L97");
}

#[test]
fn l130_active_goes_with_the_base() {
    let mut env = installed(&["1@A"]);
    env.set(&c(), "V", "x");
    env.publish();
    env.set(&c(), "V", "y");
    assert_eq!(env.layers(&c()), ["S1", "Active", "[Active]"]);
    env.uninstall("S1");
    assert!(env.components().is_empty());
}

#[test]
fn l131_two_publishers_that_build_on_each_other_block_each_other() {
    let mut env = Simulated::default();
    let imports = [
        "package SolA 1.0 managed A\n attribute a.contoso_c1 <V>1</V>",
        "package SolB 1.0 managed B\n attribute a.contoso_c1 <V>2</V>\n attribute a.contoso_c2 <V>1</V>",
        "package SolA 1.1 managed A\n attribute a.contoso_c1 <V>1</V>\n attribute a.contoso_c2 <V>2</V>",
    ];
    for text in imports {
        assert!(!env.import(&package(text)).is_refused());
    }
    assert_eq!(env.layers(&key("attribute:a.contoso_c2")), ["SolB", "SolA"], "OQ 19");
    assert_eq!(refusal(&env.uninstall("SolA")), "- OtherPublisherLayerAbove L97");
    assert_eq!(refusal(&env.uninstall("SolB")), "- OtherPublisherLayerAbove L97");
}

#[test]
fn l10_l34_l85_l86_l137_a_hot_fix_solution_can_be_taken_back_and_can_inherit() {
    let mut env = Simulated::default();
    env.import(&package("package O 1.0 managed A\n attribute a.contoso_c <V>1</V>\n attribute a.contoso_d <V>1</V>"));
    let fix = package("package U 1.0 managed A\n attribute a.contoso_c <V>2</V>");
    env.import(&fix);
    assert_eq!(env.resolved(&c()), ["V=2 by U"]);
    let mut back = env.clone();
    back.uninstall("U");
    assert_eq!(back.resolved(&c()), ["V=1 by O"]);
    env.uninstall("O");
    assert_eq!(env.layers(&c()), ["U"]);
    assert_eq!(env.components(), ["attribute:a.contoso_c"]);
}

#[test]
fn l98_dp16_columns_of_others_hold_a_table() {
    let mut env = Simulated::default();
    env.import(&package(
        "package T 1.0 managed A\n entity contoso_t <X>1</X>\n attribute contoso_t.contoso_a <V>1</V>",
    ));
    env.import(&package("package X 1.0 managed B\n root entity:contoso_t 2\n attribute contoso_t.fabrikam_b <V>1</V>"));
    assert_eq!(refusal(&env.uninstall("T")), "0x8004F01D CannotUninstallWithDependencies L98");
    env.uninstall("X");
    assert!(!env.uninstall("T").is_refused());
    assert!(env.components().is_empty());
}

#[test]
fn l4_the_platforms_own_solutions_stay() {
    let mut env = Simulated::default();
    for name in ["Default", "active", "System"] {
        assert_eq!(refusal(&env.uninstall(name)), "0x8004F005 CannotDeleteRestrictedSolution L4");
    }
    assert_eq!(refusal(&env.uninstall("Nobody")), "- NotFound L97");
}
