//! Packages that could not be read: what the reader said, as a finding.
//!
//! Such a package has nothing to check, but a pipeline wants the same file of results as for any other.

use strata_model::code::ErrorCode;

use crate::finding::Finding;
use crate::report::fingerprint;
use crate::rules;

/// What the reader said.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable<'a> {
    pub code: ErrorCode,
    pub message: &'a str,
    pub part: Option<&'a str>,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

/// Returns the finding that stands for it; `None` where the file is no solution package at all, or an unsafe one.
pub fn finding(unreadable: Unreadable<'_>) -> Option<Finding> {
    let malformed = [
        ErrorCode::IMPORT_BAD_ZIP,
        ErrorCode::IMPORT_NOT_WELL_FORMED,
        ErrorCode::IMPORT_XSD_VALIDATION,
        ErrorCode::IMPORT_INVALID_XML,
    ];
    let id = match unreadable.code {
        code if malformed.contains(&code) => "STR001",
        code if code == ErrorCode::DUPLICATE_CUSTOM_COMPONENT_INSTANCE => "STR004",
        _ => return None,
    };
    let rule = rules::find(id)?;
    Some(Finding {
        rule: rule.id,
        severity: rule.severity,
        message: unreadable.message.to_owned(),
        component: None,
        part: unreadable.part.map(str::to_owned),
        line: unreadable.line,
        column: unreadable.column,
        column_utf16: unreadable.column,
        suppressed: false,
        path: String::new(),
        package: None,
        reason: None,
        fingerprint: fingerprint(rule.id, unreadable.part.unwrap_or("package"), ""),
    })
}
