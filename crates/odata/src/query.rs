//! Query options: which rows, which columns, in which order, with which related rows (web-api §4).

use std::collections::BTreeMap;

use crate::SyntaxError;
use crate::apply::{self, Step};
use crate::expression::{self, Expression, Path};

/// What a request wants of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// `None` stands for every column.
    pub select: Option<Vec<String>>,
    pub filter: Option<Expression>,
    pub order: Vec<Order>,
    pub expand: Vec<Expand>,
    pub apply: Vec<Step>,
    pub top: Option<u64>,
    pub count: bool,
    /// Where the page begins, as the server wrote it into a link.
    pub skip_token: Option<String>,
    pub fetch_xml: Option<String>,
    /// Ids of views that say what is wanted.
    pub saved_query: Option<String>,
    pub user_query: Option<String>,
    /// A statement that says it.
    pub sql: Option<String>,
    /// Values that the path or an expression refers to, by name without `@`.
    pub aliases: BTreeMap<String, String>,
    /// Options without a `$` that are nothing of the above, in their order.
    pub custom: Vec<(String, String)>,
}

/// A column or navigated column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub path: Path,
    pub is_descending: bool,
}

/// Related rows that come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    pub navigation: String,
    /// Of the related rows.
    pub query: Query,
}

/// Deeper nesting of expansions is refused.
const DEPTH_MAX: usize = 10;

/// Reads the options of a URL, decoded and in their order.
pub fn parse(options: &[(String, String)]) -> Result<Query, SyntaxError> {
    let mut query = Query::default();
    for (index, (name, value)) in options.iter().enumerate() {
        let is_ours = name.starts_with('$') || name.starts_with('@');
        if is_ours && options[..index].iter().any(|(other, _)| other == name) {
            return Err(SyntaxError::new(format!("the query option {name} is given twice")));
        }
        query.option(name, value, 0)?;
    }
    Ok(query)
}

impl Query {
    fn option(&mut self, name: &str, value: &str, depth: usize) -> Result<(), SyntaxError> {
        let inside = |error: SyntaxError| SyntaxError::new(format!("{name}: {}", error.message));
        match name {
            "$select" => self.select = select(value).map_err(inside)?,
            "$filter" => self.filter = Some(expression::parse(value).map_err(inside)?),
            "$orderby" => self.order = order(value).map_err(inside)?,
            "$expand" => self.expand = expand(value, depth + 1).map_err(inside)?,
            "$apply" => self.apply = apply::parse(value).map_err(inside)?,
            "$top" => {
                let top = value.trim().parse();
                self.top = Some(top.map_err(|_| SyntaxError::new(format!("$top: `{value}` is no number of rows")))?);
            }
            "$count" => {
                self.count = match value.trim() {
                    "true" => true,
                    "false" => false,
                    other => return Err(SyntaxError::new(format!("$count: `{other}` is neither true nor false"))),
                }
            }
            "$skiptoken" => self.skip_token = Some(value.to_owned()),
            "fetchXml" => self.fetch_xml = Some(value.to_owned()),
            "savedQuery" => self.saved_query = Some(value.trim().to_owned()),
            "userQuery" => self.user_query = Some(value.trim().to_owned()),
            "sql" => self.sql = Some(value.to_owned()),
            _ => self.other(name, value)?,
        }
        Ok(())
    }

    fn other(&mut self, name: &str, value: &str) -> Result<(), SyntaxError> {
        if let Some(alias) = name.strip_prefix('@') {
            self.aliases.insert(alias.to_owned(), value.to_owned());
        } else if name.starts_with('$') {
            return Err(SyntaxError::new(format!("the query option {name} is not supported")));
        } else {
            self.custom.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }
}

fn select(text: &str) -> Result<Option<Vec<String>>, SyntaxError> {
    let mut columns: Vec<String> = Vec::new();
    for column in text.split(',').map(str::trim) {
        match column {
            "" => return Err(SyntaxError::new("a column is expected between commas")),
            "*" => return Ok(None),
            _ if columns.iter().any(|known| known == column) => {}
            _ => columns.push(column.to_owned()),
        }
    }
    Ok(Some(columns))
}

fn order(text: &str) -> Result<Vec<Order>, SyntaxError> {
    let one = |item: &str| {
        let mut words = item.split_whitespace();
        let path = words.next().ok_or_else(|| SyntaxError::new("a column is expected between commas"))?;
        let is_descending = match words.next() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(other) => return Err(SyntaxError::new(format!("`{other}` is neither asc nor desc"))),
        };
        match words.next() {
            None => Ok(Order { path: Path::parse(path)?, is_descending }),
            Some(more) => Err(SyntaxError::new(format!("`{more}` is not expected"))),
        }
    };
    text.split(',').map(one).collect()
}

fn expand(text: &str, depth: usize) -> Result<Vec<Expand>, SyntaxError> {
    if depth > DEPTH_MAX {
        return Err(SyntaxError::new(format!("it is nested deeper than {DEPTH_MAX}")));
    }
    split(text, ',')?.into_iter().map(|item| expanded(item.trim(), depth)).collect()
}

