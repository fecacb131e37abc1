//! What the scan notes about a component before it knows who it is.

use std::borrow::Cow;
use std::ops::Range;

use strata_model::id::Digest;

/// A component found in `customizations.xml` or in a file of a folder, as places and captured texts.
#[derive(Debug, Default)]
pub(crate) struct Item {
    /// Name of the component type, lower-case.
    pub(crate) type_name: Cow<'static, str>,
    pub(crate) range: Range<usize>,
    /// Ranges inside that belong to others, with the white space around them.
    pub(crate) cuts: Vec<Range<usize>>,
    /// For tables: the part that the skeleton does not keep.
    pub(crate) kept_out: Option<Range<usize>>,
    /// Index of the item around this one.
    pub(crate) parent: Option<usize>,
    /// Where it stood, when the type does not say.
    pub(crate) home: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
    /// Texts of children that may identify, name or locate the component.
    pub(crate) texts: Vec<(&'static str, String)>,
    pub(crate) label: Option<String>,
    pub(crate) unmodified: bool,
    /// Something but columns and keys is said about a table.
    pub(crate) has_own_content: bool,
    /// Of the one piece that it is, where another core has hashed it.
    pub(crate) digest: Option<Digest>,
    /// Ordinal among the items of its kind in its container, from 1.
    pub(crate) ordinal: usize,
}

impl Item {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(key, text)| *key == name && !text.trim().is_empty());
        found.map(|(_, text)| text.trim())
    }

    /// Returns the ranges that make up the definition: everything but the cuts.
    pub(crate) fn slices(&self) -> Vec<Range<usize>> {
        subtract(&self.range, &self.cuts)
    }
}

/// Returns what is left of a range without some others, which are sorted and inside.
pub(crate) fn subtract(range: &Range<usize>, cuts: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::with_capacity(cuts.len() + 1);
    let mut start = range.start;
    for cut in cuts {
        if cut.start > start {
            left.push(start..cut.start);
        }
        start = start.max(cut.end);
    }
    if range.end > start {
        left.push(start..range.end);
    }
    left
}

/// Joins neighbours that only white space separates, and takes the white space around them along.
pub(crate) fn widen(bytes: &[u8], mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut wide: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let mut start = range.start;
        while start > 0 && bytes[start - 1].is_ascii_whitespace() {
            start -= 1;
        }
        let mut end = range.end;
        while end < bytes.len() && bytes[end].is_ascii_whitespace() {
            end += 1;
        }
        match wide.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            Some(_) | None => wide.push(start..end),
        }
    }
    wide
}
