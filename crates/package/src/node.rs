//! The containers of a document as ranges of its bytes, so that what is put into them changes nothing else.
//!
//! Only elements that hold components are taken apart; what is inside of one, or of an element that means nothing to us,
//! stays one range.

use strata_xml::tokens::{Token, TokenError, Tokens};

use crate::Limits;
use crate::places::Place;

/// One element.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) name: &'a str,
    /// `type` of a group of forms.
    pub(crate) group: Option<&'a str>,
    pub(crate) place: Place,
    /// The type of the component that this element is.
    pub(crate) item: Option<&'static str>,
    /// Written as one tag.
    pub(crate) is_empty: bool,
    /// Where the white space and the comments before it begin.
    pub(crate) lead: usize,
    pub(crate) start: usize,
    /// Behind its start tag.
    pub(crate) inside: usize,
    /// Behind its last child.
    pub(crate) tail: usize,
    /// Where its end tag begins.
    pub(crate) close: usize,
    pub(crate) end: usize,
    pub(crate) children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// Takes an element apart that has been read before; what stands behind it is not looked at.
    pub(crate) fn read(bytes: &'a [u8], root: Place) -> Result<Self, TokenError> {
        let limits = Limits { attributes_max: usize::MAX, depth_max: usize::MAX, ..Limits::default() };
        Self::parse(bytes, (root, None), &limits, false)
    }

    /// Takes a whole document apart, whose root stands in that place and is perhaps a component itself.
    pub(crate) fn read_document(
        bytes: &'a [u8],
        root: (Place, Option<&'static str>),
        limits: &Limits,
    ) -> Result<Self, TokenError> {
        Self::parse(bytes, root, limits, true)
    }

    fn parse(
        bytes: &'a [u8],
        root: (Place, Option<&'static str>),
        limits: &Limits,
        to_end: bool,
    ) -> Result<Self, TokenError> {
        if let Err(error) = std::str::from_utf8(bytes) {
            return Err(fail(error.valid_up_to(), "the text is not UTF-8"));
        }
        let mut tokens = Tokens::new(bytes, limits.attributes_max);
        let mut whole: Option<Self> = None;
        let mut open: Vec<Self> = Vec::new();
        let mut deep = 0_usize;
        loop {
            let lead = tokens.position();
            match tokens.token()? {
                Some(Token::Start { .. }) if tokens.depth() > limits.depth_max => {
                    return Err(fail(lead, &format!("elements are nested deeper than {}", limits.depth_max)));
                }
                Some(Token::Start { is_empty, .. }) if deep > 0 => deep += usize::from(!is_empty),
                Some(Token::Start { name, attributes, is_empty }) => {
                    let name = std::str::from_utf8(name).map_err(|_| fail(lead, "the text is not UTF-8"))?;
                    let (place, item) = open.last().map_or(root, |parent| parent.place.child_of(parent.name, name));
                    let node = Self { is_empty, item, ..Self::begin(bytes, lead, tokens.position(), name, place) };
                    let node = Self { group: group(name, attributes), ..node };
                    match (is_empty, open.last_mut()) {
                        (false, _) => open.push(node),
                        (true, Some(parent)) => parent.take(node),
                        (true, None) if to_end => whole = Some(node),
                        (true, None) => return Ok(node),
                    }
                    // Nothing in here is of interest.
                    deep = usize::from(!is_empty && place == Place::Inside);
                }
                Some(Token::End) if deep > 1 => deep -= 1,
                Some(Token::End) => {
                    deep = 0;
                    let Some(mut node) = open.pop() else { continue };
                    node.end = tokens.position();
                    node.close = memchr::memrchr(b'<', &bytes[..node.end]).unwrap_or(node.end);
                    match open.last_mut() {
                        Some(parent) => parent.take(node),
                        None if to_end => whole = Some(node),
                        None => return Ok(node),
                    }
                }
                Some(Token::Text { .. }) => {}
                None => return whole.ok_or_else(|| fail(0, "no element in the document")),
            }
        }
    }

    fn begin(bytes: &'a [u8], lead: usize, inside: usize, name: &'a str, place: Place) -> Self {
        let start = element_start(bytes, lead);
        let (tail, close, end) = (inside, inside, inside);
        let (group, item, is_empty, children) = (None, None, false, Vec::new());
        Self { bytes, name, group, place, item, is_empty, lead, start, inside, tail, close, end, children }
    }

    fn take(&mut self, child: Self) {
        self.tail = child.end;
        self.children.push(child);
    }

    /// The element with what stands before it.
    pub(crate) fn whole(&self) -> &'a [u8] {
        &self.bytes[self.lead..self.end]
    }

    /// The element itself.
    pub(crate) fn element(&self) -> &'a [u8] {
        &self.bytes[self.start..self.end]
    }

    /// What stands between its tags.
    pub(crate) fn content(&self) -> &'a [u8] {
        &self.bytes[self.inside..self.close]
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}

fn fail(offset: usize, message: &str) -> TokenError {
    TokenError { offset, message: message.to_owned() }
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
pub(crate) fn element_start(bytes: &[u8], from: usize) -> usize {
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
