//! Walks over the elements of a definition, passing over what a difference removes.

use std::borrow::Cow;

use strata_xml::skim::{Mark, Names, Skim};

use super::text::{attribute, attributes_of, holds, plain};

const REMOVED: &[u8] = b"solutionaction=\"Removed\"";

/// What the walk meets.
pub(super) enum Step<'a> {
    Start(Tag<'a>),
    /// Text of the element that was met last, where nothing stood between.
    Text {
        of: &'a [u8],
        text: Cow<'a, str>,
        at: usize,
    },
    End,
}

/// A start tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a [u8],
    pub(super) attributes: &'a [u8],
    pub(super) is_empty: bool,
    /// Where it begins.
    pub(super) at: usize,
}

impl<'a> Tag<'a> {
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        attribute(self.attributes(), name)
    }

    /// Returns two attributes, read at once.
    pub(super) fn both(&self, names: [&str; 2]) -> [Option<Cow<'a, str>>; 2] {
        let mut found = [None, None];
        for (key, value) in attributes_of(self.attributes()) {
            if let Some(index) = names.iter().position(|name| *name == key) {
                found[index] = Some(plain(value));
                if found.iter().all(Option::is_some) {
                    break;
                }
            }
        }
        found
    }

    /// What stands between the name and the end.
    pub(super) fn attributes(&self) -> &'a str {
        std::str::from_utf8(self.attributes).unwrap_or_default()
    }
}

/// Reads a definition element by element. Packages are checked when they are read, so nothing is checked here.
pub(super) struct Walk<'a> {
    marks: Skim<'a>,
    may_remove: bool,
    /// All that whoever walks asks for.
    only: Option<&'static Names>,
    /// The element met last, and where it begins.
    last: Option<(&'a [u8], usize)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { marks: Skim::new(bytes), may_remove: holds(bytes, REMOVED), only: None, last: None }
    }

    /// Walks quickly to elements of these names and their texts; others may be met or not, and depth tells nothing.
    pub(super) fn among(bytes: &'a [u8], names: &'static Names) -> Self {
        Self { only: Some(names), ..Self::new(bytes) }
    }

    /// How many elements are open; the root is one.
    pub(super) fn depth(&self) -> usize {
        self.marks.depth()
    }

    pub(super) fn step(&mut self) -> Option<Step<'a>> {
        loop {
            // To pass over an element its end must be found.
            let mark = match self.only.filter(|_| !self.may_remove) {
                Some(names) => self.marks.mark_of(names)?,
                None => self.marks.mark()?,
            };
            match mark {
                Mark::Start { name, attributes, is_empty, at } => {
                    if self.may_remove && holds(attributes, REMOVED) {
                        self.pass(is_empty)?;
                        continue;
                    }
                    self.last = (!is_empty).then_some((name, at));
                    return Some(Step::Start(Tag { name, attributes, is_empty, at }));
                }
                Mark::Text { raw, is_cdata } => {
                    let Some((of, at)) = self.last else { continue };
                    let Ok(raw) = std::str::from_utf8(raw) else { continue };
                    let text = if is_cdata { Cow::Borrowed(raw) } else { plain(raw) };
                    return Some(Step::Text { of, text, at });
                }
                Mark::End => {
                    self.last = None;
                    return Some(Step::End);
                }
            }
        }
    }

    /// Goes to the end of the element that has just been opened.
    fn pass(&mut self, is_empty: bool) -> Option<()> {
        let outside = self.marks.depth().saturating_sub(1);
        while !is_empty && self.marks.depth() > outside {
            self.marks.mark()?;
        }
        self.last = None;
        Some(())
    }
}
