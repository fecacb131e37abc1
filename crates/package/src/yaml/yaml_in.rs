//! YAML → document: any block or flow style, every scalar a text (the failsafe reading).
//!
//! What could mean more than it says is refused: anchors, aliases, tags, merge keys, several documents, and a key
//! that stands twice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use strata_model::code::ErrorCode;

use super::doc::{Doc, Id, Kind};
use super::yaml_out::{Arrangement, CDATA, COMMENT, DECLARES, ONE_TAG, TEXT, XSI};
use super::yaml_plain::{self, NotPlain};
use crate::{Limits, ReadPackageError};

/// What the sidecar says about one file, by path of the element.
pub(crate) type Arrangements = BTreeMap<String, Arrangement>;

/// Reads a file that holds one element.
pub(crate) fn one<'a>(
    doc: &mut Doc<'a>,
    part: &str,
    bytes: &'a [u8],
    arrangements: &Arrangements,
    limits: &Limits,
) -> Result<Id, ReadPackageError> {
    let roots = read(doc, part, bytes, arrangements, limits)?;
    match roots.as_slice() {
        [one] => Ok(*one),
        [] => Err(fail(part, Marker::new(0, 1, 0), ErrorCode::IMPORT_INVALID_XML, ONE_KEY)),
        [_, second, ..] => {
            let mark = Marker::new(0, doc.at(*second), 0);
            Err(fail(part, mark, ErrorCode::IMPORT_INVALID_XML, ONE_KEY))
        }
    }
}

const ONE_KEY: &str = "a mapping with one key, the element's name, is expected";

/// Reads a file into elements without a parent: one, or as many as a sequence at its top has entries.
///
/// A node's place is its line.
pub(crate) fn read<'a>(
    doc: &mut Doc<'a>,
    part: &str,
    bytes: &'a [u8],
    arrangements: &Arrangements,
    limits: &Limits,
) -> Result<Vec<Id>, ReadPackageError> {
    let text = utf8(part, bytes)?;
    let before = doc.mark();
    let top = doc.element("");
    if let Ok(()) = read_plain(doc, top, part, text, arrangements, limits) {
        return Ok(doc.children(top).collect());
    }
    doc.rewind(before);
    let top = doc.element("");
    let mut reader = Reader::new(doc, top, part, arrangements, limits)?;
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| fail(part, *error.marker(), ErrorCode::IMPORT_NOT_WELL_FORMED, error.info()))?;
        match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(reader.refuse(span.start, "a second document begins; a file holds one"));
                }
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Nothing => {}
            other => reader.event(other, span.start)?,
        }
    }
    Ok(reader.doc.children(top).collect())
}

/// Reads a file that is written as this layout writes; of any other it says only that.
fn read_plain<'a>(
    doc: &mut Doc<'a>,
    top: Id,
    part: &str,
    text: &'a str,
    arrangements: &Arrangements,
    limits: &Limits,
) -> Result<(), NotPlain> {
    let mut reader = Reader::new(doc, top, part, arrangements, limits).map_err(|_| NotPlain)?;
    yaml_plain::read(text, |event, mark| reader.event(event, mark).map_err(|_| NotPlain))?;
    if reader.has_begun() { Ok(()) } else { Err(NotPlain) }
}

fn utf8<'a>(part: &str, bytes: &'a [u8]) -> Result<&'a str, ReadPackageError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let error_at = error.valid_up_to();
        ReadPackageError::new(ErrorCode::IMPORT_NOT_WELL_FORMED, "the text is not UTF-8")
            .in_part(part)
            .at(bytes, error_at)
    })
}

fn fail(part: &str, mark: Marker, code: ErrorCode, message: &str) -> ReadPackageError {
    ReadPackageError::new(code, message).in_part(part).at_line(mark.line(), mark.col() + 1)
}

struct Reader<'r, 'a> {
    doc: &'r mut Doc<'a>,
    part: &'r str,
    arrangements: &'r Arrangements,
    limits: &'r Limits,
    open: Vec<Frame<'a>>,
    /// Of the innermost open mapping; kept only where there are arrangements.
    path: String,
}

/// An open mapping.
struct Frame<'a> {
    element: Id,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    keys: Keys<'a>,
    /// The key whose value is read.
    pending: Option<Cow<'a, str>>,
    /// Where that key stands.
    line: usize,
    /// Entries of the sequence that is read so far.
    entries: Option<usize>,
    /// The mapping itself has begun; at the top it has not at first.
    has_begun: bool,
    /// Length of the path without this mapping.
    outer_path: usize,
}

