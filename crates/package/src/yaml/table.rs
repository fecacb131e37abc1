//! Tables: the parts that have files of their own, and their way back into the table's element.
//!
//! A part stands in a container, `EntityInfo/entity/attributes` or `FormXml/forms`. A container that held nothing but
//! parts goes, and comes back with the first of them; one that says more stays in `entity.yml` with what it says.

use strata_model::id::Guid;

use super::doc::{Doc, Id};
use super::kinds::Place;
use super::path;
use crate::places::TABLE_ORDER;

/// A kind of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Elements from the table to the items.
    pub(crate) container: &'static [&'static str],
    pub(crate) item: &'static str,
    /// The folder below the table's.
    pub(crate) folder: &'static str,
    /// Children or, with `@`, attributes that name the item; the first that is there counts.
    pub(crate) names: &'static [&'static str],
    /// The file in the item's folder; empty where items are files beside each other.
    file: &'static str,
}

/// The parts, in the order of their containers in a table.
pub(crate) const PARTS: &[Part] = &[
    Part {
        container: &["EntityInfo", "entity", "attributes"],
        item: "attribute",
        folder: "attributes",
        names: &["LogicalName", "Name", "@PhysicalName"],
        file: "",
    },
    Part {
        container: &["EntityInfo", "entity", "EntityKeys"],
        item: "EntityKey",
        folder: "entitykeys",
        names: &["LogicalName", "Name", "@LogicalName", "@Name"],
        file: "",
    },
    Part {
        container: &["FormXml", "forms"],
        item: "systemform",
        folder: "formxml",
        names: &["formid"],
        file: "systemform",
    },
    Part {
        container: &["SavedQueries", "savedqueries"],
        item: "savedquery",
        folder: "savedqueries",
        names: &["savedqueryid"],
        file: "savedquery",
    },
    Part {
        container: &["Visualizations"],
        item: "visualization",
        folder: "visualizations",
        names: &["savedqueryvisualizationid"],
        file: "visualization",
    },
    Part { container: &[], item: "RibbonDiffXml", folder: "ribbondiffs", names: &[], file: "" },
    Part {
        container: &["CustomControlDefaultConfigs"],
        item: "CustomControlDefaultConfig",
        folder: "customcontroldefaultconfigs",
        names: &["CustomControlDefaultConfigId"],
        file: "customcontroldefaultconfig",
    },
];

/// The folder of a table's formulas.
pub(crate) const FORMULAS: &str = "formulas";

/// What stands before a table's columns and keys.
const BEFORE_COLUMNS: &[&str] = &["LocalizedNames", "LocalizedCollectionNames", "Descriptions"];

/// Finds the kind of parts that lies in a folder of a table.
pub(crate) fn part_of(folder: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.folder == folder)
}

impl Part {
    /// Returns where a part belongs; `None` for one without a name, which then stays in its table.
    pub(crate) fn place(&self, doc: &Doc<'_>, id: Id, table: &str, group: &str) -> Option<Place> {
        let folder = format!("entities/{}/{}", path::encode(table), self.folder);
        if self.names.is_empty() {
            return Some(Place { folder, step: "ribbondiff".to_owned(), rest: String::new(), id: None });
        }
        let name = self.name(doc, id)?;
        let guid = Guid::parse(&name);
        let step = guid.map_or_else(|| name.to_lowercase(), |guid| guid.to_string());
        let folder = if group.is_empty() { folder } else { format!("{folder}/{}", path::encode(group)) };
        let rest = if self.file.is_empty() { String::new() } else { format!("/{}", self.file) };
        Some(Place { folder, step: path::encode(&step), rest, id: guid })
    }

    fn name(&self, doc: &Doc<'_>, id: Id) -> Option<String> {
        self.names.iter().find_map(|name| match name.strip_prefix('@') {
            Some(name) => doc.attribute(id, name).map(str::to_owned).filter(|name| !name.is_empty()),
            None => doc.child_text(id, name),
        })
    }
}

/// A part that was taken out of its table.
pub(crate) struct Taken {
    pub(crate) part: &'static Part,
    pub(crate) node: Id,
    pub(crate) place: Place,
    /// The kind of forms that it was among.
    pub(crate) group: String,
}

