//! Files of components and of none, from three sides.

use std::borrow::Cow;
use std::collections::BTreeSet;

use strata_model::package::{Package, PackagedComponent};

use super::{Conflict, Prefer, Three, json, text};
use crate::compare::{self, document};

type File<'p> = (Cow<'p, str>, Cow<'p, [u8]>);

/// Merges the files of a component that both sides have.
pub(super) fn of_component<'p>(
    packages: Three<&'p Package>,
    base: Option<&'p PackagedComponent>,
    ours: &'p PackagedComponent,
    theirs: &'p PackagedComponent,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Vec<File<'p>> {
    let triples = triples(packages, base, ours, theirs);
    let is_single = triples.len() == 1;
    let mut files: Vec<File<'p>> = Vec::new();
    for triple in triples {
        let part = |package: &'p Package, part: Option<usize>| part.map(|part| &package.parts[part]);
        let sides = Three {
            base: part(packages.base, triple.base),
            ours: part(packages.ours, triple.ours),
            theirs: part(packages.theirs, triple.theirs),
        };
        let path = |part: Option<&'p strata_model::package::Part>| part.map(|part| part.path.as_str());
        let (base_path, ours_path, theirs_path) = (path(sides.base), path(sides.ours), path(sides.theirs));
        // A file moves with the name of its component.
        let named = match (ours_path, theirs_path) {
            (Some(ours), Some(_)) if base_path == theirs_path => Some(ours),
            (Some(_), Some(theirs)) if base_path == ours_path => Some(theirs),
            (Some(ours), Some(theirs)) => Some(prefer.pick(ours, theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        let Some(named) = named else { continue };
        let said = if is_single { "file".to_owned() } else { format!("file[{named}]") };
        let bytes = |part: Option<&'p strata_model::package::Part>| part.map(|part| part.bytes.as_slice());
        let contents_of = Three { base: bytes(sides.base), ours: bytes(sides.ours), theirs: bytes(sides.theirs) };
        if let Some(merged) = contents(&said, contents_of, prefer, conflicts) {
            files.push((Cow::Borrowed(named), Cow::Owned(merged)));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    files
}

/// Says which file of one side is which of the others.
fn triples(
    packages: Three<&Package>,
    base: Option<&PackagedComponent>,
    ours: &PackagedComponent,
    theirs: &PackagedComponent,
) -> Vec<Three<Option<usize>>> {
    let of = |component: &PackagedComponent| component.definition.files.clone();
    let Some(base) = base else {
        let pairs = compare::pair_files(packages.ours, &of(ours), packages.theirs, &of(theirs));
        return pairs.into_iter().map(|(ours, theirs)| Three { base: None, ours, theirs }).collect();
    };
    let of_ours = compare::pair_files(packages.base, &of(base), packages.ours, &of(ours));
    let of_theirs = compare::pair_files(packages.base, &of(base), packages.theirs, &of(theirs));
    let side = |pairs: &[(Option<usize>, Option<usize>)], file: usize| {
        pairs.iter().find(|(base, _)| *base == Some(file)).and_then(|(_, side)| *side)
    };
    let mut triples: Vec<_> = base
        .definition
        .files
        .iter()
        .map(|file| Three { base: Some(*file), ours: side(&of_ours, *file), theirs: side(&of_theirs, *file) })
        .collect();
    let new = |pairs: &[(Option<usize>, Option<usize>)]| {
        pairs.iter().filter(|(base, _)| base.is_none()).filter_map(|(_, side)| *side).collect::<Vec<_>>()
    };
    let new = compare::pair_files(packages.ours, &new(&of_ours), packages.theirs, &new(&of_theirs));
    triples.extend(new.into_iter().map(|(ours, theirs)| Three { base: None, ours, theirs }));
    triples
}

/// Merges the contents of a file, which any side may lack.
pub(super) fn contents(
    path: &str,
    sides: Three<Option<&[u8]>>,
    prefer: Prefer,
    conflicts: &mut Vec<Conflict>,
) -> Option<Vec<u8>> {
    let Three { base, ours, theirs } = sides;
    if ours == theirs || base == theirs {
        return ours.map(<[u8]>::to_vec);
    }
    if base == ours {
        return theirs.map(<[u8]>::to_vec);
    }
    let (Some(of_ours), Some(of_theirs)) = (ours, theirs) else {
        conflicts.push(text::conflict(path, base, ours, theirs));
        return ours.or(theirs).map(<[u8]>::to_vec);
    };
    let texts = (readable(base.unwrap_or_default()), readable(of_ours), readable(of_theirs));
    let (Some(of_base), Some(ours_text), Some(theirs_text)) = texts else {
        conflicts.push(text::conflict(path, base, ours, theirs));
        return Some(prefer.pick(of_ours, of_theirs).to_vec());
    };
    let texts = Three { base: of_base, ours: ours_text, theirs: theirs_text };
    if let (Some(ours), Some(theirs)) = (document(ours_text), document(theirs_text)) {
        let base = document(of_base);
        let values = Three { base: base.as_ref(), ours: Some(&ours), theirs: Some(&theirs) };
        let merged = json::merge(&format!("{path}#"), values, prefer, conflicts)?;
        return json::write(&merged, texts, prefer).map(String::into_bytes);
    }
    Some(text::merge_lines(path, texts, prefer, conflicts).into_bytes())
}

fn readable(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Merges the files that belong to no component.
pub(super) fn strays<'p>(packages: Three<&'p Package>, prefer: Prefer, conflicts: &mut Vec<Conflict>) -> Vec<File<'p>> {
    let (base, ours, theirs) =
        (compare::of_none(packages.base), compare::of_none(packages.ours), compare::of_none(packages.theirs));
    let paths: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut files = Vec::new();
    for path in paths {
        let sides = Three { base: base.get(path), ours: ours.get(path), theirs: theirs.get(path) };
        let Some(named) = sides.ours.or(sides.theirs) else { continue };
        let contents_of = Three {
            base: sides.base.map(|part| part.bytes.as_slice()),
            ours: sides.ours.map(|part| part.bytes.as_slice()),
            theirs: sides.theirs.map(|part| part.bytes.as_slice()),
        };
        let merged = contents(&format!("file[{}]", named.path), contents_of, prefer, conflicts);
        files.extend(merged.map(|merged| (Cow::Borrowed(named.path.as_str()), Cow::Owned(merged))));
    }
    files
}
