//! Tables again in one piece: parts go back into their containers.

use std::collections::{BTreeMap, VecDeque};

use super::doc::{Doc, Id};
use super::kinds::Kind;
use super::manifest;
use super::order::by_order;
use super::pack::{Pack, Written};
use super::pack_manifest::Head;
use super::sidecar::TableInfo;
use super::sort::{Sorted, TableFiles, item_name};
use super::table::{self, INNER, PAIR, Part, bare, token, usual_inner_order, usual_order};
use super::tree::Selection;
use super::xml_out::{self, Newline};
use super::{kinds, path};
use crate::ReadPackageError;

/// Writes every table.
pub(super) fn tables(
    pack: &mut Pack<'_, '_>,
    sorted: &Sorted,
    selection: &Selection,
    head: &Head,
    newline: Newline,
) -> Result<Vec<Written>, ReadPackageError> {
    let mut written = Vec::with_capacity(sorted.tables.len());
    let mut doc = Doc::default();
    for (folder, files) in &sorted.tables {
        doc.clear();
        written.push(table(pack, &mut doc, folder, files, selection, head, newline)?);
    }
    Ok(written)
}

fn table<'t>(
    pack: &mut Pack<'_, 't>,
    doc: &mut Doc<'t>,
    folder: &str,
    files: &TableFiles,
    selection: &Selection,
    head: &Head,
    newline: Newline,
) -> Result<Written, ReadPackageError> {
    let Some(index) = files.entity else {
        let one = files.parts.values().flatten().next().map(|index| pack.tree.source(*index)).unwrap_or_default();
        let message = format!("parts of the table are there, but entities/{folder}/entity.yml is not");
        return Err(ReadPackageError::not_a_package(message).in_part(&one));
    };
    let entity = pack.read(doc, index)?;
    let kind = kinds::find("Entities", "", doc.name(entity));
    let place = kind.and_then(|kind: &Kind| kind.place(doc, entity));
    let place = place.ok_or_else(|| pack.nameless(doc, entity, index))?;
    pack.check_step(folder, &place.step, index)?;
    let name = path::decode(&place.step);
    let table = TableNames { name: &name, order: format!("Entities/{name}") };
    let behavior = head.behaviors.get(&name).copied().unwrap_or(0);
    let is_listed = files.is_listed && selection.takes(pack.tree.files[index].0);
    let said = pack.sidecar.tables.get(&name).copied();
    let info = said.unwrap_or_else(|| manifest::usual_info(behavior, is_listed));
    let mut groups = read_parts(pack, doc, files, &table)?;
    cut(doc, entity, info, groups.keys().any(|(part, _)| matches!(*part, "attributes" | "entitykeys")));
    formulas(pack, doc, &groups, files, index);
    columns(doc, entity, &name, &mut groups, pack, &table);
    others(doc, entity, groups, pack, &table);
    let order = pack.sidecar.orders.get(&table.order);
    reorder(doc, entity, order.map_or(&[][..], Vec::as_slice), usual_order);
    let mut xml = String::new();
    xml_out::write(doc, entity, 2, newline, &mut xml);
    let (file, _) = pack.tree.files[index];
    Ok(Written {
        step: place.step.to_lowercase(),
        base: item_name(file).to_owned(),
        xml,
        source: pack.tree.source(index),
    })
}

struct TableNames<'n> {
    name: &'n str,
    /// How orders call the table.
    order: String,
}

/// Parts by folder and kind of form, in order.
type Groups = BTreeMap<(&'static str, String), Vec<Id>>;

fn read_parts<'t>(
    pack: &mut Pack<'_, 't>,
    doc: &mut Doc<'t>,
    files: &TableFiles,
    table: &TableNames<'_>,
) -> Result<Groups, ReadPackageError> {
    let mut groups = Groups::new();
    for ((folder, group), indexes) in &files.parts {
        let Some(part) = table::part_of(folder) else { continue };
        let mut seen = BTreeMap::new();
        let mut items = Vec::with_capacity(indexes.len());
        for index in indexes {
            let id = pack.read(doc, *index)?;
            let (file, _) = pack.tree.files[*index];
            if doc.name(id) != part.item {
                let code = strata_model::code::ErrorCode::IMPORT_INVALID_XML;
                let message = format!("`{}` stands where {} is expected", doc.name(id), part.item);
                let error = ReadPackageError::new(code, message).in_part(&pack.tree.source(*index));
                return Err(error.at_line(doc.at(id).max(1), 1));
            }
            let place = part.place(doc, id, table.name, group).ok_or_else(|| pack.nameless(doc, id, *index))?;
            check(pack, part, &place, file, *index)?;
            pack.check_double(&place, *index, &mut seen)?;
            items.push((item_name(file).to_owned(), place.step.to_lowercase(), id));
        }
        items.sort_by(|left, right| (&left.1, &left.0).cmp(&(&right.1, &right.0)));
        let suffix = if group.is_empty() { String::new() } else { format!("/{group}") };
        let named = items.into_iter().map(|(name, _, id)| (name, id)).collect();
        let ordered = match pack.sidecar.orders.get(&format!("{}/{folder}{suffix}", table.order)) {
            Some(order) => by_order(named, order),
            None => named.into_iter().map(|(_, id)| id).collect(),
        };
        groups.insert((*folder, group.clone()), ordered);
    }
    Ok(groups)
}