/// What is left to know of a table whose parts were taken out.
#[derive(Default)]
pub(crate) struct Split {
    pub(crate) parts: Vec<Taken>,
    /// Children of the table as they stood, those that were taken out included.
    pub(crate) order: Vec<String>,
    /// The same of `EntityInfo/entity`.
    pub(crate) inner_order: Vec<String>,
    /// Kinds of forms as they stood.
    pub(crate) groups: Vec<String>,
    /// The solution ships more of the table than columns and keys.
    pub(crate) info: Option<super::sidecar::TableInfo>,
}

/// Says in an order that an empty element has two tags.
pub(crate) const PAIR: &str = "=pair";

/// Takes the parts out of a table.
pub(crate) fn split(doc: &mut Doc<'_>, entity: Id, table: &str) -> Split {
    let mut split = Split { info: Some(info(doc, entity)), ..Split::default() };
    let mut kept = Vec::new();
    let children: Vec<_> = doc.children(entity).collect();
    for child in children {
        let name = doc.name(child).to_owned();
        let empty = empty_container(doc, child);
        split.order.push(empty.clone().unwrap_or_else(|| token(doc, child)));
        let goes = match name.as_str() {
            "RibbonDiffXml" => take(doc, &PARTS[5], child, table, "", &mut split.parts),
            "FormXml" => split_forms(doc, child, table, &mut split),
            "EntityInfo" => {
                split_info(doc, child, table, &mut split);
                false
            }
            _ => split_container(doc, child, &name, table, &mut split.parts),
        };
        if !goes && empty.is_none() {
            kept.push(child);
        }
    }
    doc.set_children(entity, &kept);
    split
}

/// Says in an order that an empty container holds the element around its items.
pub(crate) const INNER: &str = "=inner";

/// How an order calls a container without parts, which is no matter of the table's own file: with the element around
/// its items where that is there.
fn empty_container(doc: &Doc<'_>, id: Id) -> Option<String> {
    let part = PARTS.iter().find(|part| part.container.first() == Some(&doc.name(id)) && part.container.len() < 3)?;
    if doc.is_bare(id) {
        return Some(token(doc, id));
    }
    let inner = doc.children(id).next().filter(|_| doc.attributes(id).is_empty() && doc.children(id).count() == 1)?;
    let is_inner = doc.is_bare(inner) && part.container.get(1) == Some(&doc.name(inner));
    let pair = if doc.is_pair(inner) { PAIR } else { "" };
    is_inner.then(|| format!("{}{INNER}{pair}", doc.name(id)))
}

/// Returns the name in a word of an order.
pub(crate) fn bare(word: &str) -> &str {
    word.split('=').next().unwrap_or(word)
}

/// How an element is called in an order: by its name, and by its tags where it is empty.
pub(crate) fn token(doc: &Doc<'_>, id: Id) -> String {
    let name = if doc.is_element(id) { doc.name(id) } else { "#" };
    if doc.is_bare(id) && doc.is_pair(id) { format!("{name}{PAIR}") } else { name.to_owned() }
}

fn info(doc: &Doc<'_>, entity: Id) -> super::sidecar::TableInfo {
    use super::sidecar::TableInfo;
    let Some(info) = doc.child(entity, "EntityInfo") else { return TableInfo::Nothing };
    let is_list = |id: Id| matches!(doc.name(id), "attributes" | "EntityKeys") && doc.has_children(id);
    let own = doc.children(info).filter(|child| doc.name(*child) != "entity").count();
    match doc.child(info, "entity") {
        Some(inner) if own == 0 && doc.children(inner).all(is_list) && doc.has_children(inner) => TableInfo::Columns,
        _ => TableInfo::Full,
    }
}

fn take(doc: &Doc<'_>, part: &'static Part, node: Id, table: &str, group: &str, parts: &mut Vec<Taken>) -> bool {
    let Some(place) = part.place(doc, node, table, group) else { return false };
    parts.push(Taken { part, node, place, group: group.to_owned() });
    true
}

