//! The one scan of `customizations.xml`: every component becomes a range of bytes (D3).
//!
//! Nothing is built but the list of items: the tokeniser (`tokens`) runs once over the buffer, a small state machine knows
//! which elements are components, and only identifying attributes, a few named texts and labels are copied.
//! Sections that nobody knows give generic components; what no component owns stays for the skeleton.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::mpsc::Sender;

use crate::item::{Item, widen};
use crate::places::{Place, texts_of};
use crate::{Limits, ReadPackageError};
use strata_xml::attributes;
use strata_xml::tokens::{Token, Tokens};

/// What the scan found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) items: Vec<Item>,
    /// LCIDs of `Languages`.
    pub(crate) languages: Vec<u32>,
}

struct Frame<'a> {
    name: &'a str,
    place: Place,
    start: usize,
    /// The component that this element is, or stands in.
    item: Option<usize>,
    is_item: bool,
}

/// A component that the scan has left behind: its item, its bytes, its home.
pub(crate) struct Finished {
    pub(crate) item: usize,
    pub(crate) range: Range<usize>,
    pub(crate) home: Option<String>,
}

/// How many finished components go on together.
const BATCH: usize = 128;

/// What the root element of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// `ImportExportXml` with its sections.
    Document,
    /// Itself a component of the named type.
    Item(&'static str),
    /// A container whose children are components of the named type (empty: of their own name).
    Container(&'static str),
    /// The sections that hold one more level than others.
    ConnectionRoles,
    SiteMap,
}

/// Scans a document; `finished` receives the components that are one piece while the scan goes on.
pub(crate) fn scan(
    part: &str,
    bytes: &[u8],
    expected: Root,
    base_language: u32,
    limits: &Limits,
    finished: Option<Sender<Vec<Finished>>>,
) -> Result<Scan, ReadPackageError> {
    if finished.is_none() {
        check_utf8(part, bytes)?;
    }
    let mut scanner = Scanner {
        part,
        bytes,
        base_language: base_language.to_string(),
        expected,
        stack: Vec::with_capacity(32),
        scan: Scan::default(),
        capture: None,
        cuts: Vec::new(),
        finished,
        batch: Vec::new(),
        deep: 0,
    };
    let mut tokens = Tokens::new(bytes, limits.attributes_max);
    loop {
        let start = tokens.position();
        let token = tokens.token().map_err(|error| ReadPackageError::xml(part, bytes, error.offset, &error.message))?;
        match token {
            Some(Token::Start { name, attributes, is_empty }) => {
                if tokens.depth() > limits.depth_max {
                    let message = format!("elements are nested deeper than {}", limits.depth_max);
                    return Err(scanner.fail(start, &message));
                }
                scanner.open(name, attributes, start)?;
                if is_empty {
                    scanner.close(tokens.position());
                }
            }
            Some(Token::End) => scanner.close(tokens.position()),
            Some(Token::Text { raw, is_cdata }) => scanner.text(raw, is_cdata),
            None => break,
        }
    }
    Ok(scanner.finish())
}

/// Checks that a document is UTF-8; whoever hands the rest of the work to another core lets that one check.
pub(crate) fn check_utf8(part: &str, bytes: &[u8]) -> Result<(), ReadPackageError> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(ReadPackageError::xml(part, bytes, error.valid_up_to(), "the text is not UTF-8")),
    }
}

struct Scanner<'a> {
    part: &'a str,
    bytes: &'a [u8],
    base_language: String,
    expected: Root,
    stack: Vec<Frame<'a>>,
    scan: Scan,
    /// The text that is being copied: item, name, depth of its element.
    capture: Option<(usize, &'static str, usize)>,
    /// Ranges that an item does not own: item, range.
    cuts: Vec<(usize, Range<usize>)>,
    finished: Option<Sender<Vec<Finished>>>,
    batch: Vec<Finished>,
    /// Open elements below the stack: so deep in a component that nothing about them is of interest.
    deep: usize,
}

impl<'a> Scanner<'a> {
    fn fail(&self, at: usize, message: &str) -> ReadPackageError {
        ReadPackageError::xml(self.part, self.bytes, at, message)
    }

    fn open(&mut self, name: &'a [u8], tag: &'a str, start: usize) -> Result<(), ReadPackageError> {
        let is_below = |parent: &Frame<'_>| parent.place == Place::Inside && !self.is_near_item();
        if self.deep > 0 || self.stack.last().is_some_and(is_below) {
            self.deep += 1;
            return Ok(());
        }
        let name = std::str::from_utf8(name).map_err(|_| self.fail(start, "the text is not UTF-8"))?;
        let Some(parent) = self.stack.last() else { return self.open_root(tag, name, start) };
        let (place, type_name) = parent.place.child_of(parent.name, name);
        let (parent_item, parent_is_item) = (parent.item, parent.is_item);
        let is_item = type_name.is_some();
        let mut item = parent_item;
        if let Some(type_name) = type_name {
            item = Some(self.new_item(tag, name, type_name, start, parent_item)?);
        } else if let Some(current) = item.filter(|_| place != Place::Inside || self.is_near_item()) {
            self.look_inside(tag, name, current, parent_is_item, place, start)?;
        }
        self.stack.push(Frame { name, place, start, item, is_item });
        Ok(())
    }

