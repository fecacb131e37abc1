//! Rows in the tables of real packages.

use strata_ops::Request;
use strata_ops::components::{self, Filter};
use strata_ops::rows::{self, RowRequest};
use strata_package::Limits;
use strata_testkit::corpus::Corpus;

use crate::rows::change;
use crate::{Scratch, assuming};

/// The tables that components of an environment are, by name.
fn tables(scratch: &Scratch) -> Vec<String> {
    let listed = components::list(&scratch.workspace, None, &Filter::default()).expect("a list");
    let is_table = |entry: &&strata_ops::view::ComponentEntry| entry.component.type_name == "entity";
    listed.iter().filter(is_table).map(|entry| entry.component.name.clone()).collect()
}

#[test]
fn d8_l99_every_real_table_takes_a_row_that_goes_and_comes_back() {
    let Some(corpus) = Corpus::find() else { return };
    for sample in corpus.packages() {
        let path = &sample.path;
        let package = strata_package::read(sample.bytes.clone(), &Limits::default()).expect(path);
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", &sample.bytes);
        scratch.import(&file, &assuming()).expect(path);
        let tables = tables(&scratch);
        for table in &tables {
            let request = RowRequest::Create { table: table.clone(), values: Vec::new() };
            let ids = change(&scratch, &request).unwrap_or_else(|error| panic!("{path}: {table}: {error}"));
            let row = rows::get(&scratch.workspace, None, table, &ids[0]).expect(table);
            let (id_column, id) = row.iter().next().expect("an id");
            assert!(id_column.ends_with("id") && *id == *ids[0], "{path}: {table}: {row:?}");
            assert!(!row.contains_key("statuscode") || row.contains_key("statecode"), "{path}: {table}: {row:?}");
        }
        if !package.is_managed() || tables.is_empty() {
            continue;
        }
        let installed = scratch.state();
        let applied = scratch.uninstall(&package.manifest.unique_name).expect(path);
        let deleted =
            applied.plan.changes.iter().filter(|change| change.rows_lost > 0 && change.component.type_name == "entity");
        let lost: Vec<_> = deleted.map(|change| change.component.name.clone()).collect();
        for table in &lost {
            assert!(rows::count(&scratch.workspace, None, table, None).is_err(), "{path}: {table} is gone");
        }
        let kept = tables.iter().filter(|table| !lost.contains(table));
        for table in kept {
            assert_eq!(rows::count(&scratch.workspace, None, table, None).expect(table), 1, "{path}: {table} stays");
        }
        scratch.run(&Request::Undo).expect(path);
        assert_eq!(scratch.state(), installed, "{path}: undo of the uninstall");
    }
}
