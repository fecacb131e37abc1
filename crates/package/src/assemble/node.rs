//! The containers of a document as ranges of its bytes, so that what is put into them changes nothing else.
//!
//! Only elements that hold components are taken apart; what is inside of one, or of an element that means nothing to us,
//! stays one range.

use strata_xml::tokens::{Token, TokenError, Tokens};

use crate::places::Place;

/// More than any limit that the bytes have passed before.
const ATTRIBUTES_MAX: usize = usize::MAX;

/// One element.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) name: &'a str,
    /// `type` of a group of forms.
    pub(super) group: Option<&'a str>,
    pub(super) place: Place,
    pub(super) is_item: bool,
    /// Written as one tag.
    pub(super) is_empty: bool,
    /// Where the white space and the comments before it begin.
    pub(super) lead: usize,
    pub(super) start: usize,
    /// Behind its start tag.
    pub(super) inside: usize,
    /// Behind its last child.
    pub(super) tail: usize,
    /// Where its end tag begins.
    pub(super) close: usize,
    pub(super) end: usize,
    pub(super) children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// Takes a document apart whose root stands in that place.
    pub(super) fn read(bytes: &'a [u8], root: Place) -> Result<Self, TokenError> {
        let mut tokens = Tokens::new(bytes, ATTRIBUTES_MAX);
        let mut open: Vec<Self> = Vec::new();
        let mut deep = 0_usize;
        loop {
            let lead = tokens.position();
            match tokens.token()? {
                Some(Token::Start { is_empty, .. }) if deep > 0 => deep += usize::from(!is_empty),
                Some(Token::Start { name, attributes, is_empty }) => {
                    let name = std::str::from_utf8(name)
                        .map_err(|_| TokenError { offset: lead, message: "the text is not UTF-8".to_owned() })?;
                    let (place, is_item) = match open.last() {
                        Some(parent) => parent.place_of(name),
                        None => (root, false),
                    };
                    let node = Self::begin(bytes, lead, tokens.position(), name, place, is_item);
                    let node = Self { group: group(name, attributes), is_empty, ..node };
                    match (is_empty, open.last_mut()) {
                        (false, _) => open.push(node),
                        (true, Some(parent)) => parent.take(node),
                        (true, None) => return Ok(node),
                    }
                    // Nothing in here is of interest.
                    if !is_empty && place == Place::Inside {
                        deep = 1;
                    }
                }
                Some(Token::End) if deep > 1 => deep -= 1,
                Some(Token::End) => {
                    deep = 0;
                    let Some(mut node) = open.pop() else { continue };
                    node.end = tokens.position();
                    node.close = memchr::memrchr(b'<', &bytes[..node.end]).unwrap_or(node.end);
                    match open.last_mut() {
                        Some(parent) => parent.take(node),
                        None => return Ok(node),
                    }
                }
                Some(Token::Text { .. }) => {}
                None => return Err(TokenError { offset: 0, message: "no element in the document".to_owned() }),
            }
        }
    }

    fn begin(bytes: &'a [u8], lead: usize, inside: usize, name: &'a str, place: Place, is_item: bool) -> Self {
        let start = element_start(bytes, lead);
        let (tail, close, end, children) = (inside, inside, inside, Vec::new());
        Self {
            bytes,
            name,
            group: None,
            place,
            is_item,
            is_empty: false,
            lead,
            start,
            inside,
            tail,
            close,
            end,
            children,
        }
    }

    fn take(&mut self, child: Self) {
        self.tail = child.end;
        self.children.push(child);
    }

    fn place_of(&self, name: &str) -> (Place, bool) {
        let (place, item) = self.place.child_of(self.name, name);
        (place, item.is_some())
    }

    /// The element with what stands before it.
    pub(super) fn whole(&self) -> &'a [u8] {
        &self.bytes[self.lead..self.end]
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// The `type` of a group of forms.
fn group<'a>(name: &str, attributes: &'a str) -> Option<&'a str> {
    let mut rest = attributes.trim_ascii_start();
    while let Some((key, value, after)) = strata_xml::attributes::next(rest).filter(|_| name == "forms") {
        if key == "type" {
            return Some(value);
        }
        rest = after.trim_ascii_start();
    }
    None
}

/// Where the element begins that white space, comments and instructions precede.
pub(super) fn element_start(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &bytes[at..];
        let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let rest = &rest[blank..];
        let ending: &[u8] = match rest {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => return at + blank,
        };
        let Some(length) = memchr::memmem::find(rest, ending) else { return at + blank };
        at += blank + length + ending.len();
    }
}
