//! The table between two tables, which keeps the pairs of a relationship between many and many.
//!
//! No definition of its own says what it is: the relationship does.

use std::collections::BTreeMap;
use std::sync::Arc;

use strata_engine::table::{self, Kind, Leaves};
use strata_model::id::Guid;

use super::read::Definition;
use super::relation::{ManyToMany, Relations};
use super::{Table, TableEntry};

/// Makes the table of a relationship.
pub(super) fn table(environment: Guid, relation: &ManyToMany, relations: &Relations) -> Table {
    let name = relation.intersect.clone();
    let primary_id = format!("{name}id");
    let mut rows = table::Table {
        name: name.clone(),
        primary_id: primary_id.clone(),
        primary_name: None,
        columns: BTreeMap::new(),
        keys: Vec::new(),
        is_open: false,
    };
    let mut columns = BTreeMap::new();
    for column in [&primary_id, &relation.first.column, &relation.second.column] {
        let known = table::Column { name: column.clone(), kind: Kind::Id, is_read_only: true };
        rows.columns.insert(column.clone(), known);
        let word = if *column == primary_id { "primarykey" } else { "uniqueidentifier" };
        columns.insert(column.clone(), Leaves::from([("Type".to_owned(), word.to_owned())]));
    }
    let own = [("Name", name.as_str()), ("OwnershipTypeMask", "None"), ("IsIntersect", "1")];
    let own: Leaves = own.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let entry = TableEntry {
        schema_name: name.clone(),
        set: format!("{name}set"),
        metadata_id: Guid::minted(environment, "entity", &name),
        type_code: 0,
        standing: relation.standing,
        is_system: false,
        definition: Arc::new(own.clone()),
        name,
    };
    let (keys, choices, components) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let definition = Definition { table: rows, own, columns, keys, choices, components };
    Table::new(environment, Arc::new(entry), definition, relations)
}
