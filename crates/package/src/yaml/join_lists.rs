//! Lists of solutions that share tables: an entry for a whole table must not take what another solution adds to it.

use std::collections::BTreeSet;

use super::tree::{Selection, Tree};
use crate::{Limits, ReadPackageError};

/// A list as it is written, and what it takes.
struct List {
    path: String,
    text: String,
    selection: Selection,
}

/// Makes lists exact where a table is shared: the new one against what is in the tree, the others against what comes.
pub(super) fn settle(
    tree: &Tree<'_>,
    others: &[(String, Selection)],
    name: &str,
    files: &mut Vec<(String, Vec<u8>)>,
    limits: &Limits,
) -> Result<(), ReadPackageError> {
    let own_path = format!("solutions/{}/solutioncomponents.yml", super::path::encode(name));
    let own: BTreeSet<String> = files.iter().map(|(path, _)| path.to_lowercase()).collect();
    let foreign: Vec<&str> =
        tree.files.iter().map(|(path, _)| *path).filter(|path| !own.contains(&path.to_lowercase())).collect();
    if let Some((path, bytes)) = files.iter_mut().find(|(path, _)| *path == own_path) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let selection = Selection::of(path.clone(), bytes, limits)?;
        let mut list = List { path: path.clone(), text, selection };
        // What the solution has of a table is listed piece by piece already.
        list.narrow(foreign.iter().copied(), &[]);
        *bytes = list.text.into_bytes();
    }
    let new: Vec<String> =
        files.iter().map(|(path, _)| path.clone()).filter(|path| tree.find(path).is_none()).collect();
    for (other, _) in others {
        let Some(index) = tree.find_yaml(&format!("solutions/{other}/solutioncomponents")) else { continue };
        let (path, bytes) = tree.files[index];
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let selection = Selection::of(path.to_owned(), bytes, limits)?;
        let mut list = List { path: path.to_owned(), text: text.to_owned(), selection };
        let present: Vec<&str> = tree.files.iter().map(|(path, _)| *path).collect();
        list.narrow(new.iter().map(String::as_str), &present);
        if list.text != text {
            files.push((list.path, list.text.into_bytes()));
        }
    }
    Ok(())
}

impl List {
    /// Replaces entries for whole tables that would take one of some files: by the table's own file, and by those of
    /// the present files that the entry has taken so far.
    fn narrow<'f>(&mut self, strangers: impl Iterator<Item = &'f str>, present: &[&str]) {
        let mut tables: BTreeSet<String> = BTreeSet::new();
        for file in strangers.filter(|file| self.selection.takes(file)) {
            let lower = file.to_lowercase();
            let table = lower.strip_prefix("entities/").and_then(|rest| rest.split_once('/')).map(|(table, _)| table);
            tables.extend(table.filter(|table| self.selection.lists(&format!("entities/{table}"))).map(str::to_owned));
        }
        for table in tables {
            let folder = format!("entities/{table}/");
            let is_taken = |file: &&&str| {
                let lower = file.to_lowercase();
                let is_own = lower.starts_with(&folder) && !lower.ends_with("/entity.yml");
                is_own && self.selection.takes(file) && !self.is_listed_below(&lower, &table)
            };
            let taken: Vec<String> = present.iter().filter(is_taken).map(|file| (*file).to_owned()).collect();
            self.replace(&table, &taken);
        }
    }

    /// Tells whether a file is taken by an entry below its table.
    fn is_listed_below(&self, file: &str, table: &str) -> bool {
        let mut at = file;
        while let Some((outer, _)) = at.rsplit_once('/') {
            if self.selection.lists(at) {
                return at.len() > "entities/".len() + table.len();
            }
            at = outer;
        }
        false
    }

    /// Writes the entry of a table anew, one line for each path.
    fn replace(&mut self, table: &str, more: &[String]) {
        let entry = format!("entities/{table}");
        let mut text = String::with_capacity(self.text.len() + 64);
        for line in self.text.split_inclusive('\n') {
            let lower = line.to_ascii_lowercase();
            let end = lower.trim_end().trim_end_matches(['\'', '"', '/']).len();
            let start = end.checked_sub(entry.len()).filter(|start| lower.get(*start..end) == Some(&entry));
            let begins = |start: &usize| lower[..*start].ends_with(['/', ' ', '\'', '"', '\\']);
            match start.filter(begins) {
                Some(start) => {
                    let (before, after) = (&line[..start], line[end..].trim_start_matches('/'));
                    let paths = std::iter::once(format!("{entry}/entity.yml")).chain(more.iter().cloned());
                    text.extend(paths.map(|path| format!("{before}{path}{after}")));
                }
                None => text.push_str(line),
            }
        }
        self.text = text;
    }
}
