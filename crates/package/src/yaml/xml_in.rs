//! XML → document: one element at a time, straight from the tokeniser.

use std::borrow::Cow;

use strata_xml::attributes;
use strata_xml::tokens::{Aside, Token, TokenError, Tokens};

use super::doc::{Doc, Id, Kind};
use crate::{Limits, ReadPackageError};

/// Reads a whole document; what stands around its root is left out.
pub(crate) fn document<'a>(
    part: &str,
    bytes: &'a [u8],
    doc: &mut Doc<'a>,
    limits: &Limits,
) -> Result<Id, ReadPackageError> {
    let mut reader = XmlReader::new(part, bytes, limits)?;
    let mut root = None;
    while let Some(piece) = reader.next()? {
        if let Piece::Token(Token::Start { name, attributes, is_empty }) = piece {
            root = Some(reader.element(doc, &Tag { name, attributes, is_empty })?);
        }
    }
    root.ok_or_else(|| reader.fail(0, "no element in the document"))
}

/// A piece of a document, with what other readers pass over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Token(Token<'a>),
    Aside(Aside<'a>),
}

/// A document in XML, and who to blame for it.
pub(crate) struct XmlReader<'a> {
    part: String,
    pub(crate) bytes: &'a [u8],
    pub(crate) tokens: Tokens<'a>,
    depth_max: usize,
    /// Comments or instructions stand behind the declaration.
    has_asides: bool,
    /// Where the last token began.
    pub(crate) start: usize,
}

impl<'a> XmlReader<'a> {
    /// Starts with a document's first byte; it must be UTF-8.
    pub(crate) fn new(part: &str, bytes: &'a [u8], limits: &Limits) -> Result<Self, ReadPackageError> {
        crate::customizations_xml::check_utf8(part, bytes)?;
        let tokens = Tokens::new(bytes, limits.attributes_max);
        // A declaration at the very front is none of them.
        let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let body = body.strip_prefix(b"<?xml").unwrap_or(body);
        let has_asides = [&b"<!--"[..], b"<?"].iter().any(|sign| memchr::memmem::find(body, sign).is_some());
        Ok(Self { part: part.to_owned(), bytes, tokens, depth_max: limits.depth_max, has_asides, start: 0 })
    }

