//! Goes over a document that has been checked before: tags and texts, as quickly as they can be found.
//!
//! What [`crate::tokens`] let through once is well formed, so nothing is checked again: names of end tags are not
//! compared, attributes and references are not looked at, nothing is known to be UTF-8. Bytes that were never checked
//! give some marks or other and then an end.

use memchr::memmem;

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// A start tag, or a whole empty element; `at` is where its `<` stands.
    Start {
        name: &'a [u8],
        attributes: &'a [u8],
        is_empty: bool,
        at: usize,
    },
    End,
    /// Character data of an element before its first child, as it stands, or the inside of a CDATA section. White space
    /// alone is no mark.
    Text {
        raw: &'a [u8],
        is_cdata: bool,
    },
}

/// Names of elements, to be told from others at their first byte.
pub struct Names {
    names: &'static [&'static str],
    firsts: [bool; 256],
}

impl Names {
    /// Takes the names.
    pub const fn new(names: &'static [&'static str]) -> Self {
        let mut firsts = [false; 256];
        let mut index = 0;
        while index < names.len() {
            firsts[names[index].as_bytes()[0] as usize] = true;
            index += 1;
        }
        Self { names, firsts }
    }

    /// Tells whether a tag, which begins with its name, bears one of them.
    fn has(&self, tag: &[u8]) -> bool {
        let is_end = |byte: &u8| matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace();
        self.firsts[usize::from(tag[0])] && {
            let name = &tag[..tag.iter().position(is_end).unwrap_or(tag.len())];
            self.names.iter().any(|known| known.as_bytes() == name)
        }
    }
}

/// Reads marks from the front of a document.
pub struct Skim<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// Nothing but text has come since an element was opened.
    is_text: bool,
}

impl<'a> Skim<'a> {
    /// Reads a document from its first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, is_text: false }
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the next mark, `None` where there is no more.
    pub fn mark(&mut self) -> Option<Mark<'a>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let before = memchr::memchr(b'<', rest)?;
            let raw = &rest[..before];
            if self.is_text && !raw.iter().all(u8::is_ascii_whitespace) {
                self.at += before;
                return Some(Mark::Text { raw, is_cdata: false });
            }
            self.at += before;
            match self.bytes.get(self.at + 1)? {
                b'/' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_text = false;
                    self.at = self.after(b">")?;
                    return Some(Mark::End);
                }
                b'?' => self.at = self.after(b"?>")?,
                b'!' => {
                    if let Some(mark) = self.declaration()? {
                        return Some(mark);
                    }
                }
                _ => return self.start(),
            }
        }
    }

    /// Returns the next start tag of one of these elements, or the next text of the one returned before.
    ///
    /// What stands between goes by unread, several times faster than as marks, and depth counts none of it.
    pub fn mark_of(&mut self, names: &Names) -> Option<Mark<'a>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let before = memchr::memchr(b'<', rest)?;
            let raw = &rest[..before];
            self.at += before;
            if self.is_text && !raw.iter().all(u8::is_ascii_whitespace) {
                return Some(Mark::Text { raw, is_cdata: false });
            }
            let tag = &rest[before + 1..];
            match tag.first()? {
                b'?' => self.at = self.after(b"?>")?,
                b'!' => {
                    let mark = self.declaration()?;
                    if self.is_text && mark.is_some() {
                        return mark;
                    }
                }
                // Neither values nor names hold a `<`, so the end of the tag need not be found.
                _ if names.has(tag) => return self.start(),
                _ => {
                    self.is_text = false;
                    self.at += 1;
                }
            }
        }
    }

    /// A comment is passed over, a CDATA section is text.
    fn declaration(&mut self) -> Option<Option<Mark<'a>>> {
        let start = self.at + b"<![CDATA[".len();
        if !self.bytes[self.at..].starts_with(b"<![CDATA[") {
            self.at = self.after(b"-->")?;
            return Some(None);
        }
        self.at = self.after(b"]]>")?;
        let raw = self.bytes.get(start..self.at - b"]]>".len())?;
        Some(Some(Mark::Text { raw, is_cdata: true }))
    }

    fn after(&self, end: &[u8]) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let found = if let [byte] = end { memchr::memchr(*byte, rest) } else { memmem::find(rest, end) };
        Some(self.at + found? + end.len())
    }

    fn start(&mut self) -> Option<Mark<'a>> {
        let at = self.at;
        let tag = &self.bytes[at + 1..];
        let end = tag_end(tag)?;
        self.at = at + 1 + end + 1;
        let (inside, is_empty) = match tag[..end].split_last() {
            Some((b'/', inside)) => (inside, true),
            Some(_) | None => (&tag[..end], false),
        };
        self.depth += usize::from(!is_empty);
        self.is_text = !is_empty;
        let length = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(length);
        Some(Mark::Start { name, attributes, is_empty, at })
    }
}

