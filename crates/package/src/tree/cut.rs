//! Takes a document apart: each component becomes a piece, and what is left is the skeleton.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use strata_xml::layout::{Namespace, Newline, document, without_head};

use super::names;
use super::spot::{Keeps, SPOTS, Spot};
use super::{Body, NamedFile, peek, templates};
use crate::ReadPackageError;
use crate::item::subtract;
use crate::node::Node;

/// A component on its way into a file.
pub(super) struct Piece<'a> {
    pub(super) spot: &'static Spot,
    pub(super) names: Vec<String>,
    pub(super) identity: String,
    pub(super) body: Body<'a>,
    /// The file in the zip that it describes.
    pub(super) payload: Option<String>,
    /// Settled last.
    pub(super) path: String,
}

impl Piece<'_> {
    pub(super) fn write(&self, newline: Newline) -> Vec<u8> {
        let body = self.body.concat();
        let is_needed = self.spot.declares_namespace() || memchr::memmem::find(&body, b"xsi:").is_some();
        let namespace = if is_needed { Namespace::Add } else { Namespace::Keep };
        document(&body, namespace, newline)
    }
}

/// Takes the document apart.
#[derive(Default)]
pub(super) struct Cutter<'a> {
    part: &'a str,
    bytes: &'a [u8],
    pub(super) pieces: Vec<Piece<'a>>,
    /// What the skeleton has instead of ranges of the document.
    edits: Vec<(Range<usize>, Vec<u8>)>,
    pub(super) documents: Vec<NamedFile>,
    /// Folder of the table by the zip path of a formula, in lower case.
    pub(super) formulas: BTreeMap<String, String>,
}

/// Sections that stay in the skeleton whose items are a set.
const SETS: [&str; 6] = [
    "EntityImageConfigs",
    "AttributeImageConfigs",
    "EntityDataSources",
    "AIModels",
    "connectionreferences",
    "workqueues",
];

impl<'a> Cutter<'a> {
    pub(super) fn new(part: &'a str, bytes: &'a [u8]) -> Self {
        Self { part, bytes, ..Self::default() }
    }

    pub(super) fn section(&mut self, section: &Node<'a>) -> Result<(), ReadPackageError> {
        let spots: Vec<&'static Spot> = SPOTS.iter().filter(|spot| spot.section == section.name).collect();
        if SETS.contains(&section.name) {
            self.edits.extend(sorted(section));
            return Ok(());
        }
        let Some(first) = spots.first() else { return Ok(()) };
        if first.keeps == Keeps::Section {
            self.whole(section, first);
            return Ok(());
        }
        let mut removed = Vec::new();
        let mut relationships = Vec::new();
        for child in &section.children {
            let taken = match (child.item, first.keeps) {
                (Some(_), Keeps::Table) => self.table(child)?,
                (Some(_), Keeps::Relationships) => {
                    let taken = relationship(child);
                    let is_taken = taken.is_some();
                    relationships.extend(taken);
                    is_taken
                }
                (Some(type_name), _) => self.item(child, &spots, type_name),
                (None, _) => self.container(child, &spots),
            };
            if taken {
                removed.push(child.lead..child.end);
            }
        }
        self.relationships(relationships, first);
        if !removed.is_empty() || is_blank(section.content()) {
            self.edits.push((section.start..section.end, remainder(section, &removed)));
        }
        Ok(())
    }

    /// A section that is a file as it is; one that holds nothing stays.
    fn whole(&mut self, section: &Node<'a>, spot: &'static Spot) {
        if is_blank(section.content()) {
            self.edits.push((section.start..section.end, remainder(section, &[])));
            return;
        }
        let edits = match section.children.iter().all(|child| child.item.is_none()) {
            true => section.children.iter().filter_map(sorted).collect(),
            false => sorted(section).into_iter().collect(),
        };
        self.push(spot, Vec::new(), String::new(), with_edits(self.bytes, section.lead..section.end, edits), None);
        self.edits.push((section.start..section.end, emptied(section.name)));
    }

