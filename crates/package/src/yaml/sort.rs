//! Which file of a tree is what: each is sorted into its section by where it lies.

use std::collections::{BTreeMap, BTreeSet};

use super::doc::Doc;
use super::kinds::{self, KINDS, Layout};
use super::tree::{Selection, Tree, stem_of};
use super::yaml_in::{self, Arrangements};
use super::{path, table};
use crate::{Limits, ReadPackageError};

/// The files of a tree that a solution takes, sorted.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) sections: BTreeMap<String, SectionFiles>,
    /// By folder below `entities/`, in lower case.
    pub(crate) tables: BTreeMap<String, TableFiles>,
    /// Files that are no element of `customizations.xml`.
    pub(crate) strays: Vec<usize>,
    /// Files of components that the solution's list does not take.
    pub(crate) unlisted: Vec<usize>,
}

/// Files of one section.
#[derive(Debug, Default)]
pub(crate) struct SectionFiles {
    /// By wrapper.
    pub(crate) items: BTreeMap<String, Vec<usize>>,
    pub(crate) rest: Option<usize>,
}

/// Files of one table.
#[derive(Debug, Default)]
pub(crate) struct TableFiles {
    pub(crate) entity: Option<usize>,
    /// `entity.yml` itself is taken.
    pub(crate) is_listed: bool,
    /// By folder of the parts and kind of form.
    pub(crate) parts: BTreeMap<(&'static str, String), Vec<usize>>,
    pub(crate) formulas: Vec<usize>,
}

/// Where a file belongs.
enum Belongs {
    Table(String),
    Part(String, &'static table::Part, String),
    Formula(String),
    Item(&'static kinds::Kind),
    /// What a section holds besides items.
    Rest,
    Elsewhere,
}

/// Kinds of forms, as they are spelled.
const FORM_KINDS: &[&str] = &[
    "main",
    "quick",
    "quickCreate",
    "card",
    "mobile",
    "mainInteractionCentric",
    "appointmentBook",
    "taskBasedForm",
    "dialog",
];

/// Kinds whose files may have stayed XML.
const MAYBE_XML: &[&str] =
    &["roles", "dashboards", "interactioncentricdashboards", "sitemaps", "appmodulesitemaps", "ribbondiffs"];

/// Sorts the files of a tree.
pub(crate) fn sort(
    tree: &Tree<'_>,
    selection: &Selection,
    is_managed: bool,
    limits: &Limits,
) -> Result<Sorted, ReadPackageError> {
    let mut sorted = Sorted::default();
    let mut chosen: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (file, _)) in tree.files.iter().enumerate() {
        let belongs = belongs(file);
        if matches!(belongs, Belongs::Elsewhere) {
            sorted.strays.push(index);
            continue;
        }
        if let Belongs::Formula(table) = &belongs {
            sorted.tables.entry(table.clone()).or_default().formulas.push(index);
            continue;
        }
        // Of twins the one for the kind of package counts.
        let stem = base(file).to_lowercase();
        match plain_twin(&stem) {
            Some(_) if !is_managed => continue,
            Some(plain) => {
                chosen.insert(plain.to_owned(), index);
            }
            None if chosen.get(&stem).is_some_and(|twin| base(tree.files[*twin].0).to_lowercase() == stem) => {
                let other = tree.source(chosen[&stem]);
                let message = format!("`{other}` is the same file with another ending");
                return Err(ReadPackageError::not_a_package(message).in_part(&tree.source(index)));
            }
            None => {
                chosen.entry(stem).or_insert(index);
            }
        }
    }
    for index in chosen.into_values() {
        put(tree, selection, index, limits, &mut sorted)?;
    }
    sorted.tables.retain(|_, table| table.is_listed || !table.parts.is_empty());
    // A table that comes along for its parts need not be listed itself.
    let along: BTreeSet<_> = sorted.tables.values().filter_map(|table| table.entity).collect();
    sorted.unlisted.retain(|index| !along.contains(index));
    if !sorted.tables.is_empty() {
        sorted.sections.entry("Entities".to_owned()).or_default();
    }
    Ok(sorted)
}

fn put(
    tree: &Tree<'_>,
    selection: &Selection,
    index: usize,
    limits: &Limits,
    sorted: &mut Sorted,
) -> Result<(), ReadPackageError> {
    let (file, _) = tree.files[index];
    let is_taken = selection.takes(file);
    match belongs(file) {
        Belongs::Table(name) => {
            let table = sorted.tables.entry(name).or_default();
            table.entity = Some(index);
            table.is_listed = is_taken;
            if !is_taken {
                sorted.unlisted.push(index);
            }
        }
        _ if !is_taken => sorted.unlisted.push(index),
        Belongs::Part(name, part, group) => {
            sorted.tables.entry(name).or_default().parts.entry((part.folder, group)).or_default().push(index);
        }
        Belongs::Item(kind) => {
            let section = sorted.sections.entry(kind.section.to_owned()).or_default();
            section.items.entry(kind.wrapper.to_owned()).or_default().push(index);
        }
        Belongs::Rest => {
            let name = section_of(tree, index, limits)?;
            let section = sorted.sections.entry(name.clone()).or_default();
            if let Some(other) = section.rest.replace(index) {
                let message = format!("the section {name} has another file, `{}`", tree.source(other));
                return Err(ReadPackageError::not_a_package(message).in_part(&tree.source(index)));
            }
        }
        Belongs::Formula(_) | Belongs::Elsewhere => {}
    }
    Ok(())
}

/// The section that a file of `other/` holds is the one it names, whatever the file is called.
fn section_of(tree: &Tree<'_>, index: usize, limits: &Limits) -> Result<String, ReadPackageError> {
    let mut doc = Doc::default();
    let id = yaml_in::one(&mut doc, &tree.source(index), tree.files[index].1, &Arrangements::new(), limits)?;
    Ok(doc.name(id).to_owned())
}

/// Files that may have a twin for managed packages beside them.
const TWINS: &[&str] = &["systemform", "appmodule", "appmodulesitemap", "sitemap"];

/// Returns the path of the plain file, where this is the one for managed packages; both without ending.
pub(crate) fn plain_twin(base: &str) -> Option<&str> {
    let plain = base.strip_suffix("_managed")?;
    TWINS.iter().any(|name| path::file_name(plain).eq_ignore_ascii_case(name)).then_some(plain)
}

/// Returns what orders call the file of an item.
pub(crate) fn item_name(file: &str) -> &str {
    let base = base(file);
    plain_twin(base).unwrap_or(base)
}

/// Returns a path without the ending of a file of elements.
pub(crate) fn base(file: &str) -> &str {
    stem_of(file).or_else(|| file.strip_suffix(".xml")).unwrap_or(file)
}

fn belongs(file: &str) -> Belongs {
    let lower = file.to_lowercase();
    let steps: Vec<&str> = lower.split('/').collect();
    let spelled: Vec<&str> = file.split('/').collect();
    let is_yaml = stem_of(&lower).is_some();
    let is_file = is_yaml || lower.ends_with(".xml");
    match steps.as_slice() {
        ["entities", table, file] if is_yaml && base(file) == "entity" => Belongs::Table((*table).to_owned()),
        ["entities", table, "formulas", _] => Belongs::Formula((*table).to_owned()),
        ["entities", table, folder, rest @ ..] if is_file && !rest.is_empty() => match table::part_of(folder) {
            Some(part) if is_yaml || matches!(part.folder, "formxml" | "ribbondiffs") => {
                let group =
                    if part.folder == "formxml" && rest.len() > 1 { form_kind(spelled[3]) } else { String::new() };
                Belongs::Part((*table).to_owned(), part, group)
            }
            Some(_) | None => Belongs::Elsewhere,
        },
        ["other", _] if is_yaml => Belongs::Rest,
        _ => item(&lower, is_yaml).map_or(Belongs::Elsewhere, Belongs::Item),
    }
}

fn form_kind(folder: &str) -> String {
    let name = path::decode(folder);
    let known = FORM_KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(&name));
    known.map_or(name.clone(), |kind| (*kind).to_owned())
}

fn item(lower: &str, is_yaml: bool) -> Option<&'static kinds::Kind> {
    let below = |folder: &str| lower.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    let is_flow = |kind: &kinds::Kind| kind.layout == Layout::Beside;
    KINDS.iter().find(|kind| {
        let Some(rest) = below(kind.folder).or_else(|| below(kinds::FLOWS).filter(|_| is_flow(kind))) else {
            return false;
        };
        let (stem, steps) = (base(rest), rest.split('/').count());
        let may_be_xml = lower.ends_with(".xml") && MAYBE_XML.contains(&kind.folder);
        if !is_yaml && !may_be_xml {
            return false;
        }
        match kind.layout {
            Layout::Folder => match kind.section {
                "WebResources" => steps == 2 && stem.ends_with("/webresource"),
                "CustomControls" => steps == 2 && stem.ends_with("/customcontrol"),
                _ => steps >= 1,
            },
            Layout::Beside | Layout::Report => stem.ends_with(".data"),
            Layout::Flat(end) => stem.ends_with(end),
            Layout::Single | Layout::Assembly => true,
            Layout::Table => false,
        }
    })
}
