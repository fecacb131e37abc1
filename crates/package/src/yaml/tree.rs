//! The files of a tree: where its root is, which solutions it holds, and what each of them takes from the folders
//! that all share.

use std::collections::{BTreeMap, BTreeSet};

use super::doc::{Doc, Id};
use super::yaml_in::{self, Arrangements};
use super::{kinds, path};
use crate::{Limits, ReadPackageError, container};

/// Files of a tree by path, below the tree's root.
pub(crate) struct Tree<'t> {
    /// What stands before the tree's paths in the folder that was read.
    pub(crate) prefix: String,
    /// Path as it is spelled, and content; in path order.
    pub(crate) files: Vec<(&'t str, &'t [u8])>,
    by_path: BTreeMap<String, usize>,
    /// Folders below `solutions/`, as they are spelled.
    pub(crate) solutions: Vec<String>,
}

/// What a folder's files look like to somebody who looks for the YAML layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// A tree whose root is the folder, or `src/` in it, with these solutions.
    Yaml {
        prefix: String,
        solutions: Vec<String>,
    },
    /// Manifests of the layout lie where nobody looks for them; the message says where they belong.
    Misplaced(String),
    No,
}

/// Looks for the YAML layout in a folder (yaml-layout §1).
pub fn detect<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Detected {
    for prefix in ["", "src/"] {
        let mut solutions: Vec<String> = paths.clone().filter_map(|path| solution_of(path, prefix)).collect();
        solutions.sort();
        solutions.dedup();
        if !solutions.is_empty() {
            return Detected::Yaml { prefix: prefix.to_owned(), solutions };
        }
    }
    let is_root_manifest = |path: &&str| {
        let lower = path.to_lowercase();
        matches!(lower.as_str(), "solution.yml" | "rootcomponents.yml" | "solution.yaml" | "rootcomponents.yaml")
    };
    if let Some(found) = paths.clone().find(is_root_manifest) {
        return Detected::Misplaced(format!(
            "`{found}` lies at the root of the folder; the YAML layout has it in solutions/<UniqueName>/"
        ));
    }
    let below = paths.clone().find_map(|path| {
        let lower = path.to_lowercase();
        let at = lower.find("/solutions/").filter(|_| lower.ends_with("/solution.yml"))?;
        path.get(..at).map(str::to_owned)
    });
    match below {
        Some(folder) => Detected::Misplaced(format!("a tree in the YAML layout lies one level down, in `{folder}`")),
        None => Detected::No,
    }
}

fn solution_of(path: &str, prefix: &str) -> Option<String> {
    let below = path
        .get(prefix.len()..)
        .filter(|_| path.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix)))?;
    match below.split('/').collect::<Vec<_>>().as_slice() {
        [top, name, file] if top.eq_ignore_ascii_case("solutions") && is_yaml(file, "solution") => {
            Some((*name).to_owned())
        }
        _ => None,
    }
}

fn is_yaml(file: &str, stem: &str) -> bool {
    stem_of(file).is_some_and(|found| found.eq_ignore_ascii_case(stem))
}

/// Returns a path without the ending of a YAML file, and `None` for other files.
pub(crate) fn stem_of(path: &str) -> Option<&str> {
    let (stem, end) = path.rsplit_once('.')?;
    (end.eq_ignore_ascii_case("yml") || end.eq_ignore_ascii_case("yaml")).then_some(stem)
}

