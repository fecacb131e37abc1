//! Ways out with more than one link, and recipes that are taken half way (DP10, DP24).

use strata_model::component::ComponentKey;
use strata_model::options::ImportOptions;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::dependencies::{carry_out_recipe, commands, form};
use crate::refusal;

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const VIEW: &str = "22222222-0000-4000-8000-000000000002";
const PUBLISH: &str = "strata solution publish";

fn environment(packages: &[String]) -> Simulated {
    let mut env = Simulated::default();
    for text in packages {
        let plan = env.import(&package(text));
        assert!(!plan.is_refused(), "{:#?}", plan.findings);
    }
    env.publish();
    env
}

fn view(id: &str, table: &str, column: &str) -> String {
    format!(
        "savedquery {id} of={table} <savedqueryid>{id}</savedqueryid><fetchxml><fetch><entity name=\"{table}\"><attribute \
         name=\"{column}\" /></entity></fetch></fetchxml>"
    )
}

/// Makers have a choice, a column of it, and a form and a view that show the column.
fn visits() -> Simulated {
    environment(&[format!(
        "package Visits 1.0 unmanaged makers
         optionset makers_state
         root entity:makers_visit
         entity makers_visit <EntitySetName>makers_visits</EntitySetName>
         attribute makers_visit.makers_state <Type>picklist</Type><OptionSetName>makers_state</OptionSetName>
         systemform {FORM} of=makers_visit/quick {}
         {}",
        form(&["makers_state"]),
        view(VIEW, "makers_visit", "makers_state")
    )])
}

fn form_key() -> ComponentKey {
    key(&format!("systemform:{FORM}"))
}

#[test]
fn dp24_what_a_draft_has_given_up_already_waits_for_a_publish_alone() {
    let mut env = visits();
    let state = key("attribute:makers_visit.makers_state");
    let view = key(&format!("savedquery:{VIEW}"));
    assert!(!env.let_go(&form_key(), std::slice::from_ref(&state)).is_refused());
    assert!(!env.delete(&view).is_refused(), "a deletion is a draft too");
    let plan = env.delete(&state);
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    assert_eq!(commands(&plan), [PUBLISH], "neither goes for a reference that it has no longer");
    carry_out_recipe(&mut env, &plan);
    assert!(!env.delete(&state).is_refused());
    assert!(env.components().contains(&form_key().to_string()));
}

#[test]
fn dp24_what_needs_the_component_that_has_to_be_deleted_comes_first_and_is_published() {
    let mut env = visits();
    let choice = key("optionset:makers_state");
    let plan = env.delete(&choice);
    let on = "--on attribute:makers_visit.makers_state";
    assert_eq!(
        commands(&plan),
        [
            format!("strata component remove-dependency systemform:{FORM} {on}"),
            format!("strata component remove-dependency savedquery:{VIEW} {on}"),
            PUBLISH.to_owned(),
            "strata component delete attribute:makers_visit.makers_state".to_owned(),
        ]
    );
    carry_out_recipe(&mut env, &plan);
    assert!(!env.delete(&choice).is_refused());
}

fn core() -> String {
    "package Core 1.0 managed contoso
     root entity:contoso_order
     entity contoso_order <EntitySetName>contoso_orders</EntitySetName>
     attribute contoso_order.contoso_total <Type>money</Type>"
        .to_owned()
}

/// Stands on Core's table with a column of its own.
fn addon() -> String {
    "package Addon 1.0 managed fabrikam
     root entity:contoso_order 1
     attribute contoso_order.fabrikam_tax <Type>money</Type>"
        .to_owned()
}

#[test]
fn dp24_a_reference_is_published_before_the_solution_that_it_kept_goes() {
    let over = format!("package Over 1.0 managed tailspin\n root entity:account 1\n {}", over_view());
    let mut env = environment(&[core(), addon(), over]);
    let plan = env.uninstall("Core");
    let steps = commands(&plan);
    let publish = steps.iter().position(|step| step == PUBLISH).expect("a publish");
    let uninstall = steps.iter().position(|step| step.ends_with("Addon")).expect("an uninstall");
    assert!(publish < uninstall, "{steps:#?}");
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Core").is_refused());
}

#[test]
fn dp30_what_hangs_on_a_reference_goes_with_it_in_one_edit() {
    let over = format!("package Over 1.0 managed tailspin\n root entity:account 1\n {}", over_view());
    let mut env = environment(&[core(), addon(), over]);
    let view = key(&format!("savedquery:{VIEW}"));
    let (table, column) = (key("entity:contoso_order"), key("attribute:contoso_order.fabrikam_tax"));
    let plan = env.clone().let_go(&view, &[table.clone(), column.clone()]);
    assert!(!plan.is_refused(), "the link to the table names the column: {:#?}", plan.findings);
    assert!(!env.let_go(&view, &[table]).is_refused());
    assert!(env.let_go(&view, &[column]).is_refused(), "by then it names it no longer");
}

/// A view of accounts that shows Addon's column beside one of its own table.
fn over_view() -> String {
    format!(
        "savedquery {VIEW} of=account <savedqueryid>{VIEW}</savedqueryid><fetchxml><fetch><entity name=\"account\"><attribute \
         name=\"name\" /><link-entity name=\"contoso_order\" from=\"fabrikam_tax\" to=\"name\" /></entity></fetch></fetchxml>"
    )
}

