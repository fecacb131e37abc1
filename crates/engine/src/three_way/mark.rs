//! Conflicts marked in a text, as git marks them.

use similar::{DiffTag, TextDiff};

/// Puts the results for both preferences into one text: what they differ in is what is contested. `None` for what is no
/// text.
pub fn marked(ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let (ours, theirs) = (text(ours)?, text(theirs)?);
    let differences = TextDiff::from_lines(ours, theirs);
    let end = if ours.contains("\r\n") { "\r\n" } else { "\n" };
    let mut marked = String::with_capacity(ours.len() + 1_024);
    for operation in differences.ops() {
        let lines = |range: std::ops::Range<usize>, of: &dyn Fn(usize) -> Option<String>| {
            let mut lines: String = range.filter_map(of).collect();
            if !lines.is_empty() && !lines.ends_with('\n') {
                lines.push_str(end);
            }
            lines
        };
        let of_ours = |at: usize| differences.old_slice(at).map(str::to_owned);
        let of_theirs = |at: usize| differences.new_slice(at).map(str::to_owned);
        if operation.tag() == DiffTag::Equal {
            marked.extend(operation.old_range().filter_map(of_ours));
            continue;
        }
        marked.push_str(&format!("<<<<<<< ours{end}"));
        marked.push_str(&lines(operation.old_range(), &of_ours));
        marked.push_str(&format!("======={end}"));
        marked.push_str(&lines(operation.new_range(), &of_theirs));
        marked.push_str(&format!(">>>>>>> theirs{end}"));
    }
    Some(marked.into_bytes())
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_contested_stands_between_marks() {
        let marked = marked(b"a\nours\nc\n", b"a\ntheirs\nc\n").expect("a text");
        let expected = "a\n<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs\nc\n";
        assert_eq!(String::from_utf8_lossy(&marked), expected);
        assert_eq!(super::marked(b"\0", b"a"), None);
    }
}
