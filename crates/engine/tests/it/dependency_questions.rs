//! Questions about dependencies (DP5, DP29), and what a component brings along into a list (DF16).

use strata_engine::membership::Addition;
use strata_engine::{dependency, uninstall};
use strata_model::component::ComponentKey;
use strata_model::dependency::Dependency;
use strata_model::environment::Behavior;
use strata_model::plan::{Edit, Plan};
use strata_model::rules::Rules;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::{addition, solution};
use crate::desktop_flows::{FLOW, SET, id, newer, newer_row, rows};
use crate::refusal;

const FORM: &str = "11111111-0000-4000-8000-000000000001";
const VIEW: &str = "22222222-0000-4000-8000-000000000002";

/// Core is managed and brings a choice; Work is unmanaged: orders, their lines, a form and a view of lines.
fn shop() -> Simulated {
    let mut env = Simulated::default();
    let core = "package Core 1.0 managed contoso\n optionset contoso_tier <options />";
    let work = format!(
        "package Work 1.0 unmanaged contoso\n \
         entity contoso_order <EntitySetName>contoso_orders</EntitySetName>\n \
         attribute contoso_order.contoso_orderid <Type>primarykey</Type>\n \
         attribute contoso_order.contoso_name <Type>nvarchar</Type><DisplayMask>PrimaryName</DisplayMask>\n \
         attribute contoso_order.contoso_note <Type>ntext</Type>\n \
         entity contoso_line <EntitySetName>contoso_lines</EntitySetName>\n \
         attribute contoso_line.contoso_order <Type>lookup</Type>\n \
         attribute contoso_line.contoso_tier <Type>picklist</Type><OptionSetName>contoso_tier</OptionSetName>\n \
         attribute contoso_line.contoso_spare <Type>ntext</Type>\n \
         entityrelationship contoso_order_line {}\n \
         systemform {FORM} of=contoso_line/main {}\n \
         savedquery {VIEW} of=contoso_line <fetchxml><fetch><entity name=\"contoso_line\">\
         <attribute name=\"contoso_tier\" /></entity></fetch></fetchxml>",
        "<EntityRelationshipType>OneToMany</EntityRelationshipType>\
         <ReferencingEntityName>contoso_line</ReferencingEntityName>\
         <ReferencedEntityName>contoso_order</ReferencedEntityName>\
         <ReferencingAttributeName>contoso_order</ReferencingAttributeName>",
        form(&["contoso_order", "contoso_tier", "createdon"]),
    );
    for text in [core, &work] {
        let plan = env.import(&package(text));
        assert!(!plan.is_refused(), "{:#?}", plan.findings);
    }
    solution(&mut env, "Sales", "contoso");
    env
}

/// The same, published.
fn published_shop() -> Simulated {
    let mut env = shop();
    env.publish();
    env
}

fn form(columns: &[&str]) -> String {
    let cell = |name: &&str| {
        format!("<row><cell id=\"{name}\"><control id=\"{name}\" datafieldname=\"{name}\" /></cell></row>")
    };
    let cells: String = columns.iter().map(cell).collect();
    format!(
        "<formid>{FORM}</formid><form><tabs><tab id=\"t\"><columns><column><sections><section id=\"s\"><rows>{cells}\
         </rows></section></sections></column></columns></tab></tabs></form>"
    )
}

/// Each edge as `dependent -> required kind (place)`.
fn lines(edges: &[Dependency]) -> Vec<String> {
    let line = |edge: &Dependency| format!("{} -> {} {:?} ({})", edge.dependent, edge.required, edge.kind, edge.place);
    edges.iter().map(line).collect()
}

fn blocked(env: &Simulated, of: &str) -> Vec<String> {
    lines(&dependency::blocking_deletion(&env.snapshot, &key(of), &env.rules, &env.bodies()))
}

fn missing(env: &Simulated, solution: &str) -> Vec<String> {
    let no = env.snapshot.solution_named(solution).expect("a solution").no;
    lines(&dependency::missing(&env.snapshot, no, &env.rules, &env.bodies()))
}

fn with_required(solution: &str) -> Addition {
    Addition { required_components: true, ..addition(solution, None) }
}

/// The components that a plan lists, with their behaviors.
fn listed(env: &Simulated, plan: &Plan) -> Vec<String> {
    assert!(!plan.is_refused(), "{:#?}", plan.findings);
    let name = |no| {
        let known = env.snapshot.components.values().find(|state| state.component.no == no);
        known.expect("a component").component.key.to_string()
    };
    let mut listed: Vec<_> = plan
        .edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::MemberOpen(member) => {
                let behavior = member.behavior.map(|behavior: Behavior| format!(" {}", u8::from(behavior)));
                Some(format!("{}{}", name(member.component), behavior.unwrap_or_default()))
            }
            _ => None,
        })
        .collect();
    listed.sort();
    listed
}

fn form_key() -> ComponentKey {
    key(&format!("systemform:{FORM}"))
}

