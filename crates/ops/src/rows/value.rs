//! Values of rows as people write them, and as documents keep them (D8).
//!
//! Texts stay texts, numbers are numbers, choices their option's number, several choices a list of numbers. A date is
//! `2026-01-31`, a time is in UTC with a `Z`, an id is lower case without braces, a lookup is `table(id)`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde_json::{Number, Value};
use strata_engine::table::{Column, Kind, Options};
use strata_model::id::Guid;

/// A value, or a reference whose table is not known yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    Value(Value),
    /// A row of one of these tables, or of any when they are not known.
    Reference {
        tables: Vec<String>,
        id: Guid,
    },
}

/// A value as somebody gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given<'a> {
    /// As people write it; nothing is written as an empty text.
    Text(&'a str),
    /// With a type of its own, as the Web API has it.
    Typed(&'a Value),
    /// The row that a lookup is to lead to.
    Row { table: &'a str, id: Guid },
}

impl Given<'_> {
    /// Tells whether the column is to hold nothing.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Typed(value) => value.is_null() || value.as_str() == Some(""),
            Self::Row { .. } => false,
        }
    }

    pub(super) fn read(&self, column: &Column) -> Result<Written, String> {
        match self {
            Self::Text(text) => read(column, text),
            Self::Typed(value) => read_typed(column, value),
            Self::Row { table, id } => match &column.kind {
                Kind::Lookup { .. } => read(column, &format!("{table}({id})")),
                _ => Err("it is no lookup".to_owned()),
            },
        }
    }

    /// Returns the value as messages show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Typed(Value::String(text)) => text.clone(),
            Self::Typed(value) => value.to_string(),
            Self::Row { table, id } => format!("{table}({id})"),
        }
    }
}

/// Reads a value that has the type of its column: texts are texts, numbers are numbers.
fn read_typed(column: &Column, value: &Value) -> Result<Written, String> {
    let text = match (&column.kind, value) {
        (Kind::Text { .. } | Kind::DateTime { .. } | Kind::Id | Kind::Choices { .. }, Value::String(text)) => {
            text.clone()
        }
        (Kind::Text { .. }, _) => return Err("a text is expected".to_owned()),
        (Kind::DateTime { .. }, _) => return Err("a time is expected, as a text".to_owned()),
        (Kind::Id, _) => return Err("an id is expected, as a text".to_owned()),
        (Kind::Boolean, Value::Bool(flag)) => flag.to_string(),
        (Kind::Boolean, _) => return Err("true or false is expected".to_owned()),
        (Kind::Integer { .. } | Kind::Choice { .. }, Value::Number(number)) if number.is_i64() => number.to_string(),
        (Kind::Integer { .. } | Kind::Choice { .. }, _) => return Err("a whole number is expected".to_owned()),
        // Rust writes no exponents.
        (Kind::Decimal { .. }, Value::Number(number)) => match number.as_i64() {
            Some(whole) => whole.to_string(),
            None => number.as_f64().map(|number| number.to_string()).unwrap_or_default(),
        },
        (Kind::Decimal { .. }, _) => return Err("a number is expected".to_owned()),
        (Kind::Choices { .. }, Value::Array(options)) => {
            let numbers: Option<Vec<_>> = options.iter().map(Value::as_i64).collect();
            let numbers = numbers.ok_or_else(|| "numbers of options are expected".to_owned())?;
            numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
        }
        (Kind::Choices { .. }, _) => return Err("numbers of options are expected, as a text".to_owned()),
        (Kind::Lookup { .. }, _) => {
            return Err("a lookup is set by its navigation property, with @odata.bind".to_owned());
        }
        (Kind::Unsupported(kind), _) => return Err(format!("columns of type {kind} hold no values here")),
    };
    read(column, &text)
}

/// Reads a value of a column; the error says what is expected. Nothing is written as an empty text.
pub(crate) fn read(column: &Column, text: &str) -> Result<Written, String> {
    let value = match &column.kind {
        Kind::Text { length_max } => read_text(text, *length_max)?,
        Kind::Integer { min, max } => read_integer(text, *min, *max)?,
        Kind::Decimal { min, max, places } => read_decimal(text, min.as_deref(), max.as_deref(), *places)?,
        Kind::Boolean => read_boolean(text)?,
        Kind::Choice { options } => read_option(text, options)?.into(),
        Kind::Choices { options } => read_options(text, options)?,
        Kind::DateTime { is_date_only: true } => read_date(text)?,
        Kind::DateTime { is_date_only: false } => read_time(text)?,
        Kind::Id => read_id(text)?.to_string().into(),
        Kind::Lookup { targets } => return read_reference(text, targets),
        Kind::Unsupported(kind) => return Err(format!("columns of type {kind} hold no values here")),
    };
    Ok(Written::Value(value))
}