/// Keys of a mapping and their lines.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<(Cow<'a, str>, usize)>,
    many: BTreeMap<Cow<'a, str>, usize>,
}

/// Few keys are found by looking at each.
const FEW: usize = 32;

impl<'a> Keys<'a> {
    /// Notes a key; returns the line of the same key before it.
    fn note(&mut self, key: Cow<'a, str>, line: usize) -> Option<usize> {
        let before = self.few.iter().find(|(other, _)| *other == key).map(|(_, line)| *line);
        if before.is_some() {
            return before;
        }
        if self.few.len() < FEW {
            self.few.push((key, line));
            return None;
        }
        self.many.insert(key, line)
    }
}

impl<'a> Reader<'_, 'a> {
    fn new<'r>(
        doc: &'r mut Doc<'a>,
        top: Id,
        part: &'r str,
        arrangements: &'r Arrangements,
        limits: &'r Limits,
    ) -> Result<Reader<'r, 'a>, ReadPackageError> {
        let mut reader = Reader { doc, part, arrangements, limits, open: Vec::new(), path: String::new() };
        reader.push(top, 0, Marker::new(0, 1, 0))?;
        Ok(reader)
    }

    /// Tells whether anything but blank lines was there.
    fn has_begun(&self) -> bool {
        self.open.first().is_some_and(|frame| frame.has_begun)
    }

    fn refuse(&self, mark: Marker, message: &str) -> ReadPackageError {
        fail(self.part, mark, ErrorCode::IMPORT_INVALID_XML, message)
    }

    fn push(&mut self, element: Id, outer_path: usize, mark: Marker) -> Result<(), ReadPackageError> {
        // The top and the root are no elements around elements.
        if self.open.len() > self.limits.depth_max {
            let message = format!("mappings are nested deeper than {}", self.limits.depth_max);
            return Err(fail(self.part, mark, ErrorCode::UNSAFE_PACKAGE, &message));
        }
        self.open.push(Frame {
            element,
            attributes: Vec::new(),
            keys: Keys::default(),
            pending: None,
            line: mark.line(),
            entries: None,
            has_begun: !self.open.is_empty(),
            outer_path,
        });
        Ok(())
    }

    fn event(&mut self, event: Event<'a>, mark: Marker) -> Result<(), ReadPackageError> {
        match event {
            Event::Alias(_) => Err(self.refuse(mark, "an alias is not allowed: write the value out")),
            Event::Scalar(_, _, anchor, tag) | Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag)
                if anchor != 0 || tag.is_some() =>
            {
                let what = if anchor == 0 { "a tag" } else { "an anchor" };
                Err(self
                    .refuse(mark, &format!("{what} is not allowed: every value is a plain text, mapping or sequence")))
            }
            Event::Scalar(text, style, ..) => self.scalar(text, style, mark),
            Event::MappingStart(..) => self.mapping(mark),
            Event::MappingEnd => self.end_of_mapping(),
            Event::SequenceStart(..) => self.sequence(mark),
            Event::SequenceEnd => {
                if let Some(frame) = self.open.last_mut() {
                    (frame.entries, frame.pending) = (None, None);
                }
                Ok(())
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {
                Ok(())
            }
        }
    }

    fn sequence(&mut self, mark: Marker) -> Result<(), ReadPackageError> {
        let message = match self.open.last_mut() {
            Some(Frame { has_begun: false, .. }) => ONE_KEY,
            Some(Frame { pending: None, .. }) => "a key must be a text",
            Some(Frame { pending: Some(key), .. }) if key.starts_with('@') => "an attribute has one value",
            Some(Frame { entries: Some(_), .. }) => "a sequence in a sequence has no meaning here",
            Some(frame) => {
                frame.entries = Some(0);
                return Ok(());
            }
            None => "nothing is expected here",
        };
        Err(self.refuse(mark, message))
    }

    fn mapping(&mut self, mark: Marker) -> Result<(), ReadPackageError> {
        let message = match self.open.last_mut() {
            Some(frame) if !frame.has_begun => {
                frame.has_begun = true;
                return Ok(());
            }
            Some(Frame { pending: None, .. }) => "a key must be a text",
            Some(Frame { pending: Some(key), .. }) if key.starts_with(['@', '#', '?']) => {
                "a text is expected, not a mapping"
            }
            Some(_) => "",
            None => "nothing is expected here",
        };
        if !message.is_empty() {
            return Err(self.refuse(mark, message));
        }
        let outer_path = self.path.len();
        let element = self.new_element(mark)?;
        self.push(element, outer_path, mark)
    }

    /// Adds the element that the pending key names, and goes on to the next value.
    fn new_element(&mut self, mark: Marker) -> Result<Id, ReadPackageError> {
        let Some(Frame { element: parent, pending: Some(key), entries, line, .. }) = self.open.last_mut() else {
            return Err(self.refuse(mark, "nothing is expected here"));
        };
        let (parent, key) = (*parent, key.clone());
        let line = if entries.is_some() { mark.line() } else { *line };
        let index = entries.as_mut().map_or(1, |count| {
            *count += 1;
            *count
        });
        if !self.arrangements.is_empty() {
            if !self.path.is_empty() {
                self.path.push('/');
            }
            self.path.push_str(&key);
            if index > 1 {
                self.path.push_str(&format!("[{index}]"));
            }
        }
        let id = self.doc.element(key);
        self.doc.set_at(id, line);
        self.doc.append(parent, id);
        self.value_ends();
        Ok(id)
    }

    /// A value has been read; in a sequence more may follow.
    fn value_ends(&mut self) {
        if let Some(frame) = self.open.last_mut().filter(|frame| frame.entries.is_none()) {
            frame.pending = None;
        }
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, mark: Marker) -> Result<(), ReadPackageError> {
        let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
        let frame = self.open.last_mut().expect("the top is open");
        if !frame.has_begun {
            // An empty file is an empty scalar.
            return Err(self.refuse(mark, ONE_KEY));
        }
        let Some(key) = frame.pending.clone() else { return self.key(text, mark) };
        if text.contains('\0') {
            return Err(self.refuse(mark, "a zero character cannot stand in a package"));
        }
        if let Some(name) = key.strip_prefix('@') {
            let name = match &key {
                Cow::Borrowed(key) => Cow::Borrowed(&key[1..]),
                Cow::Owned(_) => Cow::Owned(name.to_owned()),
            };
            let value = if is_null { Cow::Borrowed("") } else { text };
            frame.attributes.push((name, value));
            self.value_ends();
            return Ok(());
        }
        if key.starts_with(['#', '?']) {
            return self.piece(&key, text, is_null, mark);
        }
        let outer_path = self.path.len();
        let id = self.new_element(mark)?;
        self.doc.set_pair(id, !is_null);
        if !is_null && !text.is_empty() {
            let text = self.doc.add(Kind::Text(text), mark.line());
            self.doc.append(id, text);
        }
        self.arrange(id, Vec::new());
        self.path.truncate(outer_path);
        Ok(())
    }

    fn key(&mut self, text: Cow<'a, str>, mark: Marker) -> Result<(), ReadPackageError> {
        let message = match text.as_ref() {
            "<<" => Some("a merge key is not allowed: write the values out".to_owned()),
            TEXT | CDATA | COMMENT => None,
            key if is_name(key.strip_prefix(['@', '?']).unwrap_or(key)) => None,
            key => Some(format!("`{}` is no name of an element or attribute", key.escape_debug())),
        };
        if let Some(message) = message {
            return Err(self.refuse(mark, &message));
        }
        let frame = self.open.last_mut().expect("the top is open");
        if let Some(line) = frame.keys.note(text.clone(), mark.line()) {
            let message =
                format!("the key `{text}` stands twice, before on line {line}; repeated elements are a sequence");
            return Err(self.refuse(mark, &message));
        }
        if frame.attributes.len() >= self.limits.attributes_max {
            let message = format!("an element has more than {} attributes", self.limits.attributes_max);
            return Err(fail(self.part, mark, ErrorCode::UNSAFE_PACKAGE, &message));
        }
        (frame.pending, frame.line) = (Some(text), mark.line());
        Ok(())
    }

    /// Adds a text, a CDATA section, a comment or an instruction.
    fn piece(&mut self, key: &str, text: Cow<'a, str>, is_null: bool, mark: Marker) -> Result<(), ReadPackageError> {
        let element = self.open.last().expect("a mapping is open").element;
        self.value_ends();
        if is_null || (key == TEXT && text.is_empty()) {
            self.doc.set_pair(element, true);
            return Ok(());
        }
        let kind = match key {
            TEXT => Kind::Text(text),
            CDATA => Kind::CData(text),
            COMMENT if text.contains("--") || text.ends_with('-') => {
                return Err(self.refuse(mark, "a comment must not hold `--`"));
            }
            COMMENT => Kind::Comment(text),
            _ if text.contains("?>") => return Err(self.refuse(mark, "an instruction must not hold `?>`")),
            target => Kind::Instruction(Cow::Owned(target[1..].to_owned()), text),
        };
        let id = self.doc.add(kind, mark.line());
        self.doc.append(element, id);
        Ok(())
    }

    fn end_of_mapping(&mut self) -> Result<(), ReadPackageError> {
        // The mapping at the top of the file is the frame that was there before.
        if self.open.len() == 1 {
            return Ok(());
        }
        let frame = self.open.pop().expect("a mapping is open");
        self.arrange(frame.element, frame.attributes);
        self.path.truncate(frame.outer_path);
        Ok(())
    }

    /// Gives an element its attributes, and its children the order that the sidecar says.
    fn arrange(&mut self, id: Id, mut attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>) {
        let arrangement = self.arrangements.get(&self.path);
        let mut order = arrangement.map_or("", |arrangement| arrangement.order.as_str());
        let declares = order.strip_prefix(DECLARES).map(str::trim_start);
        order = declares.unwrap_or(order);
        let is_nil = attributes.iter().any(|(name, _)| name == "xsi:nil");
        let uses = is_nil || attributes.iter().any(|(name, _)| name.starts_with("xsi:"));
        if uses && declares.is_none() && self.doc.name(id) != "ImportExportXml" {
            attributes.retain(|(name, value)| name != "xmlns:xsi" || value != XSI);
        }
        if !attributes.is_empty() {
            self.doc.set_attributes(id, attributes);
        }
        if is_nil && !self.doc.has_children(id) {
            self.doc.set_pair(id, order != ONE_TAG);
        }
        if let Some(arrangement) = arrangement.filter(|_| !order.is_empty() && order != ONE_TAG) {
            reorder(self.doc, id, order, &arrangement.comments);
        }
    }
}

