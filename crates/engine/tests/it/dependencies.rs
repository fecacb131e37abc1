//! What dependencies block, and the way out (DP1–DP24).

use strata_model::component::ComponentKey;
use strata_model::dependency::DependencyKind;
use strata_model::options::ImportAction;
use strata_model::plan::{Finding, Plan, Severity};
use strata_model::rules::{Rules, UndeclaredMissing};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::refusal;

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const VIEW: &str = "22222222-0000-4000-8000-000000000002";

/// Core brings a table with two columns, Sales a form on it that shows one of them.
fn core_and_sales() -> Simulated {
    let mut env = Simulated::default();
    for text in [core("1.0", &["contoso_total", "contoso_note"]), sales("1.0", &["contoso_total"])] {
        let plan = env.import(&package(&text));
        assert!(!plan.is_refused(), "{:#?}", plan.findings);
    }
    env
}

fn core(version: &str, columns: &[&str]) -> String {
    let columns: String =
        columns.iter().map(|name| format!("\n attribute contoso_order.{name} <MaxLength>1</MaxLength>")).collect();
    format!(
        "package Core {version} managed contoso\n root entity:contoso_order\n entity contoso_order \
         <EntitySetName>contoso_orders</EntitySetName>{columns}"
    )
}

fn sales(version: &str, columns: &[&str]) -> String {
    format!(
        "package Sales {version} managed fabrikam\n root entity:contoso_order 1\n systemform {FORM} of=contoso_order/quick {}",
        form(columns)
    )
}

pub(crate) fn form(columns: &[&str]) -> String {
    let cells: String = columns
        .iter()
        .map(|name| {
            format!("<row><cell id=\"{{c-{name}}}\"><control id=\"{name}\" datafieldname=\"{name}\" /></cell></row>")
        })
        .collect();
    format!(
        "<formid>{FORM}</formid><form><tabs><tab id=\"{{t1}}\" name=\"t1\"><columns><column width=\"100%\"><sections>\
         <section id=\"{{s1}}\" name=\"s1\"><rows>{cells}</rows></section></sections></column></columns></tab></tabs></form>"
    )
}

fn column(name: &str) -> ComponentKey {
    key(&format!("attribute:contoso_order.{name}"))
}

fn form_key() -> ComponentKey {
    key(&format!("systemform:{FORM}"))
}

/// Each edge as `dependent -> required kind`.
fn edges(found: &[strata_model::dependency::Dependency]) -> Vec<String> {
    found.iter().map(|edge| format!("{} -> {} {:?}", edge.dependent, edge.required, edge.kind)).collect()
}

fn used_by(env: &Simulated, of: &ComponentKey) -> Vec<String> {
    edges(&strata_engine::dependency::dependents(&env.snapshot, of, &env.rules, &env.bodies()))
}

fn uses(env: &Simulated, of: &ComponentKey) -> Vec<String> {
    edges(&strata_engine::dependency::required(&env.snapshot, of, &env.rules, &env.bodies()))
}

pub(crate) fn commands(plan: &Plan) -> Vec<String> {
    let steps = plan.findings.iter().flat_map(|finding| &finding.recipe);
    steps.map(|step| step.command.clone().unwrap_or_else(|| step.text.clone())).collect()
}

fn first_error(plan: &Plan) -> &Finding {
    plan.findings.iter().find(|finding| finding.severity == Severity::Error).expect("an error")
}

#[test]
fn dp1_dp2_dp3_dp29_what_is_part_of_a_table_is_internal_and_what_a_form_shows_published() {
    let env = core_and_sales();
    let numbers = [DependencyKind::Internal, DependencyKind::Published, DependencyKind::Unpublished];
    assert_eq!(numbers.map(DependencyKind::number), [1, 2, 4]);
    assert_eq!(
        uses(&env, &form_key()),
        [
            format!("systemform:{FORM} -> entity:contoso_order Internal"),
            format!("systemform:{FORM} -> attribute:contoso_order.contoso_total Published"),
        ]
    );
    assert_eq!(
        used_by(&env, &column("contoso_total")),
        [format!("systemform:{FORM} -> attribute:contoso_order.contoso_total Published")]
    );
    assert!(used_by(&env, &column("contoso_note")).is_empty());
    let parts = used_by(&env, &key("entity:contoso_order"));
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert!(parts.iter().all(|edge| edge.ends_with("Internal")), "{parts:?}");
}