fn expanded(item: &str, depth: usize) -> Result<Expand, SyntaxError> {
    let (navigation, options) = match item.split_once('(') {
        None => (item, None),
        Some((navigation, rest)) => {
            let options = rest.trim_end().strip_suffix(')');
            (navigation.trim_end(), Some(options.ok_or_else(|| SyntaxError::new("`)` is expected at the end"))?))
        }
    };
    if navigation.is_empty() || navigation.contains([' ', ')', '\'']) {
        return Err(SyntaxError::new(format!("`{navigation}` is no navigation")));
    }
    let mut query = Query::default();
    for option in split(options.unwrap_or_default(), ';')?.into_iter().filter(|option| !option.trim().is_empty()) {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| SyntaxError::new(format!("`{}` is no option: name=value is expected", option.trim())))?;
        query.option(name.trim(), value, depth)?;
    }
    Ok(Expand { navigation: navigation.to_owned(), query })
}

/// Splits at a sign outside of quotes and parentheses.
pub(crate) fn split(text: &str, sign: char) -> Result<Vec<&str>, SyntaxError> {
    let (mut pieces, mut from, mut open, mut is_quoted) = (Vec::new(), 0, 0_u32, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => open += 1,
            ')' => open = open.checked_sub(1).ok_or_else(|| SyntaxError::new("`)` is not expected"))?,
            _ if character == sign && open == 0 => {
                pieces.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if is_quoted {
        return Err(SyntaxError::new("a text has no end"));
    }
    if open > 0 {
        return Err(SyntaxError::new("`)` is expected at the end"));
    }
    pieces.push(&text[from..]);
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Query, SyntaxError> {
        parse(&crate::url::options(text)?)
    }

    #[test]
    fn options_of_a_set_are_read() {
        let query = read(
            "$select=name,_x_value,name&$filter=a eq 1&$orderby=createdon desc,parent/name&$top=5&$count=true\
             &@p1='x'&api-version=9.1",
        )
        .expect("options");
        assert_eq!(query.select.as_deref(), Some(["name".to_owned(), "_x_value".to_owned()].as_slice()));
        assert_eq!(query.filter, Some(expression::parse("a eq 1").expect("a filter")));
        let order: Vec<_> = query.order.iter().map(|order| (order.path.to_string(), order.is_descending)).collect();
        assert_eq!(order, [("createdon".to_owned(), true), ("parent/name".to_owned(), false)]);
        assert_eq!((query.top, query.count), (Some(5), true));
        assert_eq!(query.aliases["p1"], "'x'");
        assert_eq!(query.custom, [("api-version".to_owned(), "9.1".to_owned())]);
        assert_eq!(read("$select=*").expect("all").select, None);
        assert_eq!(read("").expect("nothing"), Query::default());
    }

    #[test]
    fn expansions_have_options_of_their_own() {
        let query = read(
            "$expand=publisherid($select=a,b;$expand=c($top=1)),\
             tasks($filter=contains(n,'a;b)') or n eq 1;$orderby=n desc),plain",
        )
        .expect("options");
        let names: Vec<_> = query.expand.iter().map(|expand| expand.navigation.as_str()).collect();
        assert_eq!(names, ["publisherid", "tasks", "plain"]);
        assert_eq!(query.expand[0].query.select.as_ref().map(Vec::len), Some(2));
        assert_eq!(query.expand[0].query.expand[0].query.top, Some(1));
        let filter = expression::parse("contains(n,'a;b)') or n eq 1").expect("a filter");
        assert_eq!(query.expand[1].query.filter, Some(filter));
        assert!(query.expand[1].query.order[0].is_descending);
        assert_eq!(query.expand[2].query, Query::default());
    }

    #[test]
    fn what_is_no_option_says_which() {
        for (text, expected) in [
            ("$skip=5", "the query option $skip is not supported"),
            ("$top=x", "$top: `x` is no number of rows"),
            ("$top=-1", "$top: `-1` is no number of rows"),
            ("$count=yes", "neither true nor false"),
            ("$select=a,,b", "$select: a column is expected between commas"),
            ("$orderby=a up", "$orderby: `up` is neither asc nor desc"),
            ("$orderby=a desc b", "`b` is not expected"),
            ("$filter=a is 1", "$filter: `is` at position 3"),
            ("$expand=a($select=b", "`)` is expected at the end"),
            ("$expand=a)", "`)` is not expected"),
            ("$expand=a(b)", "`b` is no option"),
            ("$expand=", "`` is no navigation"),
            ("$expand=a($filter=b eq 'x)", "a text has no end"),
            ("$top=1&$top=2", "the query option $top is given twice"),
        ] {
            let error = read(text).expect_err(text).message;
            assert!(error.contains(expected), "{text}: {error}");
        }
        let deep = format!("$expand={}a{}", "a($expand=".repeat(50), ")".repeat(50));
        assert!(read(&deep).expect_err("too deep").message.contains("nested deeper"));
    }
}
