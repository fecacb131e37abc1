//! Rows from a CSV file: the first line names the columns, each further one is a row.

use std::fs::File;
use std::io;
use std::path::Path;

use csv::{Position, ReaderBuilder, StringRecord};
use strata_model::code::ErrorCode;

use super::edits::{Draft, Origin, Problem, refuse, texts};
use crate::{OpsError, Place};

/// Reads a file and adds a row for each line; values that do not fit become problems of the draft.
pub(super) fn read(path: &Path, draft: &mut Draft<'_>) -> Result<Origin, OpsError> {
    let unreadable = |source: io::Error| OpsError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut reader = ReaderBuilder::new().from_reader(file);
    let headers = reader.headers().map_err(|error| failure(path, error))?.clone();
    let columns = headers_of(&headers, path, draft)?;
    let mut origin = Origin { path: Some(path.to_owned()), lines: Vec::new(), columns: columns.clone() };
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| failure(path, error))? {
        let line = line_of(record.position());
        let place = |name: Option<&str>| {
            let position = name.and_then(|name| columns.iter().position(|own| own == name));
            let column = position.and_then(|position| u32::try_from(position + 1).ok());
            Some(Place { path: path.to_owned(), line, column })
        };
        let values: Vec<_> =
            columns.iter().zip(record.iter()).map(|(column, text)| (column.clone(), text.to_owned())).collect();
        draft.create(None, &texts(&values), &place)?;
        origin.lines.push(line);
    }
    Ok(origin)
}

/// Returns the columns that the first line names, or everything that is wrong with it.
fn headers_of(headers: &StringRecord, path: &Path, draft: &mut Draft<'_>) -> Result<Vec<String>, OpsError> {
    let mut columns: Vec<String> = Vec::new();
    let mut problems = Vec::new();
    for (name, number) in headers.iter().zip(1..) {
        let place = || Some(Place { path: path.to_owned(), line: 1, column: Some(number) });
        match draft.table.column(name) {
            Ok(column) if columns.contains(&column.name) => {
                let message = format!("column {} is named twice", column.name);
                problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, place()));
            }
            Ok(column) => columns.push(column.name),
            Err(error @ OpsError::Request { .. }) => problems.push(Problem::of(&error, place())),
            Err(error) => return Err(error),
        }
    }
    if headers.is_empty() {
        let message = "the first line must name the columns".to_owned();
        let place = Place { path: path.to_owned(), line: 1, column: None };
        problems.push(Problem::new(ErrorCode::INVALID_VALUE, message, Some(place)));
    }
    if problems.is_empty() { Ok(columns) } else { Err(refuse(problems)) }
}

fn line_of(position: Option<&Position>) -> u32 {
    position.map_or(1, |position| u32::try_from(position.line()).unwrap_or(u32::MAX))
}

/// Says what is wrong with the file itself.
fn failure(path: &Path, error: csv::Error) -> OpsError {
    let line = line_of(error.position());
    let message = match error.into_kind() {
        csv::ErrorKind::Io(source) => return OpsError::Unreadable { path: path.to_owned(), source },
        csv::ErrorKind::Utf8 { err, .. } => format!("field {} is not UTF-8", err.field() + 1),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, and the first line names {expected_len} columns")
        }
        other => format!("it is no CSV: {other:?}"),
    };
    let place = Place { path: path.to_owned(), line, column: None };
    refuse(vec![Problem::new(ErrorCode::INVALID_VALUE, message, Some(place))])
}
