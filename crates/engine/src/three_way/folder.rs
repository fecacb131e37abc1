//! The files of three trees become those of one: each merged as what it is, conflicts marked where they stand.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::id::Guid;

use super::document::merge_documents;
use super::{Conflict, Prefer, mark, text};

/// Paths below a tree and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The merged tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergedFolder {
    pub files: Files,
    /// Paths of the files in which conflicts are marked, in order.
    pub marked: Vec<String>,
    /// Each with the path of its file before its own, in path order.
    pub conflicts: Vec<Conflict>,
}

/// Merges the files of three trees; without a preferred side conflicts are marked in texts.
pub fn merge_folders(base: &Files, ours: &Files, theirs: &Files, prefer: Option<Prefer>) -> MergedFolder {
    let (of_ours, of_theirs) = (moves(base, ours), moves(base, theirs));
    let mut merged = MergedFolder::default();
    let mut done: BTreeSet<&String> = BTreeSet::new();
    for (path, content) in base {
        let (ours_path, theirs_path) = (moved(path, &of_ours), moved(path, &of_theirs));
        done.extend([ours_path, theirs_path]);
        // A file that one side moved is there; of two moves the preferred one counts.
        let named = match (ours_path == path, theirs_path == path) {
            (true, _) => theirs_path,
            (false, true) => ours_path,
            (false, false) => prefer.unwrap_or(Prefer::Ours).pick(ours_path, theirs_path),
        };
        merged.add(named, Some(content), ours.get(ours_path), theirs.get(theirs_path), prefer);
    }
    for path in ours.keys().chain(theirs.keys()).filter(|path| !base.contains_key(*path)) {
        if done.insert(path) {
            merged.add(path, None, ours.get(path), theirs.get(path), prefer);
        }
    }
    merged.marked.sort();
    merged.conflicts.sort_by(|left, right| left.path.cmp(&right.path));
    merged
}

/// Where the files that are gone from their place are now: files named after a component keep its id and their kind.
fn moves<'f>(base: &'f Files, side: &'f Files) -> BTreeMap<&'f String, &'f String> {
    let new: BTreeMap<_, _> =
        side.keys().filter(|path| !base.contains_key(*path)).filter_map(|path| Some((identity(path)?, path))).collect();
    let gone = base.keys().filter(|path| !side.contains_key(*path));
    gone.filter_map(|path| Some((path, *new.get(&identity(path)?)?))).collect()
}

fn moved<'f>(path: &'f String, moves: &BTreeMap<&'f String, &'f String>) -> &'f String {
    moves.get(path).copied().unwrap_or(path)
}

/// The folder, the id in the name, and what follows it.
fn identity(path: &str) -> Option<(&str, Guid, &str)> {
    const LENGTH: usize = 36;
    let (folder, name) = path.rsplit_once('/')?;
    let mut ids = (0..name.len()).filter_map(|at| Some((at, Guid::parse(name.get(at..at + LENGTH)?)?)));
    let (at, id) = ids.next_back()?;
    Some((folder, id, &name[at + LENGTH..]))
}

