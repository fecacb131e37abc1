//! Rows that go with a row: along lookups, to those that refer to it, through pairs.

use std::sync::Arc;

use strata_odata::query::Query;
use strata_store::query::{Field, FieldKind, Filter, Join, Relation, Source};

use super::filter::has_id;
use super::{Asked, QueryError, Reader, unknown_property};
use crate::schema::Table;

/// The source of pairs: no query numbers so many.
const PAIRS: Source = 1_000_000;

/// Where a navigation property leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// To the row that a lookup names.
    One { column: String, target: String },
    /// To the rows of a table whose lookup names this one.
    Many { table: String, column: String },
    /// To the rows of a table that pairs bind with this one.
    Pairs { intersect: String, own: String, other: String, table: String },
}

impl Way {
    /// The table it leads to.
    pub fn target(&self) -> &str {
        match self {
            Self::One { target, .. } => target,
            Self::Many { table, .. } | Self::Pairs { table, .. } => table,
        }
    }

    /// Whether it leads to one row at most.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::One { .. })
    }
}

/// Finds a navigation property of a table.
pub fn way(table: &Table, navigation: &str) -> Result<Way, QueryError> {
    if let Some((column, found)) = table.navigation(navigation) {
        return Ok(Way::One { column: column.name.clone(), target: found.target.clone() });
    }
    if let Some(found) = table.collections_in.iter().find(|relation| relation.collection_navigation == navigation) {
        return Ok(Way::Many { table: found.referencing.clone(), column: found.column.clone() });
    }
    let name = &table.entry.name;
    let pairs = table.many_to_many.iter().find_map(|relation| {
        let ends = [(&relation.first, &relation.second), (&relation.second, &relation.first)];
        let (own, other) = ends.into_iter().find(|(own, _)| own.table == *name && own.navigation == navigation)?;
        Some(Way::Pairs {
            intersect: relation.intersect.clone(),
            own: own.column.clone(),
            other: other.column.clone(),
            table: other.table.clone(),
        })
    });
    pairs.ok_or_else(|| unknown_property(table, navigation))
}

/// Rows that go with others, and how a row says with which.
pub struct Beside {
    pub asked: Asked,
    /// The column of the row itself, or of the pair that stands beside it, which names the other.
    pub by: By,
}

/// What a row says with which other one it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Its id, which the other one names.
    Id,
    /// A lookup of its own.
    Lookup(String),
    /// A column of the pair beside it.
    Pair(String),
}

impl Reader<'_> {
    /// Asks for the rows that go with rows of a table along a way: with those of these ids, or those that have these.
    pub fn beside(&self, of: &Table, way: &Way, ids: &[String], query: &Query) -> Result<Beside, QueryError> {
        let table = self.table(way.target())?;
        match way {
            Way::One { .. } => {
                let asked = self.rows_where(&table, query, Some(Self::goes_with(&table, of, way, ids)))?;
                Ok(Beside { asked, by: By::Id })
            }
            Way::Many { column, .. } => {
                let asked = self.rows_where(&table, query, Some(Self::goes_with(&table, of, way, ids)))?;
                Ok(Beside { asked, by: By::Lookup(column.clone()) })
            }
            Way::Pairs { intersect, own, other, .. } => self.paired(&table, query, ids, (intersect, own, other)),
        }
    }

    /// The condition that rows of a table go with rows of another along a way.
    pub(crate) fn goes_with(table: &Table, of: &Table, way: &Way, ids: &[String]) -> Filter {
        match way {
            Way::One { .. } => has_id(0, &table.primary_id, ids),
            Way::Many { column, .. } => {
                let field = Field { source: 0, column: column.clone(), kind: FieldKind::Reference };
                let values = ids.iter().map(|id| crate::rows::value::reference(&of.entry.name, id)).collect();
                Filter::In { field, values }
            }
            Way::Pairs { intersect, own, other, .. } => {
                let texts = |column: &str| Field { source: PAIRS, column: column.to_owned(), kind: FieldKind::Text };
                let values = ids.iter().map(|id| id.as_str().into()).collect();
                Filter::Exists {
                    source: PAIRS,
                    relation: Relation::Records(intersect.clone()),
                    left: Field { source: 0, column: table.primary_id.clone(), kind: FieldKind::Id },
                    right: texts(other),
                    filter: Some(Box::new(Filter::In { field: texts(own), values })),
                }
            }
        }
    }

    /// Asks for a row of an id that goes with another row along a way.
    pub fn one_beside(&self, of: &Table, way: &Way, id: &str, key: &Asked) -> Result<Asked, QueryError> {
        let mut asked = key.clone();
        let with = Self::goes_with(&key.table, of, way, &[id.to_owned()]);
        asked.rows.filter = Some(Filter::And(asked.rows.filter.into_iter().chain([with]).collect()));
        asked.rows.from = self.relation(&key.table, asked.rows.filter.as_ref())?;
        Ok(asked)
    }

    fn paired(
        &self,
        table: &Arc<Table>,
        query: &Query,
        ids: &[String],
        (intersect, own, other): (&str, &str, &str),
    ) -> Result<Beside, QueryError> {
        let mut asked = self.rows_where(table, query, None)?;
        // Before the joins that a filter asked for, so that the pair is the first that stands beside.
        let source = PAIRS;
        let texts = |column: &str| Field { source, column: column.to_owned(), kind: FieldKind::Text };
        let values = ids.iter().map(|id| id.as_str().into()).collect();
        asked.rows.joins.insert(
            0,
            Join {
                source,
                relation: Relation::Records(intersect.to_owned()),
                left: Field { source: 0, column: table.primary_id.clone(), kind: FieldKind::Id },
                right: texts(other),
                is_outer: false,
                filter: Some(Filter::In { field: texts(own), values }),
            },
        );
        Ok(Beside { asked, by: By::Pair(own.to_owned()) })
    }

    /// Asks for the row that a lookup of a row names.
    pub fn named_by(&self, of: &Asked, way: &Way) -> Result<Option<String>, QueryError> {
        let Way::One { column, target } = way else { return Ok(None) };
        let mut found = None;
        self.each(of, &mut |row| {
            let mut values: strata_store::Values = serde_json::from_str(row.json)?;
            let reference = values.remove(column);
            let reference = reference.as_ref().and_then(|value| value.as_str()).and_then(split_reference);
            found = reference.filter(|(table, _)| table == target).map(|(_, id)| id.to_owned());
            Ok(())
        })?;
        Ok(found)
    }

    /// Tells whether there is such a row.
    pub fn is_there(&self, asked: &Asked) -> Result<bool, QueryError> {
        Ok(self.count(asked, 1)? > 0)
    }
}

/// Splits `table(id)`.
pub fn split_reference(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(')')?.split_once('(')
}