#[test]
fn dp4_a_draft_makes_an_unpublished_dependency() {
    let mut env = core_and_sales();
    let sheet = format!(
        "package Mine 1.0 unmanaged fabrikam\n systemform {FORM} of=contoso_order/quick {}",
        form(&["contoso_total", "contoso_note"])
    );
    assert!(!env.import(&package(&sheet)).is_refused());
    let found = used_by(&env, &column("contoso_note"));
    assert_eq!(found, [format!("systemform:{FORM} -> attribute:contoso_order.contoso_note Unpublished")]);
    env.publish();
    let found = used_by(&env, &column("contoso_note"));
    assert_eq!(found, [format!("systemform:{FORM} -> attribute:contoso_order.contoso_note Published")]);
}

#[test]
fn l98_dp13_dp16_dp28_what_others_name_keeps_a_solution() {
    let mut env = core_and_sales();
    let plan = env.uninstall("Core");
    assert_eq!(refusal(&plan), "0x8004F01D CannotUninstallWithDependencies L98");
    let message = &first_error(&plan).message;
    assert!(message.starts_with("Solution dependencies exist, cannot uninstall. DependencyCount : 2 "), "{message}");
    // Sales' form stands on the table and shows the column.
    assert!(plan.findings.iter().any(|finding| {
        finding.component.as_ref().is_some_and(|component| component.name == "contoso_order.contoso_total")
            && finding.related.iter().any(|dependent| dependent.name == FORM)
    }));
    assert_eq!(commands(&plan), ["strata solution delete --solution-name Sales"]);
    assert!(!env.uninstall("Sales").is_refused());
    assert!(!env.uninstall("Core").is_refused());
    assert!(env.components().is_empty());
}

#[test]
fn dp17_dependents_of_the_same_solution_do_not_block() {
    let mut env = Simulated::default();
    let all = format!(
        "{}\n systemform {FORM} of=contoso_order/quick {}",
        core("1.0", &["contoso_total"]),
        form(&["contoso_total"])
    );
    env.import(&package(&all));
    assert!(!env.uninstall("Core").is_refused());
}

#[test]
fn l83_dp18_an_upgrade_that_drops_what_others_name_stops_at_apply() {
    let mut env = core_and_sales();
    let next = package(&core("2.0", &["contoso_note"]));
    let plan = env.import_as(&next, ImportAction::Upgrade);
    assert_eq!(refusal(&plan), "0x8004F046 SolutionUpgradeFailed L83");
    assert!(plan.findings.iter().any(|finding| finding.rule == "L98"), "{:#?}", plan.findings);
    // An update deletes nothing.
    assert!(!env.clone().import_as(&next, ImportAction::Update).is_refused());
    assert!(!env.import_as(&next, ImportAction::Stage).is_refused());
    let plan = env.apply_upgrade("Core");
    assert_eq!(refusal(&plan), "0x8004F01D CannotUninstallWithDependencies L98");
    assert_eq!(env.solutions(), ["Core 1.0", "Sales 1.0", "Core_Upgrade 2.0"]);
    // A new version of Sales without the reference makes it legal (DP24).
    let next = package(&sales("1.1", &[]));
    assert!(!env.clone().import_as(&next, ImportAction::Update).is_refused());
    assert!(!env.import_as(&next, ImportAction::Upgrade).is_refused());
    let plan = env.apply_upgrade("Core");
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
}

