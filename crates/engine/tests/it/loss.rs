//! What plans say about data that goes: rows of tables, values of columns (L82, L97, L99, D8).

use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{Edit, FindingKind, NoRows, Plan, RowCounts};
use strata_testkit::fixture::package;
use strata_testkit::simulated::Simulated;

const CORE: &str = "package Core 1.0.0.0 managed contoso
    entity contoso_order
    attribute contoso_order.contoso_total
    attribute account.contoso_tier";

const ADDON: &str = "package Addon 1.0.0.0 managed contoso
    attribute contoso_order.contoso_tax";

fn installed(packages: &[&str]) -> Simulated {
    let mut env = Simulated::default();
    for text in packages {
        assert!(!env.import(&package(text)).is_refused());
    }
    env.rows.extend([
        ("contoso_order".to_owned(), 12),
        ("contoso_order.contoso_total".to_owned(), 12),
        ("contoso_order.contoso_tax".to_owned(), 3),
        ("account".to_owned(), 40),
        ("account.contoso_tier".to_owned(), 1),
    ]);
    env
}

/// Each loss as `component rows`, and what the findings say.
fn losses(plan: &Plan) -> (Vec<String>, Vec<&str>) {
    let lost = plan.changes.iter().filter(|change| change.rows_lost > 0);
    let findings = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Dataloss);
    (
        lost.map(|change| format!("{} {}", change.component.name, change.rows_lost)).collect(),
        findings.map(|finding| finding.message.as_str()).collect(),
    )
}

fn data_edits(plan: &Plan) -> Vec<&Edit> {
    let is_data = |edit: &&Edit| matches!(edit, Edit::RowsClose { .. } | Edit::ColumnClose { .. });
    plan.edits.iter().filter(is_data).collect()
}

#[test]
fn l99_l97_rows_of_tables_and_values_on_other_tables_go_with_an_uninstall() {
    let plan = installed(&[CORE]).uninstall("Core");
    let (lost, findings) = losses(&plan);
    assert_eq!(lost, ["contoso_order 12", "account.contoso_tier 1"]);
    let said =
        ["table contoso_order goes with its 12 rows", "column account.contoso_tier goes with its value in 1 row"];
    assert_eq!(findings, said);
    assert!(plan.findings.iter().all(|finding| finding.rule == "L99" && finding.component.is_some()));
    assert_eq!(plan.summary().rows_lost, 13);
    let table = Edit::RowsClose { table: "contoso_order".to_owned() };
    let column = Edit::ColumnClose { table: "account".to_owned(), column: "contoso_tier".to_owned() };
    assert_eq!(data_edits(&plan), [&table, &column], "columns of a table that goes are its rows");
}

#[test]
fn l99_values_of_a_column_on_a_table_that_stays_go() {
    let plan = installed(&[CORE, ADDON]).uninstall("Addon");
    assert_eq!(losses(&plan).0, ["contoso_order.contoso_tax 3"]);
    let column = Edit::ColumnClose { table: "contoso_order".to_owned(), column: "contoso_tax".to_owned() };
    assert_eq!(data_edits(&plan), [&column]);
}

#[test]
fn l97_a_layer_that_only_detaches_loses_no_data() {
    let over = "package Over 1.0.0.0 managed contoso
        entity contoso_order
        attribute contoso_order.contoso_total <MaxLength>5</MaxLength>
        attribute account.contoso_tier";
    let mut env = installed(&[CORE, over]);
    for name in ["Over", "Core"] {
        let mut env = env.clone();
        let plan = env.uninstall(name);
        assert!(!plan.is_refused() && plan.has_changes());
        assert_eq!((losses(&plan), data_edits(&plan)), Default::default(), "{name}");
    }
    env.uninstall("Core");
    assert_eq!(env.uninstall("Over").summary().rows_lost, 13, "the heir is the base now");
}

#[test]
fn l101_removing_an_unmanaged_solution_loses_no_data() {
    let unmanaged = CORE.replace(" managed", " unmanaged");
    let plan = installed(&[&unmanaged]).uninstall("Core");
    assert!(!plan.is_refused() && plan.has_changes());
    assert_eq!((losses(&plan), data_edits(&plan)), Default::default());
}

#[test]
fn an_environment_without_rows_has_none() {
    assert_eq!((NoRows.rows("account"), NoRows.values("account", "name")), (0, 0));
    let mut env = installed(&[CORE]);
    env.rows.clear();
    let plan = env.uninstall("Core");
    assert_eq!(plan.summary().rows_lost, 0);
    assert_eq!(losses(&plan).1.len(), 2, "that data may go is said all the same");
}

#[test]
fn l82_values_of_a_dropped_column_go_with_an_upgrade_in_one_step_or_two() {
    let next = CORE.replace("1.0.0.0", "2.0.0.0").replace("attribute contoso_order.contoso_total", "");
    let by = |action| ImportOptions { action: Some(action), ..ImportOptions::pac() };
    let one = installed(&[CORE]).import_with(&package(&next), &by(ImportAction::Upgrade));
    let mut env = installed(&[CORE]);
    assert_eq!(losses(&env.import_with(&package(&next), &by(ImportAction::Stage))).0, [""; 0]);
    let two = env.apply_upgrade("Core");
    let column = Edit::ColumnClose { table: "contoso_order".to_owned(), column: "contoso_total".to_owned() };
    for plan in [one, two] {
        assert!(!plan.is_refused());
        assert_eq!(losses(&plan).0, ["contoso_order.contoso_total 12"], "L82: what both versions have keeps its data");
        assert_eq!(data_edits(&plan), [&column]);
        assert!(plan.findings.iter().any(|finding| finding.rule == "L82" && finding.kind == FindingKind::Dataloss));
    }
}

#[test]
fn l132_l100_a_patch_alone_takes_its_tables_with_their_rows() {
    let patch = "package Core_Patch_1 1.0.1.0 managed contoso
        patch-of Core 1.0.0.0
        attribute contoso_order.contoso_total <MaxLength>7</MaxLength>
        attribute account.contoso_extra
        entity contoso_second
        attribute contoso_second.contoso_a";
    let mut env = installed(&[CORE, patch]);
    env.rows.extend([
        ("contoso_second".to_owned(), 10),
        ("contoso_second.contoso_a".to_owned(), 10),
        ("account.contoso_extra".to_owned(), 2),
    ]);
    let plan = env.clone().uninstall("Core_Patch_1");
    assert_eq!(losses(&plan).0, ["contoso_second 10", "account.contoso_extra 2"]);
    // The base takes its patches with it.
    assert_eq!(env.uninstall("Core").summary().rows_lost, 12 + 1 + 10 + 2);
}