    /// Tells whether an element that opens here is a child or grandchild of a component, or says something about
    /// a table: only those are looked at.
    fn is_near_item(&self) -> bool {
        let mut above = self.stack.iter().rev();
        above.next().is_some_and(|parent| parent.is_item || parent.place == Place::EntityOwn)
            || above.next().is_some_and(|grandparent| grandparent.is_item)
    }

    fn open_root(&mut self, tag: &str, name: &'a str, start: usize) -> Result<(), ReadPackageError> {
        let (place, item) = match self.expected {
            Root::Document if name == "ImportExportXml" => (Place::Root, None),
            Root::Document => {
                let message = format!("the root element is `{name}`; ImportExportXml is expected");
                let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
                return Err(ReadPackageError::new(code, message).in_part(self.part).at(self.bytes, start));
            }
            Root::Item(type_name) => {
                let place = match type_name {
                    "entity" => Place::Entity,
                    "pluginassembly" => Place::Assembly,
                    _ => Place::Inside,
                };
                (place, Some(self.new_item(tag, name, type_name, start, None)?))
            }
            // Older tools write one component to a file without the container around it.
            Root::Container(type_name) if name.eq_ignore_ascii_case(type_name) => {
                (Place::Inside, Some(self.new_item(tag, name, type_name, start, None)?))
            }
            Root::Container(type_name) => (Place::Items(type_name), None),
            Root::ConnectionRoles => (Place::ConnectionRoles, None),
            Root::SiteMap => (Place::Section("sitemap"), None),
        };
        self.stack.push(Frame { name, place, start, item, is_item: item.is_some() });
        Ok(())
    }

    fn new_item(
        &mut self,
        tag: &str,
        name: &str,
        type_name: &'static str,
        start: usize,
        parent: Option<usize>,
    ) -> Result<usize, ReadPackageError> {
        let attributes = self.attributes(tag, start)?;
        let unmodified = attributes.iter().any(|(key, value)| key == "unmodified" && value == "1");
        let type_name = if type_name.is_empty() { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(type_name) };
        let home = self.home(&type_name, name);
        let before = self.scan.items.iter().rev().find(|item| item.type_name == type_name);
        let is_beside = |item: &&Item| item.home == home && item.parent == parent;
        let ordinal = before.filter(is_beside).map_or(1, |item| item.ordinal + 1);
        self.scan.items.push(Item {
            type_name,
            range: start..start,
            parent,
            home,
            attributes,
            unmodified,
            ordinal,
            ..Item::default()
        });
        Ok(self.scan.items.len() - 1)
    }

    /// Where an item stands, when its type alone does not say: the form's group, a dashboard's section, the
    /// section of a generic item.
    fn home(&self, type_name: &str, name: &str) -> Option<String> {
        let parent = self.stack.last()?;
        let known = strata_model::component::ComponentType::named(type_name).row().is_some();
        match (type_name, parent.place) {
            ("systemform", Place::Section(_)) => Some(parent.name.to_owned()),
            ("systemform", _) => {
                let group = self.group_of(parent.start);
                Some(format!("forms/{}", group.unwrap_or_default()))
            }
            ("sitemap", Place::Section(_)) if parent.name == "SiteMap" => Some("SiteMap".to_owned()),
            _ if known || matches!(type_name, "connectionreference" | "workqueue") => None,
            _ => Some(format!("{}/{name}", parent.name)),
        }
    }

    /// Returns the `type` attribute of the element that starts there.
    fn group_of(&self, start: usize) -> Option<String> {
        let tag = &self.bytes[start..self.bytes.len().min(start + 256)];
        let end = tag.iter().position(|byte| *byte == b'>')?;
        let text = std::str::from_utf8(&tag[..end]).ok()?;
        let value = text.split_once("type=").map(|(_, rest)| rest)?;
        let quote = value.chars().next()?;
        value[1..].split(quote).next().map(str::to_owned)
    }

    /// Copies the attributes of a tag, which the tokeniser has checked.
    fn attributes(&self, tag: &str, start: usize) -> Result<Vec<(String, String)>, ReadPackageError> {
        let mut attributes = Vec::new();
        let mut rest = tag.trim_ascii_start();
        while let Some((name, value, after)) = attributes::next(rest) {
            let value = strata_xml::unescape(value).map_err(|error| self.fail(start, &error))?;
            attributes.push((name.to_owned(), value));
            rest = after.trim_ascii_start();
        }
        Ok(attributes)
    }

