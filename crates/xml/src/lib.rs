//! A small ordered XML tree.
//!
//! Definitions are kept as exact bytes everywhere (D3); this tree exists for the few places that must look
//! inside one: manifests, property views, edits of the Active layer. It keeps element and attribute order,
//! text, CDATA and comments, and nothing else. It refuses DOCTYPE declarations and entities other than the
//! five predefined ones and character references, and it bounds depth (D13).
//!
//! Beside it, [`tokens`] reads large documents without making a tree (decision 6), [`skim`] goes over what [`tokens`] has
//! checked, and [`layout`] indents.
//!
//! Not here: cutting a package into components (`strata-package` does that on the token stream).

pub mod attributes;
pub mod layout;
pub mod skim;
pub mod tokens;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting of elements that [`parse`] accepts (D13).
pub const DEPTH_MAX: usize = 256;

/// One element with its attributes and children, in document order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// A child of an [`Element`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Element(Element),
    /// Unescaped character data; text and CDATA are one thing here.
    Text(String),
    /// A comment, without its delimiters.
    Comment(String),
}

/// Why a piece of XML is not acceptable, and the byte offset where that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct XmlError {
    pub offset: usize,
    pub message: String,
}

impl Element {
    /// Returns an element without attributes and children.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Returns the value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Sets an attribute, in place when it exists, at the end when it does not.
    pub fn set_attribute(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value.to_owned(),
            None => self.attributes.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Returns the child elements in document order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    /// Returns the child elements in document order, to be changed.
    pub fn elements_mut(&mut self) -> impl Iterator<Item = &mut Element> {
        self.children.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    /// Returns the first child element of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// Returns the first child element of that name, to be changed.
    pub fn child_mut(&mut self, name: &str) -> Option<&mut Element> {
        self.elements_mut().find(|element| element.name == name)
    }

    /// Returns the first child element of that name, made when there is none.
    pub fn child_or_new(&mut self, name: &str) -> &mut Element {
        let position = self.children.iter().position(|node| matches!(node, Node::Element(e) if e.name == name));
        let index = position.unwrap_or_else(|| {
            self.children.push(Node::Element(Element::new(name)));
            self.children.len() - 1
        });
        match &mut self.children[index] {
            Node::Element(element) => element,
            Node::Text(_) | Node::Comment(_) => unreachable!("the index was taken from an element"),
        }
    }

    /// Returns the element reached by following child names downwards.
    pub fn descend(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// Returns the text directly inside this element, joined.
    pub fn text(&self) -> String {
        let mut joined = String::new();
        for node in &self.children {
            if let Node::Text(text) = node {
                joined.push_str(text);
            }
        }
        joined
    }

    /// Replaces everything inside this element by one text.
    pub fn set_text(&mut self, text: &str) {
        self.children = vec![Node::Text(text.to_owned())];
    }

    /// Returns the trimmed text of a child element, where it has any.
    pub fn child_text(&self, name: &str) -> Option<String> {
        let text = self.child(name)?.text();
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

/// Reads one document (declaration and byte order mark allowed) into its root element.
///
/// White space between elements is dropped; inside an element that has any other text it is kept.
pub fn parse(bytes: &[u8]) -> Result<Element, XmlError> {
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = std::str::from_utf8(&bytes[start..])
        .map_err(|error| XmlError { offset: start + error.valid_up_to(), message: "not UTF-8".to_owned() })?;
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let fail = |message: String| XmlError { offset: start + before, message };
        let event = reader.read_event().map_err(|error| XmlError {
            offset: start + usize::try_from(reader.error_position()).unwrap_or(usize::MAX),
            message: error.to_string(),
        })?;
        match event {
            Event::Start(tag) => {
                if stack.len() >= DEPTH_MAX {
                    return Err(fail(format!("elements are nested deeper than {DEPTH_MAX}")));
                }
                if stack.is_empty() && root.is_some() {
                    return Err(fail("a second root element".to_owned()));
                }
                stack.push(open(&tag).map_err(fail)?);
            }
            Event::Empty(tag) => {
                let element = open(&tag).map_err(fail)?;
                match stack.last_mut() {
                    Some(parent) => parent.children.push(Node::Element(element)),
                    None if root.is_none() => root = Some(element),
                    None => return Err(fail("a second root element".to_owned())),
                }
            }
            Event::End(_) => {
                let mut element = stack.pop().ok_or_else(|| fail("an end tag without a start tag".to_owned()))?;
                drop_layout_space(&mut element);
                match stack.last_mut() {
                    Some(parent) => parent.children.push(Node::Element(element)),
                    None => root = Some(element),
                }
            }
            Event::Text(text) => push_text(&mut stack, &text.xml10_content()).map_err(fail)?,
            Event::CData(text) => push_text(&mut stack, &text.xml10_content()).map_err(fail)?,
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                let text = resolve_reference(&name).ok_or_else(|| fail(format!("unknown entity `&{name};`")))?;
                push_text(&mut stack, &text).map_err(fail)?;
            }
            Event::Comment(text) => {
                if let Some(parent) = stack.last_mut() {
                    parent.children.push(Node::Comment(text.into_inner().into_owned()));
                }
            }
            Event::DocType(_) => return Err(fail("a DOCTYPE declaration is not allowed".to_owned())),
            Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => {
                if let Some(open) = stack.last() {
                    return Err(fail(format!("`<{}>` is not closed", open.name)));
                }
                return root.ok_or_else(|| fail("no element in the document".to_owned()));
            }
        }
    }
}

/// Returns the text an entity or character reference stands for (`name` without `&` and `;`).
pub fn resolve_reference(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\0').map(String::from);
    }
    let text = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(text.to_owned())
}

fn open(tag: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element::new(tag.name().as_ref());
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        element.attributes.push((attribute.key.as_ref().to_owned(), unescape(&attribute.value)?));
    }
    Ok(element)
}

/// Replaces the references in escaped text.
pub fn unescape(raw: &str) -> Result<String, String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let end = after.find(';').ok_or_else(|| "`&` without `;`".to_owned())?;
        let name = &after[..end];
        text.push_str(&resolve_reference(name).ok_or_else(|| format!("unknown entity `&{name};`"))?);
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

fn push_text(stack: &mut [Element], text: &str) -> Result<(), String> {
    let Some(parent) = stack.last_mut() else {
        return if text.trim().is_empty() { Ok(()) } else { Err("text outside the root element".to_owned()) };
    };
    if let Some(Node::Text(before)) = parent.children.last_mut() {
        before.push_str(text);
    } else {
        parent.children.push(Node::Text(text.to_owned()));
    }
    Ok(())
}

/// Drops white space that only lays out child elements.
fn drop_layout_space(element: &mut Element) {
    let has_elements = element.children.iter().any(|node| matches!(node, Node::Element(_)));
    let all_blank = element.children.iter().all(|node| !matches!(node, Node::Text(text) if !text.trim().is_empty()));
    if has_elements && all_blank {
        element.children.retain(|node| !matches!(node, Node::Text(_)));
    }
}

/// Writes an element as one line of UTF-8, without a declaration.
pub fn write(element: &Element) -> Vec<u8> {
    let mut out = String::new();
    write_element(element, &mut out);
    out.into_bytes()
}

/// Writes an element with a line for each child, two spaces for each level, and no line end behind it.
///
/// Elements that hold text are written on one line, since white space beside text would be text too.
pub fn write_lines(element: &Element, line_end: &str) -> Vec<u8> {
    let mut out = String::new();
    write_in_lines(element, line_end, 0, &mut out);
    out.into_bytes()
}

fn write_in_lines(element: &Element, line_end: &str, depth: usize, out: &mut String) {
    let has_text = element.children.iter().any(|node| matches!(node, Node::Text(_)));
    if has_text || element.children.is_empty() {
        write_element(element, out);
        return;
    }
    write_start(element, out);
    out.push('>');
    for node in &element.children {
        out.push_str(line_end);
        (0..=depth).for_each(|_| out.push_str("  "));
        match node {
            Node::Element(child) => write_in_lines(child, line_end, depth + 1, out),
            Node::Text(text) => escape(text, false, out),
            Node::Comment(text) => write_comment(text, out),
        }
    }
    out.push_str(line_end);
    (0..depth).for_each(|_| out.push_str("  "));
    write_end(element, out);
}

fn write_start(element: &Element, out: &mut String) {
    out.push('<');
    out.push_str(&element.name);
    for (key, value) in &element.attributes {
        out.push(' ');
        out.push_str(key);
        out.push_str("=\"");
        escape(value, true, out);
        out.push('"');
    }
}

fn write_end(element: &Element, out: &mut String) {
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

fn write_comment(text: &str, out: &mut String) {
    out.push_str("<!--");
    out.push_str(text);
    out.push_str("-->");
}

fn write_element(element: &Element, out: &mut String) {
    write_start(element, out);
    if element.children.is_empty() {
        out.push_str(" />");
        return;
    }
    out.push('>');
    for node in &element.children {
        match node {
            Node::Element(child) => write_element(child, out),
            Node::Text(text) => escape(text, false, out),
            Node::Comment(text) => write_comment(text, out),
        }
    }
    write_end(element, out);
}

/// Returns text as the value of an attribute says it.
pub fn escape_attribute(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    escape(value, true, &mut escaped);
    escaped
}

/// Returns text as it stands inside an element.
pub fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape(text, false, &mut escaped);
    escaped
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' if in_attribute => out.push_str("&#xA;"),
            '\t' if in_attribute => out.push_str("&#x9;"),
            c => out.push(c),
        }
    }
}

