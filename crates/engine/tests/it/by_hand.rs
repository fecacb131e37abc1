//! Components made, listed and deleted by hand (L3, L7, L9, L14–L22, L49–L52, L102).

use strata_engine::active::PropertyEdit;
use strata_engine::by_hand::create::NewComponent;
use strata_engine::clone::NewClone;
use strata_engine::create::{self, NewPublisher, NewSolution};
use strata_engine::membership::Addition;
use strata_model::component::ComponentType;
use strata_model::environment::Behavior;
use strata_model::plan::{FindingKind, Plan};
use strata_model::solution::{Solution, SolutionKind};
use strata_model::version::Version;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::refusal;

/// Makes a publisher and an unmanaged solution of it, where they are not there yet.
pub(crate) fn solution(env: &mut Simulated, name: &str, publisher: &str) {
    if !env.snapshot.publishers.iter().any(|known| known.unique_name == publisher) {
        let new = NewPublisher {
            unique_name: publisher.to_owned(),
            prefix: publisher.chars().take(8).collect(),
            friendly_name: None,
            option_value_prefix: Some(72_700),
            id: None,
            details: Default::default(),
        };
        let plan = create::publisher(&env.snapshot, &new, &env.rules);
        assert!(!plan.is_refused(), "{:?}", plan.findings);
        env.apply(&plan);
    }
    let new = NewSolution {
        unique_name: name.to_owned(),
        publisher: publisher.to_owned(),
        version: Version::parse("1.0.0.0").expect("a version"),
        friendly_name: None,
        id: None,
    };
    let plan = create::solution(&env.snapshot, &new, &env.rules);
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    env.apply(&plan);
}

/// A new table with its key and name, and what the platform gives it: 16 columns, 6 relationships, 3 forms, 7 views.
const NEW_TABLE: usize = 3 + 16 + 6 + 3 + 7;

/// A component of the smallest definition.
pub(crate) fn bare(text: &str, solution: &str) -> NewComponent {
    let (component_type, name) = text.split_once(':').expect("type:name");
    NewComponent {
        component_type: ComponentType::named(component_type),
        name: name.to_owned(),
        table: None,
        display_name: None,
        definition: None,
        properties: Vec::new(),
        options: Vec::new(),
        solution: (!solution.is_empty()).then(|| solution.to_owned()),
        content: None,
    }
}

pub(crate) fn addition(solution: &str, behavior: Option<u8>) -> Addition {
    let behavior = behavior.map(|number| Behavior::try_from(number).expect("0, 1 or 2"));
    Addition { solution: solution.to_owned(), behavior, required_components: false }
}

/// An environment with an unmanaged solution `Sales` of publisher contoso.
pub(crate) fn maker() -> Simulated {
    let mut env = Simulated::default();
    solution(&mut env, "Sales", "contoso");
    env
}

pub(crate) fn made(env: &mut Simulated, text: &str) -> Plan {
    let plan = env.create(&bare(text, "Sales"));
    assert!(!plan.is_refused(), "{text}: {:?}", plan.findings);
    plan
}

fn with(new: NewComponent, properties: &[(&str, &str)]) -> NewComponent {
    let edit = |(path, value): &(&str, &str)| PropertyEdit { path: (*path).to_owned(), value: (*value).to_owned() };
    NewComponent { properties: properties.iter().map(edit).collect(), ..new }
}

#[test]
fn l3_a_component_made_without_a_solution_joins_none_but_default() {
    let mut env = maker();
    assert!(!env.create(&bare("optionset:contoso_color", "")).is_refused());
    assert_eq!(env.layers(&key("optionset:contoso_color")), ["[Active]"]);
    assert!(env.listed("Sales").is_empty());
    let unnamed = env.create(&bare("optionset:color", ""));
    assert_eq!(refusal(&unnamed), "0x80048062 ImportAttributeNameError L7", "nobody says whose prefix it gets");
}

