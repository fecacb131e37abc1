//! `customizations.xml` from a skeleton and components: each goes into its container, what the skeleton says besides
//! stays where it is.
//!
//! Bytes are copied, not parsed and written: a component that nobody has touched comes out as it came in. Containers
//! that the skeleton lacks are made in the order in which exports have them (package-format §3).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use strata_model::component::ComponentKey;
use strata_model::package::Presence;
use strata_xml::tokens::TokenError;

use super::home::Step;
use super::layout::{self, Layout};
use super::{AssembleError, Piece, Shells};
use crate::Limits;
use crate::customizations_xml::{Root, scan};
use crate::inventory::key_of;
use crate::node::Node;
use crate::places::{Place, SECTION_ORDER, TABLE_ORDER, UNKNOWN_SECTION};

/// What goes into one container.
#[derive(Default)]
pub(super) struct Slot<'p> {
    /// The container is a component itself.
    own: Option<&'p Piece<'p>>,
    items: Vec<&'p Piece<'p>>,
    inside: BTreeMap<Step<'p>, Slot<'p>>,
}

impl<'p> Slot<'p> {
    /// Puts a component where the steps lead.
    pub(super) fn put(&mut self, steps: Vec<Step<'p>>, piece: &'p Piece<'p>) {
        let slot = steps.into_iter().fold(self, |slot, step| slot.inside.entry(step).or_default());
        if matches!(piece.key.component_type.name(), "entity" | "pluginassembly") {
            slot.inside.entry(Step::Item(&piece.key)).or_default().own = Some(piece);
        } else {
            slot.items.push(piece);
        }
    }
}

const IN_OWN: [&str; 5] = ["LocalizedNames", "LocalizedCollectionNames", "Descriptions", "attributes", "EntityKeys"];

/// Sections and containers that are written with two tags when they are empty.
const TWO_TAGS: [&str; 5] = ["Entities", "Roles", "Workflows", "FieldSecurityProfiles", "RibbonTemplates"];

/// What every table has: a ribbon that changes nothing.
const EMPTY_RIBBON: &[u8] = b"<RibbonDiffXml><CustomActions /><Templates><RibbonTemplates Id=\"Mscrm.Templates\">\
    </RibbonTemplates></Templates><CommandDefinitions /><RuleDefinitions><TabDisplayRules /><DisplayRules />\
    <EnableRules /></RuleDefinitions><LocLabels /></RibbonDiffXml>";

/// Fills a skeleton. Of its own components, which are there for reference, only those of `shells` stay.
pub(super) fn fill(skeleton: &[u8], slot: &Slot<'_>, shells: &Shells, size: usize) -> Result<Vec<u8>, AssembleError> {
    let fail = |error: TokenError| AssembleError::damaged("customizations.xml", skeleton, error.offset, &error.message);
    let root = Node::read(skeleton, Place::Root).map_err(fail)?;
    let keys = keys(skeleton)?;
    let layout = Layout::of(skeleton);
    let declares_xsi = memchr::memmem::find(&skeleton[root.start..root.inside], layout::XSI_NAME).is_some();
    let writer = Writer { skeleton, keys, shells, layout, declares_xsi };
    let mut out = Vec::with_capacity(skeleton.len() + size);
    writer.element(&root, Some(slot), 0, &mut out)?;
    Ok(out)
}

/// Returns the components that a skeleton holds itself.
pub(super) fn components(skeleton: &[u8]) -> Result<BTreeSet<ComponentKey>, AssembleError> {
    Ok(keys(skeleton)?.into_values().collect())
}

/// Returns the kinds of templates that a skeleton has places for.
pub(super) fn templates(skeleton: &[u8]) -> Result<Vec<&str>, AssembleError> {
    let fail = |error: TokenError| AssembleError::damaged("customizations.xml", skeleton, error.offset, &error.message);
    let root = Node::read(skeleton, Place::Root).map_err(fail)?;
    let templates = root.child("Templates").into_iter().flat_map(|templates| &templates.children);
    Ok(templates.map(|kind| kind.name).collect())
}