/// Returns the line and column (both from 1, columns in bytes) of an offset.
pub fn line_column(bytes: &[u8], offset: usize) -> (u32, u32) {
    let head = &bytes[..offset.min(bytes.len())];
    let line = head.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = head.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_survives_reading_and_writing() {
        let text = "<a x=\"1 &amp; 2\"><b>t &lt; u</b><!-- c --><d /></a>";
        let tree = parse(text.as_bytes()).expect("well formed");
        assert_eq!(tree.attribute("x"), Some("1 & 2"));
        assert_eq!(tree.child("b").map(Element::text).as_deref(), Some("t < u"));
        assert_eq!(String::from_utf8(write(&tree)).expect("utf-8"), text);
    }

    #[test]
    fn lines_change_nothing_of_what_is_said() {
        let text = "<a x=\"1\"><b>t\nu</b><!-- c --><d><e /></d></a>";
        let tree = parse(text.as_bytes()).expect("well formed");
        let lines = write_lines(&tree, "\r\n");
        let expected = "<a x=\"1\">\r\n  <b>t\nu</b>\r\n  <!-- c -->\r\n  <d>\r\n    <e />\r\n  </d>\r\n</a>";
        assert_eq!(String::from_utf8_lossy(&lines), expected);
        assert_eq!(parse(&lines).expect("well formed"), tree);
    }

    #[test]
    fn layout_space_goes_and_text_space_stays() {
        let tree = parse(b"<a>\r\n  <b> x </b>\r\n</a>").expect("well formed");
        assert_eq!(tree.children.len(), 1);
        assert_eq!(tree.child("b").map(Element::text).as_deref(), Some(" x "));
    }

    #[test]
    fn hostile_documents_are_refused_with_a_place() {
        for (text, what) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
            ("<a>&b;</a>", "entity"),
            ("<a><b></a>", "b"),
            ("<a/><a/>", "second root"),
            ("", "no element"),
            ("<a x='1' x='2'/>", "dup"),
        ] {
            let error = parse(text.as_bytes()).expect_err(text);
            assert!(error.message.to_lowercase().contains(&what.to_lowercase()), "{text}: {}", error.message);
        }
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        assert!(parse(deep.as_bytes()).expect_err("too deep").message.contains("deeper"));
    }

    #[test]
    fn positions_count_from_one() {
        assert_eq!(line_column(b"a\nbc", 3), (2, 2));
        assert_eq!(line_column(b"", 9), (1, 1));
    }
}
