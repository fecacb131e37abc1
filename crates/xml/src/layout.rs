//! Writes elements again as trees of solutions and server exports lay them out: two spaces for each level, attributes in
//! double quotes with one space between, ` />` for what was empty.
//!
//! Only white space that means nothing is touched. An element is laid out anew when it holds elements and no text but
//! white space; any other keeps its inside as it was written, comments and CDATA sections included, with its line ends
//! made those of the [`Style`]. `<x></x>` and `<x />` stay what they are.
//!
//! The bytes must have been read once (by [`crate::tokens`] or [`crate::parse`]): what is not well formed is copied, not
//! refused.

use memchr::{memchr, memchr2, memmem};

use crate::attributes;

/// The declaration of the namespace that every document of a solution declares.
const XSI: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
const XSI_NAME: &str = "xmlns:xsi";

/// What stands before the root element of a file of a tree.
const HEAD: &[u8] = b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    /// As server exports and Windows have it.
    CrLf,
    Lf,
}

impl Newline {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// What becomes of the namespace declaration on the outermost element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    Keep,
    /// Declared as the last attribute, where it is not declared yet.
    Add,
    /// Left out: the document around declares it.
    Drop,
}

/// How an element is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub newline: Newline,
    /// How many levels the outermost element is indented.
    pub depth: usize,
    pub namespace: Namespace,
}

/// Returns the file of a tree that holds an element: with byte order mark and declaration.
pub fn document(element: &[u8], namespace: Namespace, newline: Newline) -> Vec<u8> {
    let mut out = Vec::with_capacity(element.len() + element.len() / 8 + 128);
    out.extend(HEAD);
    out.extend(newline.bytes());
    lay_out(element, Style { newline, depth: 0, namespace }, &mut out);
    out
}

/// Returns a document without byte order mark and declaration.
pub fn without_head(document: &[u8]) -> &[u8] {
    let mut rest = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii();
    if rest.starts_with(b"<?xml")
        && rest.get(5).is_some_and(u8::is_ascii_whitespace)
        && let Some(end) = memmem::find(rest, b"?>")
    {
        rest = rest[end + 2..].trim_ascii_start();
    }
    rest
}

/// Writes an element and the comments before it; the first line is not indented and the last one not ended.
pub fn lay_out(element: &[u8], style: Style, out: &mut Vec<u8>) {
    let mut writer = Writer { source: element, style, out, open: Vec::with_capacity(16), kept: None, is_first: true };
    let mut at = 0;
    while at < element.len() {
        at = match element[at] {
            b'<' => writer.markup(at),
            _ => writer.text(at),
        };
    }
}

/// Appends text with the line ends of the style.
pub fn push_text(text: &[u8], newline: Newline, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        out.extend(&rest[..at]);
        out.extend(newline.bytes());
        let is_pair = rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
        rest = &rest[at + 1 + usize::from(is_pair)..];
    }
    out.extend(rest);
}

/// Begins a new line at a level.
pub fn push_line(newline: Newline, depth: usize, out: &mut Vec<u8>) {
    out.extend(newline.bytes());
    out.extend(std::iter::repeat_n(b' ', 2 * depth));
}

struct Frame {
    /// Behind the start tag, in the source and in what is written.
    source: usize,
    out: usize,
    has_element: bool,
    has_text: bool,
}

struct Writer<'a, 'o> {
    source: &'a [u8],
    style: Style,
    out: &'o mut Vec<u8>,
    open: Vec<Frame>,
    /// How many elements are open around the outermost one that keeps its inside: nothing is written in it.
    kept: Option<usize>,
    is_first: bool,
}

impl Writer<'_, '_> {
    fn text(&mut self, start: usize) -> usize {
        let rest = &self.source[start..];
        let length = memchr(b'<', rest).unwrap_or(rest.len());
        if self.kept.is_none() && !rest[..length].trim_ascii().is_empty() {
            self.keep();
        }
        start + length
    }