/// Finds the `>` that ends a tag. One inside a value is rare: then quotes before it are open.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let first = memchr::memchr(b'>', tag)?;
    let before = &tag[..first];
    let is_plain =
        memchr::memchr(b'\'', before).is_none() && memchr::memchr_iter(b'"', before).count().is_multiple_of(2);
    if is_plain { Some(first) } else { quoted_tag_end(tag) }
}

fn quoted_tag_end(tag: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &tag[at..];
        let found = memchr::memchr3(b'>', b'"', b'\'', rest)?;
        let quote = rest[found];
        if quote == b'>' {
            return Some(at + found);
        }
        at += found + 1;
        at += memchr::memchr(quote, &tag[at..])? + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Token, Tokens};

    fn shown_skim(text: &str) -> Vec<String> {
        let mut skim = Skim::new(text.as_bytes());
        let mut shown = Vec::new();
        while let Some(mark) = skim.mark() {
            shown.push(match mark {
                Mark::Start { name, attributes, is_empty, at } => {
                    assert_eq!(text.as_bytes()[at], b'<');
                    show_tag(name, std::str::from_utf8(attributes).expect("text"), is_empty)
                }
                Mark::End => "end".to_owned(),
                Mark::Text { raw, is_cdata } => format!("{}{is_cdata}", String::from_utf8_lossy(raw)),
            });
            shown.push(skim.depth().to_string());
        }
        shown
    }

    fn shown_tokens(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text.as_bytes(), 99);
        let (mut shown, mut is_first) = (Vec::new(), false);
        while let Some(token) = tokens.token().expect("well formed") {
            shown.push(match token {
                Token::Start { name, attributes, is_empty } => {
                    is_first = !is_empty;
                    show_tag(name, attributes, is_empty)
                }
                Token::End => {
                    is_first = false;
                    "end".to_owned()
                }
                Token::Text { is_cdata: false, .. } if !is_first => continue,
                Token::Text { raw, is_cdata } => format!("{}{is_cdata}", String::from_utf8_lossy(raw)),
            });
            shown.push(tokens.depth().to_string());
        }
        shown
    }

    fn show_tag(name: &[u8], attributes: &str, is_empty: bool) -> String {
        format!("<{}|{}|{is_empty}", String::from_utf8_lossy(name), attributes.trim_start())
    }

    static NAMES: Names = Names::new(&["b", "d"]);

    const WELL_FORMED: [&str; 7] = [
        "<a/>",
        "\u{feff}<?xml version='1.0'?>\r\n<a b='>' c=\"'>\"><!-- <c> --><d />t &lt;<![CDATA[<x> ]]></a>\n",
        "<a>\n  <b  x = \"1\"\n y='2' /><b></b >tail<c d=\"it's\"/> <e f='\"'/></a>",
        "<a><b>one</b><!----><b> two </b>three</a>",
        "<a><!-- c -->one<![CDATA[two]]>three<?p?>four<b/>five</a>",
        "<b><bb/><a><b>one<![CDATA[<b>]]></b><![CDATA[two]]><bb>three</bb></a><b\n/>four</b>",
        "<ä ö=\"ü\">ß</ä>",
    ];

    #[test]
    fn what_is_well_formed_gives_the_same_as_the_tokeniser() {
        for text in WELL_FORMED {
            assert_eq!(shown_skim(text), shown_tokens(text), "{text}");
        }
    }

    #[test]
    fn marks_of_some_elements_are_those_among_all() {
        for text in WELL_FORMED {
            let (mut some, mut all) = (Skim::new(text.as_bytes()), Skim::new(text.as_bytes()));
            let some: Vec<_> = std::iter::from_fn(|| some.mark_of(&NAMES)).collect();
            let mut is_text = false;
            let all = std::iter::from_fn(|| all.mark()).filter(|mark| match mark {
                Mark::Start { name, is_empty, .. } => {
                    let is_named = [b"b", b"d"].iter().any(|known| *known == name);
                    is_text = is_named && !is_empty;
                    is_named
                }
                Mark::Text { .. } => is_text,
                Mark::End => {
                    is_text = false;
                    false
                }
            });
            assert_eq!(some, all.collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn what_is_not_well_formed_comes_to_an_end() {
        for text in
            ["", "<", "<a", "<a b='", "</a></a>", "<!", "<!-", "<![CDATA[", "<![CDATA[]]", "<?", "<a>x", ">", "<>"]
        {
            let mut skim = Skim::new(text.as_bytes());
            let marks = std::iter::from_fn(|| skim.mark()).take(9).count();
            assert!(marks < 9, "{text}");
            let mut skim = Skim::new(text.as_bytes());
            assert!(std::iter::from_fn(|| skim.mark_of(&NAMES)).take(9).count() < 9, "{text}");
        }
    }
}
