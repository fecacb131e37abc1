//! Sets beside lists: what a query reads from a projection is what the lists say, after each kind of operation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::options::{ImportAction, ImportOptions};
use strata_ops::schema::Schema;
use strata_ops::{PropertyEdit, Request, by_hand, components, jobs, sets, solutions};
use strata_store::Record;
use strata_store::query::RowQuery;
use strata_testkit::corpus::Corpus;
use strata_testkit::examples;

use crate::Scratch;

/// The rows of a set, by id.
fn rows_where(scratch: &Scratch, table: &str, wanted: &[(&str, &str)]) -> BTreeMap<String, Record> {
    let environment = scratch.workspace.environment().expect("the environment");
    let schema = Schema::load(&scratch.workspace, &environment, None).expect("the tables");
    let wanted: Vec<_> = wanted.iter().map(|(column, value)| ((*column).to_owned(), json!(value))).collect();
    let relation = sets::relation(&scratch.workspace, &environment, &schema, table, &wanted).expect(table);
    let page = scratch.workspace.store().query(&environment, None, &RowQuery::all(relation)).expect("rows");
    page.rows.into_iter().map(|record| (record.id.clone(), record)).collect()
}

fn rows(scratch: &Scratch, table: &str) -> BTreeMap<String, Record> {
    rows_where(scratch, table, &[])
}

/// Tables whose rows are components of a type.
const COMPONENT_TABLES: [&str; 20] = [
    "workflow",
    "webresource",
    "systemform",
    "savedquery",
    "savedqueryvisualization",
    "appmodule",
    "sitemap",
    "canvasapp",
    "desktopflowbinary",
    "environmentvariabledefinition",
    "environmentvariablevalue",
    "connectionreference",
    "pluginassembly",
    "plugintype",
    "sdkmessageprocessingstep",
    "customapi",
    "bot",
    "botcomponent",
    "connectionrole",
    "workqueue",
];