impl MergedFolder {
    fn add(
        &mut self,
        path: &str,
        base: Option<&Vec<u8>>,
        ours: Option<&Vec<u8>>,
        theirs: Option<&Vec<u8>>,
        prefer: Option<Prefer>,
    ) {
        let (Some(of_ours), Some(of_theirs)) = (ours, theirs) else {
            let Some(kept) = ours.or(theirs) else { return };
            if base.is_none_or(|base| base != kept) {
                self.files.insert(path.to_owned(), kept.clone());
            }
            if base.is_some_and(|base| base != kept) {
                let bytes = |side: Option<&Vec<u8>>| side.map(Vec::as_slice).map(<[u8]>::to_vec);
                let (base, ours, theirs) = (bytes(base), bytes(ours), bytes(theirs));
                self.conflicts.push(text::conflict(path, base.as_deref(), ours.as_deref(), theirs.as_deref()));
            }
            return;
        };
        let of_base = base.map_or(&[][..], Vec::as_slice);
        let result = merge_documents(of_base, of_ours, of_theirs, prefer.unwrap_or(Prefer::Ours));
        let mut bytes = result.bytes;
        if !result.conflicts.is_empty() && prefer.is_none() {
            let other = merge_documents(of_base, of_ours, of_theirs, Prefer::Theirs);
            if let Some(marked) = mark::marked(&bytes, &other.bytes) {
                bytes = marked;
                self.marked.push(path.to_owned());
            }
        }
        self.files.insert(path.to_owned(), bytes);
        self.conflicts.extend(result.conflicts.into_iter().map(|conflict| {
            let joint = if conflict.path.is_empty() || conflict.path.starts_with([':', '#']) { "" } else { ": " };
            Conflict { path: format!("{path}{joint}{}", conflict.path), ..conflict }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&str, &str)]) -> Files {
        all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn files_come_go_and_are_merged() {
        let base = files(&[("a.xml", "<a x='1' />"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
        let ours = files(&[("a.xml", "<a x='2' />"), ("c.txt", "c\n"), ("new.txt", "n\n")]);
        let theirs = files(&[("a.xml", "<a x='1' y='1' />"), ("b.txt", "b\n"), ("c.txt", "C\n")]);
        let merged = merge_folders(&base, &ours, &theirs, None);
        assert_eq!(merged.conflicts, []);
        let wanted = files(&[("a.xml", "<a x=\"2\" y=\"1\" />"), ("c.txt", "C\n"), ("new.txt", "n\n")]);
        assert_eq!(merged.files, wanted);
        assert_eq!(merge_folders(&base, &theirs, &base, None).files, theirs);
        assert_eq!(merge_folders(&base, &base, &theirs, None).files, theirs);
        assert_eq!(merge_folders(&base, &theirs, &theirs, None).files, theirs);
    }

    #[test]
    fn a_file_that_moves_with_its_component_is_merged_where_it_went() {
        let id = "11111111-0000-4000-8000-00000000000A";
        let (old, new) = (format!("Workflows/Post-{id}.json"), format!("Workflows/PostAll-{id}.json"));
        let base = files(&[(&old, "{\n \"a\": 1,\n \"b\": 1\n}\n")]);
        let ours = files(&[(&new, "{\n \"a\": 2,\n \"b\": 1\n}\n")]);
        let theirs = files(&[(&old, "{\n \"a\": 1,\n \"b\": 2\n}\n")]);
        let merged = merge_folders(&base, &ours, &theirs, None);
        assert_eq!((merged.files, merged.conflicts.len()), (files(&[(&new, "{\n \"a\": 2,\n \"b\": 2\n}\n")]), 0));
    }

    #[test]
    fn conflicts_are_marked_or_settled_and_nothing_is_lost() {
        let base = files(&[("a.txt", "1\n"), ("b.txt", "1\n")]);
        let ours = files(&[("a.txt", "2\n")]);
        let theirs = files(&[("a.txt", "3\n"), ("b.txt", "2\n")]);
        let merged = merge_folders(&base, &ours, &theirs, None);
        assert_eq!(merged.marked, ["a.txt"]);
        let paths: Vec<_> = merged.conflicts.iter().map(|conflict| conflict.path.as_str()).collect();
        assert_eq!(paths, ["a.txt:1", "b.txt"]);
        assert_eq!(merged.files["a.txt"], b"<<<<<<< ours\n2\n=======\n3\n>>>>>>> theirs\n");
        assert_eq!(merged.files["b.txt"], b"2\n");
        let settled = merge_folders(&base, &ours, &theirs, Some(Prefer::Theirs));
        assert_eq!((settled.files["a.txt"].as_slice(), settled.marked.len()), (&b"3\n"[..], 0));
    }
}
