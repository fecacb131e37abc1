//! The story that the README tells, on the Contoso examples.

use strata_model::options::ImportOptions;
use strata_model::plan::{Action, Effect, FindingKind};
use strata_ops::Request;
use strata_testkit::examples;

use crate::{Scratch, import};

fn pac() -> ImportOptions {
    ImportOptions::pac()
}

const NOTES: &str = "attribute:contoso_order.contoso_notes";

#[test]
fn the_story_of_the_examples() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &pac()).expect("core");
    scratch.import(&examples::path("contoso-sales-1.0"), &pac()).expect("sales");
    scratch.import(&examples::path("fabrikam-addon-1.0"), &pac()).expect("addon");
    assert_eq!(scratch.resolved(NOTES, "MaxLength").map(|(value, _)| value).as_deref(), Some("100"), "L30");
    let options = ImportOptions { publish_changes: true, ..pac() };
    scratch.import(&examples::path("contoso-hotfix"), &options).expect("hotfix");
    assert_eq!(scratch.resolved(NOTES, "MaxLength"), Some(("500".into(), "Active".into())));

    let plan = scratch.plan(&import(&examples::path("contoso-core-1.1"), &pac()));
    let notes = plan
        .changes
        .iter()
        .find(|change| change.component.name.eq_ignore_ascii_case("contoso_order.contoso_notes"))
        .expect("the column changes");
    assert_eq!((notes.action, notes.effect), (Action::Modify, Effect::Masked), "L87");
    assert!(notes.masked_by.contains(&"Active".to_owned()));
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Masked));
    assert_eq!(plan.summary().delete, 0, "L75: an update deletes nothing");
    assert!(plan.summary().create >= 1);

    // L98: the others have columns on Core's table. On the column they all change, Sales would take the base place.
    let refused = scratch.uninstall("ContosoCore").expect_err("blocked").report();
    assert_eq!(refused.code.as_deref(), Some("0x8004F01D"));
    scratch.uninstall("FabrikamAddon").expect("only layers");
    let before = scratch.state();
    scratch.uninstall("ContosoSales").expect("only layers and its own column");
    scratch.run(&Request::Undo).expect("undo");
    assert_eq!(scratch.state(), before);
}

#[test]
fn l64_an_addon_without_its_base_is_refused_and_names_who_provides_it() {
    let scratch = Scratch::new();
    let report = scratch.import(&examples::path("contoso-sales-1.0"), &pac()).expect_err("no base").report();
    assert_eq!(report.code.as_deref(), Some("0x8004801D"));
    assert!(
        report
            .details
            .iter()
            .any(|finding| { finding.provider.as_ref().is_some_and(|provider| provider.solution == "ContosoCore") })
    );
    let history = strata_ops::history::list(&scratch.workspace, None).expect("history");
    assert_eq!(history.len(), 1, "R14: a refusal stands in history");
    assert!(history[0].job.is_some());
}
