//! The manifest between its two homes: `solution.xml` of a zip and `Other/Solution.xml` of a tree.
//!
//! Root components and missing dependencies are sets, which servers write in changing order; a tree has them sorted.

use std::ops::Range;

use strata_xml::layout::{Namespace, Newline, Style, document, lay_out, without_head};
use strata_xml::tokens::{Token, TokenError, Tokens};

use super::peek;

/// Returns `Other/Solution.xml` for a `solution.xml`; `managed` is what it says of the kind of package.
pub(super) fn to_tree(bytes: &[u8], managed: &str, newline: Newline) -> Result<Vec<u8>, TokenError> {
    let inside = without_head(bytes);
    Ok(document(&edited(inside, managed, true)?, Namespace::Add, newline))
}

/// Returns `solution.xml` for an `Other/Solution.xml`.
pub(super) fn to_zip(bytes: &[u8], managed: &str) -> Result<Vec<u8>, TokenError> {
    let edited = edited(without_head(bytes), managed, false)?;
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    lay_out(&edited, Style { newline: Newline::CrLf, depth: 0, namespace: Namespace::Add }, &mut out);
    Ok(out)
}

fn edited(bytes: &[u8], managed: &str, is_sorted: bool) -> Result<Vec<u8>, TokenError> {
    let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
    for section in sections(bytes)? {
        match section.name {
            b"Managed" => edits.push((section.inside, managed.as_bytes().to_vec())),
            b"RootComponents" | b"MissingDependencies" if is_sorted => {
                let mut entries: Vec<_> = section.entries.iter().map(|range| &bytes[range.clone()]).collect();
                entries.sort_by_cached_key(|entry| (sort_key(entry), entry.to_vec()));
                let (Some(first), Some(last)) = (section.entries.first(), section.entries.last()) else { continue };
                edits.push((first.start..last.end, entries.concat()));
            }
            _ => {}
        }
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (range, replacement) in edits {
        out.extend(&bytes[at..range.start]);
        out.extend(replacement);
        at = range.end;
    }
    out.extend(&bytes[at..]);
    Ok(out)
}

/// Types in their order, then names: the order in which servers mostly write them.
fn sort_key(entry: &[u8]) -> (u32, String) {
    let attribute = |element: &[u8], name: &str| peek::attribute(element, name).unwrap_or_default().to_lowercase();
    let side = |element: &[u8]| {
        let names = ["schemaName", "id", "displayName", "parentSchemaName", "solution"];
        names.map(|name| attribute(element, name)).join("\u{1}")
    };
    let number = |text: &str| text.parse().unwrap_or(u32::MAX);
    match children(entry).as_slice() {
        [] => (number(&attribute(entry, "type")), side(entry)),
        [required, rest @ ..] => {
            let rest: Vec<_> = rest
                .iter()
                .map(|dependent| format!("{:>9}{}", attribute(dependent, "type"), side(dependent)))
                .collect();
            let kind = attribute(required, "type");
            (number(&kind), format!("{kind}\u{1}{}\u{1}{}", side(required), rest.join("\u{1}")))
        }
    }
}

fn children(entry: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut tokens = Tokens::new(entry, usize::MAX);
    let mut start = 0;
    loop {
        let before = tokens.position();
        let depth = tokens.depth();
        match tokens.token() {
            Ok(Some(Token::Start { is_empty, .. })) if depth == 1 => {
                start = before;
                if is_empty {
                    found.push(&entry[start..tokens.position()]);
                }
            }
            Ok(Some(Token::End)) if depth == 2 => found.push(&entry[start..tokens.position()]),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return found,
        }
    }
}

/// A child of `SolutionManifest`.
struct Section<'a> {
    name: &'a [u8],
    inside: Range<usize>,
    entries: Vec<Range<usize>>,
}

fn sections(bytes: &[u8]) -> Result<Vec<Section<'_>>, TokenError> {
    let mut found: Vec<Section<'_>> = Vec::new();
    let mut tokens = Tokens::new(bytes, usize::MAX);
    let mut in_manifest = false;
    let mut start = 0;
    loop {
        let (before, depth) = (tokens.position(), tokens.depth());
        let Some(token) = tokens.token()? else { return Ok(found) };
        let after = tokens.position();
        match token {
            Token::Start { name, .. } if depth == 1 => in_manifest = name == b"SolutionManifest",
            Token::Start { name, is_empty: false, .. } if depth == 2 && in_manifest => {
                found.push(Section { name, inside: after..after, entries: Vec::new() });
            }
            Token::Start { is_empty, .. } if depth == 3 && in_manifest => {
                start = before;
                if is_empty && let Some(section) = found.last_mut() {
                    section.entries.push(before..after);
                }
            }
            Token::End if depth == 4 && in_manifest => {
                if let Some(section) = found.last_mut() {
                    section.entries.push(start..after);
                }
            }
            Token::End if depth == 3 && in_manifest => {
                if let Some(section) = found.last_mut() {
                    section.inside.end = memchr::memrchr(b'<', &bytes[..after]).unwrap_or(after);
                }
            }
            Token::Start { .. } | Token::End | Token::Text { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOTS: [&str; 4] = [
        "<RootComponent type=\"9\" schemaName=\"new_o\" />",
        "<RootComponent type=\"61\" schemaName=\"new_B\" />",
        "<RootComponent type=\"61\" schemaName=\"new_a\" />",
        "<RootComponent type=\"1\" schemaName=\"new_t\" />",
    ];

    fn manifest(order: &[usize]) -> String {
        let roots: Vec<_> = order.iter().map(|index| ROOTS[*index]).collect();
        format!(
            "<ImportExportXml><SolutionManifest><Managed>0</Managed><RootComponents>{}</RootComponents>\
             <MissingDependencies /></SolutionManifest><Managed>x</Managed></ImportExportXml>",
            roots.join("\r\n")
        )
    }

    #[test]
    fn the_order_of_sets_decides_nothing() {
        let tree = |order: &[usize]| to_tree(manifest(order).as_bytes(), "2", Newline::Lf).expect("well formed");
        let text = String::from_utf8(tree(&[0, 1, 2, 3])).expect("utf-8");
        assert_eq!(text.as_bytes(), tree(&[3, 2, 1, 0]));
        let places: Vec<_> = ["new_t", "new_o", "new_a", "new_B"].iter().map(|name| text.find(name)).collect();
        assert!(places.is_sorted(), "{text}");
        assert!(text.contains("<Managed>2</Managed>") && text.contains("<Managed>x</Managed>"), "{text}");
    }

    #[test]
    fn a_zip_has_no_declaration_and_its_own_kind() {
        let tree = to_tree(manifest(&[0]).as_bytes(), "2", Newline::Lf).expect("well formed");
        let zip = String::from_utf8(to_zip(&tree, "1").expect("well formed")).expect("utf-8");
        assert!(zip.starts_with("<ImportExportXml") && zip.contains("<Managed>1</Managed>\r\n"), "{zip}");
    }
}