#[test]
fn dp24_parts_that_another_solution_has_on_a_table_keep_its_solution() {
    // Base's rule needs Core's column, Addon's column stands on Base's table.
    let base = "package Base 1.0 managed litware
         root entity:litware_case
         entity litware_case <EntitySetName>litware_cases</EntitySetName>
         workflow 33333333-0000-4000-8000-000000000003 <Category>0</Category><PrimaryEntity>contoso_order</PrimaryEntity>";
    let addon = "package Addon 1.0 managed fabrikam
         root entity:litware_case 1
         attribute litware_case.fabrikam_tax <Type>money</Type>";
    let mut env = environment(&[core(), base.to_owned(), addon.to_owned()]);
    let plan = env.uninstall("Core");
    let uninstalls = ["strata solution delete --solution-name Addon", "strata solution delete --solution-name Base"];
    assert_eq!(commands(&plan), uninstalls);
    carry_out_recipe(&mut env, &plan);
    assert!(!env.uninstall("Core").is_refused());
}

#[test]
fn dp10_a_ring_that_no_edit_breaks_is_left_to_an_upgrade() {
    let mut env = environment(&[core(), addon()]);
    let rule = "workflow 33333333-0000-4000-8000-000000000003 <Category>0</Category><PrimaryEntity>contoso_order\
                </PrimaryEntity><TriggerOnUpdateAttributeList>fabrikam_tax</TriggerOnUpdateAttributeList>";
    assert!(!env.import(&package(&format!("{}\n {rule}", core().replace("1.0", "1.1")))).is_refused());
    // Addon's column stands on Core's table, and Core's rule cannot let go of the column.
    let plan = env.uninstall("Addon");
    assert!(plan.is_refused());
    let recipe: Vec<_> = plan.findings.iter().flat_map(|finding| &finding.recipe).collect();
    assert_eq!(recipe.len(), 1, "{recipe:#?}");
    assert_eq!((recipe[0].command.as_deref(), recipe[0].solution.as_deref()), (None, Some("Core")));
    assert!(recipe[0].text.starts_with("upgrade Core to a version in which process"), "{}", recipe[0].text);
    let next = package(&core().replace("1.0", "2.0"));
    assert!(!env.import_as(&next, strata_model::options::ImportAction::Upgrade).is_refused());
    assert!(!env.uninstall("Addon").is_refused());
}

#[test]
fn dp13_dp14_a_deletion_is_not_published_where_something_has_come_to_need_the_component() {
    let mut env = visits();
    let view = key(&format!("savedquery:{VIEW}"));
    assert!(!env.delete(&view).is_refused());
    let app = format!(
        "package App 1.0 unmanaged makers\n appmodule makers_app <UniqueName>makers_app</UniqueName><AppModuleComponents>\
         <AppModuleComponent type=\"26\" id=\"{{{VIEW}}}\" /></AppModuleComponents>"
    );
    let publishing = ImportOptions { publish_changes: true, ..ImportOptions::pac() };
    let plan = env.clone().import_with(&package(&app), &publishing);
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    assert!(!env.import(&package(&app)).is_refused());
    let plan = env.publish();
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    assert!(plan.edits.is_empty());
    assert!(env.components().contains(&view.to_string()));
    // Once the app lets go of it, both are published.
    assert!(!env.let_go(&key("appmodule:makers_app"), std::slice::from_ref(&view)).is_refused());
    assert!(!env.publish().is_refused());
    assert!(!env.components().contains(&view.to_string()));
}

#[test]
fn dp24_where_no_way_out_is_short_enough_the_refusal_says_so() {
    let rules: String = (0..201)
        .map(|number| {
            let id = format!("55555555-0000-4000-8000-{number:012}");
            format!("\n workflow {id} <Category>0</Category><PrimaryEntity>contoso_order</PrimaryEntity>")
        })
        .collect();
    let env = environment(&[core(), format!("package Mine 1.0 unmanaged makers{rules}")]);
    let plan = env.clone().uninstall("Core");
    assert!(commands(&plan).is_empty());
    let hints: Vec<_> = plan.findings.iter().flat_map(|finding| &finding.hints).collect();
    assert_eq!(hints.iter().filter(|hint| hint.contains("at most 200 steps")).count(), 1, "{hints:?}");
}

#[test]
fn dp2_a_lookup_takes_its_relationship_along_and_what_names_that_stands_against_it() {
    let relationship = "entityrelationship:makers_account_visit";
    let text = "package Visits 1.0 unmanaged makers
         root entity:makers_visit
         entity makers_visit <EntitySetName>makers_visits</EntitySetName>
         attribute makers_visit.makers_accountid <Type>lookup</Type>
         entityrelationship makers_account_visit <ReferencingEntityName>makers_visit</ReferencingEntityName><ReferencedEntityName>\
         account</ReferencedEntityName><ReferencingAttributeName>makers_accountid</ReferencingAttributeName>";
    let lookup = key("attribute:makers_visit.makers_accountid");
    let mut env = environment(&[text.to_owned()]);
    let mut held = environment(&[format!(
        "{text}\n systemform {FORM} of=account/quick <form><tabs><tab id=\"t\"><columns><column><sections>\
         <section id=\"s\"><rows><row><cell id=\"c\"><control id=\"g\"><parameters><RelationshipName>makers_account_visit\
         </RelationshipName></parameters></control></cell></row></rows></section></sections></column></columns></tab></tabs></form>"
    )]);
    let plan = env.delete(&lookup);
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    assert!(!env.components().contains(&relationship.to_owned()));
    let plan = held.delete(&lookup);
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP5");
    carry_out_recipe(&mut held, &plan);
    assert!(!held.delete(&lookup).is_refused());
}
