//! Filters of rows: a small part of what OData calls `$filter`.
//!
//! `col eq 'x' and not (other gt 5 or contains(third,'y'))`: comparisons, `and`, `or`, `not`, parentheses, `null`, and
//! the functions `contains`, `startswith`, `endswith`. Texts compare without regard to case. A comparison with a row
//! that holds nothing is false, but for `eq null` and for `ne`.

use std::cmp::Ordering;

use serde_json::Value;
use strata_model::id::Guid;

/// A filter as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare { column: String, operator: Operator, literal: Literal },
    Call { function: Function, column: String, text: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Contains,
    StartsWith,
    EndsWith,
}

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    /// In quotes, or a bare number, id, date, `true` or `false`: the column's type says what it means.
    Text(String),
}

/// Reads a filter; the error names the position, counted in characters from 1.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let tokens = tokens(text)?;
    if tokens.len() > TOKENS_MAX {
        return Err(format!("it has more than {TOKENS_MAX} words"));
    }
    let mut parser = Parser { tokens: &tokens, position: 0, end: text.chars().count() + 1, depth: 0 };
    let expression = parser.either()?;
    match parser.tokens.get(parser.position) {
        None => Ok(expression),
        Some((at, token)) => Err(format!("{} is not expected at position {at}", token.shown())),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Quoted(String),
    Word(String),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Quoted(text) => format!("'{text}'"),
            Self::Word(word) => format!("`{word}`"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut next = 0;
    while let Some(character) = characters.get(next) {
        let start = next;
        let token = match character {
            ' ' | '\t' | '\n' | '\r' => {
                next += 1;
                continue;
            }
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' => {
                let (quoted, end) = quoted(&characters, start)?;
                next = end;
                Token::Quoted(quoted)
            }
            _ => {
                let is_end =
                    |character: &char| character.is_whitespace() || matches!(character, '(' | ')' | ',' | '\'');
                let length = characters[start..].iter().take_while(|character| !is_end(character)).count();
                next = start + length - 1;
                Token::Word(characters[start..=next].iter().collect())
            }
        };
        tokens.push((start + 1, token));
        next += 1;
    }
    Ok(tokens)
}

/// Reads a text in quotes, where a doubled quote stands for one; returns the position of its last quote too.
fn quoted(characters: &[char], start: usize) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut next = start + 1;
    loop {
        match (characters.get(next), characters.get(next + 1)) {
            (Some('\''), Some('\'')) => {
                text.push('\'');
                next += 2;
            }
            (Some('\''), _) => return Ok((text, next)),
            (Some(character), _) => {
                text.push(*character);
                next += 1;
            }
            (None, _) => return Err(format!("the text at position {} has no end", start + 1)),
        }
    }
}

// More than this is no filter that somebody wrote.
const DEPTH_MAX: usize = 100;
const TOKENS_MAX: usize = 4_000;

