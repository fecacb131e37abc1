//! Document → XML, laid out as the platform's exports are: two spaces for each level, texts in one piece.

use super::doc::{Doc, Id, Kind};

/// How lines of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Newline {
    #[default]
    Crlf,
    Lf,
    /// Everything in one line.
    None,
}

impl Newline {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Crlf => "\r\n",
            Self::Lf => "\n",
            Self::None => "",
        }
    }

    /// Begins a line.
    pub(crate) fn indent(self, level: usize, out: &mut String) {
        if self != Self::None {
            out.push_str(self.text());
            out.extend(std::iter::repeat_n("  ", level));
        }
    }
}

/// Elements whose content the platform writes in one line.
const IN_LINE: &[&str] = &["ControlDescriptionXML"];

/// Appends an element that begins at the end of `out`; what is in it begins lines of its own.
pub(crate) fn write(doc: &Doc<'_>, id: Id, level: usize, newline: Newline, out: &mut String) {
    node(doc, id, level, (newline, newline), out);
}

/// Appends a node. Of the two line endings the first lays out elements, the second stands in texts.
fn node(doc: &Doc<'_>, id: Id, level: usize, newline: (Newline, Newline), out: &mut String) {
    match doc.kind(id) {
        Kind::Element { .. } => element(doc, id, level, newline, out),
        Kind::Text(text) => escape(text, false, newline.1, out),
        Kind::CData(text) => {
            out.push_str("<![CDATA[");
            with_breaks(&text.replace("]]>", "]]]]><![CDATA[>"), newline.1, out);
            out.push_str("]]>");
        }
        Kind::Comment(text) => {
            out.push_str("<!--");
            with_breaks(text, newline.1, out);
            out.push_str("-->");
        }
        Kind::Instruction(target, rest) => {
            out.push_str("<?");
            out.push_str(target);
            if !rest.is_empty() {
                out.push(' ');
                with_breaks(rest, newline.1, out);
            }
            out.push_str("?>");
        }
    }
}

fn element(doc: &Doc<'_>, id: Id, level: usize, newline: (Newline, Newline), out: &mut String) {
    let is_pair = start_tag(doc, id, out);
    if !is_pair {
        return;
    }
    let holds_text = doc.children(id).any(|child| matches!(doc.kind(child), Kind::Text(_) | Kind::CData(_)));
    let layout = if holds_text || IN_LINE.contains(&doc.name(id)) { Newline::None } else { newline.0 };
    for child in doc.children(id) {
        layout.indent(level + 1, out);
        node(doc, child, level + 1, (layout, newline.1), out);
    }
    if doc.has_children(id) {
        layout.indent(level, out);
    }
    end_tag(doc.name(id), out);
}

/// Appends a start tag, or the whole of an empty element; tells whether an end tag is to follow.
fn start_tag(doc: &Doc<'_>, id: Id, out: &mut String) -> bool {
    let is_pair = doc.is_pair(id) || doc.has_children(id);
    tag(doc, id, if is_pair { ">" } else { " />" }, out);
    is_pair
}

/// Appends a start tag whose end tag the caller writes.
pub(crate) fn open_tag(doc: &Doc<'_>, id: Id, out: &mut String) {
    tag(doc, id, ">", out);
}

fn tag(doc: &Doc<'_>, id: Id, end: &str, out: &mut String) {
    out.push('<');
    out.push_str(doc.name(id));
    for (name, value) in doc.attributes(id) {
        attribute(name, value, out);
    }
    out.push_str(end);
}

pub(crate) fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(value, true, Newline::None, out);
    out.push('"');
}

pub(crate) fn end_tag(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn with_breaks(text: &str, newline: Newline, out: &mut String) {
    if newline == Newline::Crlf {
        out.push_str(&text.replace('\n', "\r\n"));
    } else {
        out.push_str(text);
    }
}

fn escape(text: &str, in_attribute: bool, newline: Newline, out: &mut String) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let written = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'\r' => "&#xD;",
            b'"' if in_attribute => "&quot;",
            b'\n' if in_attribute => "&#xA;",
            b'\t' if in_attribute => "&#x9;",
            b'\n' if newline == Newline::Crlf => "\r\n",
            0..=8 | 11..=31 => {
                out.push_str(&text[from..at]);
                out.push_str(&format!("&#x{byte:X};"));
                from = at + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(written);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}