/// Asserts that every set says what the lists say.
fn assert_as_listed(scratch: &Scratch) {
    let listed = solutions::list(&scratch.workspace, None, true).expect("solutions");
    let shown = rows(scratch, "solution");
    let names: BTreeSet<_> = listed.iter().map(|entry| (entry.id.to_string(), entry.unique_name.clone())).collect();
    let shown: BTreeSet<_> = shown
        .values()
        .map(|row| (row.id.clone(), row.values["uniquename"].as_str().expect("a name").to_owned()))
        .collect();
    assert_eq!(shown, names);
    for table in COMPONENT_TABLES {
        let component_type = Some(ComponentType::named(table));
        let filter = components::Filter { component_type, ..Default::default() };
        let listed = components::list(&scratch.workspace, None, &filter).expect("components");
        let ids: BTreeSet<_> = listed.iter().map(|entry| entry.component.id.to_string()).collect();
        let shown: BTreeSet<_> = rows(scratch, table).into_keys().collect();
        assert_eq!(shown, ids, "{table}");
    }
    let members = rows(scratch, "solutioncomponent");
    let mut expected = BTreeSet::new();
    for solution in solutions::list(&scratch.workspace, None, false).expect("solutions") {
        let filter = components::Filter { solution: Some(solution.unique_name.clone()), ..Default::default() };
        for entry in components::list(&scratch.workspace, None, &filter).expect("components") {
            if entry.solutions.contains(&solution.unique_name) {
                expected.insert(sets::solution_component_id(solution.id, entry.component.id).to_string());
            }
        }
    }
    assert_eq!(members.into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn w11_sets_show_what_real_packages_brought() {
    let Some(corpus) = Corpus::find() else { return };
    let scratch = Scratch::new();
    let wanted = [
        "customHIL_1_0_0_3.zip",
        "AgentInventoryUsage_1_0_0_17_managed.zip",
        "MicrosoftLearnChatbot",
        "Contoso_sample",
    ];
    let options = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    let mut imports = 0;
    for sample in corpus.packages().filter(|sample| wanted.iter().any(|name| sample.path.contains(name))) {
        let path = scratch.file(&format!("{imports}.zip"), &sample.bytes);
        scratch.import(&path, &options).expect("an import");
        imports += 1;
        assert_as_listed(&scratch);
    }
    assert_eq!(imports, wanted.len());
    assert_eq!(rows(&scratch, "importjob").len(), imports);
    let variables = rows(&scratch, "environmentvariabledefinition");
    let url = variables.values().find(|row| row.values["schemaname"] == "new_ContosoURL").expect("the variable");
    assert_eq!((&url.values["ismanaged"], &url.values["type"]), (&json!(true), &json!(100_000_000)));
    let values = rows(&scratch, "environmentvariablevalue");
    let own = values.values().find(|row| row.values["value"] == "https://contoso.com").expect("its value");
    let definition = format!("environmentvariabledefinition({})", url.id);
    assert_eq!(own.values["environmentvariabledefinitionid"], Value::String(definition));
    let bots = rows(&scratch, "bot");
    let bot = bots.values().next().expect("a bot");
    let topics = rows(&scratch, "botcomponent");
    assert!(topics.values().all(|row| row.values["parentbotid"] == format!("bot({})", bot.id)), "{topics:?}");
    let flows = rows(&scratch, "workflow");
    assert!(flows.values().all(|row| row.values.contains_key("name") && row.values.contains_key("category")));
    let environment = scratch.workspace.environment().expect("the environment");
    let flow = flows.values().find(|row| row.values["category"] == 5).expect("a cloud flow");
    let data = sets::content_of(&scratch.workspace, &environment, flow.values["clientdata"].clone()).expect("the file");
    assert!(data.as_str().is_some_and(|text| text.contains("definition")), "{data}");
}

#[test]
fn w11_sets_follow_every_operation() {
    let scratch = Scratch::new();
    let pac = ImportOptions::pac();
    assert_as_listed(&scratch);
    scratch.import(&examples::path("contoso-core-1.0"), &pac).expect("core");
    assert_as_listed(&scratch);
    let staged = ImportOptions { action: Some(ImportAction::Stage), ..pac.clone() };
    scratch.import(&examples::path("contoso-core-1.1"), &staged).expect("a holding solution");
    assert_as_listed(&scratch);
    let pending = rows(&scratch, "solution");
    assert!(
        pending.values().any(|row| row.values["uniquename"].as_str().is_some_and(|name| name.ends_with("_Upgrade")))
    );
    scratch.run(&Request::ApplyUpgrade { solution: "ContosoCore".to_owned() }).expect("the upgrade");
    assert_as_listed(&scratch);
    scratch.run(&Request::Undo).expect("a step back");
    assert_as_listed(&scratch);
    scratch.run(&Request::Undo).expect("another");
    assert_as_listed(&scratch);
    scratch.run(&Request::Uninstall { solution: "ContosoCore".to_owned() }).expect("nothing is left");
    assert_as_listed(&scratch);
}

#[test]
fn w11_sets_are_shown_anew_where_history_was_pruned() {
    let scratch = Scratch::new();
    let pac = ImportOptions::pac();
    scratch.import(&examples::path("contoso-core-1.0"), &pac).expect("core");
    assert_as_listed(&scratch);
    scratch.import(&examples::path("contoso-core-1.1"), &pac).expect("its next version");
    scratch.import(&examples::path("contoso-sales-1.0"), &pac).expect("sales");
    let environment = scratch.workspace.environment().expect("the environment");
    scratch.workspace.store().prune(&environment, environment.operation).expect("a prune");
    assert_as_listed(&scratch);
    scratch.run(&Request::Uninstall { solution: "ContosoSales".to_owned() }).expect("sales go");
    assert_as_listed(&scratch);
}

#[test]
fn w11_layers_bear_the_changes_of_each() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    let environment = scratch.workspace.environment().expect("the environment");
    let key =
        components::find(&scratch.workspace, &environment, None, "attribute:contoso_order.contoso_total").expect("it");
    let edits = vec![PropertyEdit { path: "Accuracy".to_owned(), value: "4".to_owned() }];
    scratch.run(&Request::Set { component: key.clone(), edits, solution: None }).expect("an edit");
    let publish = strata_ops::PublishScope::All;
    scratch.run(&Request::Publish(publish)).expect("published");
    let detail = components::show(&scratch.workspace, None, &key.to_string(), false).expect("shown");
    let id = detail.component.id.to_string();
    let layers = rows_where(
        &scratch,
        "msdyn_componentlayer",
        &[("msdyn_componentid", &id), ("msdyn_solutioncomponentname", "Attribute")],
    );
    let mut layers: Vec<_> = layers.into_values().collect();
    layers.sort_by_key(|row| row.values["msdyn_order"].as_i64());
    let names: Vec<_> = layers.iter().map(|row| row.values["msdyn_solutionname"].clone()).collect();
    assert_eq!(names, ["ContosoCore", "Active"]);
    let changes: Value =
        serde_json::from_str(layers[1].values["msdyn_changes"].as_str().expect("a text")).expect("JSON");
    assert_eq!(changes["Attributes"], json!([{ "Key": "accuracy", "Value": "4" }]));
    let nothing =
        [("msdyn_componentid", "1a2b3c4d-0000-4000-8000-00000000abcd"), ("msdyn_solutioncomponentname", "Entity")];
    assert!(rows_where(&scratch, "msdyn_componentlayer", &nothing).is_empty());
}

#[test]
fn w11_a_refused_import_leaves_a_job_with_its_log() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.1"), &ImportOptions::pac()).expect("core");
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect_err("a lower version");
    let rows = rows(&scratch, "importjob");
    assert_eq!(rows.len(), 2);
    let environment = scratch.workspace.environment().expect("the environment");
    let failed = rows.values().find(|row| row.values["progress"] != 100).expect("the refused one");
    assert!(failed.values.contains_key("completedon"));
    let data = sets::content_of(&scratch.workspace, &environment, failed.values["data"].clone()).expect("the log");
    let data = data.as_str().expect("a text").to_owned();
    assert!(data.starts_with("<importexportxml") && data.contains("result=\"failure\""), "{data}");
    strata_xml::parse(data.as_bytes()).expect("well-formed");
    let history = jobs::solution_history(&scratch.workspace, None).expect("history");
    let shown = self::rows(&scratch, "msdyn_solutionhistory");
    assert_eq!(shown.len(), history.len());
    assert!(history.iter().all(|entry| shown.contains_key(&entry.id.to_string())));
}

