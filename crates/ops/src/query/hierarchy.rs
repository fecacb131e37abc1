//! Rows under and above a row: what conditions about hierarchies mean.
//!
//! A table has a hierarchy where a relationship with itself says so; of the platform's own, those that are known to.

use strata_engine::table::Kind;
use strata_model::id::Guid;
use strata_store::query::{Field, FieldKind, Filter, Lineage};

use super::{Draft, QueryError, wrong};
use crate::schema::Table;

/// Where rows are that a condition wants, seen from the row that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Relative {
    goes_up: bool,
    has_self: bool,
    is_not: bool,
}

impl Relative {
    pub(super) const UNDER_OR_EQUAL: Self = Self { goes_up: false, has_self: true, is_not: false };

    /// Reads a name, in small letters and without hyphens: a function's, or an operator's of FetchXML.
    pub(super) fn named(name: &str) -> Option<Self> {
        let relative = |goes_up, has_self, is_not| Some(Self { goes_up, has_self, is_not });
        match name {
            "under" => relative(false, false, false),
            "notunder" => relative(false, false, true),
            "underorequal" | "eqorunder" => relative(false, true, false),
            "above" => relative(true, false, false),
            "aboveorequal" | "eqorabove" => relative(true, true, false),
            _ => None,
        }
    }
}

/// The platform's lookups that make hierarchies.
const PLATFORM: [(&str, &str); 4] = [
    ("account", "parentaccountid"),
    ("businessunit", "parentbusinessunitid"),
    ("position", "parentpositionid"),
    ("systemuser", "parentsystemuserid"),
];

/// Returns the lookup that makes the hierarchy of a table.
fn lookup_above(table: &Table) -> Option<String> {
    let name = &table.entry.name;
    let to_itself = table.lookups_out.iter().filter(|relation| relation.referenced == *name);
    let says_so = |text: &String| text == "1" || text.eq_ignore_ascii_case("true");
    let own = to_itself.clone().find(|relation| relation.definition.get("IsHierarchical").is_some_and(says_so));
    let platform = || {
        let column = PLATFORM.iter().find(|(own, _)| own == name).map(|(_, column)| *column)?;
        to_itself.clone().find(|relation| relation.column == column)
    };
    own.or_else(platform).map(|relation| relation.column.clone())
}

impl Draft<'_> {
    /// Whether the row that a column names, or the row itself, is under or above another one.
    pub(super) fn related_in_hierarchy(
        &self,
        relative: Relative,
        of: &Table,
        field: Field,
        kind: &Kind,
        values: &[String],
    ) -> Result<Filter, QueryError> {
        let [value] = values else { return Err(wrong("a hierarchy is asked about with the id of one row")) };
        let id = Guid::parse(value.trim()).ok_or_else(|| wrong(format!("`{value}` is no id of a row")))?;
        let tables: Vec<_> = match kind {
            _ if field.kind == FieldKind::Id => vec![of.entry.name.clone()],
            Kind::Lookup { targets } => targets.clone(),
            _ => Vec::new(),
        };
        let mut found = None;
        for table in tables {
            let table = self.reader.table(&table)?;
            found = found.or_else(|| lookup_above(&table).map(|column| (table, column)));
        }
        let (table, column) =
            found.ok_or_else(|| wrong(format!("column {} leads to no table that has a hierarchy", field.column)))?;
        let lineage = Lineage {
            relation: self.reader.relation(&table, None)?,
            table: table.entry.name.clone(),
            column,
            id: id.to_string(),
            goes_up: relative.goes_up,
            has_self: relative.has_self,
        };
        let filter = Filter::Lineage { field, lineage: Box::new(lineage) };
        Ok(if relative.is_not { Filter::Not(Box::new(filter)) } else { filter })
    }
}