impl<'t> Tree<'t> {
    /// Finds the root and checks every path (D13).
    pub(crate) fn new<P, B>(given: &'t [(P, B)], limits: &Limits) -> Result<Self, ReadPackageError>
    where
        P: AsRef<str>,
        B: AsRef<[u8]>,
    {
        let paths = given.iter().map(|(path, _)| path.as_ref());
        let (prefix, solutions) = match detect(paths) {
            Detected::Yaml { prefix, solutions } => (prefix, solutions),
            Detected::Misplaced(message) => return Err(ReadPackageError::not_a_package(message)),
            Detected::No => {
                let message =
                    "the folder holds no solution in the YAML layout: solutions/<UniqueName>/solution.yml is expected";
                return Err(ReadPackageError::not_a_package(message));
            }
        };
        let mut files = Vec::with_capacity(given.len());
        for (path, bytes) in given {
            let path = path.as_ref();
            container::part_name(path, limits)?;
            if path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&prefix)) {
                files.push((&path[prefix.len()..], bytes.as_ref()));
            }
        }
        files.sort();
        let by_path =
            files.iter().enumerate().map(|(index, (path, _))| (path.to_lowercase(), index)).collect::<BTreeMap<_, _>>();
        if by_path.len() < files.len() {
            let twice = files.iter().enumerate().find(|(index, (path, _))| by_path[&path.to_lowercase()] != *index);
            let message = "another file has this path but for its case";
            let path = twice.map_or("", |(_, (path, _))| path);
            return Err(ReadPackageError::not_a_package(message).in_part(path));
        }
        Ok(Self { prefix, files, by_path, solutions })
    }

    /// Returns how messages call a file.
    pub(crate) fn source(&self, index: usize) -> String {
        format!("{}{}", self.prefix, self.files[index].0)
    }

    /// Finds a file, without regard to case.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(&path.to_lowercase()).copied()
    }

    /// Finds a file with either ending.
    pub(crate) fn find_yaml(&self, stem: &str) -> Option<usize> {
        ["yml", "yaml"].iter().find_map(|end| self.find(&format!("{stem}.{end}")))
    }

    /// Returns the files below a folder.
    pub(crate) fn below<'s>(&'s self, folder: &str) -> impl Iterator<Item = usize> + use<'s, 't> {
        let start = format!("{}/", folder.to_lowercase());
        let from = self.by_path.range(start.clone()..);
        from.take_while(move |(path, _)| path.starts_with(&start)).map(|(_, index)| *index)
    }

    /// Chooses a solution: the one that is named, or the only one.
    pub(crate) fn choose(&self, named: Option<&str>) -> Result<String, ReadPackageError> {
        let all = || self.solutions.join(", ");
        match (named, self.solutions.as_slice()) {
            (None, [one]) => Ok(one.clone()),
            (None, _) => Err(ReadPackageError::not_a_package(format!("the folder holds several solutions: {}", all()))
                .hint("name one with --solution-name")),
            (Some(name), solutions) => {
                let wanted = path::encode(name);
                let found = solutions
                    .iter()
                    .find(|folder| folder.eq_ignore_ascii_case(name) || folder.eq_ignore_ascii_case(&wanted));
                found.cloned().ok_or_else(|| {
                    ReadPackageError::not_a_package(format!("the folder holds no solution {name}, but {}", all()))
                })
            }
        }
    }
}

/// What a solution's list takes.
pub(crate) struct Selection {
    /// Paths, lower-case, without a leading `/`, and the lines they stand on.
    entries: BTreeMap<String, usize>,
    /// Folders of one kind of which only some items are listed.
    restricted: BTreeSet<String>,
    /// There is no list, so everything is taken.
    is_everything: bool,
    /// Path of the list.
    file: String,
}

impl Selection {
    /// Reads the list of a solution.
    pub(crate) fn read(tree: &Tree<'_>, solution: &str, limits: &Limits) -> Result<Self, ReadPackageError> {
        let Some(index) = tree.find_yaml(&format!("solutions/{solution}/solutioncomponents")) else {
            if tree.solutions.len() > 1 {
                let message = "solutioncomponents.yml is missing, and the folder holds several solutions";
                return Err(ReadPackageError::not_a_package(message).in_part(&format!("solutions/{solution}")));
            }
            let (entries, restricted) = (BTreeMap::new(), BTreeSet::new());
            return Ok(Self { entries, restricted, is_everything: true, file: String::new() });
        };
        Self::of(tree.source(index), tree.files[index].1, limits)
    }

