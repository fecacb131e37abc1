//! From tokens to a statement.

use super::lex::{Placed, Token};
use super::{QueryError, at};

/// Conditions are not nested deeper.
const DEPTH_MAX: usize = 100;

/// A statement that reads rows.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) is_distinct: bool,
    pub(super) top: Option<u64>,
    pub(super) items: Vec<Item>,
    pub(super) from: Source,
    pub(super) joins: Vec<Join>,
    pub(super) condition: Option<Condition>,
    pub(super) groups: Vec<Column>,
    pub(super) order: Vec<Order>,
    pub(super) offset: Option<u64>,
    pub(super) fetch: Option<u64>,
}

/// A table, and what the statement calls it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) table: String,
    pub(super) alias: String,
}

#[derive(Debug)]
pub(super) struct Join {
    pub(super) place: usize,
    pub(super) is_outer: bool,
    pub(super) with: Source,
    pub(super) on: (Column, Column),
}

/// A column, with the table where it is named.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) place: usize,
    pub(super) of: Option<String>,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: usize,
    pub(super) shown: Shown,
    pub(super) alias: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Shown {
    Column(Column),
    /// A figure, in small letters; of all rows where no column is named.
    Figure {
        function: String,
        is_distinct: bool,
        column: Option<Column>,
    },
}

#[derive(Debug)]
pub(super) struct Order {
    pub(super) place: usize,
    pub(super) by: Shown,
    pub(super) is_descending: bool,
}

#[derive(Debug)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    /// An operator as FetchXML calls it, with its values.
    Test {
        column: Column,
        operator: &'static str,
        values: Vec<String>,
    },
    Columns {
        left: Column,
        operator: &'static str,
        right: Column,
    },
}

const FIGURES: [&str; 5] = ["count", "sum", "avg", "min", "max"];

/// Words that are no names.
const KEYWORDS: [&str; 39] = [
    "select", "distinct", "top", "from", "as", "inner", "left", "outer", "join", "on", "where", "and", "or", "not",
    "like", "in", "is", "null", "between", "group", "by", "order", "asc", "desc", "offset", "rows", "row", "fetch",
    "next", "first", "only", "right", "full", "cross", "union", "having", "case", "with", "exists",
];