#[test]
fn dp3_dp6_dp7_oq27_an_active_edit_that_drops_the_reference_frees_the_required() {
    let mut env = core_and_sales();
    let next = package(&core("2.0", &["contoso_note"]));
    let edit = env.let_go(&form_key(), &[column("contoso_total")]);
    assert!(!edit.is_refused(), "{:#?}", edit.findings);
    // DP3: not before it is published.
    assert!(env.clone().import_as(&next, ImportAction::Upgrade).is_refused());
    env.publish();
    let plan = env.import_as(&next, ImportAction::Upgrade);
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
}

#[test]
fn dp7_a_layer_that_is_uncovered_can_bring_a_new_block() {
    let mut env = core_and_sales();
    // Over's form layer does not show the column any more; when it goes, Sales' comes back.
    let over = format!(
        "package Over 1.0 managed tailspin\n root entity:contoso_order 1\n systemform {FORM} of=contoso_order/quick {}",
        form(&[])
    );
    env.import(&package(&over));
    let next = package(&core("2.0", &["contoso_note"]));
    let with_over = env.clone().import_as(&next, ImportAction::Upgrade);
    env.uninstall("Over");
    let without = env.import_as(&next, ImportAction::Upgrade);
    assert!(without.is_refused());
    // A managed form layer adds to what is below (L39): the control stays, and with it the edge.
    assert!(with_over.is_refused());
}

#[test]
fn dp14_an_unmanaged_component_in_use_is_not_deleted() {
    let mut env = Simulated::default();
    let mine = format!(
        "package Mine 1.0 unmanaged contoso\n root entity:contoso_order\n entity contoso_order x\n \
         attribute contoso_order.contoso_total <MaxLength>1</MaxLength>\n systemform {FORM} of=contoso_order/quick {}",
        form(&["contoso_total"])
    );
    env.import(&package(&mine));
    env.publish();
    let plan = env.delete(&column("contoso_total"));
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    let message = &first_error(&plan).message;
    assert!(message.contains("component cannot be deleted because it is referenced by 1 other component"), "{message}");
    assert!(message.contains("use the RetrieveDependenciesForDeleteRequest"), "{message}");
    // The table goes with its form, so nobody holds the column.
    assert!(!env.delete(&key("entity:contoso_order")).is_refused());
    assert!(env.components().is_empty(), "{:?}", env.components());
}

#[test]
fn dp5_an_internal_dependency_exposes_a_published_one() {
    let mut env = Simulated::default();
    let text = format!(
        "package Mine 1.0 unmanaged contoso\n root entity:contoso_order\n root entity:contoso_line\n entity contoso_order x\n \
         entity contoso_line x\n attribute contoso_line.contoso_orderid <Type>lookup</Type>\n \
         entityrelationship contoso_order_line <EntityRelationshipType>OneToMany</EntityRelationshipType>\
         <ReferencingEntityName>contoso_line</ReferencingEntityName><ReferencedEntityName>contoso_order</ReferencedEntityName>\
         <ReferencingAttributeName>contoso_orderid</ReferencingAttributeName>\n systemform {FORM} of=contoso_line/quick {}",
        form(&["contoso_orderid"])
    );
    env.import(&package(&text));
    env.publish();
    let plan = env.delete(&key("entity:contoso_order"));
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP5");
    let without = text.replace("datafieldname=\"contoso_orderid\"", "");
    env.import(&package(&without));
    assert!(env.delete(&key("entity:contoso_order")).is_refused(), "not before it is published");
    env.publish();
    let plan = env.delete(&key("entity:contoso_order"));
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    assert!(!env.components().contains(&"attribute:contoso_line.contoso_orderid".to_owned()), "{:?}", env.components());
}