/// Writes a reference as documents keep it.
pub(crate) fn reference(table: &str, id: &str) -> Value {
    Value::String(format!("{table}({id})"))
}

fn read_text(text: &str, length_max: Option<usize>) -> Result<Value, String> {
    let length = text.encode_utf16().count();
    match length_max {
        Some(length_max) if length > length_max => {
            Err(format!("it has {length} characters, and at most {length_max} are allowed"))
        }
        Some(_) | None => Ok(text.into()),
    }
}

fn read_integer(text: &str, min: i64, max: i64) -> Result<Value, String> {
    let number: i64 = text.trim().parse().map_err(|_| "a whole number is expected".to_owned())?;
    if number < min || number > max {
        return Err(format!("it must lie between {min} and {max}"));
    }
    Ok(number.into())
}

fn read_decimal(text: &str, min: Option<&str>, max: Option<&str>, places: Option<usize>) -> Result<Value, String> {
    let text = text.trim();
    let expected = || "a number such as 12.5 is expected".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_number = !(digits.is_empty() && fraction.is_empty())
        && digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(expected());
    }
    let fraction = fraction.trim_end_matches('0');
    if let Some(places) = places.filter(|places| fraction.len() > *places) {
        return Err(format!("it has {} decimal places, and at most {places} are allowed", fraction.len()));
    }
    // More digits than a JSON number keeps would be lost without a word.
    let significant = format!("{digits}{fraction}");
    if significant.trim_start_matches('0').len() > 15 {
        return Err("it has more than 15 digits, which a value here cannot keep".to_owned());
    }
    let number: f64 = text.parse().map_err(|_| expected())?;
    let limit = |limit: Option<&str>| limit.and_then(|limit| limit.trim().parse::<f64>().ok());
    let (low, high) = (limit(min), limit(max));
    if low.is_some_and(|low| number < low) || high.is_some_and(|high| number > high) {
        return Err(format!("it must lie between {} and {}", min.unwrap_or("any number"), max.unwrap_or("any number")));
    }
    Ok(plain_number(number))
}

/// Whole numbers are written without a point.
pub(crate) fn plain_number(number: f64) -> Value {
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    let number = if is_whole { Some(Number::from(number as i64)) } else { Number::from_f64(number) };
    number.map_or(Value::Null, Value::Number)
}

fn read_boolean(text: &str) -> Result<Value, String> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true.into()),
        "false" | "no" | "0" => Ok(false.into()),
        _ => Err("true or false is expected".to_owned()),
    }
}

fn read_option(text: &str, options: &Options) -> Result<i64, String> {
    let number: Result<i64, _> = text.trim().parse();
    match number {
        Ok(number) if options.is_empty() || options.contains_key(&number) => Ok(number),
        Ok(_) | Err(_) if options.is_empty() => Err("the number of an option is expected".to_owned()),
        Ok(_) | Err(_) => Err(format!("it is no option: {} {}", listed(options), "can be chosen")),
    }
}

fn read_options(text: &str, options: &Options) -> Result<Value, String> {
    let parts = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
    let mut numbers = parts.map(|part| read_option(part, options)).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers.into())
}

fn listed(options: &Options) -> String {
    const LISTED_MAX: usize = 8;
    let mut names: Vec<_> = options.keys().take(LISTED_MAX).map(i64::to_string).collect();
    if options.len() > LISTED_MAX {
        names.push(format!("{} more", options.len() - LISTED_MAX));
    }
    names.join(", ")
}

fn read_date(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let date = text.parse::<Date>().or_else(|_| text.parse::<DateTime>().map(|time| time.date()));
    date.map(|date| date.to_string().into()).map_err(|_| "a date such as 2026-01-31 is expected".to_owned())
}

/// Reads a time; without an offset it is taken for UTC, without a time of day for midnight.
fn read_time(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let time = text
        .parse::<Timestamp>()
        .or_else(|_| text.trim_end_matches(['z', 'Z']).parse::<DateTime>().and_then(in_utc))
        .and_then(|time| time.round(Unit::Second));
    time.map(|time| time.to_string().into()).map_err(|_| "a time such as 2026-01-31T10:00:00Z is expected".to_owned())
}

fn read_id(text: &str) -> Result<Guid, String> {
    Guid::parse(text.trim()).ok_or_else(|| "an id such as 1a2b3c4d-0000-4000-8000-00000000abcd is expected".to_owned())
}