/// Puts children into a recorded order with the recorded comments among them; children that the record does not know
/// make it void, and then comments come first.
fn reorder(doc: &mut Doc<'_>, id: Id, order: &str, comments: &[String]) {
    let children: Vec<_> = doc.children(id).collect();
    let mut by_key: BTreeMap<String, std::collections::VecDeque<Id>> = BTreeMap::new();
    for child in &children {
        let key = match doc.kind(*child) {
            Kind::Element { name, .. } => name.to_string(),
            Kind::Text(_) => TEXT.to_owned(),
            Kind::CData(_) => CDATA.to_owned(),
            Kind::Comment(_) => COMMENT.to_owned(),
            Kind::Instruction(target, _) => format!("?{target}"),
        };
        by_key.entry(key).or_default().push_back(*child);
    }
    let safe = |text: &&String| !text.contains("--") && !text.ends_with('-');
    let added: Vec<_> =
        comments.iter().filter(safe).map(|text| doc.add(Kind::Comment(Cow::Owned(text.clone())), 0)).collect();
    by_key.entry(COMMENT.to_owned()).or_default().extend(&added);
    let total = children.len() + added.len();
    match in_order(order, by_key, total) {
        Some(ordered) => doc.set_children(id, &ordered),
        None => {
            let all: Vec<_> = added.into_iter().chain(children).collect();
            doc.set_children(id, &all);
        }
    }
}

fn in_order(
    order: &str,
    mut by_key: BTreeMap<String, std::collections::VecDeque<Id>>,
    total: usize,
) -> Option<Vec<Id>> {
    let mut ordered = Vec::with_capacity(total);
    for token in order.split(' ') {
        let (key, count) = match token.split_once('*') {
            Some((key, count)) => (key, count.parse().ok()?),
            None => (token, 1),
        };
        if count > total {
            return None;
        }
        let queue = by_key.get_mut(key)?;
        for _ in 0..count {
            ordered.push(queue.pop_front()?);
        }
    }
    (ordered.len() == total).then_some(ordered)
}

/// Tells whether the tokeniser of XML will take this for a name again.
pub(crate) fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.' | 0x80..);
    let first = text.bytes().next();
    let starts_well = first.is_some_and(|byte| is_part(byte) && !byte.is_ascii_digit() && !matches!(byte, b'-' | b'.'));
    starts_well && text.bytes().all(is_part) && !text.chars().any(char::is_control)
}
