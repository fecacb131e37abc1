//! A definition as a tree whose elements know where they stand.
//!
//! One flat list of elements over the bytes of a definition: names, attributes and texts stay in the bytes until a
//! rule asks. Elements are small handles that can be copied. Depth is bounded, as everywhere (D13).
//!
//! Not here: trees that are changed and written again (`strata_xml::Element`).

use std::borrow::Cow;
use std::ops::Range;

use strata_xml::tokens::{Token, Tokens};
use strata_xml::{DEPTH_MAX, attributes};

/// What no element has as index.
const NONE: u32 = u32::MAX;

/// More attributes than packages have in one tag.
const ATTRIBUTES_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Data {
    /// Offset of the `<`.
    start: u32,
    /// Length of the name, which follows the `<`.
    name: u32,
    attributes: (u32, u32),
    /// What stands between the tags.
    inside: (u32, u32),
    first: u32,
    next: u32,
}

/// A document, read once: where its elements stand. The bytes stay with whoever has them.
#[derive(Debug)]
pub(crate) struct Tree {
    elements: Vec<Data>,
}

impl Tree {
    /// Reads a document; `None` where it is not well formed, not UTF-8, too deep or too large.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let fits = u32::try_from(bytes.len()).is_ok_and(|length| length < NONE);
        if !fits || std::str::from_utf8(bytes).is_err() {
            return None;
        }
        let mut tokens = Tokens::new(bytes, ATTRIBUTES_MAX);
        let mut elements: Vec<Data> = Vec::new();
        // Open elements, each with the last of its children so far.
        let mut open: Vec<(u32, u32)> = Vec::new();
        loop {
            let before = tokens.position();
            match tokens.token().ok()? {
                Some(Token::Start { name, attributes, is_empty }) => {
                    let start = offset_of(bytes, name) - 1;
                    let index = number(elements.len());
                    let attributes = range_of(bytes, attributes.as_bytes());
                    let inside = number(tokens.position());
                    let data = Data {
                        start: number(start),
                        name: number(name.len()),
                        attributes,
                        inside: (inside, inside),
                        first: NONE,
                        next: NONE,
                    };
                    elements.push(data);
                    if let Some((parent, last)) = open.last_mut() {
                        match *last {
                            NONE => elements[*parent as usize].first = index,
                            last => elements[last as usize].next = index,
                        }
                        *last = index;
                    }
                    if !is_empty {
                        open.push((index, NONE));
                    }
                    if open.len() > DEPTH_MAX {
                        return None;
                    }
                }
                Some(Token::End) => {
                    let (index, _) = open.pop()?;
                    // White space and comments before the end tag are inside.
                    let last = &bytes[before..tokens.position()];
                    let end = memchr::memrchr(b'<', last).map_or(before, |at| before + at);
                    elements[index as usize].inside.1 = number(end);
                }
                Some(Token::Text { .. }) => {}
                None => return Some(Self { elements }),
            }
        }
    }

    /// Returns the outermost element of the document that was read.
    pub(crate) fn root<'t>(&'t self, bytes: &'t [u8]) -> Element<'t> {
        Element { bytes, elements: &self.elements, index: 0 }
    }
}

/// Lengths and offsets were found to fit before.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(NONE)
}

/// Where a piece of the bytes begins in them.
fn offset_of(bytes: &[u8], piece: &[u8]) -> usize {
    (piece.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize)
}

fn range_of(bytes: &[u8], piece: &[u8]) -> (u32, u32) {
    if piece.is_empty() {
        return (0, 0);
    }
    let start = offset_of(bytes, piece);
    (number(start), number(start + piece.len()))
}

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub struct Element<'t> {
    bytes: &'t [u8],
    elements: &'t [Data],
    index: u32,
}

impl<'t> Element<'t> {
    fn data(self) -> Data {
        self.elements[self.index as usize]
    }