/// Takes the items out of a container; tells whether nothing is left of it.
fn take_items(
    doc: &mut Doc<'_>,
    part: &'static Part,
    container: Id,
    table: &str,
    group: &str,
    parts: &mut Vec<Taken>,
) -> bool {
    let children: Vec<_> = doc.children(container).collect();
    let before = parts.len();
    let is_item = |child: &Id| doc.name(*child) == part.item && part.name(doc, *child).is_some();
    let (items, rest): (Vec<_>, Vec<_>) = children.iter().copied().partition(is_item);
    for item in items {
        take(doc, part, item, table, group, parts);
    }
    let taken = parts.len() - before;
    doc.set_children(container, &rest);
    let says_more = doc.attributes(container).iter().any(|(name, _)| group.is_empty() || name != "type");
    taken > 0 && rest.is_empty() && !says_more
}

fn split_forms(doc: &mut Doc<'_>, container: Id, table: &str, split: &mut Split) -> bool {
    let groups: Vec<_> = doc.children(container).collect();
    let mut kept = Vec::new();
    for group in &groups {
        let kind = doc.attribute(*group, "type").filter(|_| doc.name(*group) == "forms").map(str::to_owned);
        let is_again = kind.as_ref().is_some_and(|kind| split.groups.contains(kind));
        let gone = match &kind {
            Some(kind) if !kind.is_empty() && !is_again => {
                split.groups.push(kind.clone());
                take_items(doc, &PARTS[2], *group, table, kind, &mut split.parts)
            }
            _ => false,
        };
        if !gone {
            kept.push(*group);
        }
    }
    doc.set_children(container, &kept);
    kept.is_empty() && !groups.is_empty() && doc.attributes(container).is_empty()
}

fn split_info(doc: &mut Doc<'_>, info: Id, table: &str, split: &mut Split) {
    let Some(inner) = doc.child(info, "entity") else { return };
    let children: Vec<_> = doc.children(inner).collect();
    let mut kept = Vec::new();
    for child in children {
        split.inner_order.push(token(doc, child));
        let part = PARTS[..2].iter().find(|part| part.container[2] == doc.name(child));
        let is_empty = part.is_some() && doc.is_bare(child);
        let gone = part.is_some_and(|part| take_items(doc, part, child, table, "", &mut split.parts));
        if !gone && !is_empty {
            kept.push(child);
        }
    }
    doc.set_children(inner, &kept);
}

fn split_container(doc: &mut Doc<'_>, container: Id, name: &str, table: &str, parts: &mut Vec<Taken>) -> bool {
    let Some(part) = PARTS.iter().find(|part| part.container.first() == Some(&name)) else { return false };
    let Some(inner_name) = part.container.get(1) else {
        return take_items(doc, part, container, table, "", parts);
    };
    let wrappers: Vec<_> = doc.children(container).collect();
    let [inner] = wrappers.as_slice() else { return false };
    if doc.name(*inner) != *inner_name || !take_items(doc, part, *inner, table, "", parts) {
        return false;
    }
    doc.set_children(container, &[]);
    doc.attributes(container).is_empty()
}

/// Returns the usual order of a table's children: those that its own file holds, with the containers of parts among
/// them.
pub(crate) fn usual_order(own: &[String], containers: &[&str]) -> Vec<String> {
    let rank = |name: &str| TABLE_ORDER.iter().position(|known| *known == bare(name)).unwrap_or(TABLE_ORDER.len());
    merged(own, containers, |own, new| rank(own) > rank(new))
}

/// Returns the usual order of what `EntityInfo/entity` holds.
pub(crate) fn usual_inner_order(own: &[String], containers: &[&str]) -> Vec<String> {
    merged(own, containers, |own, _| !BEFORE_COLUMNS.contains(&own) && own != "attributes")
}

/// Puts each new name before the first of the others that comes after it.
fn merged(own: &[String], new: &[&str], is_after: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut all = own.to_vec();
    for name in new.iter().filter(|name| !own.iter().any(|own| bare(own) == **name)) {
        let at = all.iter().position(|other| is_after(other, name)).unwrap_or(all.len());
        all.insert(at, (*name).to_owned());
    }
    all
}