#[test]
fn l7_l8_new_metadata_bears_its_publishers_prefix() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    let columns = ["attribute:contoso_order.contoso_name", "attribute:contoso_order.contoso_orderid"];
    assert_eq!(env.components()[0], "entity:contoso_order");
    assert_eq!(env.components()[1..3], columns);
    made(&mut env, "attribute:contoso_order.Total");
    made(&mut env, "attribute:account.contoso_Tier");
    let foreign = env.create(&bare("attribute:contoso_order.fabrikam_x", "Sales"));
    assert_eq!(refusal(&foreign), "0x80048062 ImportAttributeNameError L8");
    assert!(env.components().contains(&"attribute:contoso_order.contoso_total".to_owned()));
    // Rows and processes bear no prefix.
    made(&mut env, "role:Clerk");
    made(&mut env, "workflow:Notify");
}

#[test]
fn l56_a_locked_solution_is_the_only_thing_wrong_with_a_name_without_a_prefix() {
    let mut env = Simulated::default();
    solution(&mut env, "Sales", "contoso");
    let clone = NewClone { solution: "Sales".to_owned(), version: None, friendly_name: None };
    assert!(!env.clone_patch(&clone).is_refused());
    let plan = env.create(&bare("entity:order", "Sales"));
    let rules: Vec<_> = plan.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["L56"], "contoso's prefix is known all the same");
    let message = &plan.findings[0].message;
    assert!(message.starts_with("Sales is locked by its patches: Sales_Patch_"), "{message}");
}

#[test]
fn l7_schema_names_are_letters_digits_and_underscores() {
    let mut env = Simulated::default();
    solution(&mut env, "Sales", "contoso");
    for name in ["entity:a b", "entity:contoso_ä", "optionset:x-y", "entity:contoso_a/b"] {
        let plan = env.create(&bare(name, "Sales"));
        assert_eq!(refusal(&plan), "0x80048062 ImportAttributeNameError L7", "{name}");
    }
    assert!(!env.create(&bare("entity:1st", "Sales")).is_refused(), "the prefix stands in front");
    assert!(!env.create(&bare("webresource:a/b-c.js", "Sales")).is_refused(), "web resources have paths");
}

#[test]
fn r8_a_column_has_one_of_the_known_types() {
    let mut env = maker();
    made(&mut env, "entity:contoso_order");
    let column = |kind: &str| with(bare("attribute:contoso_order.contoso_total", "Sales"), &[("Type", kind)]);
    let plan = env.create(&column("nonsense"));
    assert_eq!(refusal(&plan), "- UnknownProperty R8");
    let hint = plan.findings[0].hints.concat();
    assert!(hint.contains("nvarchar, ntext, int"), "{hint}");
    assert!(!env.create(&column("Money")).is_refused());
    env.publish();
    let resolved = env.resolved(&key("attribute:contoso_order.contoso_total"));
    assert!(resolved.contains(&"Type=money by Active".to_owned()), "{resolved:?}");
}

#[test]
fn l9_new_options_get_values_from_the_option_value_prefix() {
    let mut env = maker();
    let options = vec!["Red".to_owned(), "Green".to_owned()];
    let definition = "<optionset Name='contoso_color'><options><option value='5' /><option /></options></optionset>";
    let definition = Some(definition.as_bytes().to_vec());
    env.create(&NewComponent { options, definition, ..bare("optionset:contoso_color", "Sales") });
    env.publish();
    let resolved = env.resolved(&key("optionset:contoso_color"));
    for value in ["5", "727000000", "727000001", "727000002"] {
        let line = format!("options/option[{value}]@value={value} by Active");
        assert!(resolved.contains(&line), "{line} in {resolved:?}");
    }
    let text = NewComponent { options: vec!["Red".to_owned()], ..bare("role:Clerk", "Sales") };
    assert_eq!(refusal(&env.create(&text)), "- UnknownProperty L9");
}

#[test]
fn l16_a_managed_solution_is_not_edited() {
    let mut env = maker();
    env.import(&package("package Core 1.0 managed contoso\n entity contoso_t <X>1</X>"));
    let expected = "0x8004F024 CannotUpdateManagedSolution L16";
    assert_eq!(refusal(&env.create(&bare("optionset:color", "Core"))), expected);
    assert_eq!(refusal(&env.list_in(&key("entity:account"), &addition("Core", None))), expected);
    assert_eq!(refusal(&env.unlist(&key("entity:contoso_t"), "Core")), expected);
}

