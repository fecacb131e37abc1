//! Tables as the Web API names them.

use strata_engine::table::Kind;
use strata_model::options::ImportOptions;
use strata_ops::schema::Schema;
use strata_testkit::corpus::Corpus;
use strata_testkit::examples;

use crate::{Scratch, assuming};

fn schema(scratch: &Scratch) -> Schema {
    let environment = scratch.workspace.environment_to_write().expect("the default environment");
    Schema::load(&scratch.workspace, &environment).expect("a schema")
}

#[test]
fn w7_every_system_table_has_a_set_and_parts() {
    let scratch = Scratch::new();
    let schema = schema(&scratch);
    assert!(schema.tables().count() >= 648);
    let mut codes = std::collections::BTreeSet::new();
    for entry in schema.tables() {
        assert_eq!(schema.by_set(&entry.set).map(|found| &found.name), Some(&entry.name), "{}", entry.set);
        assert!(codes.insert(entry.type_code), "{}: {}", entry.name, entry.type_code);
        let table = schema.table(&scratch.workspace, &entry.name).expect("a table");
        assert!(table.columns.contains_key(&table.primary_id), "{}", entry.name);
    }
}

#[test]
fn w11_known_sets_have_the_columns_that_clients_touch() {
    let scratch = Scratch::new();
    let schema = schema(&scratch);
    let table = |name: &str| schema.table(&scratch.workspace, name).expect("a table");
    let layer = table("msdyn_componentlayer");
    assert_eq!(layer.columns["msdyn_order"].kind, Kind::Integer { min: i32::MIN.into(), max: i32::MAX.into() });
    assert!(!layer.columns.contains_key("ownerid"), "nobody owns a layer");
    assert_eq!(
        schema.by_set("solutioncomponentdefinitions").map(|entry| entry.name.as_str()),
        Some("solutioncomponentdefinition")
    );
    let solution = table("solution");
    assert_eq!(solution.columns["publisherid"].navigations[0].name, "publisherid");
    assert_eq!(solution.columns["publisherid"].navigations[0].target, "publisher");
    assert!(solution.columns["ismanaged"].is_read_only && !solution.columns["version"].is_read_only);
    let publisher = table("publisher");
    assert!(publisher.collections_in.iter().any(|relation| relation.collection_navigation == "publisher_solution"));
    let value = table("environmentvariablevalue");
    let navigation = &value.columns["environmentvariabledefinitionid"].navigations[0];
    assert_eq!(navigation.name, "EnvironmentVariableDefinitionId");
    let job = table("asyncoperation");
    assert_eq!(job.columns["statuscode"].option_labels[&30][&1033], "Succeeded");
    let contact = table("contact");
    let names: Vec<_> = contact.columns["parentcustomerid"].navigations.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["parentcustomerid_account", "parentcustomerid_contact"]);
}

#[test]
fn w7_tables_of_a_package_have_sets_labels_and_navigations() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    let schema = schema(&scratch);
    let order = schema.table(&scratch.workspace, "contoso_order").expect("a table");
    let line = schema.table(&scratch.workspace, "contoso_orderline").expect("a table");
    assert!(order.type_code >= 11_000 && order.type_code != line.type_code);
    assert_eq!(order.labels.name[&1033], "Order");
    let to_order = line.lookups_out.iter().find(|relation| relation.referenced == "contoso_order").expect("a lookup");
    let navigation = &line.columns[&to_order.column].navigations[0];
    assert_eq!((navigation.name.as_str(), navigation.target.as_str()), ("contoso_Order", "contoso_order"));
    assert!(order.collections_in.iter().any(|relation| relation.schema_name == to_order.schema_name));
}

#[test]
fn w7_navigations_of_real_packages_are_those_that_their_relationships_name() {
    let Some(corpus) = Corpus::find() else { return };
    let Some(sample) = corpus.packages().find(|sample| sample.path.ends_with("AutomotiveSales_0_5_0_0.zip")) else {
        return;
    };
    let scratch = Scratch::new();
    let file = scratch.file("package.zip", &sample.bytes);
    scratch.import(&file, &assuming()).expect("assumed to fit");
    let schema = schema(&scratch);
    assert_eq!(
        schema.by_set("msauto_financingopportunities").map(|entry| entry.name.as_str()),
        Some("msauto_financingopportunity")
    );
    let table = schema.table(&scratch.workspace, "msauto_financingopportunity").expect("a table");
    let names: Vec<_> = table.columns["msauto_customerid"].navigations.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["msauto_CustomerId_account", "msauto_CustomerId_contact"]);
    assert_eq!(table.columns["statuscode"].option_labels[&1][&1033], "Active");
    let collections: Vec<_> = table.lookups_out.iter().map(|relation| relation.schema_name.as_str()).collect();
    let mut unique = collections.clone();
    unique.dedup();
    assert_eq!(collections, unique);
    assert!(collections.contains(&"lk_msauto_financingopportunity_createdby"), "{collections:?}");
}