#[test]
fn dp20_dp21_another_component_in_active_blocks_but_an_active_layer_on_the_same_does_not() {
    let mut env = Simulated::default();
    env.import(&package(&core("1.0", &["contoso_total", "contoso_note"])));
    env.set(&column("contoso_total"), "MaxLength", "2");
    env.publish();
    assert!(!env.clone().uninstall("Core").is_refused());
    let view = format!(
        "package Mine 1.0 unmanaged fabrikam\n savedquery {VIEW} of=account <savedqueryid>{VIEW}</savedqueryid><fetchxml>\
         <fetch><entity name=\"account\"><link-entity name=\"contoso_order\" from=\"contoso_total\" to=\"name\"><attribute \
         name=\"contoso_total\" /></link-entity></entity></fetch></fetchxml>"
    );
    env.import(&package(&view));
    env.publish();
    let plan = env.uninstall("Core");
    assert_eq!(refusal(&plan), "0x8004F01D CannotUninstallWithDependencies L98");
    // DP21: deleting the list frees nothing.
    env.uninstall("Mine");
    assert!(env.uninstall("Core").is_refused());
}

#[test]
fn dp10_oq37_two_solutions_that_need_each_other_both_refuse() {
    let mut env = core_and_sales();
    let sales =
        format!("{}\n attribute contoso_order.contoso_tax <MaxLength>1</MaxLength>", sales("1.1", &["contoso_total"]));
    env.import(&package(&sales));
    let core = format!(
        "{}\n savedquery {VIEW} of=contoso_order <savedqueryid>{VIEW}</savedqueryid><fetchxml><fetch><entity \
         name=\"contoso_order\"><attribute name=\"contoso_tax\" /></entity></fetch></fetchxml>",
        core("1.1", &["contoso_total", "contoso_note"])
    );
    assert!(!env.import(&package(&core)).is_refused());
    assert!(env.clone().uninstall("Core").is_refused());
    let plan = env.clone().uninstall("Sales");
    assert_eq!(refusal(&plan), "0x8004F01D CannotUninstallWithDependencies L98");
}

#[test]
fn dp22_what_a_definition_needs_and_nobody_has_is_said() {
    let mut env = Simulated::default();
    env.import(&package(&core("1.0", &["contoso_note"])));
    let sheet = package(&sales("1.0", &["contoso_total"]));
    let plan = env.clone().import(&sheet);
    assert!(!plan.is_refused());
    let said: Vec<_> = plan.findings.iter().filter(|finding| finding.rule == "DP22").collect();
    assert_eq!(said.len(), 1, "{:#?}", plan.findings);
    assert!(said[0].component.as_ref().is_some_and(|required| required.name == "contoso_order.contoso_total"));
    assert_eq!(said[0].related.len(), 1);
    // The other reading refuses.
    env.rules = Rules { undeclared_missing: UndeclaredMissing::Refuses, ..Rules::OURS };
    assert_eq!(refusal(&env.import(&sheet)), "0x8004801D ImportMissingDependenciesError DP22");
}

#[test]
fn l65_dp9_a_managed_component_does_not_rely_on_an_unmanaged_one() {
    let mut env = Simulated::default();
    env.import(&package(&core("1.0", &["contoso_note"])));
    let mine = "package Mine 1.0 unmanaged contoso\n attribute contoso_order.contoso_total <MaxLength>1</MaxLength>";
    env.import(&package(mine));
    env.publish();
    let plan = env.import(&package(&sales("1.0", &["contoso_total"])));
    assert_eq!(refusal(&plan), "0x8004803B UnmanagedComponentParentsManagedComponent L65");
    let unmanaged = sales("1.0", &["contoso_total"]).replace(" managed ", " unmanaged ");
    assert!(!env.import(&package(&unmanaged)).is_refused());
}

/// Carries the recipe of a refused plan out, command by command.
pub(crate) fn carry_out_recipe(env: &mut Simulated, plan: &Plan) {
    let steps: Vec<_> = plan.findings.iter().flat_map(|finding| &finding.recipe).collect();
    assert!(!steps.is_empty(), "{:#?}", plan.findings);
    for (number, step) in steps.iter().enumerate() {
        assert_eq!(step.step as usize, number + 1);
        let command = step.command.as_deref().expect("a command");
        let words: Vec<_> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let done = match words.as_slice() {
            ["strata", "solution", "delete", "--solution-name", name] => env.uninstall(name),
            ["strata", "solution", "publish"] => env.publish(),
            ["strata", "component", "remove-active", of] => env.remove_active(&key(of)),
            ["strata", "component", "delete", of] => env.delete(&key(of)),
            ["strata", "component", "remove-dependency", of, on @ ..] => {
                let required: Vec<_> = on.iter().filter(|word| **word != "--on").map(|word| key(word)).collect();
                env.let_go(&key(of), &required)
            }
            other => panic!("{other:?}"),
        };
        assert!(!done.is_refused(), "{command}: {:#?}", done.findings);
    }
}