    /// Notes that the innermost element holds text.
    fn keep(&mut self) {
        if let Some(frame) = self.open.last_mut() {
            frame.has_text = true;
            self.kept = self.kept.or(Some(self.open.len()));
        }
    }

    fn markup(&mut self, start: usize) -> usize {
        let rest = &self.source[start..];
        let after =
            |ending: &[u8]| memmem::find(rest, ending).map_or(self.source.len(), |at| start + at + ending.len());
        match rest {
            [b'<', b'/', ..] => {
                let end = after(b">");
                self.end(start, end);
                end
            }
            [b'<', b'!', b'[', ..] => {
                let end = after(b"]]>");
                if self.kept.is_none() {
                    self.keep();
                }
                end
            }
            [b'<', b'!', ..] => {
                let end = after(b"-->");
                self.aside(start, end);
                end
            }
            [b'<', b'?', ..] => {
                let end = after(b"?>");
                self.aside(start, end);
                end
            }
            _ => self.start(start),
        }
    }

    /// A comment or an instruction takes a line.
    fn aside(&mut self, start: usize, end: usize) {
        if self.kept.is_some() {
            return;
        }
        self.line();
        push_text(&self.source[start..end], self.style.newline, self.out);
    }

    fn line(&mut self) {
        if self.is_first {
            self.is_first = false;
            return;
        }
        push_line(self.style.newline, self.style.depth + self.open.len(), self.out);
    }

    fn start(&mut self, start: usize) -> usize {
        let end = tag_end(self.source, start);
        let tag = &self.source[start + 1..end.saturating_sub(1).max(start + 1)];
        let is_empty = tag.last() == Some(&b'/');
        if self.kept.is_none() {
            self.line();
            if let Some(parent) = self.open.last_mut() {
                parent.has_element = true;
            }
            let namespace = if self.open.is_empty() { self.style.namespace } else { Namespace::Keep };
            let tag = if is_empty { &tag[..tag.len() - 1] } else { tag };
            push_tag(tag.trim_ascii_end(), namespace, self.out);
            self.out.extend(if is_empty { &b" />"[..] } else { b">" });
        }
        if !is_empty {
            self.open.push(Frame { source: end, out: self.out.len(), has_element: false, has_text: false });
        }
        end
    }

    fn end(&mut self, start: usize, end: usize) {
        let Some(frame) = self.open.pop() else { return };
        match self.kept {
            Some(outer) if self.open.len() >= outer => return,
            Some(_) => self.kept = None,
            None => {}
        }
        if frame.has_element && !frame.has_text {
            self.line();
        } else {
            self.out.truncate(frame.out);
            push_text(&self.source[frame.source..start], self.style.newline, self.out);
        }
        self.out.extend(self.source[start..end - 1].trim_ascii_end());
        self.out.push(b'>');
    }
}

/// Returns where a tag ends, behind its `>`.
fn tag_end(source: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        let rest = &source[at..];
        let Some(found) = memchr::memchr3(b'>', b'"', b'\'', rest) else { return source.len() };
        if rest[found] == b'>' {
            return at + found + 1;
        }
        let after = at + found + 1;
        let Some(closing) = memchr(rest[found], &source[after..]) else { return source.len() };
        at = after + closing + 1;
    }
}

/// Writes `<name attributes` with the attributes as the style has them.
fn push_tag(tag: &[u8], namespace: Namespace, out: &mut Vec<u8>) {
    out.push(b'<');
    let name_length = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
    out.extend(&tag[..name_length]);
    let mut declared = false;
    match std::str::from_utf8(&tag[name_length..]) {
        Ok(raw) => declared = push_attributes(raw, namespace, out),
        Err(_) => out.extend(&tag[name_length..]),
    }
    if namespace == Namespace::Add && !declared {
        out.extend(XSI.as_bytes());
    }
}