/// Reads a statement.
pub(super) fn select(tokens: Vec<Placed>, end: usize) -> Result<Select, QueryError> {
    let mut parser = Parser { tokens, next: 0, end, depth: 0 };
    let select = parser.select()?;
    match parser.peek() {
        None => Ok(select),
        Some(_) => Err(parser.unexpected("the end")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    /// The place behind the last token.
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(place, _)| *place)
    }

    fn unexpected(&self, expected: &str) -> QueryError {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(word)) => format!("`{word}`"),
            Some(Token::Name(name)) => format!("`[{name}]`"),
            Some(Token::Text(_)) => "a text".to_owned(),
            Some(Token::Number(number)) => format!("`{number}`"),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        };
        at(self.place(), format!("{expected} is expected, not {found}"))
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        let token = self.tokens.get(self.next + ahead).map(|(_, token)| token);
        matches!(token, Some(Token::Word(own)) if own.eq_ignore_ascii_case(word))
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_it = self.is_word(0, word);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, word: &str) -> Result<(), QueryError> {
        if self.takes(word) { Ok(()) } else { Err(self.unexpected(&word.to_uppercase())) }
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(own)) if *own == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.takes_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    /// A list between commas.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, QueryError>) -> Result<Vec<T>, QueryError> {
        let mut all = vec![one(self)?];
        while self.takes_sign(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// A name, in small letters as tables and columns have them.
    fn name(&mut self, expected: &str) -> Result<String, QueryError> {
        let name = match self.peek() {
            Some(Token::Word(word)) if !KEYWORDS.contains(&word.to_lowercase().as_str()) => word.clone(),
            Some(Token::Name(name)) => name.clone(),
            _ => return Err(self.unexpected(expected)),
        };
        self.next += 1;
        Ok(name)
    }

    fn number(&mut self) -> Result<u64, QueryError> {
        let number = match self.peek() {
            Some(Token::Number(number)) => number.parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.unexpected("a number of rows"))?;
        self.next += 1;
        Ok(number)
    }

    fn select(&mut self) -> Result<Select, QueryError> {
        self.expect("select")?;
        let is_distinct = self.takes("distinct");
        let top = if self.takes("top") { Some(self.top()?) } else { None };
        let items = self.list(Self::item)?;
        self.expect("from")?;
        let from = self.source()?;
        let mut joins = Vec::new();
        while let Some(join) = self.join()? {
            joins.push(join);
        }
        let condition = if self.takes("where") { Some(self.either()?) } else { None };
        let groups = if self.takes_both("group")? { self.list(Self::column)? } else { Vec::new() };
        let order = if self.takes_both("order")? { self.list(Self::order)? } else { Vec::new() };
        let (mut offset, mut fetch) = (None, None);
        if self.takes("offset") {
            offset = Some(self.number()?);
            self.rows()?;
            if self.takes("fetch") {
                if !self.takes("next") {
                    self.expect("first")?;
                }
                fetch = Some(self.number()?);
                self.rows()?;
                self.expect("only")?;
            }
        }
        Ok(Select { is_distinct, top, items, from, joins, condition, groups, order, offset, fetch })
    }

    fn rows(&mut self) -> Result<(), QueryError> {
        if self.takes("rows") { Ok(()) } else { self.expect("row") }
    }

    /// `GROUP BY` or `ORDER BY`.
    fn takes_both(&mut self, word: &str) -> Result<bool, QueryError> {
        let is_there = self.takes(word);
        if is_there {
            self.expect("by")?;
        }
        Ok(is_there)
    }

    fn top(&mut self) -> Result<u64, QueryError> {
        let has_parentheses = self.takes_sign("(");
        let top = self.number()?;
        if has_parentheses {
            self.expect_sign(")")?;
        }
        Ok(top)
    }

    fn item(&mut self) -> Result<Item, QueryError> {
        let place = self.place();
        if matches!(self.peek(), Some(Token::Sign("*"))) {
            return Err(at(place, "columns are expected by their names, not `*`"));
        }
        let shown = self.shown()?;
        let alias = match self.takes("as") {
            true => Some(self.name("a name")?),
            false => self.name("a name").ok(),
        };
        Ok(Item { place, shown, alias })
    }

    /// A column or a figure.
    fn shown(&mut self) -> Result<Shown, QueryError> {
        let opens = matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("("))));
        let function = match self.peek() {
            Some(Token::Word(word)) if opens => word.to_lowercase(),
            _ => return Ok(Shown::Column(self.column()?)),
        };
        if !FIGURES.contains(&function.as_str()) {
            return Err(self.unexpected("a column, or COUNT, SUM, AVG, MIN or MAX"));
        }
        self.next += 2;
        let is_distinct = self.takes("distinct");
        let column = match !is_distinct && function == "count" && self.takes_sign("*") {
            true => None,
            false => Some(self.column()?),
        };
        self.expect_sign(")")?;
        if is_distinct && function != "count" {
            return Err(at(self.place(), "DISTINCT stands in COUNT only"));
        }
        Ok(Shown::Figure { function, is_distinct, column })
    }

    fn column(&mut self) -> Result<Column, QueryError> {
        let place = self.place();
        let first = self.name("a column")?.to_lowercase();
        match self.takes_sign(".") {
            true => Ok(Column { place, of: Some(first), name: self.name("a column")?.to_lowercase() }),
            false => Ok(Column { place, of: None, name: first }),
        }
    }

    fn source(&mut self) -> Result<Source, QueryError> {
        let table = self.name("a table")?.to_lowercase();
        let alias = match self.takes("as") {
            true => self.name("a name")?,
            false => self.name("a name").unwrap_or_else(|_| table.clone()),
        };
        Ok(Source { table, alias: alias.to_lowercase() })
    }

    fn join(&mut self) -> Result<Option<Join>, QueryError> {
        let place = self.place();
        let is_outer = if self.takes("left") {
            self.takes("outer");
            self.expect("join")?;
            true
        } else if self.takes("inner") {
            self.expect("join")?;
            false
        } else if self.takes("join") {
            false
        } else {
            return Ok(None);
        };
        let with = self.source()?;
        self.expect("on")?;
        let left = self.column()?;
        self.expect_sign("=")?;
        Ok(Some(Join { place, is_outer, with, on: (left, self.column()?) }))
    }

    fn order(&mut self) -> Result<Order, QueryError> {
        let place = self.place();
        let by = self.shown()?;
        let is_descending = self.takes("desc");
        if !is_descending {
            self.takes("asc");
        }
        Ok(Order { place, by, is_descending })
    }

    fn either(&mut self) -> Result<Condition, QueryError> {
        let mut parts = vec![self.both()?];
        while self.takes("or") {
            parts.push(self.both()?);
        }
        Ok(Condition::Or(parts))
    }

    fn both(&mut self) -> Result<Condition, QueryError> {
        let mut parts = vec![self.one()?];
        while self.takes("and") {
            parts.push(self.one()?);
        }
        Ok(Condition::And(parts))
    }

    fn one(&mut self) -> Result<Condition, QueryError> {
        if !self.takes_sign("(") {
            return self.test();
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(at(self.place(), format!("it is nested deeper than {DEPTH_MAX}")));
        }
        let inner = self.either()?;
        self.expect_sign(")")?;
        self.depth -= 1;
        Ok(inner)
    }

    fn test(&mut self) -> Result<Condition, QueryError> {
        if let Some(value) = self.value()? {
            let operator = turned(self.comparison()?);
            return Ok(compared(self.column()?, operator, value));
        }
        let column = self.column()?;
        if self.takes("is") {
            let operator = if self.takes("not") { "not-null" } else { "null" };
            self.expect("null")?;
            return Ok(Condition::Test { column, operator, values: Vec::new() });
        }
        let is_not = self.takes("not");
        let chosen = |yes: &'static str, no: &'static str| if is_not { no } else { yes };
        let (operator, values) = if self.takes("like") {
            (chosen("like", "not-like"), vec![self.expect_value()?])
        } else if self.takes("in") {
            self.expect_sign("(")?;
            let values = self.list(Self::expect_value)?;
            self.expect_sign(")")?;
            (chosen("in", "not-in"), values)
        } else if self.takes("between") {
            let low = self.expect_value()?;
            self.expect("and")?;
            (chosen("between", "not-between"), vec![low, self.expect_value()?])
        } else if is_not {
            return Err(self.unexpected("LIKE, IN or BETWEEN"));
        } else {
            let operator = self.comparison()?;
            return match self.value()? {
                Some(value) => Ok(compared(column, operator, value)),
                None => Ok(Condition::Columns { left: column, operator, right: self.column()? }),
            };
        };
        Ok(match is_not {
            true => held(column, operator, values),
            false => Condition::Test { column, operator, values },
        })
    }

    fn comparison(&mut self) -> Result<&'static str, QueryError> {
        let operator = match self.peek() {
            Some(Token::Sign("=")) => "eq",
            Some(Token::Sign("<>" | "!=")) => "ne",
            Some(Token::Sign("<")) => "lt",
            Some(Token::Sign("<=")) => "le",
            Some(Token::Sign(">")) => "gt",
            Some(Token::Sign(">=")) => "ge",
            _ => return Err(self.unexpected("a comparison")),
        };
        self.next += 1;
        Ok(operator)
    }

    /// A value, where one stands here.
    fn value(&mut self) -> Result<Option<String>, QueryError> {
        let is_negative = self.takes_sign("-");
        let value = match self.peek() {
            Some(Token::Number(number)) if is_negative => format!("-{number}"),
            Some(Token::Number(text)) => text.clone(),
            _ if is_negative => return Err(self.unexpected("a number")),
            Some(Token::Text(text)) => text.clone(),
            _ => return Ok(None),
        };
        self.next += 1;
        Ok(Some(value))
    }

    fn expect_value(&mut self) -> Result<String, QueryError> {
        self.value()?.ok_or_else(|| self.unexpected("a value"))
    }
}

/// The operator that says the same with its sides exchanged.
pub(super) fn turned(operator: &'static str) -> &'static str {
    match operator {
        "lt" => "gt",
        "le" => "ge",
        "gt" => "lt",
        "ge" => "le",
        same => same,
    }
}

fn compared(column: Column, operator: &'static str, value: String) -> Condition {
    match operator {
        "ne" => held(column, operator, vec![value]),
        _ => Condition::Test { column, operator, values: vec![value] },
    }
}

/// What is not so, where something is held: SQL's comparisons know nothing of nothing.
fn held(column: Column, operator: &'static str, values: Vec<String>) -> Condition {
    let there = Condition::Test { column: column.clone(), operator: "not-null", values: Vec::new() };
    Condition::And(vec![there, Condition::Test { column, operator, values }])
}
