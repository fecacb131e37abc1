//! What packages need beyond themselves (dependency-sources §3).

use std::collections::BTreeMap;

use strata_engine::needs::{self, Around, Need, Nothing};
use strata_model::component::ComponentKey;
use strata_model::id::Guid;
use strata_model::reference::Target;
use strata_model::rules::Rules;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

const FORM: &str = "11111111-0000-4000-8000-000000000001";

/// An environment in which every component named by key exists, and some are owned by others.
struct Elsewhere<'a>(&'a [(&'a str, &'a str)]);

impl Around for Elsewhere<'_> {
    fn find(&self, target: &Target) -> Vec<ComponentKey> {
        match target {
            Target::Component(key) => vec![key.clone()],
            Target::EntitySet(_) | Target::LookupRelationship(_) | Target::PrimaryColumns(_) => Vec::new(),
        }
    }

    fn owner(&self, own: &ComponentKey) -> Option<String> {
        self.0.iter().find(|(owned, _)| key(owned) == *own).map(|(_, owner)| (*owner).to_owned())
    }
}

fn shown(needs: &[Need]) -> Vec<String> {
    needs.iter().map(|need| need.required.to_string()).collect()
}

fn needed(text: &str) -> Vec<String> {
    shown(&needs::of(&package(text), &Elsewhere(&[]), &Rules::OURS))
}

#[test]
fn dp25_a_table_by_name_only_is_still_needed_and_one_that_gets_columns_is_not() {
    let form = format!("systemform {FORM} of=contoso_order <form />");
    let by_name = format!("package P 1.0.0.0 unmanaged contoso\nentity contoso_order reference\n{form}");
    assert_eq!(needed(&by_name), ["entity:contoso_order"]);
    let with_columns = by_name.replace("reference", "reference <attributes />");
    assert_eq!(needed(&with_columns), Vec::<String>::new());
    let whole = by_name.replace("reference", "<OwnershipTypeMask>UserOwned</OwnershipTypeMask>");
    assert_eq!(needed(&whole), Vec::<String>::new());
}

#[test]
fn dp25_columns_of_a_foreign_table_are_needed_and_those_of_an_own_table_are_not() {
    let text = format!(
        "package P 1.0.0.0 unmanaged contoso
         entity contoso_order <attributes />
         attribute contoso_order.contoso_a <Type>money</Type>
         systemform {FORM} of=contoso_order <control datafieldname='contoso_a' /><control datafieldname='contoso_b' />"
    );
    assert_eq!(needed(&text), ["attribute:contoso_order.contoso_b"]);
    let own = format!("{text}\nattribute contoso_order.contoso_orderid <Type>primarykey</Type>");
    assert_eq!(needed(&own), Vec::<String>::new());
}

#[test]
fn dp25_a_relationship_that_another_solution_owns_is_needed_though_it_is_there() {
    let text = format!(
        "package P 1.0.0.0 managed contoso
         entityrelationship contoso_r <x />
         systemform {FORM} of=account <RelationshipName>contoso_r</RelationshipName>"
    );
    let package = package(&text);
    let of = |owners: &[(&str, &str)]| shown(&needs::of(&package, &Elsewhere(owners), &Rules::OURS));
    assert_eq!(of(&[]), Vec::<String>::new());
    assert_eq!(of(&[("entityrelationship:contoso_r", "Base")]), ["entityrelationship:contoso_r"]);
    let form = format!("systemform:{FORM}");
    let both = [("entityrelationship:contoso_r", "Base"), (form.as_str(), "Base")];
    assert_eq!(of(&both), Vec::<String>::new(), "who is owned by the same needs nobody else");
}

#[test]
fn dp25_what_is_there_for_reference_names_nothing_unless_it_is_a_layer() {
    let text = format!("package P 1.0.0.0 unmanaged contoso\nsavedquery {FORM} reference <entity name='contoso_x' />");
    let package = package(&text);
    assert_eq!(shown(&needs::of(&package, &Elsewhere(&[]), &Rules::OURS)), Vec::<String>::new());
    let owned = format!("savedquery:{FORM}");
    let around = Elsewhere(&[(owned.as_str(), "Base")]);
    assert_eq!(shown(&needs::of(&package, &around, &Rules::OURS)), ["entity:contoso_x"]);
}