/// Tells whether the namespace is declared among the attributes.
fn push_attributes(raw: &str, namespace: Namespace, out: &mut Vec<u8>) -> bool {
    let mut declared = false;
    let mut rest = raw.trim_ascii_start();
    while let Some((name, value, after)) = attributes::next(rest) {
        rest = after.trim_ascii_start();
        if name == XSI_NAME {
            declared = true;
            if namespace == Namespace::Drop && XSI.contains(value) {
                continue;
            }
        }
        out.push(b' ');
        out.extend(name.as_bytes());
        out.extend(b"=\"");
        // Only a value in single quotes may hold a double one.
        match value.contains('"') {
            true => out.extend(value.replace('"', "&quot;").as_bytes()),
            false => out.extend(value.as_bytes()),
        }
        out.push(b'"');
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str, depth: usize) -> String {
        let mut out = Vec::new();
        lay_out(text.as_bytes(), Style { newline: Newline::Lf, depth, namespace: Namespace::Keep }, &mut out);
        String::from_utf8(out).expect("utf-8")
    }

    #[test]
    fn elements_are_indented_from_any_layout() {
        let wanted = "<a x=\"1\" y=\"&quot;\">\n  <b>t</b>\n  <c />\n  <d></d>\n</a>";
        for text in [
            "<a x='1' y='\"'><b>t</b><c/><d></d></a>",
            "<a  x=\"1\"\r\n y='\"' >\r\n\t<b >t</b >\r\n<c /><d></d>\r\n\r\n</a>",
            wanted,
        ] {
            assert_eq!(laid_out(text, 0), wanted);
        }
        assert_eq!(laid_out("<a><b><c/></b></a>", 1), "<a>\n    <b>\n      <c />\n    </b>\n  </a>");
    }

    #[test]
    fn text_that_stands_among_elements_keeps_everything_in_place() {
        for text in [
            "<a>\n t <b>  <c/>\n</b></a>",
            "<a> </a>",
            "<a>\n</a>",
            "<a><!-- c --></a>",
            "<a><![CDATA[ <b> ]]></a>",
            "<a> <![CDATA[]]> <b/></a>",
        ] {
            assert_eq!(laid_out(text, 0), text);
        }
        let nested = "<a><b>t<c> <d/> </c></b><e/></a>";
        assert_eq!(laid_out(nested, 0), "<a>\n  <b>t<c> <d/> </c></b>\n  <e />\n</a>");
        let late = "<a> <b> <c/> </b> <d/> late</a>";
        assert_eq!(laid_out(late, 0), late);
    }

    #[test]
    fn comments_among_elements_take_a_line() {
        assert_eq!(
            laid_out("<!-- x --><a><!-- y\r\nz --><b/></a>", 0),
            "<!-- x -->\n<a>\n  <!-- y\nz -->\n  <b />\n</a>"
        );
    }

    #[test]
    fn files_of_trees_declare_what_documents_declare() {
        let file = document(b"<a x=\"1\"><b/></a>", Namespace::Add, Newline::CrLf);
        let text = String::from_utf8(file.clone()).expect("utf-8");
        assert_eq!(
            text,
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n\
             <a x=\"1\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\r\n  <b />\r\n</a>"
        );
        assert_eq!(document(without_head(&file), Namespace::Add, Newline::CrLf), file);
        let mut back = Vec::new();
        let style = Style { newline: Newline::Lf, depth: 0, namespace: Namespace::Drop };
        lay_out(without_head(&file), style, &mut back);
        assert_eq!(back, b"<a x=\"1\">\n  <b />\n</a>");
    }

    #[test]
    fn laying_out_changes_no_tree() {
        for text in ["<a b='1'> <c/> <d> x <e/> </d> <!-- f --> <g> </g></a>", "<a><b>\r\n</b></a>"] {
            let before = crate::parse(text.as_bytes()).expect("well formed");
            assert_eq!(crate::parse(laid_out(text, 3).as_bytes()).expect("well formed"), before, "{text}");
        }
    }
}
