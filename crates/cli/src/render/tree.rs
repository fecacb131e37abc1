//! What `unpack` and `pack` did, for people.

use std::fmt::Write as _;

use strata_ops::trees::{PackAnswer, UnpackAnswer};

use super::style::count;

/// How many files are listed without `--verbose`, where they were written.
const LISTED: usize = 20;

/// What was written, or would be.
pub(crate) fn unpacked(answer: &UnpackAnswer, verbose: bool) -> String {
    let changes = &answer.changes;
    let mut text = String::new();
    let all = verbose || !answer.written;
    let kinds = [('+', &changes.created), ('~', &changes.changed), ('-', &changes.deleted), ('?', &changes.stale)];
    for (mark, paths) in kinds {
        let listed = if all || paths.len() <= LISTED { paths.len() } else { LISTED };
        for path in &paths[..listed] {
            writeln!(text, "  {mark} {path}").expect("a string");
        }
        if listed < paths.len() {
            writeln!(text, "  {mark} … and {} more", paths.len() - listed).expect("a string");
        }
    }
    let done = if answer.written { "unpacked" } else { "would unpack" };
    let mut counts = vec![format!("{} created", changes.created.len()), format!("{} changed", changes.changed.len())];
    if !changes.deleted.is_empty() {
        counts.push(format!("{} deleted", changes.deleted.len()));
    }
    if !changes.stale.is_empty() {
        counts.push(format!("{} stale", changes.stale.len()));
    }
    counts.push(format!("{} unchanged", changes.unchanged));
    let solution = &answer.solution;
    write!(
        text,
        "{done} {} {} ({}) into {}: {}",
        solution.unique_name,
        solution.version,
        answer.package_type,
        answer.folder,
        counts.join(", ")
    )
    .expect("a string");
    if let Some(leaves) = answer.verified {
        write!(text, "\nverified: packing gives the package again, {leaves} leaves compared").expect("a string");
    }
    text
}

/// Which zips were written, or would be.
pub(crate) fn packed(answer: &PackAnswer) -> String {
    let done = if answer.written { "packed" } else { "would pack" };
    let lines = answer.zips.iter().map(|zip| {
        let kind = if zip.is_managed { "Managed" } else { "Unmanaged" };
        let solution = &answer.solution;
        format!(
            "{done} {} {} ({kind}) into {}: {}, {} bytes",
            solution.unique_name,
            solution.version,
            zip.path,
            count(zip.files, "file"),
            zip.bytes
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