#[test]
fn l17_one_component_in_several_solutions_has_one_active_layer() {
    let mut env = maker();
    solution(&mut env, "Other", "contoso");
    made(&mut env, "environmentvariabledefinition:Url");
    let url = key("environmentvariabledefinition:contoso_url");
    env.list_in(&url, &addition("Other", None));
    env.set_in(&url, "type", "100000001", Some("Other"));
    assert_eq!(env.layers(&url), ["Active"]);
    assert_eq!((env.listed("Sales"), env.listed("Other")), (env.listed("Other"), env.listed("Sales")));
}

#[test]
fn l18_removing_a_table_removes_its_parts_from_the_list() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    made(&mut env, "systemform:contoso_order.Main");
    assert_eq!(env.listed("Sales").len(), NEW_TABLE + 1);
    env.unlist(&key("entity:contoso_order"), "Sales");
    assert!(env.listed("Sales").is_empty());
    assert_eq!(env.components().len(), NEW_TABLE + 1, "L21: they are all still there");
}

#[test]
fn l19_a_part_needs_its_table_and_must_exist() {
    let mut env = maker();
    env.import(&package(
        "package Core 1.0 managed contoso\n entity contoso_t <X>1</X>\n attribute contoso_t.contoso_c <V>1</V>",
    ));
    let column = key("attribute:contoso_t.contoso_c");
    assert_eq!(refusal(&env.list_in(&column, &addition("Sales", None))), "0x80048536 SubcomponentMissingARoot L19");
    let missing = key("attribute:contoso_t.contoso_nothing");
    assert_eq!(refusal(&env.list_in(&missing, &addition("Sales", None))), "0x80048537 SubcomponentDoesNotExist L19");
    let absent = key("optionset:contoso_nothing");
    assert_eq!(refusal(&env.list_in(&absent, &addition("Sales", None))), "0x80090457 ComponentNotExist L19");
    assert_eq!(refusal(&env.unlist(&column, "Sales")), "0x8004F021 CannotRemoveComponentFromSolution L19");
    assert!(!env.list_in(&key("entity:contoso_t"), &addition("Sales", Some(2))).is_refused());
    assert!(!env.list_in(&column, &addition("Sales", None)).is_refused());
    assert_eq!(env.listed("Sales"), ["entity:contoso_t 2", "attribute:contoso_t.contoso_c -"]);
    let orphan = env.create(&bare("attribute:contoso_nothing.x", "Sales"));
    assert_eq!(refusal(&orphan), "0x80090457 ComponentNotExist L19");
}

#[test]
fn l20_a_table_comes_with_all_parts_with_none_or_as_a_shell() {
    let mut env = maker();
    solution(&mut env, "Maker", "contoso");
    made(&mut env, "entity:Order");
    let table = key("entity:contoso_order");
    for (name, behavior, expected) in [("All", 0, NEW_TABLE), ("None", 1, 1), ("Shell", 2, 1)] {
        solution(&mut env, name, "contoso");
        env.list_in(&table, &addition(name, Some(behavior)));
        assert_eq!(env.listed(name).len(), expected, "{name}");
        assert_eq!(env.listed(name)[0], format!("entity:contoso_order {behavior}"));
    }
    made(&mut env, "savedquery:contoso_order.Open");
    assert_eq!(env.listed("All").len(), NEW_TABLE + 1, "later parts join by themselves");
    assert_eq!((env.listed("None").len(), env.listed("Shell").len()), (1, 1));
    assert_eq!(refusal(&env.list_in(&table, &addition("All", Some(2)))), "- AlreadyExists L20");
    assert!(!env.list_in(&table, &addition("Shell", Some(0))).is_refused(), "wider is allowed");
    assert_eq!(env.listed("Shell").len(), NEW_TABLE + 1);
    assert!(!env.list_in(&table, &addition("Shell", Some(0))).has_changes());
}

#[test]
fn l20_parts_that_an_import_brings_join_by_themselves_too() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    solution(&mut env, "Shell", "contoso");
    env.list_in(&key("entity:contoso_order"), &addition("Shell", Some(2)));
    env.import(&package(
        "package More 1.0 unmanaged contoso
         attribute contoso_order.contoso_late <V>1</V>
         savedquery 11111111-0000-4000-8000-000000000002 of=contoso_order <querytype>0</querytype>",
    ));
    assert_eq!((env.listed("Sales").len(), env.listed("Shell").len(), env.listed("More").len()), (NEW_TABLE + 2, 1, 2));
}

