//! Packages that are sent instead of read from disk, exports that are sent, publishing what is named, rows of our own.

use serde_json::Value;
use strata_model::history::HistoryKind;
use strata_model::options::ImportOptions;
use strata_ops::export::export_bytes;
use strata_ops::{
    ExportOptions, PackageSource, PropertyEdit, PublishScope, Request, components, history, jobs, silent, system_rows,
};
use strata_store::Values;
use strata_testkit::examples;
use strata_testkit::zipped::{self, zipped};

use crate::Scratch;

const NOTES: &str = "attribute:contoso_order.contoso_notes";

#[test]
fn l95_a_package_that_is_sent_is_imported_as_one_on_disk_is() {
    let (sent, read) = (Scratch::new(), Scratch::new());
    let zip = zipped::package("ContosoCore 1.0.0.0 managed contoso\nentity contoso_order");
    let package = PackageSource::sent("core.zip", zip.clone());
    let applied = sent.run(&Request::Import { package, options: ImportOptions::pac() }).expect("imported");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("core.zip");
    std::fs::write(&path, zip).expect("written");
    read.import(&path, &ImportOptions::pac()).expect("imported");
    assert_eq!(sent.state(), read.state());
    let log = jobs::log(&sent.workspace, None, jobs::WhichJob::Id(applied.job.expect("a job"))).expect("a log");
    assert_eq!(log.package_name.as_deref(), Some("core.zip"));
    let package = PackageSource::sent("core.zip", b"no zip".to_vec());
    let refused = sent.run(&Request::Import { package, options: ImportOptions::pac() }).expect_err("no package");
    assert_eq!(refused.exit_code(), 4);
    assert!(refused.report().message.starts_with("core.zip"), "{}", refused.report().message);
}

#[test]
fn w8_publish_makes_only_what_is_named_effective() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("imported");
    let environment = scratch.workspace.environment().expect("an environment");
    let find = |name: &str| components::find(&scratch.workspace, &environment, None, name).expect("a component");
    let edit = |name: &str, path: &str, value: &str| {
        let edits = vec![PropertyEdit { path: path.to_owned(), value: value.to_owned() }];
        scratch.run(&Request::Set { component: find(name), edits, solution: None }).expect("an edit");
    };
    edit(NOTES, "MaxLength", "321");
    let shown = components::show(&scratch.workspace, None, "optionset:contoso_orderstatus", false).expect("shown");
    let label = shown.properties.iter().find(|(_, value)| *value == "Order Status").expect("its label").0.clone();
    edit("optionset:contoso_orderstatus", &label, "Progress");
    let drafts = || {
        [NOTES, "optionset:contoso_orderstatus"].map(|name| {
            let layers = components::layers(&scratch.workspace, None, name, false).expect("layers");
            layers.layers.iter().filter(|layer| layer.state == strata_ops::view::ComponentWord::Unpublished).count()
        })
    };
    assert_eq!(drafts(), [1, 1]);
    let table = find("entity:contoso_order");
    scratch.run(&Request::Publish(PublishScope::Components(vec![table]))).expect("published");
    assert_eq!(drafts(), [0, 1], "a table goes with its columns, a choice of its own does not");
    let entries = history::list(&scratch.workspace, None).expect("history");
    assert_eq!(entries[0].kind, HistoryKind::PublishComponents);
    let rows = jobs::solution_history(&scratch.workspace, None).expect("solution history");
    assert_eq!(rows[0].operation, 3, "Publish, not PublishAll");
}

#[test]
fn l115_an_export_that_is_sent_stands_in_history() {
    let scratch = Scratch::new();
    let package = PackageSource::sent("core.zip", zipped(&examples::files("contoso-core-1.0")));
    let unpacked = scratch.run(&Request::Import { package, options: ImportOptions::pac() });
    assert!(unpacked.is_err(), "a zip of a tree is no package");
    let zip = zipped::package("Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order");
    let package = PackageSource::sent("contoso.zip", zip);
    scratch.run(&Request::Import { package, options: ImportOptions::pac() }).expect("imported");
    scratch.run(&Request::Publish(PublishScope::All)).expect("published");
    let environment = scratch.workspace.environment().expect("an environment");
    let options = ExportOptions { solution: "contoso".to_owned(), managed: true, version: None, only: None };
    let (view, bytes) = export_bytes(&scratch.workspace, &environment, &options, &silent).expect("exported");
    assert_eq!((view.size, view.path.to_str()), (bytes.len() as u64, Some("Contoso_1_0_0_0_managed.zip")));
    assert_eq!(history::list(&scratch.workspace, None).expect("history")[0].kind, HistoryKind::Export);
    let other = Scratch::new();
    let package = PackageSource::sent("contoso.zip", bytes);
    other.run(&Request::Import { package, options: ImportOptions::pac() }).expect("imported again");
}

#[test]
fn a_component_is_found_by_its_type_and_id() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("imported");
    let environment = scratch.workspace.environment().expect("an environment");
    for name in [NOTES, "entity:contoso_order", "entity:account", "attribute:account.name"] {
        let key = components::find(&scratch.workspace, &environment, None, name).expect("a component");
        let shown = components::show(&scratch.workspace, None, name, false).expect("shown").component;
        let found = components::find_identified(&scratch.workspace, &environment, &key.component_type, shown.id);
        assert_eq!(found.expect("found"), key, "{name}");
    }
}

#[test]
fn rows_of_our_own_are_put_changed_and_removed() {
    let scratch = Scratch::new();
    let (workspace, id) = (&scratch.workspace, "11111111-0000-4000-8000-000000000001");
    workspace.environment_to_write().expect("an environment");
    let values = Values::from([("name".to_owned(), Value::from("one"))]);
    system_rows::put(workspace, "default", "asyncoperation", id, &values).expect("put");
    system_rows::put(workspace, "default", "asyncoperation", id, &values).expect("put again");
    let changed = system_rows::change(workspace, "default", "asyncoperation", id, |values| {
        values.insert("statecode".to_owned(), 3.into());
    });
    assert!(changed.expect("changed"));
    let row = system_rows::get(workspace, "default", "asyncoperation", id).expect("read").expect("a row");
    assert_eq!((row.values.get("name"), row.values.get("statecode")), (Some(&"one".into()), Some(&3.into())));
    assert!(system_rows::remove(workspace, "default", "asyncoperation", id).expect("removed"));
    assert!(!system_rows::remove(workspace, "default", "asyncoperation", id).expect("nothing"));
    assert_eq!(system_rows::all(workspace, "default", "asyncoperation").expect("read").len(), 0);
}