#[test]
fn dp29_delete_blocked_by_lists_the_published_edges_to_a_component() {
    let env = published_shop();
    assert_eq!(
        blocked(&env, "attribute:contoso_line.contoso_tier"),
        [
            format!("systemform:{FORM} -> attribute:contoso_line.contoso_tier Published (control)"),
            format!("savedquery:{VIEW} -> attribute:contoso_line.contoso_tier Published (query column)"),
        ]
    );
    assert_eq!(blocked(&env, "attribute:contoso_line.contoso_spare"), [""; 0]);
    assert_eq!(blocked(&env, &form_key().to_string()), [""; 0], "what it needs does not hold it");
}

#[test]
fn dp4_what_only_drafts_need_blocks_nothing() {
    let mut env = shop();
    assert_eq!(blocked(&env, "attribute:contoso_line.contoso_tier"), [""; 0]);
    let used = lines(&dependency::required(&env.snapshot, &form_key(), &env.rules, &env.bodies()));
    assert!(used.contains(&format!("systemform:{FORM} -> attribute:contoso_line.contoso_tier Unpublished (control)")));
    env.publish();
    assert_eq!(blocked(&env, "attribute:contoso_line.contoso_tier").len(), 2);
}

#[test]
fn dp5_delete_blocked_by_lists_what_would_go_along_too() {
    let env = published_shop();
    let held = blocked(&env, "entity:contoso_order");
    // The relationship goes with the table, and takes its foreign key along, which stands on the form of lines.
    assert_eq!(
        held,
        [
            format!("systemform:{FORM} -> attribute:contoso_line.contoso_order Published (control)"),
            format!("systemform:{FORM} -> entityrelationship:contoso_order_line Published (lookup)"),
        ]
    );
}

#[test]
fn dp29_missing_lists_what_a_solution_needs_from_elsewhere() {
    let mut env = published_shop();
    let shell = env.list_in(&key("entity:contoso_line"), &addition("Sales", Some(2)));
    assert!(!shell.is_refused(), "{:#?}", shell.findings);
    let form = env.list_in(&form_key(), &addition("Sales", None));
    assert!(!form.is_refused(), "{:#?}", form.findings);
    // createdon is the platform's.
    assert_eq!(
        missing(&env, "Sales"),
        [
            format!("systemform:{FORM} -> attribute:contoso_line.contoso_order Published (control)"),
            format!("systemform:{FORM} -> attribute:contoso_line.contoso_tier Published (control)"),
            format!("systemform:{FORM} -> entityrelationship:contoso_order_line Published (lookup)"),
        ]
    );
    assert_eq!(
        missing(&env, "Work"),
        ["attribute:contoso_line.contoso_tier -> optionset:contoso_tier Published (choice)"],
        "what a managed solution brings is missing from the list all the same"
    );
}

#[test]
fn dp29_what_keeps_a_solution_is_what_its_uninstall_is_refused_for() {
    let env = published_shop();
    let held = lines(&uninstall::blocking(&env.snapshot, "Core", &env.rules, &env.bodies()));
    assert_eq!(held, ["attribute:contoso_line.contoso_tier -> optionset:contoso_tier Published (choice)"]);
    let plan = uninstall::plan(&env.snapshot, "Core", &strata_model::plan::NoRows, &env.rules, &env.bodies());
    assert_eq!(refusal(&plan), "0x8004F01D CannotUninstallWithDependencies L98");
    assert_eq!(lines(&uninstall::blocking(&env.snapshot, "Work", &env.rules, &env.bodies())), [""; 0], "a list only");
}

#[test]
fn df16_what_a_component_requires_joins_the_list_and_so_on() {
    let mut env = published_shop();
    let plan = env.list_in(&form_key(), &with_required("Sales"));
    assert_eq!(
        listed(&env, &plan),
        [
            "attribute:contoso_line.contoso_order".to_owned(),
            "attribute:contoso_line.contoso_tier".to_owned(),
            "attribute:contoso_order.contoso_name".to_owned(),
            "attribute:contoso_order.contoso_orderid".to_owned(),
            "entity:contoso_line 1".to_owned(),
            "entity:contoso_order 1".to_owned(),
            "entityrelationship:contoso_order_line 0".to_owned(),
            format!("systemform:{FORM}"),
        ]
    );
    let said: Vec<_> = plan.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(
        said.contains(
            &format!("column contoso_line.contoso_tier joins Sales: form {FORM} needs it (control)").as_str()
        ),
        "{said:#?}"
    );
    let whole = format!("table contoso_line joins Sales without its other parts: form {FORM} is a part of it");
    assert!(said.contains(&whole.as_str()), "{said:#?}");
    assert!(said.contains(&"choice contoso_tier stays out of Sales, since Core brings it"), "{said:#?}");
    assert!(plan.findings.iter().all(|finding| finding.rule == "DF16"));
    // What Core brings is all that is missing now, and asking again finds nothing to do.
    assert_eq!(
        missing(&env, "Sales"),
        ["attribute:contoso_line.contoso_tier -> optionset:contoso_tier Published (choice)"]
    );
    let again = env.list_in(&form_key(), &with_required("Sales"));
    assert!(!again.is_refused() && again.edits.is_empty(), "{:#?}", again.edits);
}

