//! Three texts become one: line by line, scripts in JSON strings too; JSON documents value by value.

use similar::{MergeResolution, TextMerge};
use strata_model::id::Digest;

use super::{Conflict, Prefer, Three, json};
use crate::compare::{document, script};

/// Merges the texts of an element; `None` for those that are taken as a whole.
pub(super) fn merge_value(
    path: &str,
    sides: Three<&str>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Option<String> {
    if let (Some(ours), Some(theirs)) = (script(sides.ours), script(sides.theirs)) {
        let base = script(sides.base).unwrap_or_default();
        let merged = merge_lines(path, Three { base: &base, ours: &ours, theirs: &theirs }, prefer, conflicts);
        return serde_json::to_string(&merged).ok();
    }
    if let (Some(ours), Some(theirs)) = (document(sides.ours), document(sides.theirs)) {
        let base = document(sides.base);
        let values = Three { base: base.as_ref(), ours: Some(&ours), theirs: Some(&theirs) };
        let merged = json::merge(&format!("{path}#"), values, prefer, conflicts)?;
        return json::write(&merged, sides, prefer);
    }
    let has_lines = [sides.base, sides.ours, sides.theirs].iter().any(|text| text.trim_end().contains('\n'));
    has_lines.then(|| merge_lines(path, sides, prefer, conflicts))
}

/// Merges line by line.
pub(super) fn merge_lines(path: &str, sides: Three<&str>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> String {
    let ends = Three { base: uniform(sides.base), ours: uniform(sides.ours), theirs: uniform(sides.theirs) };
    if let (Some(base), Some(ours), Some(theirs)) = (ends.base, ends.ours, ends.theirs)
        && !(base == ours && ours == theirs)
    {
        // Other line ends on one side are a change of their own, and no conflict in every line.
        let end = if ours == base { theirs } else { ours };
        let plain = |text: &str| text.replace("\r\n", "\n");
        let (base, ours, theirs) = (plain(sides.base), plain(sides.ours), plain(sides.theirs));
        let merged = regions(path, Three { base: &base, ours: &ours, theirs: &theirs }, prefer, conflicts);
        return merged.replace('\n', end);
    }
    regions(path, sides, prefer, conflicts)
}

fn regions(path: &str, sides: Three<&str>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> String {
    let merge = TextMerge::from_lines(sides.base, sides.ours, sides.theirs);
    let mut merged = String::with_capacity(sides.ours.len().max(sides.theirs.len()));
    for region in merge.regions() {
        let base = || region.base_range().filter_map(|at| merge.base_line(at)).collect::<String>();
        let ours = || region.ours_range().filter_map(|at| merge.ours_line(at)).collect::<String>();
        let theirs = || region.theirs_range().filter_map(|at| merge.theirs_line(at)).collect::<String>();
        match region.resolution() {
            MergeResolution::Theirs => merged.push_str(&theirs()),
            MergeResolution::Conflict => {
                let path = format!("{path}:{}", region.ours_range().start + 1);
                let said = (Some(base()), Some(ours()), Some(theirs()));
                merged.push_str(&prefer.pick(ours(), theirs()));
                conflicts.push(Conflict { component: None, path, base: said.0, ours: said.1, theirs: said.2 });
            }
            // Nobody changed it, we alone did, or both did the same.
            _ => merged.push_str(&ours()),
        }
    }
    merged
}

/// Returns the line end of a text, where all its lines have the same; of a text of one line the plain one.
fn uniform(text: &str) -> Option<&'static str> {
    let all = text.matches('\n').count();
    match text.matches("\r\n").count() {
        0 => Some("\n"),
        count if count == all => Some("\r\n"),
        _ => None,
    }
}

/// Returns the line end that a document is written with.
pub(super) fn line_end(bytes: &[u8]) -> &'static str {
    let first = bytes.iter().position(|byte| *byte == b'\n');
    if first.is_some_and(|at| at > 0 && bytes[at - 1] == b'\r') { "\r\n" } else { "\n" }
}

/// A conflict between contents that are taken as a whole.
pub(super) fn conflict(path: &str, base: Option<&[u8]>, ours: Option<&[u8]>, theirs: Option<&[u8]>) -> Conflict {
    let said = |bytes: Option<&[u8]>| bytes.map(|bytes| Digest::of(bytes).to_string());
    Conflict { component: None, path: path.to_owned(), base: said(base), ours: said(ours), theirs: said(theirs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, usize) {
        let mut conflicts = Vec::new();
        let merged = merge_lines("file", Three { base, ours, theirs }, Prefer::Ours, &mut conflicts);
        (merged, conflicts.len())
    }

    #[test]
    fn lines_of_both_sides_come_together() {
        assert_eq!(merged("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), ("A\nb\nC\n".to_owned(), 0));
        assert_eq!(merged("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n"), ("a\nx\nc\n".to_owned(), 1));
        assert_eq!(merged("a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nb\nC\n"), ("a\r\nb\r\nC\r\n".to_owned(), 0));
    }

    #[test]
    fn scripts_and_documents_are_merged_inside_their_text() {
        let mut conflicts = Vec::new();
        let script = |a: u8, b: u8| format!(r#""SET a TO {a}\r\nWAIT\r\nSET b TO {b}""#);
        let (base, ours, theirs) = (script(1, 1), script(2, 1), script(1, 2));
        let sides = Three { base: base.as_str(), ours: ours.as_str(), theirs: theirs.as_str() };
        assert_eq!(merge_value("Definition", sides, Prefer::Ours, &mut conflicts), Some(script(2, 2)));
        let sides = Three { base: r#"{"a":1,"b":1}"#, ours: r#"{"a":2,"b":1}"#, theirs: r#"{"a":1,"b":2}"# };
        assert_eq!(merge_value("Metadata", sides, Prefer::Ours, &mut conflicts).as_deref(), Some(r#"{"a":2,"b":2}"#));
        assert!(conflicts.is_empty());
        let sides = Three { base: r#"{"a":1}"#, ours: r#"{"a":2}"#, theirs: r#"{"a":3}"# };
        assert_eq!(merge_value("Metadata", sides, Prefer::Theirs, &mut conflicts).as_deref(), Some(r#"{"a":3}"#));
        assert_eq!(conflicts[0].path, "Metadata#/a");
        assert_eq!(
            merge_value("MaxLength", Three { base: "1", ours: "2", theirs: "3" }, Prefer::Ours, &mut conflicts),
            None
        );
    }
}