    /// Notes what identifies and names the component around this element.
    fn look_inside(
        &mut self,
        tag: &str,
        name: &str,
        item: usize,
        parent_is_item: bool,
        place: Place,
        start: usize,
    ) -> Result<(), ReadPackageError> {
        if parent_is_item
            && let Some(known) = texts_of(&self.scan.items[item].type_name).iter().find(|known| **known == name)
        {
            self.capture = Some((item, known, self.stack.len()));
            self.scan.items[item].texts.push((known, String::new()));
        }
        match place {
            Place::EntityOwn => {
                let attributes = self.attributes(tag, start)?;
                let unmodified = attributes.iter().any(|(key, value)| key == "unmodified" && value == "1");
                let own_name = attributes.iter().find(|(key, _)| key == "Name").map(|(_, value)| value.clone());
                let entity = &mut self.scan.items[item];
                entity.unmodified |= unmodified;
                entity.attributes.extend(own_name.map(|value| ("entity@Name".to_owned(), value)));
            }
            Place::Inside if self.stack.last().is_some_and(|parent| parent.place == Place::EntityOwn) => {
                self.scan.items[item].has_own_content = true;
            }
            Place::Inside if parent_is_item && name == "Name" && self.scan.items[item].type_name == "entity" => {
                let attributes = self.attributes(tag, start)?;
                let localized = attributes.into_iter().find(|(key, value)| key == "LocalizedName" && !value.is_empty());
                self.scan.items[item].label = localized.map(|(_, value)| value);
            }
            _ => self.look_for_label(tag, name, item, start)?,
        }
        Ok(())
    }

    /// Labels stand one element below the component: `LocalizedNames/LocalizedName`, `displaynames/displayname`.
    fn look_for_label(&mut self, tag: &str, name: &str, item: usize, start: usize) -> Result<(), ReadPackageError> {
        let is_label = matches!(name, "LocalizedName" | "displayname" | "Title");
        let is_near = self.stack.len() >= 2 && self.stack[self.stack.len() - 2].is_item;
        if !is_label || !is_near || self.scan.items[item].label.is_some() {
            return Ok(());
        }
        let attributes = self.attributes(tag, start)?;
        let value = |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        if value("languagecode").or_else(|| value("LCID")) == Some(self.base_language.as_str()) {
            let text = value("description").or_else(|| value("Title")).filter(|text| !text.is_empty());
            self.scan.items[item].label = text.map(str::to_owned);
        }
        Ok(())
    }

    fn text(&mut self, raw: &[u8], is_cdata: bool) {
        if self.deep > 0 {
            return;
        }
        let is_language = self.stack.len() >= 2 && self.stack[self.stack.len() - 2].place == Place::Languages;
        if !is_language && self.capture.is_none() {
            return;
        }
        let raw = String::from_utf8_lossy(raw);
        let text = if is_cdata { raw } else { strata_xml::unescape(&raw).map_or(raw, Cow::Owned) };
        if is_language {
            self.scan.languages.extend(text.trim().parse::<u32>().ok());
        }
        if let Some((item, name, depth)) = self.capture
            && self.stack.len() == depth + 1
            && let Some((_, captured)) = self.scan.items[item].texts.iter_mut().rev().find(|(key, _)| *key == name)
        {
            captured.push_str(&text);
        }
    }

    fn close(&mut self, end: usize) {
        if self.deep > 0 {
            self.deep -= 1;
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        if self.capture.is_some_and(|(.., depth)| self.stack.len() <= depth) {
            self.capture = None;
        }
        let Some(item) = frame.item else { return };
        let parent_item = self.stack.last().and_then(|parent| parent.item);
        if frame.is_item {
            self.scan.items[item].range.end = end;
            self.hand_on(item);
            if let Some(parent) = parent_item {
                self.cuts.push((parent, frame.start..end));
            }
            return;
        }
        // Containers of subcomponents are not the table's own bytes.
        let is_container = matches!(
            frame.name,
            "FormXml" | "SavedQueries" | "Visualizations" | "RibbonDiffXml" | "CustomControlDefaultConfigs"
        );
        if is_container && self.stack.last().is_some_and(|parent| parent.place == Place::Entity) {
            self.cuts.push((item, frame.start..end));
        }
        if frame.place == Place::EntityInfo {
            self.scan.items[item].kept_out = Some(frame.start..end);
        }
    }

    /// Lets another core hash a component that is one piece.
    fn hand_on(&mut self, item: usize) {
        let Some(sender) = &self.finished else { return };
        let found = &self.scan.items[item];
        if matches!(&*found.type_name, "entity" | "pluginassembly") {
            return;
        }
        self.batch.push(Finished { item, range: found.range.clone(), home: found.home.clone() });
        if self.batch.len() == BATCH {
            // Without a receiver nobody hashes ahead, and the digest is computed afterwards.
            sender.send(std::mem::take(&mut self.batch)).ok();
        }
    }

    fn finish(mut self) -> Scan {
        if let Some(sender) = self.finished.take() {
            sender.send(std::mem::take(&mut self.batch)).ok();
        }
        let mut cuts: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.scan.items.len()];
        for (item, range) in self.cuts.drain(..) {
            cuts[item].push(range);
        }
        for (item, ranges) in self.scan.items.iter_mut().zip(cuts) {
            item.cuts = widen(self.bytes, merge_nested(ranges));
        }
        self.scan
    }
}

/// Drops ranges inside others: a container of forms covers its forms.
fn merge_nested(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        if merged.last().is_none_or(|last| range.start >= last.end) {
            merged.push(range);
        }
    }
    merged
}