#[test]
fn df16_without_the_wish_nothing_comes_along() {
    let mut env = published_shop();
    let plan = env.list_in(&form_key(), &addition("Sales", None));
    assert_eq!(refusal(&plan), "0x80048536 SubcomponentMissingARoot L19");
    let choice = env.list_in(&key("entityrelationship:contoso_order_line"), &addition("Sales", None));
    assert_eq!(listed(&env, &choice), ["entityrelationship:contoso_order_line 0"]);
}

#[test]
fn df16_a_table_that_is_added_whole_brings_what_its_parts_require() {
    let mut env = published_shop();
    let plan = env.list_in(&key("entity:contoso_line"), &with_required("Sales"));
    let listed = listed(&env, &plan);
    assert!(listed.contains(&"entity:contoso_line 0".to_owned()), "{listed:?}");
    assert!(listed.contains(&"attribute:contoso_line.contoso_spare".to_owned()), "{listed:?}");
    assert!(listed.contains(&"entityrelationship:contoso_order_line 0".to_owned()), "{listed:?}");
    assert!(listed.contains(&"entity:contoso_order 1".to_owned()), "{listed:?}");
    assert!(!listed.contains(&"attribute:contoso_order.contoso_note".to_owned()), "{listed:?}");
}

#[test]
fn df16_the_table_of_a_part_joins_as_a_shell_where_others_bring_it() {
    let mut env = Simulated::default();
    let work = "package Work 1.0 unmanaged contoso\n root entity:account 2\n attribute account.contoso_tier <Type>nvarchar</Type>";
    assert!(!env.import(&package(work)).is_refused());
    solution(&mut env, "Sales", "contoso");
    let plan = env.list_in(&key("attribute:account.contoso_tier"), &with_required("Sales"));
    assert_eq!(listed(&env, &plan), ["attribute:account.contoso_tier", "entity:account 2"]);
    // A column of the platform's too.
    solution(&mut env, "More", "contoso");
    let plan = env.list_in(&key("attribute:contact.fullname"), &with_required("More"));
    assert_eq!(listed(&env, &plan), ["attribute:contact.fullname", "entity:contact 2"]);
}

#[test]
fn df16_readings_decide_about_managed_components_and_parts_of_tables() {
    let mut env = published_shop();
    env.rules = Rules { required_brings_managed: true, required_tables_bring_parts: true, ..Rules::OURS };
    let plan = env.list_in(&form_key(), &with_required("Sales"));
    let listed = listed(&env, &plan);
    assert!(listed.contains(&"optionset:contoso_tier 0".to_owned()), "{listed:?}");
    assert!(listed.contains(&"entity:contoso_line 0".to_owned()), "{listed:?}");
    assert!(listed.contains(&"attribute:contoso_line.contoso_spare".to_owned()), "{listed:?}");
    assert!(listed.contains(&"attribute:contoso_order.contoso_note".to_owned()), "{listed:?}");
    let again = env.list_in(&form_key(), &with_required("Sales"));
    assert!(again.edits.is_empty(), "{:#?}", again.edits);
}

#[test]
fn dp31_used_by_of_a_desktop_flow_lists_its_binaries() {
    let mut env = Simulated::default();
    assert!(!env.import(&newer("Flows 1.0 managed contoso", &SET)).is_refused());
    let used_by = lines(&dependency::dependents(&env.snapshot, &key(FLOW), &env.rules, &env.bodies()));
    let binary = |number| format!("desktopflowbinary:{} -> {FLOW} Internal (part)", id(number));
    assert_eq!(used_by, [binary(1), binary(2)]);
}

#[test]
fn df16_a_desktop_flow_brings_the_binaries_that_it_requires() {
    let mut env = Simulated::default();
    assert!(!env.import(&newer("Flows 1.0 unmanaged contoso", &SET)).is_refused());
    solution(&mut env, "Sales", "contoso");
    let alone = env.list_in(&key(FLOW), &addition("Sales", None));
    assert_eq!(listed(&env, &alone), [format!("{FLOW} 0")]);
    assert_eq!(missing(&env, "Sales").len(), 2, "the flow is no good without its binaries");
    let plan = env.list_in(&key(FLOW), &with_required("Sales"));
    assert_eq!(listed(&env, &plan), [1, 2].map(|number| format!("desktopflowbinary:{} 0", id(number))));
    assert_eq!(missing(&env, "Sales"), [""; 0]);
    assert!(env.list_in(&key(FLOW), &with_required("Sales")).edits.is_empty());
}

#[test]
fn df16_a_desktop_flow_brings_binaries_that_its_definition_does_not_list() {
    for (mode, joining) in [("unmanaged", SET.len()), ("managed", 0)] {
        let mut env = Simulated::default();
        let text = format!("package Flows 1.0 {mode} contoso\n{}\n{}", newer_row(""), rows(&SET));
        assert!(!env.import(&package(&text)).is_refused());
        solution(&mut env, "Sales", "contoso");
        let plan = env.list_in(&key(FLOW), &with_required("Sales"));
        assert_eq!(listed(&env, &plan).len(), 1 + joining, "{mode}: {:#?}", plan.findings);
    }
}