struct Parser<'t> {
    tokens: &'t [(usize, Token)],
    position: usize,
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Expression, String> {
        let mut left = self.both()?;
        while self.takes_word("or") {
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut left = self.one()?;
        while self.takes_word("and") {
            left = Expression::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("it is nested deeper than {DEPTH_MAX}"));
        }
        let expression = if self.takes_word("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.takes(&Token::Open) {
            let inner = self.either()?;
            self.expect(&Token::Close)?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let column = self.word("a column")?;
        if self.peek() == Some(&Token::Open) {
            return self.call(&column);
        }
        let at = self.at();
        let operator = match self.word("an operator")?.as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            other => return Err(format!("`{other}` at position {at} is none of eq, ne, gt, ge, lt, le")),
        };
        let literal = match self.next("a value")? {
            Token::Quoted(text) => Literal::Text(text),
            Token::Word(word) if word == "null" => Literal::Null,
            Token::Word(word) => self.bare(word)?,
            other => return Err(format!("a value is expected, not {}", other.shown())),
        };
        if literal == Literal::Null && !matches!(operator, Operator::Eq | Operator::Ne) {
            return Err("null can be compared with eq and ne only".to_owned());
        }
        Ok(Expression::Compare { column, operator, literal })
    }

    /// A value without quotes: a reference `table(id)`, or what cannot be taken for a column.
    fn bare(&mut self, word: String) -> Result<Literal, String> {
        if self.takes(&Token::Open) {
            let id = self.word("an id")?;
            self.expect(&Token::Close)?;
            return Ok(Literal::Text(format!("{word}({id})")));
        }
        let starts_as_value =
            word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
        let is_value = starts_as_value || matches!(word.as_str(), "true" | "false") || Guid::parse(&word).is_some();
        if is_value { Ok(Literal::Text(word)) } else { Err(format!("texts stand in quotes: '{word}'")) }
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let function = match name {
            "contains" => Function::Contains,
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            other => return Err(format!("`{other}` is none of contains, startswith, endswith")),
        };
        self.expect(&Token::Open)?;
        let column = self.word("a column")?;
        self.expect(&Token::Comma)?;
        let text = match self.next("a text")? {
            Token::Quoted(text) => text,
            other => return Err(format!("a text in quotes is expected, not {}", other.shown())),
        };
        self.expect(&Token::Close)?;
        Ok(Expression::Call { function, column, text })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.position).map_or(self.end, |(at, _)| *at)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.position += usize::from(is_next);
        is_next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn next(&mut self, what: &str) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or_else(|| format!("{what} is expected at the end"))?;
        self.position += 1;
        Ok(token)
    }

    fn word(&mut self, what: &str) -> Result<String, String> {
        let at = self.at();
        match self.next(what)? {
            Token::Word(word) => Ok(word),
            other => Err(format!("{what} is expected at position {at}, not {}", other.shown())),
        }
    }

    fn expect(&mut self, token: &Token) -> Result<(), String> {
        let at = self.at();
        if self.takes(token) { Ok(()) } else { Err(format!("{} is expected at position {at}", token.shown())) }
    }
}

/// A filter whose columns are known and whose values have their columns' types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    /// `Null` stands for nothing.
    Compare {
        column: String,
        operator: Operator,
        value: Value,
    },
    /// A reference to the row of that id, of whatever table.
    Refers {
        column: String,
        id: Guid,
        is_equal: bool,
    },
    Call {
        function: Function,
        column: String,
        text: String,
    },
}

impl Test {
    /// Tells whether a row passes; `value` gives what it holds in a column.
    pub(crate) fn passes<'v>(&self, value: &dyn Fn(&str) -> Option<&'v Value>) -> bool {
        match self {
            Self::And(left, right) => left.passes(value) && right.passes(value),
            Self::Or(left, right) => left.passes(value) || right.passes(value),
            Self::Not(inner) => !inner.passes(value),
            Self::Compare { column, operator, value: wanted } => compare(value(column), *operator, wanted),
            Self::Refers { column, id, is_equal } => {
                let refers = value(column).and_then(Value::as_str).is_some_and(|text| id_of(text) == Some(*id));
                refers == *is_equal
            }
            Self::Call { function, column, text } => {
                let held = value(column).and_then(Value::as_str).map(str::to_lowercase);
                let text = text.to_lowercase();
                held.is_some_and(|held| match function {
                    Function::Contains => held.contains(&text),
                    Function::StartsWith => held.starts_with(&text),
                    Function::EndsWith => held.ends_with(&text),
                })
            }
        }
    }

    /// Returns the columns that must hold a value for a row to pass, with that value: an index may find them.
    pub(crate) fn required(&self) -> Vec<(&str, &Value)> {
        match self {
            Self::And(left, right) => left.required().into_iter().chain(right.required()).collect(),
            Self::Compare { column, operator: Operator::Eq, value } if !value.is_null() => vec![(column, value)],
            Self::Or(..) | Self::Not(_) | Self::Compare { .. } | Self::Refers { .. } | Self::Call { .. } => Vec::new(),
        }
    }
}

fn id_of(reference: &str) -> Option<Guid> {
    Guid::parse(reference.strip_suffix(')')?.split_once('(')?.1)
}

