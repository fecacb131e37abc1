//! The tokeniser of the hot scan: tags, text and nothing else, straight over the bytes.
//!
//! The scan of a large `customizations.xml` is the cost of reading a package, and a general tokeniser spends most
//! of it on events nobody looks at. This one finds tags with `memchr`, matches end tags to start tags, and checks
//! attributes and references; it is strict where a later reader would be (see the differential test in
//! `package/tests/it/mutation.rs`: what the scan lets through, [`crate::parse`] can read). UTF-8 is the caller's to check.
//!
//! Not here: what the elements mean.

use memchr::memmem;

use crate::attributes;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A start tag, or a whole empty element.
    Start {
        name: &'a [u8],
        attributes: &'a str,
        is_empty: bool,
    },
    End,
    /// Character data as it stands, references not replaced, or the inside of a CDATA section. White space alone
    /// between two tags is no token.
    Text {
        raw: &'a [u8],
        is_cdata: bool,
    },
}

/// What [`Tokens::token`] passes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside<'a> {
    /// What stands between `<!--` and `-->`.
    Comment(&'a [u8]),
    /// What stands between `<?` and `?>`, the declaration included.
    Instruction(&'a [u8]),
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenError {
    pub offset: usize,
    pub message: String,
}

/// Reads tokens from the front of a document.
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Names of the open elements, as ranges of the bytes.
    open: Vec<(usize, usize)>,
    seen_root: bool,
    attributes_max: usize,
}

impl<'a> Tokens<'a> {
    /// Reads a document from its first byte; a tag may have that many attributes.
    pub fn new(bytes: &'a [u8], attributes_max: usize) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { bytes, at, open: Vec::with_capacity(32), seen_root: false, attributes_max }
    }

    /// Where the next token begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns the comment or processing instruction that comes next; for readers to whom those matter.
    pub fn aside(&mut self) -> Result<Option<Aside<'a>>, TokenError> {
        let rest = &self.bytes[self.at..];
        let start = self.at + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let rest = &self.bytes[start..];
        let bytes = self.bytes;
        if rest.starts_with(b"<!--") {
            self.at = self.after(start + 4, b"-->", "a comment")?;
            return Ok(Some(Aside::Comment(&bytes[start + 4..self.at - 3])));
        }
        if rest.starts_with(b"<?") {
            self.at = self.after(start + 2, b"?>", "a processing instruction")?;
            return Ok(Some(Aside::Instruction(&bytes[start + 2..self.at - 2])));
        }
        Ok(None)
    }

    /// Returns the next token, `None` at the end of a complete document.
    pub fn token(&mut self) -> Result<Option<Token<'a>>, TokenError> {
        loop {
            let start = self.at;
            let rest = &self.bytes[start..];
            let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
            match rest.get(blank) {
                None => {
                    self.at = self.bytes.len();
                    return self.end_of_document();
                }
                Some(b'<') => self.at = start + blank,
                Some(_) => return self.text().map(Some),
            }
            let start = self.at;
            match self.bytes.get(start + 1) {
                Some(b'/') => return self.end_tag().map(Some),
                Some(b'?') => self.at = self.after(start + 2, b"?>", "a processing instruction")?,
                Some(b'!') => {
                    if let Some(token) = self.declaration()? {
                        return Ok(Some(token));
                    }
                }
                Some(_) => return self.start_tag().map(Some),
                None => return Err(fail(start, "`<` at the end of the document")),
            }
        }
    }

    fn end_of_document(&self) -> Result<Option<Token<'a>>, TokenError> {
        match self.open.last() {
            Some((start, end)) => {
                let name = String::from_utf8_lossy(&self.bytes[*start..*end]);
                Err(fail(self.at, &format!("`<{name}>` is not closed")))
            }
            None if !self.seen_root => Err(fail(0, "no element in the document")),
            None => Ok(None),
        }
    }

    fn text(&mut self) -> Result<Token<'a>, TokenError> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let raw = &rest[..length];
        self.at = start + length;
        if self.open.is_empty() && !raw.iter().all(u8::is_ascii_whitespace) {
            return Err(fail(start, "text outside the root element"));
        }
        let mut from = 0;
        while let Some(at) = memchr::memchr(b'&', &raw[from..]) {
            let after = &raw[from + at + 1..];
            let name = memchr::memchr(b';', after).and_then(|end| std::str::from_utf8(&after[..end]).ok());
            match name.map(|name| (name, crate::resolve_reference(name))) {
                Some((_, Some(_))) => from += at + 1,
                Some((name, None)) => {
                    return Err(fail(start + from + at, &format!("unknown entity `&{name};`")));
                }
                None => return Err(fail(start + from + at, "`&` without `;`")),
            }
        }
        Ok(Token::Text { raw, is_cdata: false })
    }

    /// A comment is passed over, a CDATA section is text, anything else with `<!` is refused (D13).
    fn declaration(&mut self) -> Result<Option<Token<'a>>, TokenError> {
        let start = self.at;
        let rest = &self.bytes[start..];
        if rest.starts_with(b"<!--") {
            self.at = self.after(start + 4, b"-->", "a comment")?;
            return Ok(None);
        }
        if rest.starts_with(b"<![CDATA[") {
            if self.open.is_empty() {
                return Err(fail(start, "text outside the root element"));
            }
            self.at = self.after(start + 9, b"]]>", "a CDATA section")?;
            return Ok(Some(Token::Text { raw: &self.bytes[start + 9..self.at - 3], is_cdata: true }));
        }
        Err(fail(start, "a DOCTYPE declaration is not allowed"))
    }

    fn after(&self, from: usize, end: &[u8], what: &str) -> Result<usize, TokenError> {
        let found = self.bytes.get(from..).and_then(|rest| memmem::find(rest, end));
        found.map(|at| from + at + end.len()).ok_or_else(|| fail(self.bytes.len(), &format!("{what} does not end")))
    }

    fn end_tag(&mut self) -> Result<Token<'a>, TokenError> {
        let start = self.at;
        let Some((from, to)) = self.open.pop() else { return Err(fail(start, "an end tag without a start tag")) };
        let (expected, rest) = (&self.bytes[from..to], &self.bytes[start + 2..]);
        if rest.get(expected.len()) == Some(&b'>') && rest.starts_with(expected) {
            self.at = start + 2 + expected.len() + 1;
            return Ok(Token::End);
        }
        let length = memchr::memchr(b'>', rest).ok_or_else(|| fail(self.bytes.len(), "an end tag does not end"))?;
        let name = rest[..length].trim_ascii_end();
        if name == expected {
            self.at = start + 2 + length + 1;
            return Ok(Token::End);
        }
        let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(name));
        Err(fail(start, &format!("expected `</{expected}>`, but `</{found}>` was found")))
    }

    fn start_tag(&mut self) -> Result<Token<'a>, TokenError> {
        let start = self.at;
        let rest = &self.bytes[start + 1..];
        let length = rest.iter().position(|byte| !IN_NAME[usize::from(*byte)]).unwrap_or(rest.len());
        let name = &rest[..length];
        let starts_well = name.first().is_some_and(|byte| !byte.is_ascii_digit() && !matches!(byte, b'-' | b'.'));
        if !starts_well {
            return Err(fail(start, "`<` does not begin an element"));
        }
        let (end, is_empty, attributes) = match &rest[length..] {
            [b'>', ..] => (start + 1 + length, false, ""),
            [b'/', b'>', ..] => (start + 2 + length, true, ""),
            [byte, ..] if byte.is_ascii_whitespace() => self.attributes(start, start + 1 + length)?,
            [] => return Err(fail(self.bytes.len(), "a tag does not end")),
            _ => return Err(fail(start, "`<` does not begin an element")),
        };
        if self.open.is_empty() && self.seen_root {
            return Err(fail(start, "a second root element"));
        }
        self.seen_root = true;
        if !is_empty {
            self.open.push((start + 1, start + 1 + length));
        }
        self.at = end + 1;
        Ok(Token::Start { name, attributes, is_empty })
    }

    /// Returns where a tag with attributes ends, whether it is empty, and its attributes.
    fn attributes(&self, start: usize, from: usize) -> Result<(usize, bool, &'a str), TokenError> {
        let end = self.tag_end(from)?;
        let inside = &self.bytes[from..end];
        let is_empty = inside.last() == Some(&b'/');
        let inside = if is_empty { &inside[..inside.len() - 1] } else { inside };
        let attributes = std::str::from_utf8(inside).map_err(|_| fail(start, "the text is not UTF-8"))?;
        attributes::check(attributes, self.attributes_max).map_err(|fault| fail(start, &fault.to_string()))?;
        Ok((end, is_empty, attributes))
    }

    /// Finds the `>` that ends a tag, outside quotes.
    fn tag_end(&self, from: usize) -> Result<usize, TokenError> {
        let mut at = from;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let found =
                memchr::memchr3(b'>', b'"', b'\'', rest).ok_or_else(|| fail(self.bytes.len(), "a tag does not end"))?;
            let quote = rest[found];
            if quote == b'>' {
                return Ok(at + found);
            }
            let after = at + found + 1;
            let closing = memchr::memchr(quote, &self.bytes[after..])
                .ok_or_else(|| fail(self.bytes.len(), "the value of an attribute does not end"))?;
            at = after + closing + 1;
        }
    }
}

