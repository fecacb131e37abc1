//! A solution unpacked into a tree that others share: who owns which file, and what stands against writing it.
//!
//! All solutions of a tree share the component folders and one file per component. A file that another solution takes
//! is only written over when both say the same, or when the caller decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::doc::{Doc, Id, Kind};
use super::join_lists;
use super::tree::{Detected, Selection, Tree, detect, stem_of};
use super::yaml_in::{self, Arrangements};
use crate::{Limits, ReadPackageError};

/// Whose file stays where two solutions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    New,
    Old,
}

/// Path in a file, the value there, the new one.
pub type Difference = (String, Option<String>, Option<String>);

/// A file that another solution takes and that says something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub path: String,
    /// The other solutions.
    pub solutions: Vec<String>,
    pub differing: Vec<Difference>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, which {} takes too, differs", self.path, self.solutions.join(" and "))?;
        let shown =
            |value: &Option<String>| value.as_ref().map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
        for (path, old, new) in self.differing.iter().take(3) {
            write!(f, "; {path}: {} → {}", shown(old), shown(new))?;
        }
        match self.differing.len().checked_sub(3) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "; and {more} more"),
        }
    }
}

/// What is to be written into a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    /// In path order.
    pub files: Vec<(String, Vec<u8>)>,
    /// Files of the solution's earlier state that no solution takes any more.
    pub stale: Vec<String>,
    /// What must be decided before anything is written.
    pub conflicts: Vec<Conflict>,
}

/// Fits the files of an unpacked solution into what a folder holds already.
pub fn join<P, B>(
    existing: &[(P, B)],
    new: Vec<(String, Vec<u8>)>,
    take: Option<Take>,
    limits: &Limits,
) -> Result<Joined, ReadPackageError>
where
    P: AsRef<str>,
    B: AsRef<[u8]>,
{
    if !matches!(detect(existing.iter().map(|(path, _)| path.as_ref())), Detected::Yaml { prefix, .. } if prefix.is_empty())
    {
        return Ok(Joined { files: new, ..Joined::default() });
    }
    let tree = Tree::new(existing, limits)?;
    let name = new.iter().find_map(|(path, _)| path.strip_prefix("solutions/")?.strip_suffix("/solution.yml"));
    let name = name.unwrap_or_default().to_owned();
    let mut others = Vec::new();
    for other in tree.solutions.iter().filter(|other| !other.eq_ignore_ascii_case(&name)) {
        others.push((other.clone(), Selection::read(&tree, other, limits)?));
    }
    let earlier = match tree.solutions.iter().find(|other| other.eq_ignore_ascii_case(&name)) {
        Some(own) => Some(Selection::read(&tree, own, limits)?),
        None => None,
    };
    let mut join = Join { tree: &tree, others: &others, take, limits, name: &name, joined: Joined::default() };
    let mut renamed = BTreeMap::new();
    for (path, bytes) in new {
        join.file(path, bytes, &mut renamed)?;
    }
    join.rename(&renamed);
    join_lists::settle(&tree, &others, &name, &mut join.joined.files, limits)?;
    join.find_stale(earlier.as_ref());
    join.joined.files.sort();
    Ok(join.joined)
}

struct Join<'j, 't> {
    tree: &'j Tree<'t>,
    others: &'j [(String, Selection)],
    take: Option<Take>,
    limits: &'j Limits,
    name: &'j str,
    joined: Joined,
}

impl Join<'_, '_> {
    fn file(
        &mut self,
        path: String,
        bytes: Vec<u8>,
        renamed: &mut BTreeMap<String, String>,
    ) -> Result<(), ReadPackageError> {
        let owners = self.owners(&path);
        let Some(index) = self.tree.find(&path).filter(|_| !owners.is_empty()) else {
            self.joined.files.push((path, bytes));
            return Ok(());
        };
        let old = self.tree.files[index].1;
        let differing = self.differences(&path, old, &bytes)?;
        if differing.is_empty() {
            // Said in another way, it stays as it is.
            self.joined.files.push((path, old.to_vec()));
        } else if let Some(own) = self.own_section(&path) {
            // Sections hold items of many solutions; each solution has its own file of them.
            renamed.insert(path, own.clone());
            self.joined.files.push((own, bytes));
        } else if path.ends_with("/entity.yml") && is_shell(&differing) {
            let fuller = if differing.iter().all(|(_, old, _)| old.is_none()) { bytes } else { old.to_vec() };
            self.joined.files.push((path, fuller));
        } else {
            match self.take {
                Some(Take::New) => self.joined.files.push((path, bytes)),
                Some(Take::Old) => self.joined.files.push((path, old.to_vec())),
                None => self.joined.conflicts.push(Conflict { path, solutions: owners, differing }),
            }
        }
        Ok(())
    }