    fn piece(self, range: Range<u32>) -> &'t str {
        let bytes = self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default();
        // The whole was found to be UTF-8, and pieces are cut at ASCII characters.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Returns the element's name.
    pub fn name(self) -> &'t str {
        let data = self.data();
        self.piece(data.start + 1..data.start + 1 + data.name)
    }

    /// Returns where the element begins in the bytes of its document.
    pub fn offset(self) -> usize {
        self.data().start as usize
    }

    /// Returns the attributes as they stand, in order.
    pub fn attributes(self) -> impl Iterator<Item = (&'t str, Cow<'t, str>)> {
        let (start, end) = self.data().attributes;
        let mut rest = self.piece(start..end).trim_ascii_start();
        std::iter::from_fn(move || {
            let (name, value, after) = attributes::next(rest)?;
            rest = after.trim_ascii_start();
            Some((name, unescaped(value)))
        })
    }

    /// Returns the value of an attribute.
    pub fn attribute(self, name: &str) -> Option<Cow<'t, str>> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Returns the child elements in document order.
    pub fn elements(self) -> impl Iterator<Item = Element<'t>> {
        let mut next = self.data().first;
        std::iter::from_fn(move || {
            let element = (next != NONE).then_some(Element { index: next, ..self })?;
            next = element.data().next;
            Some(element)
        })
    }

    /// Returns the first child element of that name.
    pub fn child(self, name: &str) -> Option<Element<'t>> {
        self.elements().find(|element| element.name() == name)
    }

    /// Returns the child elements of that name.
    pub fn children(self, name: &str) -> impl Iterator<Item = Element<'t>> {
        self.elements().filter(move |element| element.name() == name)
    }

    /// Returns the element reached by following child names downwards.
    pub fn descend(self, path: &[&str]) -> Option<Element<'t>> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Returns this element and everything below it, in document order.
    pub fn inside(self) -> impl Iterator<Item = Element<'t>> {
        let end = self.data().inside.1.max(self.data().start + 1);
        (self.index..number(self.elements.len()))
            .map(move |index| Element { index, ..self })
            .take_while(move |element| element.data().start < end)
    }

    /// Returns the elements of that name below this one, in document order.
    pub fn named(self, name: &str) -> impl Iterator<Item = Element<'t>> {
        self.inside().skip(1).filter(move |element| element.name() == name)
    }

    /// Returns the text directly inside this element, joined, references replaced.
    pub fn text(self) -> Cow<'t, str> {
        let data = self.data();
        let raw = self.piece(data.inside.0..data.inside.1);
        if !raw.contains('<') {
            return unescaped(raw);
        }
        let mut text = String::new();
        let end = data.inside.1 as usize;
        let mut at = data.inside.0 as usize;
        for child in self.elements() {
            text.push_str(&loose_text(self.piece(number(at)..number(child.offset()))));
            at = child.end();
        }
        text.push_str(&loose_text(self.piece(number(at)..number(end))));
        Cow::Owned(text)
    }

    /// Returns the trimmed text of a child element, where it has any.
    pub fn child_text(self, name: &str) -> Option<String> {
        let text = self.child(name)?.text();
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// Returns where what is inside begins: where a text of the element stands.
    pub fn inside_offset(self) -> usize {
        self.data().inside.0 as usize
    }

    /// Where the element ends.
    fn end(self) -> usize {
        let data = self.data();
        let inside_end = data.inside.1 as usize;
        let rest = self.bytes.get(inside_end..).unwrap_or_default();
        // An empty element ends where its tag does.
        if rest.starts_with(b"</") {
            let is_own = rest.get(2..).is_some_and(|rest| rest.starts_with(self.name().as_bytes()));
            if is_own && !self.is_empty_tag() {
                return inside_end + memchr::memchr(b'>', rest).map_or(rest.len(), |at| at + 1);
            }
        }
        inside_end
    }

    fn is_empty_tag(self) -> bool {
        let data = self.data();
        let before = (data.inside.0 as usize).saturating_sub(2);
        data.inside.0 == data.inside.1 && self.bytes.get(before) == Some(&b'/')
    }
}

/// Text between elements: comments go, CDATA is taken as it stands.
fn loose_text(raw: &str) -> Cow<'_, str> {
    if !raw.contains('<') {
        return unescaped(raw);
    }
    let mut text = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find('<') {
        text.push_str(&unescaped(&rest[..at]));
        let (opened, closed) = if rest[at..].starts_with("<![CDATA[") { ("<![CDATA[", "]]>") } else { ("<!--", "-->") };
        let closed = if rest[at..].starts_with("<?") { "?>" } else { closed };
        let Some(end) = rest[at..].find(closed) else { return Cow::Owned(text) };
        if opened == "<![CDATA[" {
            text.push_str(rest[at..at + end].strip_prefix(opened).unwrap_or_default());
        }
        rest = &rest[at + end + closed.len()..];
    }
    text.push_str(&unescaped(rest));
    Cow::Owned(text)
}

fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    // The tokeniser has checked every reference.
    strata_xml::unescape(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version='1.0'?>\r\n<a x='1 &amp; 2'> t<b/>u <!-- </c> --><c y=\"z\">&lt;<![CDATA[<d>]]></c>\n<b></b></a>";

    #[test]
    fn a_document_reads_as_a_tree_with_places() {
        let tree = Tree::parse(TEXT.as_bytes()).expect("well formed");
        let root = tree.root(TEXT.as_bytes());
        assert_eq!((root.name(), root.attribute("x").as_deref()), ("a", Some("1 & 2")));
        let names: Vec<_> = root.elements().map(Element::name).collect();
        assert_eq!(names, ["b", "c", "b"]);
        assert_eq!(root.child("c").expect("c").text(), "<<d>");
        assert_eq!(root.text().split_whitespace().collect::<Vec<_>>(), ["tu"]);
        for element in root.inside() {
            let begins = format!("<{}", element.name());
            assert!(TEXT[element.offset()..].starts_with(&begins), "{begins}");
        }
        let inside: Vec<_> = root.child("c").expect("c").inside().map(Element::name).collect();
        assert_eq!(inside, ["c"]);
        assert_eq!(root.inside().count(), 4);
        assert_eq!(root.named("b").count(), 2);
    }

    #[test]
    fn what_is_no_document_is_no_tree() {
        for text in ["", "<a>", "{}", "<a></b>", "<!DOCTYPE a><a/>"] {
            assert!(Tree::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Tree::parse(b"<a>\xff</a>").is_none());
        assert!(Tree::parse("<a>".repeat(300).as_bytes()).is_none());
    }
}