    /// Reads a list.
    pub(crate) fn of(file: String, bytes: &[u8], limits: &Limits) -> Result<Self, ReadPackageError> {
        let mut doc = Doc::default();
        let roots = yaml_in::read(&mut doc, &file, bytes, &Arrangements::new(), limits)?;
        let mut entries = BTreeMap::new();
        for root in roots {
            collect(&doc, root, &file, limits, &mut entries)?;
        }
        let kinds = entries.keys().map(|entry| (entry, kind_prefix(entry)));
        let restricted =
            kinds.filter(|(entry, kind)| entry.len() > kind.len()).map(|(_, kind)| kind.to_owned()).collect();
        Ok(Self { entries, restricted, is_everything: false, file })
    }

    /// Tells whether the solution takes a file of the shared folders.
    pub(crate) fn takes(&self, file: &str) -> bool {
        if self.is_everything {
            return true;
        }
        let lower = file.to_lowercase();
        let kind = kind_prefix(&lower);
        let mut at = lower.as_str();
        loop {
            if self.entries.contains_key(at) {
                return at.len() > kind.len() || !self.restricted.contains(kind);
            }
            match at.rsplit_once('/') {
                Some((outer, _)) => at = outer,
                None => return false,
            }
        }
    }

    /// Tells whether an entry is listed as it is, in lower case.
    pub(crate) fn lists(&self, entry: &str) -> bool {
        self.entries.contains_key(entry)
    }

    /// Returns the entries that no file of the tree answers to, with their lines.
    pub(crate) fn absent(&self, tree: &Tree<'_>) -> Vec<(String, usize)> {
        let is_there = |entry: &str| tree.find(entry).is_some() || tree.below(entry).next().is_some();
        self.entries.iter().filter(|(entry, _)| !is_there(entry)).map(|(entry, line)| (entry.clone(), *line)).collect()
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }
}

/// The folder whose items are told apart by the entries below it: a kind of parts of one table, or a kind.
fn kind_prefix(path: &str) -> &str {
    let depth = |steps: usize| {
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.nth(steps - 1).map_or(path, |end| &path[..end])
    };
    let steps = path.matches('/').count() + 1;
    match path.split('/').next() {
        Some("entities")
            if steps >= 3 && super::table::part_of(path.split('/').nth(2).unwrap_or_default()).is_some() =>
        {
            depth(3)
        }
        Some("templates") if steps >= 2 => depth(2),
        _ => depth(1),
    }
}

/// Collects `@path`, `Path` and bare entries of a list in any of its shapes.
fn collect(
    doc: &Doc<'_>,
    id: Id,
    file: &str,
    limits: &Limits,
    entries: &mut BTreeMap<String, usize>,
) -> Result<(), ReadPackageError> {
    let attributes = doc.attributes(id).iter().filter(|(name, _)| name.eq_ignore_ascii_case("path"));
    let mut paths: Vec<String> = attributes.map(|(_, path)| path.to_string()).collect();
    let is_leaf = !doc.children(id).any(|child| doc.is_element(child));
    if is_leaf && paths.is_empty() {
        let text = doc.text(id);
        paths.extend((!text.trim().is_empty()).then_some(text));
    }
    for path in paths {
        let entry = path.trim().replace('\\', "/");
        let entry = entry.trim_start_matches("./").trim_matches('/');
        container::part_name(entry, limits)
            .map_err(|error| ReadPackageError { part: None, ..error }.in_part(file).at_line(doc.at(id).max(1), 1))?;
        entries.insert(entry.to_lowercase(), doc.at(id));
    }
    for child in doc.children(id).filter(|child| doc.is_element(*child)) {
        collect(doc, child, file, limits, entries)?;
    }
    Ok(())
}

/// Tells whether a folder of the tree's root has a meaning of its own, in lower case.
pub(crate) fn is_own_folder(top: &str) -> bool {
    let own = ["solutions", "publishers", "entities", "other", kinds::FLOWS];
    own.contains(&top) || kinds::KINDS.iter().any(|kind| kind.folder.split('/').next() == Some(top))
}