fn check(
    pack: &Pack<'_, '_>,
    part: &Part,
    place: &kinds::Place,
    file: &str,
    index: usize,
) -> Result<(), ReadPackageError> {
    if part.names.is_empty() {
        return Ok(());
    }
    let at = place.folder.split('/').count();
    let step = file.split('/').nth(at).map(super::sort::base);
    step.map_or(Ok(()), |step| pack.check_step(step, &place.step, index))
}

/// Leaves of a table's own definition what the solution ships (yaml-layout §4.2).
fn cut(doc: &mut Doc<'_>, entity: Id, info: TableInfo, has_columns: bool) {
    if info == TableInfo::Full {
        return;
    }
    let children: Vec<_> = doc.children(entity).collect();
    let inner = doc.descend(entity, &["EntityInfo", "entity"]);
    let lists: Vec<_> = inner
        .map(|inner| doc.children(inner).filter(|id| matches!(doc.name(*id), "attributes" | "EntityKeys")).collect())
        .unwrap_or_default();
    if has_columns || !lists.is_empty() {
        if let (Some(inner), Some(outer)) = (inner, doc.child(entity, "EntityInfo")) {
            doc.set_children(inner, &lists);
            doc.set_children(outer, &[inner]);
        }
        return;
    }
    let kept: Vec<_> = children.into_iter().filter(|id| doc.name(*id) != "EntityInfo").collect();
    doc.set_children(entity, &kept);
}

/// Takes the formulas that columns name.
fn formulas(pack: &mut Pack<'_, '_>, doc: &Doc<'_>, groups: &Groups, files: &TableFiles, index: usize) {
    let Some(columns) = groups.get(&("attributes", String::new())) else { return };
    for column in columns {
        let Some(named) = doc.child_text(*column, "FormulaDefinitionFileName") else { continue };
        let named = named.trim_start_matches('/').replace('\\', "/");
        let own = path::encode(path::file_name(&named));
        let found =
            files.formulas.iter().find(|file| path::file_name(pack.tree.files[**file].0).eq_ignore_ascii_case(&own));
        match found {
            Some(found) => pack.member(named, *found),
            None if pack.sidecar.absent.contains(&named) => {}
            None => {
                let folder = path::parent(pack.tree.files[index].0);
                pack.missing_member(index, format!("{folder}/{}/{own}", table::FORMULAS));
            }
        }
    }
}

/// Puts columns and keys back.
fn columns<'t>(
    doc: &mut Doc<'t>,
    entity: Id,
    name: &str,
    groups: &mut Groups,
    pack: &Pack<'_, 't>,
    table: &TableNames<'_>,
) {
    let lists = [("attributes", "attributes"), ("entitykeys", "EntityKeys")];
    let held: Vec<_> = lists
        .iter()
        .filter_map(|(folder, element)| {
            let items = groups.remove(&(*folder, String::new()))?;
            Some((*element, items))
        })
        .collect();
    let order = pack.sidecar.orders.get(&format!("{}/entity", table.order));
    if held.is_empty() && order.is_none() {
        return;
    }
    let inner = doc.descend(entity, &["EntityInfo", "entity"]);
    let inner = match inner {
        Some(inner) => inner,
        None if held.is_empty() => return,
        None => {
            let spelled = doc.child_text(entity, "Name").unwrap_or_else(|| name.to_owned());
            let info = child_or_new(doc, entity, "EntityInfo");
            let inner = doc.element("entity");
            doc.attribute_of_last("Name", spelled);
            doc.append(info, inner);
            inner
        }
    };
    for (element, items) in held {
        let list = child_or_new(doc, inner, element);
        items.into_iter().for_each(|item| doc.append(list, item));
    }
    reorder(doc, inner, order.map_or(&[][..], Vec::as_slice), usual_inner_order);
}

fn child_or_new(doc: &mut Doc<'_>, parent: Id, name: &'static str) -> Id {
    doc.child(parent, name).unwrap_or_else(|| {
        let id = doc.element(name);
        doc.append(parent, id);
        id
    })
}