#[test]
fn l20_a_part_that_is_made_elsewhere_brings_its_table_as_a_shell() {
    let mut env = maker();
    made(&mut env, "attribute:account.Tier");
    assert_eq!(env.listed("Sales"), ["entity:account 2", "attribute:account.contoso_tier -"]);
}

#[test]
fn oq31_the_default_of_an_added_table_is_a_reading() {
    for (whole, expected) in [(true, "entity:contoso_t 0"), (false, "entity:contoso_t 2")] {
        let mut env = maker();
        env.rules.added_tables_include_subcomponents = whole;
        env.import(&package("package Core 1.0 managed contoso\n entity contoso_t <X>1</X>"));
        env.list_in(&key("entity:contoso_t"), &addition("Sales", None));
        assert_eq!(env.listed("Sales"), [expected]);
    }
}

#[test]
fn l21_removing_from_a_solution_deletes_nothing_and_l4_some_lists_are_fixed() {
    let mut env = maker();
    made(&mut env, "optionset:color");
    let color = key("optionset:contoso_color");
    assert!(!env.unlist(&color, "Sales").is_refused());
    assert_eq!(env.layers(&color), ["[Active]"]);
    assert_eq!(refusal(&env.unlist(&color, "Default")), "0x8004F000 CannotRemoveComponentFromDefaultSolution L4");
    assert_eq!(refusal(&env.unlist(&color, "System")), "0x8004F035 CannotRemoveComponentFromSystemSolution L4");
    let default = env.list_in(&color, &addition("Default", None));
    assert_eq!(refusal(&default), "0x8004F009 CannotUpdateDefaultSolution L4");
}

#[test]
fn l22_an_unchanged_component_of_a_package_makes_a_layer_all_the_same() {
    let mut env = Simulated::default();
    let column = "attribute contoso_t.contoso_c <MaxLength>1</MaxLength>";
    env.import(&package(&format!("package Core 1.0 managed contoso\n {column}")));
    env.import(&package(&format!("package More 1.0 managed contoso\n {column}")));
    assert_eq!(env.layers(&key("attribute:contoso_t.contoso_c")), ["Core", "More"]);
    let update = "package Core 1.1 managed contoso\n attribute contoso_t.contoso_c <MaxLength>2</MaxLength>";
    assert_eq!(env.import(&package(update)).summary().masked, 1, "it hides what comes below");
}

#[test]
fn l37_attribute_maps_take_no_unmanaged_layer_over_a_managed_one() {
    let mut env = Simulated::default();
    for component in ["entitymap:account.contact", "teamtemplate:Crew"] {
        let line = component.replacen(':', " ", 1);
        let text = |mode: &str, name: &str, value: &str| {
            package(&format!("package {name} 1.0 {mode} contoso\n {line} <V>{value}</V>"))
        };
        let name = component.split(':').next().unwrap_or_default();
        env.import(&text("managed", &format!("Core{name}"), "1"));
        let plan = env.import(&text("unmanaged", &format!("Mine{name}"), "2"));
        assert!(!plan.is_refused(), "{:?}", plan.findings);
        assert!(plan.findings.iter().any(|finding| finding.rule == "L37"));
        assert_eq!(env.layers(&key(component)), [format!("Core{name}")]);
        let edit = env.set(&key(component), "V", "3");
        assert_eq!(refusal(&edit), "0x8004F012 InvalidUpdateOnProtectedComponent L37");
    }
    let own = "package Own 1.0 unmanaged contoso\n entitymap contoso_a.contoso_b <V>1</V>";
    assert!(!env.import(&package(own)).is_refused());
    assert_eq!(env.layers(&key("entitymap:contoso_a.contoso_b")), ["Active"], "its base is unmanaged (L35)");
}