#[test]
fn dp25_tables_of_the_system_are_not_needed_and_those_of_first_party_solutions_are() {
    let text = format!(
        "package P 1.0.0.0 unmanaged contoso\nsavedquery {FORM} <entity name='account' /><link-entity name='bot' />"
    );
    let needs = needs::of(&package(&text), &Nothing, &Rules::OURS);
    assert_eq!(shown(&needs), ["entity:bot"]);
    assert_eq!(needs[0].found, [key("entity:bot")], "every environment has it");
    assert!(needs::undeclared(&package(&text), &Nothing, &Rules::OURS).is_empty());
}

#[test]
fn dp23_relationships_on_foreign_tables_need_what_the_platform_does_not_list() {
    let text = "package P 1.0.0.0 unmanaged contoso
        entityrelationship contoso_r <ReferencingEntityName>account</ReferencingEntityName><ReferencedEntityName>contoso_tier</ReferencedEntityName>
        entityrelationship contoso_s <ReferencingEntityName>contoso_order</ReferencingEntityName><ReferencedEntityName>contoso_tier</ReferencedEntityName>
        entity contoso_order <OwnershipTypeMask>UserOwned</OwnershipTypeMask>
        attribute contoso_order.contoso_orderid <Type>primarykey</Type>";
    let needs = needs::of(&package(text), &Elsewhere(&[]), &Rules::OURS);
    let tier =
        needs.iter().find(|need| need.required == Target::Component(key("entity:contoso_tier"))).expect("needed");
    let listed: BTreeMap<_, _> =
        tier.dependents.iter().map(|dependent| (dependent.key.as_str(), dependent.is_declared)).collect();
    assert_eq!(listed, BTreeMap::from([("contoso_r", false), ("contoso_s", true)]));
}

#[test]
fn dp22_what_is_declared_is_not_undeclared() {
    let text = format!(
        "package P 1.0.0.0 managed contoso
         needs webresource:contoso_/a.js from Base 1.0.0.0
         systemform {FORM} of=account <Library name='contoso_/a.js' /><Library name='contoso_/b.js' /><Library name='msdyn_/c.js' />"
    );
    let undeclared = needs::undeclared(&package(&text), &Nothing, &Rules::OURS);
    assert_eq!(shown(&undeclared), ["webresource:contoso_/b.js", "webresource:msdyn_/c.js"]);
    assert_eq!(undeclared.iter().map(|need| need.is_weak).collect::<Vec<_>>(), [false, true]);
    assert_eq!(undeclared[0].dependents[0].reference.place, "form library");
}

#[test]
fn dp22_what_every_environment_has_is_not_missed_at_an_import() {
    let form = |body: &str| {
        let text = format!(
            "package P 1.0.0.0 managed contoso\n root entity:account 1\n systemform {FORM} of=account/quick {body}"
        );
        let plan = Simulated::default().import(&package(&text));
        plan.findings.iter().filter(|finding| finding.rule == "DP22").count()
    };
    let role = |id: &str| format!("<form><DisplayConditions><Role Id=\"{{{id}}}\" /></DisplayConditions></form>");
    let view = |id: &str| format!("<form><parameters><ViewId>{{{id}}}</ViewId></parameters></form>");
    assert_eq!(form(&role("627090ff-40a3-4053-8790-584edc5be201")), 0, "the system administrator");
    assert_eq!(form(&role("627090ff-40a3-4053-8790-584edc5be202")), 1);
    assert_eq!(form(&view("00000000-0000-0000-00aa-000010001019")), 0, "a view of the platform");
    assert_eq!(form(&view("00000000-0000-0001-00aa-000010001019")), 1);
}

#[test]
fn dp22_what_is_declared_by_name_is_not_missed_by_its_id() {
    let id = "44444444-0000-4000-8000-000000000004";
    let undeclared = |named: &str| {
        let mut package = package(&format!(
            "package P 1.0.0.0 unmanaged contoso
             needs webresource:contoso_/icon.png from Base 1.0.0.0
             appmodule contoso_app <UniqueName>contoso_app</UniqueName><WebResourceId>{named}</WebResourceId>"
        ));
        package.manifest.missing_dependencies[0].required.id = Guid::parse(id);
        let plan = Simulated::default().import(&package);
        plan.findings.iter().filter(|finding| finding.rule == "DP22").count()
    };
    assert_eq!(undeclared(id), 0);
    assert_eq!(undeclared("44444444-0000-4000-8000-000000000005"), 1);
}