fn view(name: &str) -> String {
    format!(
        "savedquery {VIEW} of=contoso_order <savedqueryid>{VIEW}</savedqueryid><fetchxml><fetch><entity \
         name=\"contoso_order\"><attribute name=\"{name}\" /><attribute name=\"contoso_note\" /></entity></fetch></fetchxml>\
         <layoutxml><grid><row id=\"x\"><cell name=\"{name}\" /><cell name=\"contoso_note\" /></row></grid></layoutxml>"
    )
}

#[test]
fn dp24_dp30_the_recipe_takes_the_reference_out_where_that_is_shortest() {
    let mut env = core_and_sales();
    let next = package(&core("2.0", &["contoso_note"]));
    let plan = env.clone().import_as(&next, ImportAction::Upgrade);
    assert!(plan.is_refused());
    let remove =
        format!("strata component remove-dependency systemform:{FORM} --on attribute:contoso_order.contoso_total");
    assert_eq!(commands(&plan), [remove.as_str(), "strata solution publish"]);
    carry_out_recipe(&mut env, &plan);
    let plan = env.import_as(&next, ImportAction::Upgrade);
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    assert!(!env.components().contains(&"attribute:contoso_order.contoso_total".to_owned()));
}

#[test]
fn dp24_the_recipe_uninstalls_where_nothing_can_be_taken_out() {
    let mut env = core_and_sales();
    let plan = env.uninstall("Core");
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Core").is_refused());
    assert!(env.components().is_empty(), "{:?}", env.components());
}

#[test]
fn dp24_solutions_go_from_the_top_down() {
    let mut env = core_and_sales();
    // Over's view stands on the table and shows a column of Sales, so it goes before Sales does.
    let sales =
        format!("{}\n attribute contoso_order.contoso_tax <MaxLength>1</MaxLength>", sales("1.1", &["contoso_total"]));
    env.import(&package(&sales));
    env.import(&package(&format!(
        "package Over 1.0 managed tailspin\n root entity:contoso_order 1\n {}",
        view("contoso_tax")
    )));
    let plan = env.uninstall("Core");
    let uninstalls = ["strata solution delete --solution-name Over", "strata solution delete --solution-name Sales"];
    assert_eq!(commands(&plan), uninstalls);
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Core").is_refused());
}

#[test]
fn dp19_l97_layers_of_other_publishers_above_are_part_of_the_recipe() {
    let mut env = core_and_sales();
    env.import(&package(
        "package Over 1.0 managed tailspin\n attribute contoso_order.contoso_note <MaxLength>2</MaxLength>",
    ));
    let plan = env.uninstall("Core");
    assert!(plan.findings.iter().any(|finding| finding.rule == "L97"));
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Core").is_refused());
    assert!(env.components().is_empty(), "{:?}", env.components());
}

#[test]
fn dp24_an_unmanaged_component_in_use_is_freed() {
    let mut env = Simulated::default();
    let mine = format!(
        "{}\n {}",
        core("1.0", &["contoso_total", "contoso_note"]).replace(" managed ", " unmanaged "),
        view("contoso_total")
    );
    env.import(&package(&mine));
    env.publish();
    let total = column("contoso_total");
    let plan = env.delete(&total);
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    carry_out_recipe(&mut env, &plan);
    let plan = env.delete(&total);
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    assert!(env.components().contains(&format!("savedquery:{VIEW}")));
}

