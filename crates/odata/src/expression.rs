//! Expressions of `$filter` (web-api §4).
//!
//! `col eq 'x' and not (nav/other gt 5 or contains(third,'y'))`: comparisons, `in`, the functions `contains`,
//! `startswith` and `endswith`, the platform's own functions, `any` and `all`, `and`, `or`, `not`, parentheses.

use strata_model::id::Guid;

use crate::SyntaxError;
use crate::lex::{Reader, Token};

/// What a row must fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Two or more.
    And(Vec<Expression>),
    /// Two or more.
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Compare {
        path: Path,
        operator: Operator,
        literal: Literal,
    },
    Text {
        function: TextFunction,
        path: Path,
        text: String,
    },
    In {
        path: Path,
        literals: Vec<Literal>,
    },
    /// A function of the platform, `Microsoft.Dynamics.CRM.Last7Days(PropertyName='createdon')` for example.
    Call {
        name: String,
        arguments: Vec<NamedArgument>,
    },
    /// Whether any of the related rows fulfils something, or all of them; without a body, whether there is one.
    Related {
        path: Path,
        is_all: bool,
        body: Option<Box<Expression>>,
    },
}

/// A column, or the navigations to one in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub Vec<String>);

impl Path {
    /// Reads the names between slashes.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let steps: Vec<String> = text.split('/').map(str::to_owned).collect();
        match steps.iter().any(String::is_empty) {
            true => Err(SyntaxError::new(format!("`{text}` is no path"))),
            false => Ok(Self(steps)),
        }
    }

    /// Returns the column, where no navigation leads to it.
    pub fn column(&self) -> Option<&str> {
        if let [column] = self.0.as_slice() { Some(column) } else { None }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        match word {
            "eq" => Some(Self::Eq),
            "ne" => Some(Self::Ne),
            "gt" => Some(Self::Gt),
            "ge" => Some(Self::Ge),
            "lt" => Some(Self::Lt),
            "le" => Some(Self::Le),
            _ => None,
        }
    }

    /// The operator that says the same with its sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Eq => Self::Eq,
            Self::Ne => Self::Ne,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFunction {
    Contains,
    StartsWith,
    EndsWith,
}

/// A value as it was written; the type of the column says what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Null,
    /// In quotes.
    Quoted(String),
    /// A number, an id, a date, `true` or `false`, or a row as `table(id)`.
    Bare(String),
    /// `@p1`: the value stands in a query option of that name (without `@`).
    Alias(String),
}

impl Literal {
    /// Returns the text of a value that is written out.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Quoted(text) | Self::Bare(text) => Some(text),
            Self::Null | Self::Alias(_) => None,
        }
    }
}

/// An argument of a function of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedArgument {
    pub name: String,
    pub value: Argument,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    One(Literal),
    Many(Vec<Literal>),
}

/// More than this is no filter that somebody wrote.
const DEPTH_MAX: usize = 100;

/// Reads a filter.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser { reader: Reader::new(text)?, depth: 0, variables: Vec::new() };
    let expression = parser.either()?;
    parser.reader.finish()?;
    Ok(expression)
}

struct Parser {
    reader: Reader,
    depth: usize,
    /// Of the `any` and `all` around, innermost last.
    variables: Vec<String>,
}