    fn container(&mut self, container: &Node<'a>, spots: &[&'static Spot]) -> bool {
        let keeps = |spot: &&&'static Spot| spot.keeps == Keeps::Container && spot.element == container.name;
        let Some(spot) = spots.iter().find(keeps).filter(|_| !is_blank(container.content())) else { return false };
        let mut items: Vec<_> = container.children.iter().collect();
        items.sort_by_cached_key(|item| set_key(item));
        let mut body = vec![Cow::Borrowed(&self.bytes[container.lead..container.inside])];
        for item in &items {
            body.push(match spot.element {
                "EmailTemplates" => templates::take_out(item.whole(), &mut self.documents),
                _ => Cow::Borrowed(item.whole()),
            });
        }
        let ranges: Vec<_> = container.children.iter().map(|item| item.lead..item.end).collect();
        let rest = subtract(&(container.inside..container.close), &ranges);
        body.extend(rest.into_iter().map(|range| Cow::Borrowed(&self.bytes[range])));
        body.push(Cow::Borrowed(&self.bytes[container.close..container.end]));
        self.push(spot, Vec::new(), String::new(), body, None);
        true
    }

    /// An item with a file of its own.
    fn item(&mut self, item: &Node<'a>, spots: &[&'static Spot], type_name: &str) -> bool {
        let keeps = |spot: &&&'static Spot| matches!(spot.keeps, Keeps::Item | Keeps::Described);
        let Some(spot) = spots.iter().find(keeps) else { return false };
        let identity = peek::identity(type_name, item.element());
        let (base, payload) = match spot.keeps {
            Keeps::Described => described(type_name, item.element(), &identity),
            _ => (names::step(&file_name(type_name, item.element(), &identity)), None),
        };
        self.push(spot, vec![base], identity, vec![Cow::Borrowed(item.whole())], payload);
        true
    }

    fn relationships(&mut self, mut found: Vec<Relationship<'a>>, spot: &'static Spot) {
        found.sort_by_cached_key(|one| (one.name.to_lowercase(), one.name.clone(), one.bytes));
        let mut by_table: BTreeMap<String, (String, Vec<&'a [u8]>)> = BTreeMap::new();
        let mut list = b"<EntityRelationships>".to_vec();
        for one in &found {
            list.extend(format!("<EntityRelationship Name=\"{}\" />", one.raw_name).as_bytes());
            let (table, bytes) = by_table.entry(one.table.to_lowercase()).or_default();
            if table.is_empty() || one.table < *table {
                table.clone_from(&one.table);
            }
            bytes.push(one.bytes);
        }
        for (_, (table, bytes)) in by_table {
            let mut body = vec![Cow::Borrowed(&b"<EntityRelationships>"[..])];
            body.extend(bytes.into_iter().map(Cow::Borrowed));
            body.push(Cow::Borrowed(b"</EntityRelationships>"));
            let identity = table.clone();
            self.push(spot, vec![table], identity, body, None);
        }
        if !found.is_empty() {
            list.extend(b"</EntityRelationships>");
            self.push(&RELATIONSHIPS, Vec::new(), String::new(), vec![Cow::Owned(list)], None);
        }
    }

    fn push(
        &mut self,
        spot: &'static Spot,
        names: Vec<String>,
        identity: String,
        body: Body<'a>,
        payload: Option<String>,
    ) {
        self.pieces.push(Piece { spot, names, identity, body, payload, path: String::new() });
    }

    pub(super) fn skeleton(&mut self, root: &Node<'a>) -> Vec<u8> {
        let edits = std::mem::take(&mut self.edits);
        let whole = with_edits(self.bytes, 0..root.end, edits).concat();
        without_head(&whole).to_vec()
    }

    fn fail(&self, at: usize, message: &str) -> ReadPackageError {
        ReadPackageError::xml(self.part, self.bytes, at, message)
    }
}

/// The list of relationships has no spot: reading has no use for it.
static RELATIONSHIPS: Spot = Spot {
    pattern: "Other/Relationships.xml",
    root: crate::customizations_xml::Root::Container("entityrelationship"),
    element: "EntityRelationships",
    section: "EntityRelationships",
    keeps: Keeps::Section,
    has_twin: false,
};