#[test]
fn l102_a_table_goes_with_its_parts_and_relationships_and_nothing_else() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    made(&mut env, "systemform:contoso_order.Main");
    made(&mut env, "optionset:color");
    let definition = "<EntityRelationship Name='contoso_order_account'><ReferencingEntityName>contoso_order\
        </ReferencingEntityName><ReferencedEntityName>account</ReferencedEntityName></EntityRelationship>";
    let relationship = bare("entityrelationship:contoso_order_account", "Sales");
    env.create(&NewComponent { definition: Some(definition.as_bytes().to_vec()), ..relationship });
    env.rows.insert("contoso_order".to_owned(), 3);
    let plan = env.delete(&key("entity:contoso_order"));
    assert_eq!((plan.summary().delete, plan.summary().rows_lost), (NEW_TABLE as u64 + 2, 3));
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "L102"));
    assert_eq!(env.components(), ["optionset:contoso_color"]);
    assert_eq!(env.listed("Sales"), ["optionset:contoso_color 0"]);
}

#[test]
fn l102_a_column_of_amounts_brings_its_base_amount_and_takes_it_along() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    for name in ["Total", "Tax"] {
        let column = with(bare(&format!("attribute:contoso_order.{name}"), "Sales"), &[("Type", "money")]);
        assert!(!env.create(&column).is_refused());
    }
    // Two amounts with their base amounts; currency, rate and relationship once.
    assert_eq!(env.components().len(), NEW_TABLE + 4 + 3);
    let base = key("attribute:contoso_order.contoso_tax_base");
    assert!(env.resolved(&base).is_empty(), "a draft");
    env.publish();
    assert!(
        env.resolved(&base).contains(&"CalculationOf=contoso_Tax by Active".to_owned()),
        "{:?}",
        env.resolved(&base)
    );
    assert_eq!(refusal(&env.delete(&base)), "0x8004F01F CannotDeleteInUseComponent L102");
    let plan = env.delete(&key("attribute:contoso_order.contoso_tax"));
    assert_eq!(plan.summary().delete, 2);
    assert!(env.components().contains(&"attribute:contoso_order.contoso_total_base".to_owned()));
    let account = with(bare("attribute:account.contoso_Budget", "Sales"), &[("Type", "money")]);
    let plan = env.create(&account);
    assert_eq!(plan.summary().create, 2, "the platform's tables have a currency of their own");
    for platforms in ["attribute:contoso_order.ownerid", "entityrelationship:owner_contoso_order"] {
        assert_eq!(refusal(&env.delete(&key(platforms))), "0x8004F01F CannotDeleteInUseComponent L102", "{platforms}");
    }
}

#[test]
fn l102_the_key_and_the_name_column_go_only_with_their_table() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    made(&mut env, "attribute:contoso_order.Total");
    for column in ["contoso_orderid", "contoso_name"] {
        let plan = env.delete(&key(&format!("attribute:contoso_order.{column}")));
        assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent L102");
    }
    assert!(!env.delete(&key("attribute:contoso_order.contoso_total")).is_refused());
    assert_eq!(refusal(&env.delete(&key("optionset:contoso_nothing"))), "0x80090457 ComponentNotExist L102");
}

#[test]
fn l102_dp14_what_stands_managed_on_a_table_holds_it() {
    let mut env = maker();
    env.import(&package("package Own 1.0 unmanaged contoso\n entity contoso_t <X>1</X>"));
    env.import(&package("package Addon 1.0 managed fabrikam\n attribute contoso_t.fabrikam_c <V>1</V>"));
    let plan = env.delete(&key("entity:contoso_t"));
    assert_eq!(refusal(&plan), "0x8004F01F CannotDeleteInUseComponent DP14");
    assert_eq!(plan.first_error().map(|error| error.related.len()), Some(1));
    assert!(plan.edits.is_empty());
}

#[test]
fn l98_dp2_unmanaged_parts_go_with_an_uninstalled_table_and_managed_ones_hold_it() {
    let mut env = maker();
    env.import(&package("package Core 1.0 managed contoso\n entity contoso_t <X>1</X>"));
    made(&mut env, "systemform:contoso_t.Mine");
    let view = "savedquery 11111111-0000-4000-8000-000000000002 of=contoso_t <querytype>0</querytype>";
    env.import(&package(&format!("package Addon 1.0 managed fabrikam\n {view}")));
    assert_eq!(refusal(&env.clone().uninstall("Core")), "0x8004F01D CannotUninstallWithDependencies L98");
    env.uninstall("Addon");
    assert!(!env.uninstall("Core").is_refused());
    assert!(env.components().is_empty(), "{:?}", env.components());
}