fn compare(held: Option<&Value>, operator: Operator, wanted: &Value) -> bool {
    let held = held.filter(|value| !value.is_null());
    let ordering = match (held, wanted) {
        (None, Value::Null) => Some(Ordering::Equal),
        (None, _) | (_, Value::Null) => None,
        (Some(held), wanted) => order(held, wanted),
    };
    match operator {
        Operator::Eq => ordering == Some(Ordering::Equal),
        Operator::Ne => ordering != Some(Ordering::Equal),
        Operator::Gt => ordering == Some(Ordering::Greater),
        Operator::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => ordering == Some(Ordering::Less),
        Operator::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.to_lowercase().cmp(&right.to_lowercase())),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (left, right) => (left == right).then_some(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &Expression) -> String {
        match expression {
            Expression::And(left, right) => format!("({} & {})", shown(left), shown(right)),
            Expression::Or(left, right) => format!("({} | {})", shown(left), shown(right)),
            Expression::Not(inner) => format!("!{}", shown(inner)),
            Expression::Compare { column, operator, literal: Literal::Null } => format!("{column} {operator:?} -"),
            Expression::Compare { column, operator, literal: Literal::Text(text) } => {
                format!("{column} {operator:?} {text}")
            }
            Expression::Call { function, column, text } => format!("{function:?} {column} {text}"),
        }
    }

    #[test]
    fn filters_are_read_by_precedence() {
        for (text, expected) in [
            ("a eq 'x'", "a Eq x"),
            ("a eq 1 or b ne null and not c gt -2.5", "(a Eq 1 | (b Ne - & !c Gt -2.5))"),
            ("(a eq true or b lt 2)and c ge 3", "((a Eq true | b Lt 2) & c Ge 3)"),
            ("contains(a,'it''s') and not(endswith( b , 'y'))", "(Contains a it's & !EndsWith b y)"),
            ("a le 2026-01-31T00:00:00Z", "a Le 2026-01-31T00:00:00Z"),
            (
                "a eq account(1a2b3c4d-0000-4000-8000-00000000abcd)",
                "a Eq account(1a2b3c4d-0000-4000-8000-00000000abcd)",
            ),
            ("a eq a1b2c3d4-0000-4000-8000-00000000abcd", "a Eq a1b2c3d4-0000-4000-8000-00000000abcd"),
            ("a eq ''", "a Eq "),
        ] {
            assert_eq!(parse(text).map(|expression| shown(&expression)).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_says_where() {
        for (text, expected) in [
            ("", "a column is expected at the end"),
            ("a", "an operator is expected at the end"),
            ("a is 1", "`is` at position 3 is none of eq"),
            ("a eq", "a value is expected at the end"),
            ("a eq x", "texts stand in quotes: 'x'"),
            ("a eq 'x", "the text at position 6 has no end"),
            ("(a eq 1", "`)` is expected at position 8"),
            ("a eq 1 b", "`b` is not expected at position 8"),
            ("a gt null", "eq and ne only"),
            ("length(a,'x')", "none of contains"),
            ("contains(a 'x')", "`,` is expected at position 12"),
            ("contains(a,x)", "a text in quotes is expected"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(3_000)).is_err());
        assert!(parse(&format!("a eq 1{}", " and a eq 1".repeat(100_000))).is_err());
        assert!(parse(&format!("{}a eq 1", "not ".repeat(3_000))).is_err());
    }

    #[test]
    fn rows_pass_or_not() {
        let text: Value = "Alpha".into();
        let number: Value = 5.into();
        let row = |column: &str| match column {
            "t" => Some(&text),
            "n" => Some(&number),
            _ => None,
        };
        let compare = |column: &str, operator, value: Value| {
            Test::Compare { column: column.to_owned(), operator, value }.passes(&row)
        };
        assert!(compare("t", Operator::Eq, "ALPHA".into()) && !compare("t", Operator::Eq, "beta".into()));
        assert!(compare("t", Operator::Lt, "beta".into()) && compare("n", Operator::Ge, 5.0.into()));
        assert!(compare("none", Operator::Eq, Value::Null) && !compare("t", Operator::Eq, Value::Null));
        assert!(compare("none", Operator::Ne, "x".into()) && !compare("none", Operator::Lt, "x".into()));
        assert!(!compare("t", Operator::Gt, 5.into()), "a text and a number have no order");
    }
}