/// Tables and what stands in their folders.
impl<'a> Cutter<'a> {
    fn table(&mut self, table: &Node<'a>) -> Result<bool, ReadPackageError> {
        let name =
            peek::child_text(table.element(), "Name").ok_or_else(|| self.fail(table.start, "an Entity has no Name"))?;
        let folder = names::step(&name);
        let mut edits = Vec::new();
        for child in &table.children {
            match (child.name, child.item) {
                ("RibbonDiffXml", Some(_)) if !is_blank(child.content()) => {
                    let body = vec![Cow::Borrowed(child.whole())];
                    self.push(spot_of(Keeps::Ribbon, ""), vec![folder.clone()], name.clone(), body, None);
                    edits.push((child.lead..child.end, emptied(child.name)));
                }
                ("EntityInfo", None) => {
                    let own = child.child("entity");
                    let sets = own.iter().flat_map(|own| &own.children);
                    edits.extend(sets.filter(|set| matches!(set.name, "attributes" | "EntityKeys")).filter_map(sorted));
                    self.note_formulas(own.map_or(&[][..], |own| own.element()), &folder);
                }
                ("FormXml" | "SavedQueries" | "Visualizations", None) => {
                    if let Some(rest) = self.parts(child, &folder) {
                        edits.push((child.start..child.end, rest));
                    }
                }
                _ => {}
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        let body = with_edits(self.bytes, table.lead..table.end, edits);
        self.push(spot_of(Keeps::Table, ""), vec![folder], name, body, None);
        Ok(true)
    }

    /// Takes the parts out of a container of a table and returns what is left of it.
    fn parts(&mut self, container: &Node<'a>, folder: &str) -> Option<Vec<u8>> {
        let found = SPOTS.iter().find_map(|spot| match spot.keeps {
            Keeps::Part { container: name, group } if name == container.name => Some((spot, group)),
            _ => None,
        });
        let (spot, group_name) = found?;
        let mut removed = Vec::new();
        if group_name.is_empty() {
            removed.extend(self.group(container, spot, &[folder.to_owned()]));
        }
        let mut seen = BTreeSet::new();
        for group in container.children.iter().filter(|child| child.name == group_name) {
            let has_kind = spot.has_twin;
            let kind = group.group.map(|kind| strata_xml::unescape(kind).unwrap_or_default()).unwrap_or_default();
            // A kind that no folder can bear stays in the table's file.
            if has_kind && (!names::is_plain(&kind) || !seen.insert(kind.to_lowercase())) {
                continue;
            }
            let names = if has_kind { vec![folder.to_owned(), kind] } else { vec![folder.to_owned()] };
            let items = self.group(group, spot, &names);
            let is_bare = is_bare(group);
            let rest = subtract(&(group.inside..group.close), &items);
            match !items.is_empty() && is_bare && rest.into_iter().all(|range| is_blank(&self.bytes[range])) {
                true => removed.push(group.lead..group.end),
                false => removed.extend(items),
            }
        }
        Some(remainder(container, &removed))
    }

    /// Takes the items of a group and returns their ranges.
    fn group(&mut self, group: &Node<'a>, spot: &'static Spot, names: &[String]) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        for item in &group.children {
            let Some(type_name) = item.item else { continue };
            let identity = peek::identity(type_name, item.element());
            let body = match spot.element {
                "visualization" => vec![Cow::Borrowed(item.whole())],
                element => vec![
                    Cow::Owned(format!("<{element}>").into_bytes()),
                    Cow::Borrowed(item.whole()),
                    Cow::Owned(format!("</{element}>").into_bytes()),
                ],
            };
            let mut names = names.to_vec();
            names.push(names::step(&identity));
            self.push(spot, names, identity, body, None);
            ranges.push(item.lead..item.end);
        }
        ranges
    }

    /// Notes which formulas belong to columns of the table.
    fn note_formulas(&mut self, own: &[u8], folder: &str) {
        const TAG: &[u8] = b"<FormulaDefinitionFileName>";
        for at in memchr::memmem::find_iter(own, TAG) {
            let rest = &own[at + TAG.len()..];
            let text = &rest[..memchr::memchr(b'<', rest).unwrap_or(0)];
            let Ok(path) = std::str::from_utf8(text.trim_ascii()) else { continue };
            let path = path.trim_start_matches('/').to_lowercase();
            if path.strip_prefix("formulas/").is_some_and(|file| !file.is_empty() && !file.contains('/')) {
                self.formulas.entry(path).or_insert_with(|| folder.to_owned());
            }
        }
    }
}

fn spot_of(keeps: Keeps, section: &str) -> &'static Spot {
    let fits = |spot: &&Spot| spot.keeps == keeps && (section.is_empty() || spot.section == section);
    SPOTS.iter().find(fits).expect("the table has each kind")
}

struct Relationship<'a> {
    name: String,
    /// With references.
    raw_name: String,
    table: String,
    bytes: &'a [u8],
}

/// A relationship stands with the table that it refers to, one between many with the first.
fn relationship<'a>(item: &Node<'a>) -> Option<Relationship<'a>> {
    let element = item.element();
    let name = peek::attribute(element, "Name")?;
    let table = ["ReferencedEntityName", "FirstEntityName"].iter().find_map(|name| peek::child_text(element, name))?;
    let raw_name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Some(Relationship { name, raw_name, table: names::step(&table), bytes: item.whole() })
}

/// The name of an item's file.
fn file_name(type_name: &str, element: &[u8], identity: &str) -> String {
    match type_name {
        "role" => peek::attribute(element, "name").unwrap_or_else(|| identity.to_owned()),
        _ => identity.to_owned(),
    }
}