/// Puts forms, views, charts, ribbon and control defaults back.
fn others(doc: &mut Doc<'_>, entity: Id, groups: Groups, pack: &Pack<'_, '_>, table: &TableNames<'_>) {
    let mut kinds_of_forms = Vec::new();
    for ((folder, group), items) in groups {
        let Some(part) = table::part_of(folder) else { continue };
        let parent = match part.container {
            [] => entity,
            [outer, "forms"] => {
                let outer = child_or_new(doc, entity, outer);
                let known = doc.children(outer).find(|id| doc.attribute(*id, "type") == Some(&group));
                kinds_of_forms.push(group.clone());
                known.unwrap_or_else(|| {
                    let forms = doc.element("forms");
                    doc.attribute_of_last("type", group.clone());
                    doc.append(outer, forms);
                    forms
                })
            }
            path => path.iter().fold(entity, |parent, name| child_or_new(doc, parent, name)),
        };
        items.into_iter().for_each(|item| doc.append(parent, item));
    }
    let Some(forms) = doc.child(entity, "FormXml") else { return };
    let named: Vec<_> =
        doc.children(forms).map(|id| (doc.attribute(id, "type").unwrap_or_default().to_owned(), id)).collect();
    let mut usual: Vec<_> = named.iter().map(|(name, _)| name.clone()).collect();
    usual.sort_by_key(|name| name.to_lowercase());
    let order = pack.sidecar.orders.get(&format!("{}/formxml", table.order)).unwrap_or(&usual);
    let ordered = by_order(named, order);
    doc.set_children(forms, &ordered);
}

/// Makes a container without parts, as a word of an order says.
fn empty_container(doc: &mut Doc<'_>, word: &str) -> Id {
    let id = doc.element(bare(word).to_owned());
    doc.set_pair(id, word.ends_with(PAIR));
    let part = table::PARTS.iter().find(|part| part.container.first() == Some(&bare(word)));
    if let Some(inner) = part.and_then(|part| part.container.get(1)).filter(|_| word.contains(INNER)) {
        let inner = doc.element(*inner);
        doc.set_pair(inner, word.ends_with(PAIR));
        doc.append(id, inner);
    }
    id
}

/// Gives children the order of some names; who is not among them takes its usual place. Names of the order that are
/// not there, but could hold parts, are empty containers.
pub(super) fn reorder(
    doc: &mut Doc<'_>,
    parent: Id,
    order: &[String],
    usual: impl Fn(&[String], &[&str]) -> Vec<String>,
) {
    let mut by_name: BTreeMap<String, VecDeque<Id>> = BTreeMap::new();
    for child in doc.children(parent) {
        by_name.entry(bare(&token(doc, child)).to_owned()).or_default().push_back(child);
    }
    let is_container = |name: &str| table::PARTS.iter().any(|part| part.container.contains(&name));
    let mut known: Vec<(String, Id)> = Vec::new();
    for word in order {
        let name = bare(word);
        match by_name.get_mut(name).and_then(VecDeque::pop_front) {
            Some(id) => known.push((name.to_owned(), id)),
            None if is_container(name) => {
                let id = empty_container(doc, word);
                known.push((name.to_owned(), id));
            }
            None => {}
        }
    }
    let parts: Vec<String> = table::PARTS
        .iter()
        .map(|part| {
            part.container.iter().find(|name| by_name.contains_key(**name)).copied().unwrap_or(part.item).to_owned()
        })
        .collect();
    // Containers of parts find their place among the others, which stand as their file says.
    let mut late: Vec<(String, Id)> = Vec::new();
    for child in doc.children(parent) {
        let name = bare(&token(doc, child)).to_owned();
        if known.iter().any(|(_, id)| *id == child) {
            continue;
        }
        if parts.contains(&name) { late.push((name, child)) } else { known.push((name, child)) }
    }
    let own: Vec<String> = known.iter().map(|(name, _)| name.clone()).collect();
    late.sort_by_key(|(name, _)| parts.iter().position(|part| part == name));
    let new: Vec<&str> = late.iter().map(|(name, _)| name.as_str()).collect();
    let mut all: BTreeMap<String, VecDeque<Id>> = BTreeMap::new();
    for (name, id) in known.iter().chain(&late) {
        all.entry(name.clone()).or_default().push_back(*id);
    }
    let names = usual(&own, &new);
    let mut children: Vec<_> = names.iter().filter_map(|name| all.get_mut(name)?.pop_front()).collect();
    // One that stands both in the table's file and beside it stands twice, as the files say.
    children.extend(all.into_values().flatten());
    doc.set_children(parent, &children);
}