impl Parser {
    fn either(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.both()?];
        while self.reader.takes_word("or") {
            parts.push(self.both()?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn both(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.one()?];
        while self.reader.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn one(&mut self) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(SyntaxError::new(format!("it is nested deeper than {DEPTH_MAX}")));
        }
        let expression = if self.reader.takes_word("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.reader.takes_sign('(') {
            let inner = self.either()?;
            self.reader.expect(')')?;
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn test(&mut self) -> Result<Expression, SyntaxError> {
        let at = self.reader.at();
        let word = match self.reader.next("a column")? {
            Token::Word(word) => word,
            Token::Quoted(text) => return self.turned(Literal::Quoted(text)),
            other @ Token::Sign(_) => {
                return Err(SyntaxError::new(format!("a column is expected at position {at}, not {}", other.shown())));
            }
        };
        if self.reader.takes_sign('(') {
            return self.call(&word);
        }
        if word == "null" || is_value(&word) {
            return self.turned(if word == "null" { Literal::Null } else { Literal::Bare(word) });
        }
        let path = self.path(&word)?;
        let at = self.reader.at();
        let word = self.reader.word("an operator")?;
        if word == "in" {
            self.reader.expect('(')?;
            return Ok(Expression::In { path, literals: self.reader.list(')', literal)? });
        }
        let operator = operator(&word, at)?;
        compare(path, operator, literal(&mut self.reader)?)
    }

    /// A comparison that begins with its value.
    fn turned(&mut self, literal: Literal) -> Result<Expression, SyntaxError> {
        let at = self.reader.at();
        let operator = operator(&self.reader.word("an operator")?, at)?;
        let word = self.reader.word("a column")?;
        if is_value(&word) {
            return Err(SyntaxError::new(format!("`{word}` is no column")));
        }
        compare(self.path(&word)?, operator.turned(), literal)
    }

    fn path(&self, text: &str) -> Result<Path, SyntaxError> {
        let mut path = Path::parse(text)?;
        let Some(variable) = self.variables.last() else { return Ok(path) };
        if path.0.len() < 2 || path.0[0] != *variable {
            return Err(SyntaxError::new(format!("`{text}` is no column of `{variable}`")));
        }
        path.0.remove(0);
        Ok(path)
    }

    /// What stands before an open parenthesis is a function, or the relation that `any` and `all` look at.
    fn call(&mut self, name: &str) -> Result<Expression, SyntaxError> {
        let function = match name {
            "contains" => TextFunction::Contains,
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            _ => return self.other_call(name),
        };
        let word = self.reader.word("a column")?;
        let path = self.path(&word)?;
        self.reader.expect(',')?;
        let text = match self.reader.next("a text")? {
            Token::Quoted(text) => text,
            other => return Err(SyntaxError::new(format!("a text in quotes is expected, not {}", other.shown()))),
        };
        self.reader.expect(')')?;
        Ok(Expression::Text { function, path, text })
    }

    fn other_call(&mut self, name: &str) -> Result<Expression, SyntaxError> {
        if let Some((relation, quantifier)) = name.rsplit_once('/')
            && matches!(quantifier, "any" | "all")
        {
            let path = self.path(relation)?;
            return self.related(path, quantifier == "all");
        }
        if !name.contains('.') {
            return Err(SyntaxError::new(format!("`{name}` is none of contains, startswith, endswith")));
        }
        let arguments = self.reader.list(')', |reader| {
            let name = reader.word("the name of an argument")?;
            reader.expect('=')?;
            Ok(NamedArgument { name, value: argument(reader)? })
        })?;
        Ok(Expression::Call { name: name.to_owned(), arguments })
    }

    fn related(&mut self, path: Path, is_all: bool) -> Result<Expression, SyntaxError> {
        if !is_all && self.reader.takes_sign(')') {
            return Ok(Expression::Related { path, is_all, body: None });
        }
        let variable = self.reader.word("a variable")?;
        self.reader.expect(':')?;
        self.variables.push(variable);
        let body = self.either()?;
        self.variables.pop();
        self.reader.expect(')')?;
        Ok(Expression::Related { path, is_all, body: Some(Box::new(body)) })
    }
}

fn one_or(mut parts: Vec<Expression>, many: impl Fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}

fn operator(word: &str, at: usize) -> Result<Operator, SyntaxError> {
    Operator::named(word)
        .ok_or_else(|| SyntaxError::new(format!("`{word}` at position {at} is none of eq, ne, gt, ge, lt, le")))
}

fn compare(path: Path, operator: Operator, literal: Literal) -> Result<Expression, SyntaxError> {
    if literal == Literal::Null && !matches!(operator, Operator::Eq | Operator::Ne) {
        return Err(SyntaxError::new("null can be compared with eq and ne only"));
    }
    Ok(Expression::Compare { path, operator, literal })
}

/// Reads one value, or several in brackets.
pub(crate) fn argument(reader: &mut Reader) -> Result<Argument, SyntaxError> {
    match reader.takes_sign('[') {
        true => Ok(Argument::Many(reader.list(']', literal)?)),
        false => literal(reader).map(Argument::One),
    }
}

/// Reads a value.
pub(crate) fn literal(reader: &mut Reader) -> Result<Literal, SyntaxError> {
    match reader.next("a value")? {
        Token::Quoted(text) => Ok(Literal::Quoted(text)),
        Token::Word(word) if word == "null" => Ok(Literal::Null),
        Token::Word(word) => bare(reader, word),
        other @ Token::Sign(_) => Err(SyntaxError::new(format!("a value is expected, not {}", other.shown()))),
    }
}

/// A value without quotes: a reference `table(id)`, or what cannot be taken for a column.
fn bare(reader: &mut Reader, word: String) -> Result<Literal, SyntaxError> {
    if let Some(alias) = word.strip_prefix('@').filter(|alias| !alias.is_empty()) {
        return Ok(Literal::Alias(alias.to_owned()));
    }
    if is_value(&word) {
        return Ok(Literal::Bare(word));
    }
    // Bytes are written as `binary'QmFzZTY0'`, members of an enumeration as `Its.Name'Member'`.
    if (word == "binary" || word.contains('.'))
        && let Some(Token::Quoted(text)) = reader.peek().cloned()
    {
        reader.next("bytes")?;
        return Ok(Literal::Quoted(text));
    }
    if reader.takes_sign('(') {
        let id = reader.word("an id")?;
        reader.expect(')')?;
        return Ok(Literal::Bare(format!("{word}({id})")));
    }
    Err(SyntaxError::new(format!("texts stand in quotes: '{word}'")))
}

/// Numbers, dates, ids and truth values are no columns.
fn is_value(word: &str) -> bool {
    let starts_as_value = word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
    starts_as_value || matches!(word, "true" | "false") || Guid::parse(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &Expression) -> String {
        let value = |literal: &Literal| match literal {
            Literal::Null => "-".to_owned(),
            Literal::Quoted(text) => format!("'{text}'"),
            Literal::Bare(text) => text.clone(),
            Literal::Alias(name) => format!("@{name}"),
        };
        let values = |literals: &[Literal]| literals.iter().map(value).collect::<Vec<_>>().join(" ");
        let all =
            |parts: &[Expression], sign: &str| format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(sign));
        match expression {
            Expression::And(parts) => all(parts, " & "),
            Expression::Or(parts) => all(parts, " | "),
            Expression::Not(inner) => format!("!{}", shown(inner)),
            Expression::Compare { path, operator, literal } => format!("{path} {operator:?} {}", value(literal)),
            Expression::Text { function, path, text } => format!("{function:?} {path} '{text}'"),
            Expression::In { path, literals } => format!("{path} in {}", values(literals)),
            Expression::Call { name, arguments } => {
                let arguments = arguments.iter().map(|argument| match &argument.value {
                    Argument::One(literal) => format!("{}={}", argument.name, value(literal)),
                    Argument::Many(literals) => format!("{}=[{}]", argument.name, values(literals)),
                });
                format!("{name} {}", arguments.collect::<Vec<_>>().join(" "))
            }
            Expression::Related { path, is_all, body } => {
                let quantifier = if *is_all { "all" } else { "any" };
                format!("{quantifier} {path}: {}", body.as_deref().map(shown).unwrap_or_default())
            }
        }
    }

    #[test]
    fn filters_are_read_by_precedence() {
        let id = "a1b2c3d4-0000-4000-8000-00000000abcd";
        for (text, expected) in [
            ("a eq 'x'", "a Eq 'x'"),
            ("a eq 1 or b ne null and not c gt -2.5", "(a Eq 1 | (b Ne - & !c Gt -2.5))"),
            ("a eq 1 or a eq 2 or a eq 3", "(a Eq 1 | a Eq 2 | a Eq 3)"),
            ("(a eq true or b lt 2)and c ge 3", "((a Eq true | b Lt 2) & c Ge 3)"),
            ("contains(a,'it''s') and not(endswith( b , 'y'))", "(Contains a 'it's' & !EndsWith b 'y')"),
            ("a le 2026-01-31T00:00:00Z", "a Le 2026-01-31T00:00:00Z"),
            (&format!("a eq account({id})"), &format!("a Eq account({id})")),
            (&format!("_a_value eq {id}"), &format!("_a_value Eq {id}")),
            (&format!("{id} eq a"), &format!("a Eq {id}")),
            ("5 lt a and 'x' eq b and null ne c", "(a Gt 5 & b Eq 'x' & c Ne -)"),
            ("a eq ''", "a Eq ''"),
            ("parent/name eq 'x'", "parent/name Eq 'x'"),
            ("a in ('x','y') or a in (1, 2)", "(a in 'x' 'y' | a in 1 2)"),
            (
                "Microsoft.Dynamics.CRM.In(PropertyName='c',PropertyValues=['a','b'])",
                "Microsoft.Dynamics.CRM.In PropertyName='c' PropertyValues=['a' 'b']",
            ),
            ("Microsoft.Dynamics.CRM.Today(PropertyName=@p1)", "Microsoft.Dynamics.CRM.Today PropertyName=@p1"),
            ("nav/any(o:o/col eq 1 and o/n/x eq 2)", "any nav: (col Eq 1 & n/x Eq 2)"),
            ("nav/all(o: o/col eq 1) or nav/any()", "(all nav: col Eq 1 | any nav: )"),
            ("nav/any(o:o/inner/any(p:p/c eq 1))", "any nav: any inner: c Eq 1"),
        ] {
            assert_eq!(parse(text).map(|expression| shown(&expression)), Ok(expected.to_owned()), "{text}");
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
            ("null lt a", "eq and ne only"),
            ("length(a,'x')", "none of contains"),
            ("contains(a 'x')", "`,` is expected at position 12"),
            ("contains(a,x)", "a text in quotes is expected"),
            (") eq 1", "a column is expected at position 1, not `)`"),
            ("a//b eq 1", "`a//b` is no path"),
            ("a in 'x'", "`(` is expected at position 6"),
            ("nav/any(o:x/col eq 1)", "`x/col` is no column of `o`"),
            ("nav/all()", "a variable is expected at position 9"),
            ("1 eq 2", "`2` is no column"),
        ] {
            let error = parse(text).expect_err(text).message;
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(3_000)).is_err());
        assert!(parse(&format!("a eq 1{}", " and a eq 1".repeat(100_000))).is_err());
        assert!(parse(&format!("{}a eq 1", "not ".repeat(3_000))).is_err());
        assert!(parse(&format!("a eq 1{}", " or a eq 1".repeat(6_000))).is_ok(), "64 KB of a batch");
    }
}