    /// Returns the next token.
    pub(crate) fn next(&mut self) -> Result<Option<Piece<'a>>, ReadPackageError> {
        let from = self.tokens.position();
        if self.has_asides
            && let Some(aside) = self.tokens.aside().map_err(|error| self.token_error(error))?
        {
            self.start = from + blank(&self.bytes[from..]);
            return Ok(Some(Piece::Aside(aside)));
        }
        let token = self.tokens.token().map_err(|error| self.token_error(error))?;
        self.start = match token {
            Some(Token::Text { is_cdata: false, .. }) | None => from,
            // A declaration may have been passed over.
            Some(Token::Start { name, .. }) => name.as_ptr() as usize - self.bytes.as_ptr() as usize - 1,
            Some(_) => from + blank(&self.bytes[from..]),
        };
        if self.tokens.depth() > self.depth_max {
            let message = format!("elements are nested deeper than {}", self.depth_max);
            return Err(self.fail(self.start, &message));
        }
        Ok(token.map(Piece::Token))
    }

    fn token_error(&self, error: TokenError) -> ReadPackageError {
        self.fail(error.offset, &error.message)
    }

    pub(crate) fn fail(&self, offset: usize, message: &str) -> ReadPackageError {
        ReadPackageError::xml(&self.part, self.bytes, offset, message)
    }

    /// Reads the rest of an element whose start tag was the last token.
    pub(crate) fn element(&mut self, doc: &mut Doc<'a>, tag: &Tag<'a>) -> Result<Id, ReadPackageError> {
        let root = self.open(doc, tag)?;
        if tag.is_empty {
            return Ok(root);
        }
        let mut open = vec![Open { id: root, inside: self.tokens.position(), has_text: false }];
        while let Some(current) = open.last_mut() {
            let Some(token) = self.next()? else { break };
            let start = self.start;
            match token {
                Piece::Token(Token::Start { name, attributes, is_empty }) => {
                    let parent = current.id;
                    let id = self.open(doc, &Tag { name, attributes, is_empty })?;
                    doc.append(parent, id);
                    doc.set_end(id, self.tokens.position());
                    if !is_empty {
                        open.push(Open { id, inside: self.tokens.position(), has_text: false });
                    }
                }
                Piece::Token(Token::End) => {
                    self.put_blanks_back(doc, current);
                    doc.set_end(current.id, self.tokens.position());
                    open.pop();
                }
                other => {
                    current.has_text |= matches!(other, Piece::Token(_));
                    let parent = current.id;
                    if let Some(kind) = self.piece(&other)? {
                        let id = doc.add(kind, start);
                        doc.set_end(id, self.tokens.position());
                        doc.append(parent, id);
                    }
                }
            }
        }
        Ok(root)
    }

    /// Adds the element that a start tag begins.
    pub(crate) fn open(&self, doc: &mut Doc<'a>, tag: &Tag<'a>) -> Result<Id, ReadPackageError> {
        let name = std::str::from_utf8(tag.name).map_err(|_| self.fail(self.start, "the text is not UTF-8"))?;
        let id = doc.element(name);
        doc.set_pair(id, !tag.is_empty);
        doc.set_at(id, self.start);
        let mut rest = tag.attributes.trim_ascii_start();
        while let Some((name, value, after)) = attributes::next(rest) {
            doc.attribute_of_last(name, self.unescape(value)?);
            rest = after.trim_ascii_start();
        }
        Ok(id)
    }

    /// Returns what a piece other than a tag says.
    pub(crate) fn piece(&self, piece: &Piece<'a>) -> Result<Option<Kind<'a>>, ReadPackageError> {
        Ok(Some(match piece {
            Piece::Token(Token::Text { raw, is_cdata: true }) => Kind::CData(without_returns(self.utf8(raw)?)),
            Piece::Token(Token::Text { raw, is_cdata: false }) => Kind::Text(self.text(raw)?),
            Piece::Aside(Aside::Comment(raw)) => Kind::Comment(without_returns(self.utf8(raw)?)),
            Piece::Aside(Aside::Instruction(raw)) => {
                let raw = self.utf8(raw)?;
                let (target, rest) = raw.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((raw, ""));
                Kind::Instruction(Cow::Borrowed(target), without_returns(rest))
            }
            Piece::Token(Token::Start { .. } | Token::End) => return Ok(None),
        }))
    }

    fn utf8(&self, raw: &'a [u8]) -> Result<&'a str, ReadPackageError> {
        std::str::from_utf8(raw).map_err(|_| self.fail(self.start, "the text is not UTF-8"))
    }

    fn text(&self, raw: &'a [u8]) -> Result<Cow<'a, str>, ReadPackageError> {
        let text = without_returns(self.utf8(raw)?);
        match text {
            Cow::Borrowed(text) => self.unescape(text),
            Cow::Owned(text) => strata_xml::unescape(&text).map(Cow::Owned).map_err(|m| self.fail(self.start, &m)),
        }
    }

    fn unescape(&self, raw: &'a str) -> Result<Cow<'a, str>, ReadPackageError> {
        if memchr::memchr(b'&', raw.as_bytes()).is_none() {
            return Ok(Cow::Borrowed(raw));
        }
        strata_xml::unescape(raw).map(Cow::Owned).map_err(|message| self.fail(self.start, &message))
    }

    /// Puts back the white space that the tokeniser takes for layout where it is text: in an element that holds
    /// nothing else, and between the pieces of one that holds text.
    fn put_blanks_back(&self, doc: &mut Doc<'a>, done: &Open) {
        let is_leaf = !doc.has_children(done.id);
        if is_leaf && self.start == done.inside || !is_leaf && !done.has_text {
            return;
        }
        let children: Vec<_> = doc.children(done.id).collect();
        if matches!(children.as_slice(), [one] if matches!(doc.kind(*one), Kind::Text(_))) {
            return;
        }
        let mut all = Vec::with_capacity(children.len() + 1);
        let mut from = done.inside;
        let mut places: Vec<_> = children.iter().map(|id| (Some(*id), doc.span(*id))).collect();
        places.push((None, (self.start, self.start)));
        for (child, (start, end)) in places {
            if from < start {
                let blank = String::from_utf8_lossy(&self.bytes[from..start]);
                all.push(doc.add(Kind::Text(Cow::Owned(without_returns(&blank).into_owned())), from));
            }
            all.extend(child);
            from = end;
        }
        doc.set_children(done.id, &all);
    }
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) attributes: &'a str,
    pub(crate) is_empty: bool,
}

/// An element that is being read.
struct Open {
    id: Id,
    /// Where its start tag ended.
    inside: usize,
    has_text: bool,
}

fn blank(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(bytes.len())
}

/// Line breaks of every kind are one line feed to who reads XML.
pub(crate) fn without_returns(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}
