//! Texts in JSON with the names above them, without a tree: flows are large and name little.

use std::borrow::Cow;

/// Deeper nesting is not followed.
const DEPTH_MAX: usize = 256;

/// Which bytes outside of strings mean something here.
const MARKS: [bool; 256] = {
    let (bytes, mut marks, mut index) = (b"{}[],\"", [false; 256], 0);
    while index < bytes.len() {
        marks[bytes[index] as usize] = true;
        index += 1;
    }
    marks
};

/// Reads the texts of a document, one after the other; ends where it is no JSON.
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<Level<'a>>,
    opened: usize,
}

struct Level<'a> {
    is_object: bool,
    /// A name comes next, not a value.
    awaits_name: bool,
    name: &'a [u8],
    /// Tells objects apart.
    number: usize,
}

/// A text that is a value.
pub(super) struct Text<'a> {
    raw: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Text<'a> {
    pub(super) fn value(&self) -> Cow<'a, str> {
        let raw = String::from_utf8_lossy(self.raw);
        if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
            return raw;
        }
        serde_json::from_str(&format!("\"{raw}\"")).map_or(raw, Cow::Owned)
    }
}

impl<'a> Json<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open: Vec::new(), opened: 0 }
    }

    /// Returns the next text that is a value; where it stands is told by [`Self::is_below`].
    pub(super) fn text(&mut self) -> Option<Text<'a>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let at = self.at + rest.iter().position(|byte| MARKS[usize::from(*byte)])?;
            let byte = self.bytes[at];
            self.at = at + 1;
            match byte {
                b'{' | b'[' => {
                    if self.open.len() >= DEPTH_MAX {
                        return None;
                    }
                    self.opened += 1;
                    let is_object = byte == b'{';
                    self.open.push(Level { is_object, awaits_name: is_object, name: b"", number: self.opened });
                }
                b'}' | b']' => {
                    self.open.pop()?;
                }
                b',' => {
                    if let Some(level) = self.open.last_mut() {
                        level.awaits_name = level.is_object;
                    }
                }
                b'"' => {
                    let raw = self.string()?;
                    match self.open.last_mut() {
                        Some(level) if level.awaits_name => {
                            level.name = raw;
                            level.awaits_name = false;
                        }
                        Some(_) | None => return Some(Text { raw, at }),
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads on to the quote that ends a string.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let found = memchr::memchr2(b'"', b'\\', rest)?;
            if rest[found] == b'"' {
                let raw = &self.bytes[start..self.at + found];
                self.at += found + 1;
                return Some(raw);
            }
            self.at += found + 2;
        }
    }

    /// Tells whether the innermost names above the text are these, outermost first; `*` is any name, lists have an
    /// empty one.
    pub(super) fn is_below(&self, names: &[&str]) -> bool {
        let Some(from) = self.open.len().checked_sub(names.len()) else { return false };
        self.open[from..].iter().zip(names).rev().all(|(level, name)| *name == "*" || level.name == name.as_bytes())
    }

    /// Tells the innermost object that is open from others.
    pub(super) fn object(&self) -> usize {
        self.open.last().map_or(0, |level| level.number)
    }
}
