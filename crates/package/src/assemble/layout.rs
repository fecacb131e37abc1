//! Lines: two spaces for each level, the line ends of the skeleton; a document without lines gets none.

use strata_xml::tokens::{Token, Tokens};

use crate::node::{Node, element_start};

/// The declaration that elements with a file of their own have, and that the root of a document has anyway.
pub(super) const XSI_NAME: &[u8] = b"xmlns:xsi=";

/// How a document is laid out.
pub(super) struct Layout {
    line: Option<&'static [u8]>,
}

impl Layout {
    /// As a document is.
    pub(super) fn of(document: &[u8]) -> Self {
        let end = memchr::memchr(b'\n', document);
        let line: Option<&'static [u8]> = end.map(|at| match at.checked_sub(1).map(|before| document[before]) {
            Some(b'\r') => &b"\r\n"[..],
            _ => &b"\n"[..],
        });
        Self { line }
    }

    pub(super) fn has_lines(&self) -> bool {
        self.line.is_some()
    }

    /// Begins a line.
    pub(super) fn line(&self, depth: usize, out: &mut Vec<u8>) {
        if let Some(line) = self.line {
            out.extend(line);
            out.extend(std::iter::repeat_n(b' ', 2 * depth));
        }
    }

    /// What stands before an element: its own line and comments, or a new line.
    pub(super) fn lead(&self, node: &Node<'_>, depth: usize) -> Vec<u8> {
        let lead = &node.bytes[node.lead..node.start];
        if self.line.is_none() || (lead.contains(&b'\n') && !is_instruction(lead)) {
            return lead.to_vec();
        }
        let mut line = Vec::new();
        self.line(depth, &mut line);
        line
    }

    /// Writes a component as it is; one without lines is laid out in a document that has some.
    pub(super) fn piece(&self, bytes: &[u8], depth: usize, declares_xsi: bool, out: &mut Vec<u8>) {
        let start = element_start(bytes, if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
        let (lead, element) = bytes.split_at(start);
        // What came out of a document brings the line before it along, and is copied as it is.
        let has_lines = memchr::memchr(b'\n', bytes).is_some();
        match lead.contains(&b'\n') && !is_instruction(lead) {
            true => out.extend(lead),
            false => self.line(depth, out),
        }
        let tag = memchr::memchr(b'>', element).unwrap_or(0);
        let declaration = memchr::memmem::find(&element[..tag], XSI_NAME).filter(|_| declares_xsi);
        let stripped = declaration.map(|at| without_declaration(element, at));
        let element = stripped.as_deref().unwrap_or(element);
        match self.line.is_some() && !has_lines {
            true => self.laid_out(element, depth, out),
            false => out.extend(element),
        }
    }

    /// Breaks an element into lines, where it holds nothing but elements.
    fn laid_out(&self, element: &[u8], depth: usize, out: &mut Vec<u8>) {
        let Some(tags) = tags(element) else { return out.extend(element) };
        for (index, tag) in tags.iter().enumerate() {
            let next = tags.get(index + 1).map_or(element.len(), |next| next.start);
            let mut text = &element[tag.start..next];
            if tag.breaks && index > 0 {
                self.line(depth + tag.depth, out);
                text = text.trim_ascii_start();
            }
            // What stands before a tag that stays is text.
            let is_last = tags.get(index + 1).is_none_or(|next| next.breaks);
            out.extend(if is_last { text.trim_ascii_end() } else { text });
        }
    }
}

fn is_instruction(lead: &[u8]) -> bool {
    memchr::memmem::find(lead, b"<?").is_some()
}

fn without_declaration(element: &[u8], at: usize) -> Vec<u8> {
    let quote = element[at + XSI_NAME.len()];
    let value = at + XSI_NAME.len() + 1;
    let end = memchr::memchr(quote, &element[value..]).map_or(at, |length| value + length + 1);
    let mut stripped = element[..at].trim_ascii_end().to_vec();
    stripped.extend(&element[end..]);
    stripped
}

/// A tag, and whether it may begin a line.
struct Tag {
    start: usize,
    depth: usize,
    breaks: bool,
}

/// Finds the tags of an element; those in or around text stay where they are.
fn tags(element: &[u8]) -> Option<Vec<Tag>> {
    let mut tokens = Tokens::new(element, usize::MAX);
    let mut tags: Vec<Tag> = Vec::new();
    // Of each open element: its tag, whether it holds text, the tags of its children and its own end.
    let mut open: Vec<(bool, Vec<usize>)> = vec![(false, Vec::new())];
    loop {
        let start = tokens.position();
        match tokens.token().ok()? {
            Some(Token::Start { is_empty, .. }) => {
                open.last_mut()?.1.push(tags.len());
                tags.push(Tag { start, depth: open.len() - 1, breaks: true });
                if !is_empty {
                    open.push((false, Vec::new()));
                }
            }
            Some(Token::Text { .. }) => open.last_mut()?.0 = true,
            Some(Token::End) => {
                let (has_text, mut inside) = open.pop()?;
                let holds_none = inside.is_empty();
                inside.push(tags.len());
                tags.push(Tag { start, depth: open.len() - 1, breaks: true });
                if has_text || holds_none {
                    inside.into_iter().for_each(|tag| tags[tag].breaks = false);
                }
            }
            None => return Some(tags),
        }
    }
}
