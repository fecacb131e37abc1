//! Tables as the Web API names them.

use std::sync::{Arc, Mutex};

use strata_engine::active::PropertyEdit;
use strata_engine::table::Kind;
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_model::options::ImportOptions;
use strata_ops::schema::Schema;
use strata_ops::{Location, Request, Watch, Workspace};
use strata_testkit::corpus::Corpus;
use strata_testkit::examples;

use crate::{Scratch, assuming, import};

fn schema(scratch: &Scratch) -> Schema {
    let environment = scratch.workspace.environment_to_write().expect("the default environment");
    Schema::load(&scratch.workspace, &environment, None).expect("a schema")
}

/// Tables taken over from one revision to the next, which are to be what reading all of them gives.
pub(crate) struct Renewed(Schema);

impl Renewed {
    pub(crate) fn new(workspace: &Workspace) -> Self {
        let environment = workspace.environment().expect("the default environment");
        Self(Schema::load(workspace, &environment, None).expect("a schema"))
    }

    /// Goes on to the environment's revision and compares these tables.
    pub(crate) fn follow(&mut self, workspace: &Workspace, tables: &[&str]) {
        let environment = workspace.environment().expect("the default environment");
        for table in tables.iter().filter(|table| self.0.by_name(table).is_some()) {
            self.0.table(workspace, table).expect("a table");
        }
        let renewed = Schema::load(workspace, &environment, Some(&self.0)).expect("a schema");
        let whole = Schema::load(workspace, &environment, None).expect("a schema");
        let names = |schema: &Schema| format!("{:#?}", schema.tables().collect::<Vec<_>>());
        assert_eq!(names(&renewed), names(&whole));
        let sets = |schema: &Schema| schema.tables().map(|own| schema.by_set(&own.set).cloned()).collect::<Vec<_>>();
        assert_eq!(sets(&renewed), sets(&whole));
        assert_eq!(renewed.one_to_many(workspace).expect("some"), whole.one_to_many(workspace).expect("some"));
        assert_eq!(renewed.many_to_many(workspace).expect("some"), whole.many_to_many(workspace).expect("some"));
        for table in tables.iter().filter(|table| whole.by_name(table).is_some()) {
            let told = |schema: &Schema| format!("{:#?}", schema.table(workspace, table).expect("a table"));
            assert_eq!(told(&renewed), told(&whole), "{table}");
        }
        self.0 = renewed;
    }
}

#[test]
fn tables_that_no_operation_touched_are_taken_over_and_the_others_are_read() {
    let scratch = Scratch::new();
    let tables = ["contoso_order", "contoso_orderline", "contoso_customer", "account", "contact", "systemuser"];
    let mut schema = Renewed::new(&scratch.workspace);
    for package in ["contoso-core-1.0", "contoso-sales-1.0", "fabrikam-addon-1.0", "contoso-core-1.1"] {
        scratch.import(&examples::path(package), &assuming()).expect("an import");
        schema.follow(&scratch.workspace, &tables);
    }
    let known = Renewed::new(&scratch.workspace).0;
    let before = |table: &str| known.table(&scratch.workspace, table).expect("a table");
    let (account, order) = (before("account"), before("contoso_order"));
    let edits = vec![PropertyEdit { path: "RequiredLevel".to_owned(), value: "required".to_owned() }];
    let component = strata_testkit::fixture::key("attribute:contoso_order.contoso_total");
    scratch.run(&Request::Set { component, edits, solution: None }).expect("an edit");
    schema.follow(&scratch.workspace, &tables);
    let environment = scratch.workspace.environment().expect("the default environment");
    let renewed = Schema::load(&scratch.workspace, &environment, Some(&known)).expect("a schema");
    let after = |table: &str| renewed.table(&scratch.workspace, table).expect("a table");
    assert!(Arc::ptr_eq(&account, &after("account")), "nobody touched it");
    assert!(!Arc::ptr_eq(&order, &after("contoso_order")), "one of its columns has another layer");
    for _ in 0..3 {
        scratch.run(&Request::Undo).expect("an undo");
        schema.follow(&scratch.workspace, &tables);
    }
}

#[test]
fn tables_of_real_packages_are_taken_over_too() {
    let Some(corpus) = Corpus::find() else { return };
    let scratch = Scratch::new();
    let mut schema = Renewed::new(&scratch.workspace);
    for package in ["AutomotiveSales_0_5_0_0.zip", "NonprofitCore"] {
        let Some(sample) = corpus.packages().find(|sample| sample.path.to_string().contains(package)) else { continue };
        let file = scratch.file("package.zip", &sample.bytes);
        scratch.import(&file, &assuming()).expect("assumed to fit");
        schema.follow(&scratch.workspace, &["account", "contact", "msauto_financingopportunity", "systemuser"]);
    }
    scratch.run(&Request::Undo).expect("an undo");
    schema.follow(&scratch.workspace, &["account", "contact", "msauto_financingopportunity"]);
}

/// Notes what is announced: the revision, what others see meanwhile, and whether it came.
#[derive(Default)]
struct Notes {
    location: Option<Location>,
    coming: Mutex<Vec<(Operation, Operation)>>,
    missed: Mutex<Vec<Operation>>,
}

impl Watch for Notes {
    fn coming(&self, workspace: &Workspace, environment: &Environment) {
        let schema = Schema::load(workspace, environment, None).expect("a schema");
        assert!(schema.by_name("contoso_order").is_some(), "it can be read through the workspace");
        let others = Workspace::open(self.location.as_ref().expect("a place")).expect("the store");
        let seen = others.environment().expect("the default environment").revision;
        self.coming.lock().expect("no panic").push((environment.revision, seen));
    }

    fn missed(&self, environment: &Environment) {
        self.missed.lock().expect("no panic").push(environment.revision);
    }
}

#[test]
fn what_an_operation_brings_is_announced_before_others_see_it() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let location = Location { store: folder.path().join("strata.db").display().to_string(), environment: None };
    let notes = Arc::new(Notes { location: Some(location.clone()), ..Notes::default() });
    let workspace = Workspace::open_or_create(&location).expect("a store").watched_by(notes.clone());
    workspace.environment_to_write().expect("the default environment");
    let run = |request: &Request| {
        let environment = workspace.environment().expect("the default environment");
        strata_ops::carry_out(&workspace, &environment, request, &strata_ops::silent)
    };
    let package = examples::path("contoso-core-1.0");
    let revision = run(&import(&package, &ImportOptions::pac())).expect("an import").operation;
    assert_eq!(*notes.coming.lock().expect("no panic"), [(revision, Operation(revision.0 - 1))]);
    run(&Request::Uninstall { solution: "nothing".to_owned() }).expect_err("there is none");
    let whole = strata_ops::Whole::begin(workspace.store()).expect("a transaction");
    run(&import(&examples::path("contoso-core-1.1"), &ImportOptions::pac())).expect("an import");
    drop(whole);
    assert_eq!(notes.coming.lock().expect("no panic").len(), 1, "neither refusals nor what may be taken back");
    assert!(notes.missed.lock().expect("no panic").is_empty());
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
