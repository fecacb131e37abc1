//! What is asked of rows, as data: which relations, which rows of them, in which order, how many, or figures about them.
//!
//! A query is complete: columns are known to be there, values have the types of their columns, and lookups say which
//! tables they mean. A back end turns it into one statement of SQL.
//!
//! Texts compare without case. A comparison with nothing is false, but for [`Operator::Ne`]; so a condition is true or
//! false for each row, and `Not` turns it.

use serde_json::Value;

use crate::Record;

/// Where rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum Relation {
    /// Rows of a table that are kept, by its logical name.
    Records(String),
    /// Rows of a set that is computed, by its logical name.
    Projection(String),
    /// These, by id.
    Given(Vec<Record>),
}

/// One of the relations of a query, by a number that no other has: 0 is the one it begins with.
pub type Source = u32;

/// A column of one of the relations of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub source: Source,
    /// Folded.
    pub column: String,
    pub kind: FieldKind,
}

/// How values of a column compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// The id of the row itself.
    Id,
    /// Without case; ids in columns of a row too.
    Text,
    /// Dates and times, as documents write them.
    Time,
    /// Numbers and the numbers of options.
    Number,
    Boolean,
    /// A list of numbers.
    Choices,
    /// `table(id)`.
    Reference,
    /// The number of the write that made the row what it is.
    Version,
}

/// Another relation, whose rows stand beside those that they go with.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    pub source: Source,
    pub relation: Relation,
    /// A column of a relation that stands before.
    pub left: Field,
    /// A column of this one. A reference agrees with the id that it names.
    pub right: Field,
    /// Rows that nothing goes with stay, beside nothing.
    pub is_outer: bool,
    /// What rows of this relation must fulfil to go with one.
    pub filter: Option<Filter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    /// True where nothing is held too.
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
    /// `%` any text, `_` one sign, `[a-z]` one of several, `[^a-z]` one of the others.
    Like,
}

/// What a row must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Always(bool),
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// With a value that is not null.
    Compare {
        field: Field,
        operator: Operator,
        value: Value,
    },
    IsNull(Field),
    /// One of some values, none of them null.
    In {
        field: Field,
        values: Vec<Value>,
    },
    /// A reference to the row of that id, of whatever table.
    Refers {
        field: Field,
        id: String,
    },
    Text {
        field: Field,
        test: TextTest,
        text: String,
    },
    /// False where one of them holds nothing.
    Columns {
        left: Field,
        operator: Operator,
        right: Field,
    },
    /// One of these options among those chosen.
    Holds {
        field: Field,
        options: Vec<i64>,
    },
    /// A row of another relation goes with this one.
    Exists {
        source: Source,
        relation: Relation,
        left: Field,
        right: Field,
        filter: Option<Box<Filter>>,
    },
    /// The row that a column names, or the row itself by its id, is one of a lineage.
    Lineage {
        field: Field,
        lineage: Box<Lineage>,
    },
}

/// Rows under a row or above it, in a hierarchy that a lookup of their table to itself makes. A row of a ring is one of
/// its lineage once.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    pub relation: Relation,
    /// The table, as references name it.
    pub table: String,
    /// The lookup that names the row above.
    pub column: String,
    /// The row that all of them are under or above.
    pub id: String,
    pub goes_up: bool,
    /// The row itself is one of them.
    pub has_self: bool,
}

/// A column to sort by; nothing stands before everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub field: Field,
    pub is_descending: bool,
}

/// A question about rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RowQuery {
    pub from: Relation,
    pub joins: Vec<Join>,
    pub filter: Option<Filter>,
    /// Behind it, rows are sorted by their ids. None at all leaves the order to the store.
    pub order: Vec<Sort>,
    pub limit: Option<u64>,
    /// How many rows are left out first.
    pub offset: u64,
    /// Behind which row to begin, as [`Page::next`] says it.
    pub after: Option<String>,
}

impl RowQuery {
    /// Asks for all rows of a relation.
    pub fn all(from: Relation) -> Self {
        Self { from, joins: Vec::new(), filter: None, order: Vec::new(), limit: None, offset: 0, after: None }
    }
}

/// A row that was found, as it lies in the store.
#[derive(Debug, Clone, Copy)]
pub struct Found<'r> {
    pub id: &'r str,
    pub version: i64,
    /// An object of the values by column, in the order of their names.
    pub json: &'r str,
    /// Of each join in order, the row that goes with it.
    pub joined: &'r [Option<Joined<'r>>],
}

/// A row that stands beside another one.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'r> {
    pub id: &'r str,
    pub version: i64,
    pub json: &'r str,
}

/// Rows, and where the next ones begin if there are more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub rows: Vec<Record>,
    pub next: Option<String>,
}

/// Figures about the rows of a query, whose limit, offset and order count for the figures.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureQuery {
    /// Its own order is not looked at.
    pub rows: RowQuery,
    /// What stands in each answer, in order. Rows that agree in all keys become one answer; without an aggregate, each
    /// stands for all rows that agree.
    pub figures: Vec<Figure>,
    /// Positions among the figures to sort by, each with whether it descends.
    pub order: Vec<(usize, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    Key(Field),
    /// A part of a time.
    DatePart(Field, DatePart),
    Count,
    CountColumn(Field),
    CountDistinct(Field),
    Sum(Field),
    Average(Field),
    Min(Field),
    Max(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    Year,
    Quarter,
    Month,
    Week,
    Day,
}
