//! `$apply`: rows filtered, grouped and counted, step by step (web-api §4).

use crate::SyntaxError;
use crate::expression::{self, Expression, Path};
use crate::query::split;

/// One transformation; the next one works on what it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Filter(Expression),
    /// All rows become one.
    Aggregate(Vec<Aggregate>),
    /// Rows that agree in some columns become one.
    GroupBy {
        paths: Vec<Path>,
        aggregates: Vec<Aggregate>,
    },
}

/// A figure about several rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// `None` counts rows.
    pub path: Option<Path>,
    pub method: Method,
    pub alias: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Count,
    CountDistinct,
    Sum,
    Average,
    Min,
    Max,
}

/// Reads the steps between slashes.
pub fn parse(text: &str) -> Result<Vec<Step>, SyntaxError> {
    split(text, '/')?.into_iter().map(step).collect()
}

fn step(text: &str) -> Result<Step, SyntaxError> {
    let (name, inside) = call(text)?;
    match name {
        "filter" => Ok(Step::Filter(expression::parse(inside)?)),
        "aggregate" => Ok(Step::Aggregate(aggregates(inside)?)),
        "groupby" => group_by(inside),
        other => Err(SyntaxError::new(format!("`{other}` is none of filter, groupby, aggregate"))),
    }
}

fn group_by(text: &str) -> Result<Step, SyntaxError> {
    let mut parts = split(text, ',')?.into_iter();
    let columns = parts.next().unwrap_or_default().trim();
    let columns = columns.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let columns = columns.ok_or_else(|| SyntaxError::new("groupby((column,…)) is expected"))?;
    let paths = columns.split(',').map(|path| Path::parse(path.trim())).collect::<Result<_, _>>()?;
    let aggregates = match parts.next() {
        None => Vec::new(),
        Some(rest) => match call(rest)? {
            ("aggregate", inside) => aggregates(inside)?,
            (other, _) => return Err(SyntaxError::new(format!("`{other}` is not aggregate"))),
        },
    };
    match parts.next() {
        None => Ok(Step::GroupBy { paths, aggregates }),
        Some(more) => Err(SyntaxError::new(format!("`{}` is not expected", more.trim()))),
    }
}

fn aggregates(text: &str) -> Result<Vec<Aggregate>, SyntaxError> {
    text.split(',').map(aggregate).collect()
}

fn aggregate(text: &str) -> Result<Aggregate, SyntaxError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["$count", "as", alias] => Ok(Aggregate { path: None, method: Method::Count, alias: (*alias).to_owned() }),
        [path, "with", method, "as", alias] => {
            Ok(Aggregate { path: Some(Path::parse(path)?), method: method_named(method)?, alias: (*alias).to_owned() })
        }
        _ => Err(SyntaxError::new(format!(
            "`{}` is neither `column with method as name` nor `$count as name`",
            text.trim()
        ))),
    }
}

fn method_named(word: &str) -> Result<Method, SyntaxError> {
    match word {
        "countdistinct" => Ok(Method::CountDistinct),
        "sum" => Ok(Method::Sum),
        "average" => Ok(Method::Average),
        "min" => Ok(Method::Min),
        "max" => Ok(Method::Max),
        other => Err(SyntaxError::new(format!("`{other}` is none of sum, average, min, max, countdistinct"))),
    }
}

/// Splits `name(inside)`.
fn call(text: &str) -> Result<(&str, &str), SyntaxError> {
    let text = text.trim();
    let split = text.split_once('(').and_then(|(name, rest)| Some((name.trim(), rest.strip_suffix(')')?)));
    split.ok_or_else(|| SyntaxError::new(format!("`{text}` is no transformation")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_one_another() {
        let steps = parse(
            "filter(a eq 'x/y' and b gt 1)/groupby((owner/name,state),aggregate(total with sum as t,$count as n))\
             /aggregate(t with max as m)",
        )
        .expect("steps");
        let figure = |path: Option<&str>, method, alias: &str| Aggregate {
            path: path.map(|path| Path::parse(path).expect("a path")),
            method,
            alias: alias.to_owned(),
        };
        let expected = [
            Step::Filter(expression::parse("a eq 'x/y' and b gt 1").expect("a filter")),
            Step::GroupBy {
                paths: ["owner/name", "state"].map(|path| Path::parse(path).expect("a path")).to_vec(),
                aggregates: vec![figure(Some("total"), Method::Sum, "t"), figure(None, Method::Count, "n")],
            },
            Step::Aggregate(vec![figure(Some("t"), Method::Max, "m")]),
        ];
        assert_eq!(steps, expected);
        let plain = parse("groupby((a))").expect("steps");
        assert!(matches!(plain.as_slice(), [Step::GroupBy { aggregates, .. }] if aggregates.is_empty()));
    }

    #[test]
    fn what_is_no_step_says_why() {
        for (text, expected) in [
            ("", "is no transformation"),
            ("sort(a)", "none of filter, groupby, aggregate"),
            ("groupby(a)", "groupby((column,…)) is expected"),
            ("groupby((a),filter(b eq 1))", "`filter` is not aggregate"),
            ("groupby((a),aggregate($count as n),b)", "`b` is not expected"),
            ("aggregate(a with median as b)", "`median` is none of"),
            ("aggregate(a)", "neither `column with method as name`"),
            ("filter(a eq)", "a value is expected at the end"),
        ] {
            let error = parse(text).expect_err(text).message;
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