/// Puts components that share a file side by side: its element is called as the file is.
pub(super) fn of_pieces(path: &str, pieces: &[&Piece<'_>]) -> Vec<u8> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let layout = Layout::of(b"\r\n");
    let mut out = format!("<{name}>").into_bytes();
    let mut pieces = pieces.to_vec();
    pieces.sort_by(|left, right| left.key.cmp(&right.key));
    pieces.iter().for_each(|piece| layout.piece(&piece.bytes, 1, false, &mut out));
    layout.line(0, &mut out);
    out.extend(format!("</{name}>").as_bytes());
    out
}

/// The components that a skeleton holds itself, by where they begin.
fn keys(skeleton: &[u8]) -> Result<BTreeMap<usize, ComponentKey>, AssembleError> {
    let scan = scan("customizations.xml", skeleton, Root::Document, 0, &Limits::default(), None)
        .map_err(|error| AssembleError { message: error.to_string() })?;
    let mut keys = BTreeMap::new();
    for item in &scan.items {
        let table = item.parent.map(|parent| scan.items[parent].range.start).and_then(|at| keys.get(&at));
        let key = key_of(item, table.map(|(_, name): &(ComponentKey, String)| name.as_str()));
        keys.insert(item.range.start, key);
    }
    Ok(keys.into_iter().map(|(at, (key, _))| (at, key)).collect())
}

struct Writer<'a> {
    skeleton: &'a [u8],
    keys: BTreeMap<usize, ComponentKey>,
    shells: &'a Shells,
    layout: Layout,
    /// The root declares the namespace that pieces from files of their own declare too.
    declares_xsi: bool,
}

/// Something that stands in a container.
enum Entry<'e> {
    /// An element of the skeleton, or one that was put together, with what goes into it.
    Node(Cow<'e, Node<'e>>, Option<&'e Slot<'e>>),
    /// A container that the skeleton lacks.
    New(&'e Step<'e>, &'e Slot<'e>),
    Piece(&'e Piece<'e>),
    Ribbon,
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Node(node, _) => node.name,
            Self::New(Step::Section(name), _) => name,
            Self::New(Step::Group(_), _) => "forms",
            Self::New(Step::Item(_), _) => "Entity",
            Self::Piece(piece) if piece.key.component_type.is("ribboncustomization") => "RibbonDiffXml",
            Self::Piece(_) => UNKNOWN_SECTION,
            Self::Ribbon => "RibbonDiffXml",
        }
    }
}

