//! What came of a three-way merge, for people.

use strata_ops::view::{ConflictView, MergeView};

use super::style::{BOLD, DIM, GREEN, RED, clean, component, count, line, optional};

pub(crate) fn text(view: &MergeView, plan_only: bool) -> String {
    let mut text = String::new();
    let (merged, conflicts) = (clean(&view.merged), view.conflicts.len());
    let wrote = if plan_only { "would write" } else { "wrote" };
    match (conflicts, view.resolved) {
        (0, _) => line!(text, "{GREEN}merged{GREEN:#} without conflicts, {wrote} {merged}"),
        (_, Some(side)) => line!(text, "merged, {wrote} {merged}; {} settled: {side}", count(conflicts, "conflict")),
        (_, None) => line!(text, "{RED}merged with {}{RED:#}, {wrote} {merged}", count(conflicts, "conflict")),
    }
    for conflict in &view.conflicts {
        entry(&mut text, conflict);
    }
    if conflicts > 0 && view.resolved.is_none() && !plan_only {
        line!(text);
        match view.is_marked {
            true if !view.files.is_empty() => {
                line!(text, "Conflicts are marked in:");
                view.files.iter().for_each(|path| line!(text, "  {}", clean(path)));
            }
            true => line!(text, "The conflicts are marked in the file: edit it, then go on."),
            false => line!(text, "Our values stand for now: settle each, or merge again with `--prefer ours|theirs`."),
        }
    }
    text
}

fn entry(text: &mut String, conflict: &ConflictView) {
    line!(text);
    let of = conflict.component.as_ref().map(component).unwrap_or_default();
    let path = match conflict.path.as_str() {
        "" if of.is_empty() => "the file".to_owned(),
        "" => "one side took it away, the other changed it".to_owned(),
        path => clean(path),
    };
    line!(text, "  {of}{}{BOLD}{path}{BOLD:#}", if of.is_empty() { "" } else { ": " });
    for (side, value) in [("base", &conflict.base), ("ours", &conflict.ours), ("theirs", &conflict.theirs)] {
        line!(text, "    {DIM}{side:6}{DIM:#} {}", optional(value.as_deref()));
    }
}
