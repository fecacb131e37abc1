//! What differs between two texts: line by line, and of those that are documents value by value.

use serde_json::Value;
use similar::TextDiff;

use super::{PropertyChange, json};

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 3;

/// Compares two texts that stand at a path; either may be absent.
///
/// JSON is compared value by value, below `path#/…`. A JSON string that holds lines, as a desktop flow's script does,
/// is compared as those lines.
pub(super) fn compare(path: &str, before: Option<&str>, after: Option<&str>) -> Vec<PropertyChange> {
    let mut whole = PropertyChange::new(path.to_owned(), before, after);
    let (Some(before), Some(after)) = (before, after) else { return vec![whole] };
    if let (Some(before), Some(after)) = (script(before), script(after)) {
        whole.lines = Some(lines(&before, &after));
        return vec![whole];
    }
    if let (Some(before), Some(after)) = (document(before), document(after)) {
        let changes = json::compare(path, &before, &after);
        if !changes.is_empty() {
            return changes;
        }
        whole.note = Some("only the layout differs".to_owned());
    } else if before.contains('\n') || after.contains('\n') {
        whole.lines = Some(lines(before, after));
    }
    vec![whole]
}

/// Writes the lines that differ, with those around them, as unified hunks.
pub(super) fn lines(before: &str, after: &str) -> String {
    let differences = TextDiff::from_lines(before, after);
    differences.unified_diff().context_radius(CONTEXT_LINES).to_string()
}

/// Returns the lines that a JSON string holds.
pub(crate) fn script(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let is_string = trimmed.len() > 1 && trimmed.starts_with('"') && trimmed.ends_with('"');
    let decoded: String = is_string.then(|| serde_json::from_str(trimmed).ok()).flatten()?;
    decoded.contains('\n').then_some(decoded)
}

/// Returns the JSON document that a text is.
pub(crate) fn document(text: &str) -> Option<Value> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    let is_document = trimmed.starts_with(['{', '[']) && trimmed.ends_with(['}', ']']);
    is_document.then(|| serde_json::from_str(trimmed).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_compared_as_their_lines() {
        let changes = compare("Definition", Some(r#""SET a TO 1\r\nEND""#), Some(r#""SET a TO 2\r\nEND""#));
        assert_eq!(changes.len(), 1);
        let lines = changes[0].lines.as_deref().unwrap_or_default();
        assert!(lines.contains("-SET a TO 1") && lines.contains("+SET a TO 2") && lines.contains(" END"), "{lines}");
    }

    #[test]
    fn documents_are_compared_value_by_value() {
        let changes = compare("Metadata", Some(r#"{"a":1,"b":[1,2]}"#), Some(r#"{"b":[1,3],"a":1}"#));
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].path.as_str(), changes[0].after.as_deref()), ("Metadata#/b/1", Some("3")));
        let same = compare("Metadata", Some(r#"{"a":1}"#), Some(r#"{ "a": 1 }"#));
        assert_eq!(same[0].note.as_deref(), Some("only the layout differs"));
    }

    #[test]
    fn other_texts_are_compared_as_they_are() {
        let changes = compare("MaxLength", Some("100"), Some("200"));
        assert_eq!(changes[0].lines, None);
        assert!(compare("x", Some("a\nb"), Some("a\nc"))[0].lines.is_some());
    }
}