#[test]
fn w11_numbers_of_types_are_the_same_everywhere_in_an_environment() {
    let scratch = Scratch::new();
    let definitions = rows(&scratch, "solutioncomponentdefinition");
    let number = |name: &str| {
        let row = definitions.values().find(|row| row.values["name"] == name);
        row.and_then(|row| row.values["solutioncomponenttype"].as_i64()).expect(name)
    };
    assert_eq!((number("Entity"), number("Workflow"), number("WebResource")), (1, 29, 61));
    let environment = scratch.workspace.environment().expect("the environment");
    for name in ["connectionreference", "desktopflowbinary", "bot"] {
        let number = number(name);
        assert!(number >= 10_000);
        let found = sets::types::of_number(&scratch.workspace, &environment, number).expect("the types");
        assert_eq!(found, Some(ComponentType::named(name)));
    }
    let numbers: BTreeSet<_> = definitions.values().map(|row| row.values["solutioncomponenttype"].as_i64()).collect();
    assert_eq!(numbers.len(), definitions.len());
}

#[test]
fn w11_a_summary_lists_what_a_solution_holds() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    let solution = solutions::entry_of(&scratch.workspace, "ContosoCore").expect("it").id.to_string();
    let filter = components::Filter { solution: Some("ContosoCore".to_owned()), ..Default::default() };
    let listed = components::list(&scratch.workspace, None, &filter).expect("components");
    let shown = rows_where(&scratch, "msdyn_solutioncomponentsummary", &[("msdyn_solutionid", &solution)]);
    let ids: BTreeSet<_> = listed.iter().map(|entry| entry.component.id.to_string()).collect();
    let objects: BTreeSet<_> =
        shown.values().map(|row| row.values["msdyn_objectid"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(objects, ids);
    let counts = rows_where(&scratch, "msdyn_solutioncomponentcountsummary", &[("msdyn_solutionid", &solution)]);
    let total: i64 = counts.values().filter_map(|row| row.values["msdyn_total"].as_i64()).sum();
    assert_eq!(usize::try_from(total), Ok(ids.len()));
}

#[test]
fn w11_a_switched_process_shows_its_state() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    let flows = rows(&scratch, "workflow");
    let Some(flow) = flows.values().next() else { panic!("the example has a process") };
    let before = flow.values["statecode"].as_i64().expect("a state");
    let named = |table: &str, name: &str| ComponentKey::new(ComponentType::named(table), name);
    let edits = vec![PropertyEdit { path: "connectionid".to_owned(), value: "1".to_owned() }];
    let component = named("connectionreference", "contoso_dataverse");
    scratch.run(&Request::Set { component, edits, solution: None }).expect("a connection");
    let component = named("workflow", &flow.id);
    let switch = if before == 1 { by_hand::Switch::Off } else { by_hand::Switch::On };
    scratch.run(&Request::ByHand(by_hand::ByHand::Switch { component, switch })).expect("switched");
    let after = rows(&scratch, "workflow");
    assert_eq!(after[&flow.id].values["statecode"], json!(1 - before));
}
