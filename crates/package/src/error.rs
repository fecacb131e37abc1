//! Why a file is not a readable, safe solution package.

use std::fmt;

use strata_model::code::ErrorCode;
use strata_xml::line_column;

/// A package that cannot be read, with the part and position where that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPackageError {
    pub code: ErrorCode,
    pub message: String,
    pub part: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1, in bytes.
    pub column: Option<u32>,
    pub hint: Option<String>,
}

impl std::error::Error for ReadPackageError {}

impl fmt::Display for ReadPackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(part) = &self.part {
            write!(f, "part `{part}`")?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, ", line {line}, column {column}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl ReadPackageError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), part: None, line: None, column: None, hint: None }
    }

    /// The file is not a solution package at all.
    pub(crate) fn not_a_package(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::IMPORT_BAD_ZIP, message)
    }

    /// The file is built to do harm, or might be (D13).
    pub(crate) fn unsafe_package(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::UNSAFE_PACKAGE, message)
    }

    pub(crate) fn in_part(mut self, part: &str) -> Self {
        self.part = Some(part.to_owned());
        self
    }

    pub(crate) fn at(mut self, bytes: &[u8], offset: usize) -> Self {
        let (line, column) = line_column(bytes, offset);
        (self.line, self.column) = (Some(line), Some(column));
        self
    }

    /// Says the place where a reader has counted it; columns from 1.
    pub(crate) fn at_line(mut self, line: usize, column: usize) -> Self {
        self.line = u32::try_from(line).ok();
        self.column = u32::try_from(column).ok();
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// XML that is not well formed, or declares what it must not.
    pub(crate) fn xml(part: &str, bytes: &[u8], offset: usize, message: &str) -> Self {
        let forbidden = message.contains("DOCTYPE")
            || message.contains("deeper")
            || message.contains("unknown entity")
            || message.contains("an element has more than");
        let code = if forbidden { ErrorCode::UNSAFE_PACKAGE } else { ErrorCode::IMPORT_NOT_WELL_FORMED };
        Self::new(code, message).in_part(part).at(bytes, offset)
    }
}