    /// The other solutions that take a file.
    fn owners(&self, path: &str) -> Vec<String> {
        if path.starts_with("solutions/") {
            return Vec::new();
        }
        let takes = |other: &&(String, Selection)| other.1.takes(path);
        self.others.iter().filter(takes).map(|(name, _)| name.clone()).collect()
    }

    fn own_section(&self, path: &str) -> Option<String> {
        let stem = path.strip_prefix("other/")?.strip_suffix(".yml")?;
        Some(format!("other/{stem}~{}.yml", super::path::encode(self.name)))
    }

    /// Compares what two files say; bytes where they are no YAML of this layout.
    fn differences(&self, path: &str, old: &[u8], new: &[u8]) -> Result<Vec<Difference>, ReadPackageError> {
        if old == new {
            return Ok(Vec::new());
        }
        if stem_of(path).is_none() {
            return Ok(vec![("bytes".to_owned(), Some(old.len().to_string()), Some(new.len().to_string()))]);
        }
        let (old, new) = (leaves(path, old, self.limits)?, leaves(path, new, self.limits)?);
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let differs = |path: &&&String| old.get(**path) != new.get(**path);
        let both = |path: &String| (path.clone(), old.get(path).cloned(), new.get(path).cloned());
        Ok(paths.iter().filter(differs).map(|path| both(path)).collect())
    }

    /// Lets the solution's own files know what was renamed.
    fn rename(&mut self, renamed: &BTreeMap<String, String>) {
        if renamed.is_empty() {
            return;
        }
        let folder = format!("solutions/{}/", super::path::encode(self.name));
        for (path, bytes) in &mut self.joined.files {
            let knows =
                ["solutioncomponents.yml", "packaging.yml"].iter().any(|file| *path == format!("{folder}{file}"));
            if let (true, Ok(text)) = (knows, std::str::from_utf8(bytes)) {
                let mut text = text.to_owned();
                for (from, to) in renamed {
                    text = text.replace(&format!(" /{from}\n"), &format!(" /{to}\n"));
                    text = text.replace(&format!(" {from}\n"), &format!(" {to}\n"));
                }
                *bytes = text.into_bytes();
            }
        }
    }

    fn find_stale(&mut self, earlier: Option<&Selection>) {
        let written: BTreeSet<String> = self.joined.files.iter().map(|(path, _)| path.to_lowercase()).collect();
        let own = format!("solutions/{}/", self.name.to_lowercase());
        for (file, _) in &self.tree.files {
            let lower = file.to_lowercase();
            let was_own = lower.starts_with(&own) || earlier.is_some_and(|earlier| earlier.takes(file));
            let is_conflict = self.joined.conflicts.iter().any(|conflict| conflict.path.eq_ignore_ascii_case(file));
            let is_shared = lower.contains('/') && !lower.starts_with('.');
            if was_own && is_shared && !is_conflict && !written.contains(&lower) && self.owners(file).is_empty() {
                self.joined.stale.push((*file).to_owned());
            }
        }
    }
}

/// Tells whether one of two tables says less than the other and nothing else.
fn is_shell(differing: &[Difference]) -> bool {
    let inside = differing.iter().all(|(path, ..)| path.starts_with("Entity/EntityInfo"));
    let only_new = differing.iter().all(|(_, old, _)| old.is_none());
    let only_old = differing.iter().all(|(.., new)| new.is_none());
    inside && (only_new || only_old)
}

/// Everything that a file says, by path.
fn leaves(part: &str, bytes: &[u8], limits: &Limits) -> Result<BTreeMap<String, String>, ReadPackageError> {
    let mut doc = Doc::default();
    let mut found = BTreeMap::new();
    for root in yaml_in::read(&mut doc, part, bytes, &Arrangements::new(), limits)? {
        collect(&doc, root, doc.name(root).to_owned(), &mut found);
    }
    Ok(found)
}

fn collect(doc: &Doc<'_>, id: Id, path: String, found: &mut BTreeMap<String, String>) {
    for (name, value) in doc.attributes(id) {
        found.insert(format!("{path}@{name}"), value.to_string());
    }
    if !doc.has_children(id) && doc.attributes(id).is_empty() {
        found.insert(path.clone(), String::new());
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for child in doc.children(id) {
        let count = counts.entry(doc.name(child)).or_insert(0);
        *count += 1;
        let index = if *count > 1 { format!("[{count}]") } else { String::new() };
        match doc.kind(child) {
            Kind::Element { name, .. } => collect(doc, child, format!("{path}/{name}{index}"), found),
            Kind::Text(text) | Kind::CData(text) | Kind::Comment(text) | Kind::Instruction(_, text) => {
                found.insert(format!("{path}{index}"), text.to_string());
            }
        }
    }
}