impl Writer<'_> {
    /// Writes an element with what goes into it.
    fn element(
        &self,
        node: &Node<'_>,
        slot: Option<&Slot<'_>>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), AssembleError> {
        if node.place == Place::Inside {
            out.extend(&node.bytes[node.start..node.end]);
            return Ok(());
        }
        let entries = self.entries(node, slot)?;
        if entries.is_empty() {
            empty(node, out);
            return Ok(());
        }
        let tag = &node.bytes[node.start..node.inside];
        match node.is_empty {
            true => {
                out.extend(tag[..tag.len() - 2].trim_ascii_end());
                out.push(b'>');
            }
            false => out.extend(tag),
        }
        self.entries_out(&entries, depth + 1, out)?;
        let tail = &node.bytes[node.tail..node.close];
        match tail.is_empty() {
            true => self.layout.line(depth, out),
            false => out.extend(tail),
        }
        end_tag(node.name, out);
        Ok(())
    }

    fn entries<'e>(&'e self, node: &'e Node<'e>, slot: Option<&'e Slot<'e>>) -> Result<Vec<Entry<'e>>, AssembleError> {
        let mut entries: Vec<(Option<&ComponentKey>, Entry<'e>)> = Vec::new();
        let mut used: BTreeSet<&Step<'e>> = BTreeSet::new();
        let pieces: BTreeSet<&ComponentKey> =
            slot.iter().flat_map(|slot| &slot.items).map(|piece| &piece.key).collect();
        for child in &node.children {
            let key =
                self.keys.get(&child.lead).filter(|_| child.item.is_some() && std::ptr::eq(child.bytes, self.skeleton));
            let is_replaced = key.is_some_and(|key| pieces.contains(key));
            let is_ribbon = child.name == "RibbonDiffXml";
            let found = slot.and_then(|slot| slot.inside.get_key_value(&step_to(child, key)));
            let inside = found.map(|(_, inside)| inside);
            used.extend(found.map(|(step, _)| step));
            let is_shell = key.is_none_or(|key| is_ribbon || self.shells.components.contains(key));
            let is_dropped = inside.is_none() && (!is_shell || self.is_unmodified_table(child));
            if is_replaced || is_dropped {
                continue;
            }
            if inside.is_none() && self.loses_all(child) {
                continue;
            }
            let own = inside.and_then(|inside| inside.own);
            let made = own.filter(|own| own.presence != Presence::Reference).map(|own| joined(own, Some(child)));
            let kept = match made.transpose()? {
                Some(made) => Cow::Owned(made),
                None => Cow::Borrowed(child),
            };
            entries.push((key, Entry::Node(kept, inside)));
        }
        let kept = entries.len();
        let Some(slot) = slot else { return Ok(entries.into_iter().map(|(_, entry)| entry).collect()) };
        for (step, inside) in slot.inside.iter().filter(|(step, _)| !used.contains(step)) {
            let entry = match inside.own {
                Some(own) => Entry::Node(Cow::Owned(joined(own, None)?), Some(inside)),
                None => Entry::New(step, inside),
            };
            let key = if let Step::Item(key) = step { Some(*key) } else { None };
            place(&mut entries, key, entry, node.place);
        }
        for piece in &slot.items {
            place(&mut entries, Some(&piece.key), Entry::Piece(piece), node.place);
        }
        let has_ribbon = entries.iter().any(|(_, entry)| entry.name() == "RibbonDiffXml");
        // A table that the skeleton does not know.
        if node.place == Place::Entity && slot.own.is_some() && !has_ribbon && node.name == "Entity" {
            place(&mut entries, None, Entry::Ribbon, node.place);
        }
        if holds_items(node.place) {
            // What is there for reference keeps its place before the others; tables stand by name.
            let from = if node.place == Place::Items("entity") { 0 } else { kept };
            entries[from..].sort_by(|left, right| in_order(left.0).cmp(&in_order(right.0)));
        }
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Tells whether a group of forms held some for reference, of which none stays.
    fn loses_all(&self, node: &Node<'_>) -> bool {
        let stays = |form: &Node<'_>| self.keys.get(&form.lead).is_none_or(|key| self.shells.components.contains(key));
        node.group.is_some() && !node.children.is_empty() && !node.children.iter().any(stays)
    }

    /// Tells whether this is the definition of a table that is there for reference, where such are left out.
    fn is_unmodified_table(&self, node: &Node<'_>) -> bool {
        let is_unmodified =
            |own: &Node<'_>| memchr::memmem::find(&own.bytes[own.start..own.inside], b" unmodified=\"1\"").is_some();
        !self.shells.tables && node.place == Place::EntityInfo && node.child("entity").is_some_and(is_unmodified)
    }

    fn entries_out(&self, entries: &[Entry<'_>], depth: usize, out: &mut Vec<u8>) -> Result<(), AssembleError> {
        for entry in entries {
            match entry {
                Entry::Node(node, slot) => {
                    out.extend(self.layout.lead(node, depth));
                    self.element(node, *slot, depth, out)?;
                }
                Entry::New(step, slot) => self.new_container(step, slot, depth, out)?,
                Entry::Piece(piece) => self.piece(&piece.bytes, depth, out),
                Entry::Ribbon => self.piece(EMPTY_RIBBON, depth, out),
            }
        }
        Ok(())
    }

    fn new_container(
        &self,
        step: &Step<'_>,
        slot: &Slot<'_>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), AssembleError> {
        let (tag, name) = match step {
            Step::Section(name) => (format!("<{name}>"), *name),
            Step::Group(group) => (format!("<forms type=\"{}\">", strata_xml::escape_attribute(group)), "forms"),
            Step::Item(key) => {
                let message = format!("{key} has parts, but no definition and no place in the skeleton");
                return Err(AssembleError { message });
            }
        };
        let text = format!("{tag}</{name}>");
        let place = place_of_new(name);
        let fail = |error: TokenError| AssembleError { message: error.message };
        let node = Node::read(text.as_bytes(), place).map_err(fail)?;
        self.layout.line(depth, out);
        self.element(&node, Some(slot), depth, out)
    }

    /// Writes a component that has no others inside.
    fn piece(&self, bytes: &[u8], depth: usize, out: &mut Vec<u8>) {
        self.layout.piece(bytes, depth, self.declares_xsi, out);
    }
}

fn end_tag(name: &str, out: &mut Vec<u8>) {
    out.extend(b"</");
    out.extend(name.as_bytes());
    out.push(b'>');
}

/// A container without anything in it: as it stands, or as exports write it when its components have gone.
fn empty(node: &Node<'_>, out: &mut Vec<u8>) {
    let tag = &node.bytes[node.start..node.inside];
    let inside = &node.bytes[node.inside..node.close];
    let had_some = !inside.is_empty() && inside.iter().all(u8::is_ascii_whitespace) || !node.children.is_empty();
    if node.is_empty || !had_some {
        out.extend(&node.bytes[node.start..node.end]);
    } else if TWO_TAGS.contains(&node.name) {
        out.extend(tag);
        end_tag(node.name, out);
    } else {
        out.extend(&tag[..tag.len() - 1]);
        out.extend(b" />");
    }
}

/// Containers that are made are plain ones: what is put into them is known.
fn place_of_new(name: &str) -> Place {
    match name {
        "entity" => Place::EntityOwn,
        "EntityInfo" => Place::EntityInfo,
        _ => Place::Items(""),
    }
}

/// The step that leads into an element.
fn step_to<'e>(child: &Node<'e>, key: Option<&'e ComponentKey>) -> Step<'e> {
    match (child.item.is_some(), key, child.group) {
        (true, Some(key), _) => Step::Item(key),
        (_, _, Some(group)) => Step::Group(group),
        (_, _, None) => Step::Section(child.name),
    }
}

/// Puts what is new behind what comes before it in an export.
fn place<'e>(
    entries: &mut Vec<(Option<&'e ComponentKey>, Entry<'e>)>,
    key: Option<&'e ComponentKey>,
    entry: Entry<'e>,
    within: Place,
) {
    let order: &[&str] = match within {
        Place::Root => SECTION_ORDER,
        Place::Entity => TABLE_ORDER,
        Place::EntityOwn => &IN_OWN,
        _ => &[],
    };
    let rank = |name: &str| order.iter().position(|known| *known == name);
    let unknown = rank(UNKNOWN_SECTION).unwrap_or(usize::MAX);
    let own = rank(entry.name()).unwrap_or(unknown);
    let before = |other: &(Option<&ComponentKey>, Entry<'_>)| rank(other.1.name()).is_some_and(|rank| rank <= own);
    let at = match order.is_empty() {
        true => entries.len(),
        false => entries.iter().rposition(before).map_or(0, |last| last + 1),
    };
    entries.insert(at, (key, entry));
}

/// Tells whether a container holds components side by side, whose order says nothing.
fn holds_items(place: Place) -> bool {
    match place {
        Place::Items(_) | Place::Section(_) => true,
        Place::Root
        | Place::ConnectionRoles
        | Place::Templates
        | Place::Languages
        | Place::Entity
        | Place::EntityInfo
        | Place::EntityOwn
        | Place::Assembly
        | Place::Inside => false,
    }
}

/// By name; those that have only a number by that. What is no component comes first.
fn in_order(key: Option<&ComponentKey>) -> Option<(&str, u64)> {
    let text = key?.as_str();
    let numbered = text.rsplit_once('#').and_then(|(stem, number)| Some((stem, number.parse().ok()?)));
    Some(numbered.unwrap_or((text, 0)))
}

/// Puts the definition of a table or an assembly together with what the skeleton keeps of it: containers.
fn joined<'e>(own: &'e Piece<'e>, kept: Option<&'e Node<'e>>) -> Result<Node<'e>, AssembleError> {
    let place = if own.key.component_type.is("entity") { Place::Entity } else { Place::Assembly };
    let fail =
        |error: TokenError| AssembleError::damaged(&own.key.to_string(), &own.bytes, error.offset, &error.message);
    let mut node = Node::read(&own.bytes, place).map_err(fail)?;
    node.item = Some("");
    let Some(kept) = kept else { return Ok(node) };
    let is_kept = |child: &&Node<'_>| {
        let is_known = node.child(child.name).is_some();
        !is_known && (child.place != Place::Inside || child.item.is_some()) && child.place != Place::EntityInfo
    };
    let kept: Vec<_> = kept.children.iter().filter(is_kept).cloned().collect();
    node.children.extend(kept);
    Ok(node)
}