/// Where the file that an item describes stands in the tree, below the folder of its kind, and its path in the zip.
fn described(type_name: &str, element: &[u8], identity: &str) -> (String, Option<String>) {
    let text = |name: &'static str| peek::child_text(element, name);
    let attribute = |name: &str| peek::attribute(element, name);
    let named = ["FileName", "JsonFileName", "XamlFileName", "ExportedFileName"].iter().find_map(|name| text(name));
    let zip = named.as_deref().map(|path| path.trim_start_matches('/').replace('\\', "/"));
    let below = |top: &str| {
        let path = zip.as_deref()?;
        let rest = path.get(top.len()..).filter(|_| path.to_lowercase().starts_with(top))?;
        (!rest.is_empty()).then(|| rest.to_owned())
    };
    let id = |text: &str| text.trim_matches(['{', '}']).to_uppercase();
    let plain = |text: &str| {
        let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
        kept.chars().take(50).collect::<String>()
    };
    let base = match type_name {
        "webresource" => identity.to_owned(),
        "report" => {
            let language = text("languagecode").unwrap_or_else(|| "0".to_owned());
            let file = text("filename").or_else(|| text("name")).unwrap_or_else(|| identity.to_owned());
            format!("{}/{}/{}", names::step(&language), names::step(identity), names::step(&file))
        }
        "workflow" => below("workflows/")
            .unwrap_or_else(|| format!("{}-{}", plain(&attribute("Name").unwrap_or_default()), id(identity))),
        "pluginassembly" => below("pluginassemblies/").unwrap_or_else(|| {
            let name = plain(identity.split(',').next().unwrap_or(identity));
            format!("{name}-{}/{name}.dll", id(&attribute("PluginAssemblyId").unwrap_or_default()))
        }),
        _ => below("controls/").unwrap_or_else(|| format!("{}/ControlManifest.xml", names::step(identity))),
    };
    // The file of such a name would itself look like a description.
    let base = names::steps(&base);
    let lower = base.to_lowercase();
    let base = if lower.ends_with(".data.xml") { format!("{}_.xml", &base[..base.len() - 4]) } else { base };
    (base, zip)
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// Tells whether an element says nothing but its kind.
fn is_bare(group: &Node<'_>) -> bool {
    let tag = &group.bytes[group.start..group.inside];
    memchr::memchr_iter(b'=', tag).count() == usize::from(group.group.is_some())
}

fn emptied(name: &str) -> Vec<u8> {
    format!("<{name} />").into_bytes()
}

/// Returns an element without some of its content; one that holds nothing more is one tag.
fn remainder(node: &Node<'_>, removed: &[Range<usize>]) -> Vec<u8> {
    let left = subtract(&(node.inside..node.close), removed);
    if left.iter().all(|range| is_blank(&node.bytes[range.clone()])) {
        let tag = &node.bytes[node.start..node.inside - 1];
        let tag = tag.strip_suffix(b"/").unwrap_or(tag).trim_ascii_end();
        return [tag, b" />"].concat();
    }
    let mut out = node.bytes[node.start..node.inside].to_vec();
    left.into_iter().for_each(|range| out.extend(&node.bytes[range]));
    out.extend(&node.bytes[node.close..node.end]);
    out
}

/// Returns the pieces of a range with some ranges replaced; the edits are in order.
fn with_edits(bytes: &[u8], range: Range<usize>, edits: Vec<(Range<usize>, Vec<u8>)>) -> Body<'_> {
    let mut pieces = Vec::with_capacity(2 * edits.len() + 1);
    let mut at = range.start;
    for (edit, replacement) in edits {
        pieces.push(Cow::Borrowed(&bytes[at..edit.start]));
        pieces.push(Cow::Owned(replacement));
        at = edit.end;
    }
    pieces.push(Cow::Borrowed(&bytes[at..range.end]));
    pieces
}

/// Returns the items of a set in their order, where they stand in another.
fn sorted(set: &Node<'_>) -> Option<(Range<usize>, Vec<u8>)> {
    let (first, last) = (set.children.first()?, set.children.last()?);
    let mut items: Vec<_> = set.children.iter().map(|item| (set_key(item), item)).collect();
    if items.is_sorted_by(|left, right| left.0 <= right.0) {
        return None;
    }
    // Text between items belongs to none of them, and stays before them all.
    let ranges: Vec<_> = set.children.iter().map(|item| item.lead..item.end).collect();
    let mut out = Vec::new();
    subtract(&(first.lead..last.end), &ranges).into_iter().for_each(|range| out.extend(&set.bytes[range]));
    items.sort_by(|left, right| left.0.cmp(&right.0));
    items.iter().for_each(|(_, item)| out.extend(item.whole()));
    Some((first.lead..last.end, out))
}

/// What orders the items of a set: who they are, without regard to case.
fn set_key(item: &Node<'_>) -> (String, String) {
    let type_name = item.item.unwrap_or_default();
    let type_name = if type_name.is_empty() { item.name.to_lowercase() } else { type_name.to_owned() };
    let identity = match type_name.as_str() {
        "template" => peek::child_text(item.element(), "title").unwrap_or_default() + "\u{1}",
        "fieldsecurityprofile" => peek::attribute(item.element(), "name").unwrap_or_default() + "\u{1}",
        _ => String::new(),
    } + &peek::identity(&type_name, item.element());
    (identity.to_lowercase(), identity)
}
