use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::id::{Guid, Operation};
use strata_model::plan::{FindingProvider, Plan, PlanSolution};
use strata_model::rules::Rules;

use super::*;

fn reference(type_name: &str, name: &str) -> ComponentRef {
    let key = ComponentKey::new(ComponentType::named(type_name), name);
    ComponentRef::new(Guid::of_environment("test"), &key, name, None, None)
}

fn change(action: Action, type_name: &str, name: &str) -> Change {
    Change {
        action,
        component: reference(type_name, name),
        layer: "ContosoCore".to_owned(),
        effect: Effect::Visible,
        masked_by: Vec::new(),
        properties: Vec::new(),
        rows_lost: 0,
    }
}

fn update() -> Plan {
    let mut plan = Plan::empty(OperationKind::Update, Operation(17), Rules::OURS);
    plan.solution = Some(PlanSolution {
        unique_name: "ContosoCore".to_owned(),
        from: Some("1.0.0.0".to_owned()),
        to: Some("1.1.0.0".to_owned()),
        is_managed: true,
    });
    plan.options = Some(ImportOptions::pac());
    plan
}

fn text_of(plan: &Plan) -> String {
    let view = PlanView::of(plan, false);
    let shown = PlanText { view: &view, environment: "default", tense: Tense::Would, has_edits: true, verbose: false };
    anstream::adapter::strip_str(&shown.to_string()).to_string()
}

fn property(path: &str, before: &str, after: &str, seen: (&str, &str)) -> PropertyChange {
    let some = |text: &str| Some(text.to_owned());
    PropertyChange {
        path: path.to_owned(),
        before: some(before),
        after: some(after),
        resolved_before: some(seen.0),
        resolved_after: some(seen.1),
    }
}

#[test]
fn a_masked_change_says_what_stays_and_who_decides() {
    let mut plan = update();
    let mut masked = change(Action::Modify, "attribute", "contoso_order.contoso_notes");
    masked.effect = Effect::Masked;
    masked.masked_by = vec!["ContosoSales".to_owned(), "Active".to_owned()];
    masked.properties = vec![property("MaxLength", "100", "400", ("500", "500"))];
    plan.changes.push(masked);
    plan.changes.push(change(Action::Create, "attribute", "contoso_order.contoso_duedate"));
    let text = text_of(&plan);
    assert!(text.contains("Plan: update ContosoCore 1.0.0.0 → 1.1.0.0 (managed) in environment default"), "{text}");
    assert!(text.contains("Options (defaults of pac): action update when installed, else new"), "{text}");
    assert!(text.contains("~ column contoso_order.contoso_notes  (masked by ContosoSales, Active)"), "{text}");
    assert!(text.contains("MaxLength: 100 → 400  (hidden: stays 500, Active decides)"), "{text}");
    assert!(text.contains("+ column contoso_order.contoso_duedate"), "{text}");
    assert!(text.contains("1 to create, 1 to modify (1 masked), 0 to delete, 0 to detach, 0 unchanged"), "{text}");
}

#[test]
fn visible_changes_are_not_called_hidden() {
    let mut plan = update();
    let mut seen = change(Action::Modify, "attribute", "a.b");
    seen.properties = vec![property("MaxLength", "100", "400", ("100", "400"))];
    plan.changes.push(seen);
    assert!(!text_of(&plan).contains("hidden"));
}

#[test]
fn many_new_components_are_counted_by_type() {
    let mut plan = update();
    for number in 0..50 {
        plan.changes.push(change(Action::Create, "attribute", &format!("a.c{number}")));
    }
    plan.changes.push(change(Action::Create, "entity", "a"));
    let hidden =
        Change { effect: Effect::Masked, masked_by: vec!["Active".to_owned()], ..change(Action::Create, "role", "r") };
    plan.changes.push(hidden);
    let text = text_of(&plan);
    assert!(text.contains("+ security role r  (masked by Active)"), "{text}");
    assert!(text.contains("+ 50 columns"), "{text}");
    assert!(text.contains("+ 1 table"), "{text}");
    assert!(!text.contains("a.c17"), "{text}");
}

#[test]
fn lost_rows_and_detached_layers_stand_out() {
    let mut plan = Plan { operation: OperationKind::Uninstall, options: None, ..update() };
    let mut deleted = change(Action::Delete, "entity", "contoso_order");
    deleted.rows_lost = 12;
    plan.changes.push(deleted);
    plan.changes.push(change(Action::Detach, "attribute", "account.contoso_tier"));
    let text = text_of(&plan);
    assert!(text.contains("Data that would be lost\n  12 rows of table contoso_order"), "{text}");
    assert!(text.contains("detach: only the layer of ContosoCore goes"), "{text}");
}

#[test]
fn dp26_missing_dependencies_are_grouped_by_provider() {
    let mut plan = update();
    for name in ["contoso_order.a", "contoso_order.b"] {
        let mut finding =
            Finding::error(FindingKind::MissingDependency, ErrorCode::IMPORT_MISSING_DEPENDENCIES, "L64", "missing")
                .about(reference("attribute", name))
                .related(vec![reference("role", "Clerk")])
                .hint("import ContosoCore first");
        finding.provider = Some(FindingProvider {
            solution: "ContosoCore".into(),
            version: Some("1.0.0.0".into()),
            application: None,
        });
        plan.findings.push(finding);
    }
    let text = text_of(&plan);
    let group = "Errors (2)\n  Managed solutions: import them first, in the version of the source or higher\n";
    assert!(text.contains(group), "{text}");
    assert!(text.contains("\n  2 missing from ContosoCore 1.0.0.0 (0x8004801D"), "{text}");
    assert!(text.contains("column contoso_order.a, needed by"), "{text}");
    assert_eq!(text.matches("hint: import ContosoCore first").count(), 1, "{text}");
    assert!(text.contains("This would be refused: 0x8004801D ImportMissingDependenciesError"), "{text}");
}

#[test]
fn a_plan_without_changes_says_so() {
    let plan = update();
    let view = PlanView::of(&plan, false);
    let shown = PlanText { view: &view, environment: "e", tense: Tense::Would, has_edits: false, verbose: false };
    assert!(shown.to_string().ends_with("No changes.\n"));
}

#[test]
fn a_layer_that_goes_shows_only_what_people_will_see() {
    let mut plan = update();
    let mut detached = change(Action::Detach, "attribute", "a.b");
    let same = PropertyChange { after: None, ..property("Format", "text", "", ("text", "text")) };
    let seen = PropertyChange { after: None, ..property("MaxLength", "500", "", ("500", "100")) };
    detached.properties = vec![same, seen];
    plan.changes.push(detached);
    let text = text_of(&plan);
    assert!(text.contains("MaxLength: 500 → 100"), "{text}");
    assert!(!text.contains("Format"), "{text}");
}