#[test]
fn dp10_a_ring_between_solutions_is_broken_by_an_edit() {
    let mut env = core_and_sales();
    let sales =
        format!("{}\n attribute contoso_order.contoso_tax <MaxLength>1</MaxLength>", sales("1.1", &["contoso_total"]));
    env.import(&package(&sales));
    let core = format!("{}\n {}", core("1.1", &["contoso_total", "contoso_note"]), view("contoso_tax"));
    env.import(&package(&core));
    // Core's view needs Sales' column, and Sales stands on Core's table.
    let plan = env.uninstall("Sales");
    let remove =
        format!("strata component remove-dependency savedquery:{VIEW} --on attribute:contoso_order.contoso_tax");
    assert_eq!(commands(&plan), [remove.as_str(), "strata solution publish"]);
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Sales").is_refused());
    assert!(!env.uninstall("Core").is_refused());
}

#[test]
fn dp10_components_that_need_each_other_in_a_ring_are_refused() {
    let quick = |own: &str, other: &str| {
        format!(
            "systemform {own} of=account/quick <formid>{own}</formid><form><tabs><tab name=\"t\"><columns><column><sections>\
             <section name=\"s\"><rows><row><cell id=\"c\"><control id=\"q\" classid=\"{{5C5600E0-1D6E-4205-A272-BE80DA87FD42}}\" \
             datafieldname=\"parentaccountid\"><parameters><QuickForms>&lt;QuickFormIds&gt;&lt;QuickFormId \
             entityname=\"account\"&gt;{other}&lt;/QuickFormId&gt;&lt;/QuickFormIds&gt;</QuickForms></parameters></control></cell>\
             </row></rows></section></sections></column></columns></tab></tabs></form>"
        )
    };
    let other = "33333333-0000-4000-8000-000000000003";
    let one_way = format!("package Ring 1.0 managed contoso\n root entity:account 1\n {}", quick(FORM, other));
    let ring = format!("{one_way}\n {}", quick(other, FORM));
    let plan = Simulated::default().import(&package(&ring));
    assert_eq!(refusal(&plan), "0x80071156 CyclicDependency DP10");
    assert_eq!(first_error(&plan).related.len(), 2);
    assert!(!Simulated::default().import(&package(&one_way)).is_refused());
}

#[test]
fn dp8_a_patch_needs_its_parent() {
    let mut env = core_and_sales();
    let patch = "package Core_Patch_1 1.0.1 managed contoso\n patch-of Core 1.0\n attribute contoso_order.contoso_more <MaxLength>1</MaxLength>";
    assert_eq!(refusal(&Simulated::default().import(&package(patch))), "0x80048540 PatchMissingBase L107");
    assert!(!env.import(&package(patch)).is_refused());
    // With the parent the patch goes too, and nothing of it is left to need anybody.
    env.uninstall("Sales");
    assert!(!env.uninstall("Core").is_refused());
    assert_eq!(env.solutions(), [] as [&str; 0]);
}

#[test]
fn l134_a_staged_upgrade_waits_until_an_unmanaged_form_lets_go_and_is_published() {
    let mut env = Simulated::default();
    env.import(&package(&core("1.0", &["contoso_a", "contoso_b"])));
    let app = format!(
        "package App 1.0 unmanaged contoso\n systemform {FORM} of=contoso_order/quick {}",
        form(&["contoso_a", "contoso_b"])
    );
    env.import(&package(&app));
    env.publish();
    env.import_as(&package(&core("2.0", &["contoso_a"])), ImportAction::Stage);
    assert_eq!(refusal(&env.apply_upgrade("Core")), "0x8004F01D CannotUninstallWithDependencies L98");
    assert_eq!(env.solutions(), ["Core 1.0", "App 1.0", "Core_Upgrade 2.0"]);
    assert!(!env.let_go(&form_key(), &[column("contoso_b")]).is_refused());
    assert!(env.apply_upgrade("Core").is_refused(), "a draft frees nothing");
    env.publish();
    let plan = env.apply_upgrade("Core");
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    assert_eq!(env.solutions(), ["Core 2.0", "App 1.0"]);
}
