//! Files of components, and those of none: which is which on the other side, and what differs in them.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::package::{Container, Package, Part};

use super::{ChangeKind, FileChange, PropertyChange, text, words};

/// A file on either side, as places among the parts.
pub(crate) type FilePair = (Option<usize>, Option<usize>);

/// Pairs the files of one component: by path, then what is left by folder and extension, since names of files follow
/// the names of their components.
pub(crate) fn pair(before: &Package, old: &[usize], after: &Package, new: &[usize]) -> Vec<FilePair> {
    let path = |package: &Package, part: usize| package.parts[part].path.to_lowercase();
    let mut left: Vec<usize> = old.to_vec();
    let mut pairs: Vec<FilePair> = new.iter().map(|part| (None, Some(*part))).collect();
    let by_path = |from: &str, to: &str| from == to;
    let by_place = |from: &str, to: &str| place(from) == place(to);
    for is_it in [&by_path as &dyn Fn(&str, &str) -> bool, &by_place] {
        for (partner, part) in pairs.iter_mut().filter(|(partner, _)| partner.is_none()) {
            let Some(to) = part.map(|part| path(after, part)) else { continue };
            let found = left.iter().position(|from| is_it(&path(before, *from), &to));
            *partner = found.map(|at| left.remove(at));
        }
    }
    pairs.extend(left.into_iter().map(|part| (Some(part), None)));
    pairs
}

/// The folder and the extension of a file.
fn place(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    // A folder that is named after its component moves with it too.
    let top = folder.split('/').next().unwrap_or(folder);
    (top, name.rsplit_once('.').map_or("", |(_, extension)| extension))
}

/// Tells whether a value is the path of a file that moved with its component.
pub(super) fn is_moved(change: &PropertyChange, files: &[FilePair], before: &Package, after: &Package) -> bool {
    let (Some(old), Some(new)) = (&change.before, &change.after) else { return false };
    let names = |package: &Package, part: usize, value: &str| is_path(&package.parts[part].path, value);
    files.iter().any(|(from, to)| match (from, to) {
        (Some(from), Some(to)) => names(before, *from, old) && names(after, *to, new),
        (None, _) | (_, None) => false,
    })
}

/// Tells whether a value is the path of a file.
fn is_path(path: &str, value: &str) -> bool {
    value.trim().trim_start_matches('/').replace('\\', "/").eq_ignore_ascii_case(path)
}

/// Compares the files of a component.
pub(super) fn compare(before: &Package, after: &Package, files: &[FilePair]) -> Vec<PropertyChange> {
    let single = files.len() == 1;
    let mut changes = Vec::new();
    for (from, to) in files {
        let (from, to) = (from.map(|part| &before.parts[part]), to.map(|part| &after.parts[part]));
        let Some(named) = to.or(from) else { continue };
        let path = if single { "file".to_owned() } else { format!("file[{}]", named.path) };
        changes.extend(parts(&path, from, to));
    }
    changes
}

fn parts(path: &str, before: Option<&Part>, after: Option<&Part>) -> Vec<PropertyChange> {
    let digest = |part: Option<&Part>| part.map(|part| part.digest.to_string());
    let mut whole = PropertyChange::new(path.to_owned(), digest(before).as_deref(), digest(after).as_deref());
    let named = after.or(before).map_or("", |part| part.path.as_str());
    whole.place = format!("file {named}");
    let (Some(before), Some(after)) = (before, after) else {
        whole.note = before.or(after).map(|part| format!("{} bytes", part.bytes.len()));
        return vec![whole];
    };
    if before.bytes == after.bytes {
        return Vec::new();
    }
    let (Some(old), Some(new)) = (readable(&before.bytes), readable(&after.bytes)) else {
        whole.note = Some(format!("binary, {} → {} bytes", before.bytes.len(), after.bytes.len()));
        return vec![whole];
    };
    if text::document(old).is_some() && text::document(new).is_some() {
        let changes = text::compare(path, Some(old), Some(new));
        if changes.iter().all(|change| change.path != path) {
            return changes.into_iter().map(|change| placed(change, path)).collect();
        }
        whole.note = Some("only the layout differs".to_owned());
        return vec![whole];
    }
    whole.lines = Some(text::lines(old, new));
    vec![whole]
}

fn placed(mut change: PropertyChange, path: &str) -> PropertyChange {
    let said = |text: &str| text.strip_prefix(path)?.strip_prefix('#').map(words::of_pointer);
    if let Some(place) = said(&change.path) {
        change.place = place;
    }
    if let Some(whole) = &mut change.whole {
        whole.place = said(&whole.path).unwrap_or_else(|| whole.path.clone());
    }
    change
}

/// Returns the text that a file is.
pub(super) fn readable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// Compares the files that belong to no component.
pub(super) fn strays(before: &Package, after: &Package) -> Vec<FileChange> {
    let (old, new) = (of_none(before), of_none(after));
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for path in paths {
        let (from, to) = (old.get(path).copied(), new.get(path).copied());
        let properties = parts("file", from, to);
        let kind = match (from, to) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            (Some(_), Some(_)) if properties.is_empty() => continue,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        let named = to.or(from).map_or_else(|| path.clone(), |part| part.path.clone());
        let properties = if kind == ChangeKind::Changed { properties } else { Vec::new() };
        changes.push(FileChange { kind, path: named, properties });
    }
    changes
}

/// Returns the files of a package that belong to no component and say something, by folded path.
pub(crate) fn of_none(package: &Package) -> BTreeMap<String, &Part> {
    let parts = package.residue.files.iter().map(|part| &package.parts[*part]);
    let says_something = |part: &&Part| {
        let path = part.path.to_lowercase();
        let is_made = path == "[content_types].xml" || path.ends_with("#skeleton") || path.ends_with('/');
        // Empty ribbons, and the list of relationships, which is only their order in a tree.
        let is_layout = package.container == Container::Folder
            && (path.starts_with("other/") || path.starts_with("entities/") || path.ends_with(".data.xml"));
        !is_made && !is_layout
    };
    parts.filter(says_something).map(|part| (part.path.to_lowercase(), part)).collect()
}