#[test]
fn l117_a_value_needs_its_variable() {
    let mut env = maker();
    let value = bare("environmentvariablevalue:contoso_url", "Sales");
    let plan = env.create(&with(value.clone(), &[("value", "https://contoso.com")]));
    assert_eq!(refusal(&plan), "0x80090457 ComponentNotExist L117");
    made(&mut env, "environmentvariabledefinition:url");
    assert!(!env.create(&with(value, &[("value", "https://contoso.com")])).is_refused());
    let resolved = env.resolved(&key("environmentvariablevalue:contoso_url"));
    assert!(resolved.contains(&"value=https://contoso.com by Active".to_owned()), "{resolved:?}");
    env.delete(&key("environmentvariabledefinition:contoso_url"));
    assert!(env.components().is_empty(), "and goes with it");
}

#[test]
fn l56_a_solution_with_patches_is_locked() {
    let mut env = maker();
    env.snapshot.solutions.push(Solution {
        no: env.snapshot.next_solution,
        unique_name: "Sales_Patch_1".to_owned(),
        kind: SolutionKind::Patch,
        parent: Some(env.snapshot.solutions[0].no),
        ..env.snapshot.solutions[0].clone()
    });
    assert_eq!(refusal(&env.create(&bare("optionset:x", "Sales"))), "0x80048538 CannotModifyPatchedSolution L56");
}

#[test]
fn d3_a_definition_is_taken_as_it_stands_in_a_package_and_checked() {
    let mut env = maker();
    let given = |text: &str, component: &str| NewComponent {
        definition: Some(text.as_bytes().to_vec()),
        ..bare(component, "Sales")
    };
    let choice = "<optionset Name='contoso_color'><OptionSetType>picklist</OptionSetType></optionset>";
    assert!(!env.create(&given(choice, "optionset:contoso_color")).is_refused());
    assert_eq!(refusal(&env.create(&given(choice, "optionset:contoso_size"))), "- InvalidDefinition D4");
    assert_eq!(refusal(&env.create(&given("no xml", "optionset:contoso_size"))), "- InvalidDefinition D3");
    let whole = "<Entity><Name>contoso_T</Name><EntityInfo><entity Name='contoso_T'><attributes><attribute />\
        </attributes></entity></EntityInfo></Entity>";
    assert_eq!(refusal(&env.create(&given(whole, "entity:contoso_T"))), "- InvalidDefinition D3");
    assert_eq!(refusal(&env.create(&bare("report:Sales", "Sales"))), "- DefinitionNeeded D3");
    assert_eq!(refusal(&env.create(&bare("optionset:contoso_color", "Sales"))), "- AlreadyExists L17");
    let unknown = with(bare("optionset:contoso_size", "Sales"), &[("no path", "1")]);
    assert_eq!(refusal(&env.create(&unknown)), "- UnknownProperty R8");
}

#[test]
fn every_minimal_definition_is_what_its_type_says() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    for name in [
        "attribute:contoso_order.a",
        "systemform:contoso_order.Main",
        "savedquery:contoso_order.All",
        "savedqueryvisualization:contoso_order.Sums",
        "optionset:color",
        "webresource:script.js",
        "role:Clerk",
        "workflow:Notify",
        "environmentvariabledefinition:url",
        "connectionreference:mail",
        "appmodule:app",
        "sitemap:map",
        "fieldsecurityprofile:Secret",
        "systemform:Board",
    ] {
        made(&mut env, name);
    }
    for kind in ["nvarchar", "ntext", "int", "decimal", "float", "money", "datetime", "bit", "picklist", "lookup"] {
        let column = with(bare(&format!("attribute:contoso_order.{kind}col"), "Sales"), &[("Type", kind)]);
        assert!(!env.create(&column).is_refused(), "{kind}");
    }
    env.publish();
    for (key, state) in &env.snapshot.components {
        assert!(!state.layers.is_empty() && state.layers.iter().all(|layer| layer.display_name.is_some()), "{key}");
        assert!(!env.resolved(key).is_empty(), "{key}");
    }
}