/// Bytes that may stand in an element's name; which characters they make up is not looked at.
static IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            matches!(byte as u8, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b':' | b'-' | b'.' | 0x80..);
        byte += 1;
    }
    table
};

fn fail(offset: usize, message: &str) -> TokenError {
    TokenError { offset, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<String>, TokenError> {
        let mut tokens = Tokens::new(text.as_bytes(), 99);
        let mut shown = Vec::new();
        while let Some(token) = tokens.token()? {
            shown.push(match token {
                Token::Start { name, attributes, is_empty } => {
                    format!("<{}{attributes}{}>", String::from_utf8_lossy(name), if is_empty { "/" } else { "" })
                }
                Token::End => "</>".to_owned(),
                Token::Text { raw, is_cdata } => format!("{}{is_cdata}", String::from_utf8_lossy(raw)),
            });
        }
        Ok(shown)
    }

    #[test]
    fn a_document_is_tags_and_text() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<a b='>'><!-- c > --><d />t &lt; &#xA;<![CDATA[<x>]]></a>\n";
        assert_eq!(tokens(text).expect("well formed"), ["<a b='>'>", "<d />", "t &lt; &#xA;false", "<x>true", "</>"]);
    }

    #[test]
    fn comments_and_instructions_are_there_for_who_asks() {
        let mut tokens = Tokens::new(b"<?xml version=\"1.0\"?>\n <!-- c --><a>", 99);
        assert_eq!(tokens.aside(), Ok(Some(Aside::Instruction(b"xml version=\"1.0\""))));
        assert_eq!(tokens.aside(), Ok(Some(Aside::Comment(b" c "))));
        assert_eq!(tokens.aside(), Ok(None));
        assert!(matches!(tokens.token(), Ok(Some(Token::Start { name: b"a", .. }))));
    }

    #[test]
    fn l67_what_is_not_well_formed_is_refused_where_it_stands() {
        for (text, offset) in [
            ("", 0),
            ("<a>", 3),
            ("<a></b>", 3),
            ("</a>", 0),
            ("<a/><b/>", 4),
            ("<a/>x", 4),
            ("<a>&x;</a>", 3),
            ("<a>&amp</a>", 3),
            ("<a b></a>", 0),
            ("<1/>", 0),
            ("< a/>", 0),
            ("<a><!DOCTYPE b></a>", 3),
            ("<a><!-- </a>", 12),
            ("<a b='></a>", 11),
        ] {
            assert_eq!(tokens(text).expect_err(text).offset, offset, "{text}");
        }
    }
}