fn read_reference(text: &str, targets: &[String]) -> Result<Written, String> {
    let text = text.trim();
    let Some((table, id)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        let expected = || match targets {
            [] => "a row is expected, as table(id)".to_owned(),
            targets => format!("a row of {} is expected, as its id or as table(id)", targets.join(" or ")),
        };
        let id = Guid::parse(text).ok_or_else(expected)?;
        return Ok(Written::Reference { tables: targets.to_vec(), id });
    };
    let table = table.trim().to_lowercase();
    if !targets.is_empty() && !targets.contains(&table) {
        return Err(format!("it refers to rows of {}, not of {table}", targets.join(" or ")));
    }
    Ok(Written::Reference { tables: vec![table], id: read_id(id)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kind: Kind, text: &str) -> Result<Value, String> {
        let column = Column { name: "c".to_owned(), kind, is_read_only: false };
        match read(&column, text)? {
            Written::Value(value) => Ok(value),
            Written::Reference { tables, id } => Ok(format!("{}({id})", tables.join("|")).into()),
        }
    }

    fn options() -> Options {
        [(1, None), (2, None)].into()
    }

    #[test]
    fn values_are_kept_in_one_spelling() {
        let decimal = || Kind::Decimal { min: Some("0".into()), max: Some("1000".into()), places: Some(2) };
        let time = || Kind::DateTime { is_date_only: false };
        let date = || Kind::DateTime { is_date_only: true };
        let lookup = || Kind::Lookup { targets: vec!["account".to_owned(), "contact".to_owned()] };
        let id = "1A2B3C4D-0000-4000-8000-00000000ABCD";
        let small = id.to_lowercase();
        let kept: [(Kind, &str, Value); 15] = [
            (Kind::Text { length_max: Some(3) }, "äöü", "äöü".into()),
            (Kind::Integer { min: -5, max: 5 }, " -5 ", (-5).into()),
            (decimal(), "12.50", 12.5.into()),
            (decimal(), "7.00", 7.into()),
            (decimal(), ".25", 0.25.into()),
            (Kind::Boolean, "Yes", true.into()),
            (Kind::Choice { options: options() }, "2", 2.into()),
            (Kind::Choice { options: Options::new() }, "77", 77.into()),
            (Kind::Choices { options: options() }, "2;1, 2", vec![1, 2].into()),
            (date(), "2026-01-31", "2026-01-31".into()),
            (time(), "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z".into()),
            (time(), "2026-01-31", "2026-01-31T00:00:00Z".into()),
            (Kind::Id, id, small.clone().into()),
            (lookup(), id, format!("account|contact({small})").into()),
            (lookup(), &format!("Contact({{{id}}})"), format!("contact({small})").into()),
        ];
        for (kind, text, expected) in kept {
            assert_eq!(value(kind, text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn wrong_values_are_told_apart() {
        let decimal = || Kind::Decimal { min: Some("0".into()), max: Some("1E3".into()), places: Some(2) };
        let lookup = Kind::Lookup { targets: vec!["account".to_owned()] };
        let wrong = [
            (Kind::Text { length_max: Some(3) }, "four", "at most 3"),
            (Kind::Integer { min: -5, max: 5 }, "6", "between -5 and 5"),
            (Kind::Integer { min: -5, max: 5 }, "1.0", "whole number"),
            (decimal(), "1.005", "at most 2"),
            (decimal(), "1000.5", "between 0 and 1E3"),
            (decimal(), "1e2", "such as 12.5"),
            (decimal(), "-", "such as 12.5"),
            (decimal(), "NaN", "such as 12.5"),
            (Kind::Decimal { min: None, max: None, places: None }, "1234567890.1234567", "15 digits"),
            (Kind::Boolean, "maybe", "true or false"),
            (Kind::Choice { options: options() }, "3", "1, 2 can be chosen"),
            (Kind::Choices { options: options() }, "1,9", "1, 2 can be chosen"),
            (Kind::DateTime { is_date_only: true }, "31.1.2026", "a date"),
            (Kind::DateTime { is_date_only: false }, "2026-13-01T00:00:00Z", "a time"),
            (Kind::Id, "7", "an id"),
            (lookup.clone(), "7", "a row of account"),
            (lookup, "lead(1a2b3c4d-0000-4000-8000-00000000abcd)", "not of lead"),
            (Kind::Unsupported("file".to_owned()), "x", "type file"),
        ];
        for (kind, text, expected) in wrong {
            let error = value(kind, text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
