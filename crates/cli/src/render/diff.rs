//! Two packages compared, for people: what came, went and changed, by table and kind; texts as unified hunks.

use std::fmt::Write as _;

use strata_ops::view::{ComponentContents, DiffChange, DiffProperty, DiffSide, DiffView};

use super::style::{
    BOLD, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW, clean, component, count, display_of, line, optional, value,
};

/// More values of one component than this are counted.
const VALUES_MAX: usize = 30;

/// More lines of one text than this are counted.
const LINES_MAX: usize = 60;

pub(crate) fn text(view: &DiffView, verbose: bool) -> String {
    let mut text = String::new();
    header(&mut text, &view.before, &view.after);
    let mut group: Option<&str> = None;
    for change in ordered(&view.changes) {
        let own = change.table.as_deref().unwrap_or(&change.component.type_name);
        if group.replace(own) != Some(own) {
            line!(text);
            if change.table.is_some() && change.component.type_name != "entity" {
                line!(text, "{DIM}table {}{DIM:#}", clean(own));
            }
        }
        entry(&mut text, change, verbose);
    }
    line!(text);
    totals(&mut text, view);
    text
}

/// Tables with their parts first, then the rest as it comes; the solution itself before all.
fn ordered(changes: &[DiffChange]) -> Vec<&DiffChange> {
    let rank = |change: &DiffChange| match (&change.table, change.component.type_name.as_str()) {
        (None, "solution") => (0, String::new()),
        (Some(table), _) => (1, table.clone()),
        (None, _) => (2, String::new()),
    };
    let mut ordered: Vec<_> = changes.iter().collect();
    ordered.sort_by_cached_key(|change| rank(change));
    ordered
}

fn header(text: &mut String, before: &DiffSide, after: &DiffSide) {
    let kind = |side: &DiffSide| if side.is_managed { "managed" } else { "unmanaged" };
    let changed = |before: &str, after: &str| match before == after {
        true => clean(before),
        false => format!("{} → {}", clean(before), clean(after)),
    };
    let name = changed(&before.solution, &after.solution);
    let versions = changed(&before.version, &after.version);
    line!(text, "{BOLD}{name}{BOLD:#} {versions} ({})", changed(kind(before), kind(after)));
}

fn totals(text: &mut String, view: &DiffView) {
    let summary = &view.summary;
    let renamed = if summary.renamed > 0 { format!(" ({} renamed)", summary.renamed) } else { String::new() };
    line!(
        text,
        "{} added, {} removed, {} changed{renamed}, {} unchanged",
        summary.added,
        summary.removed,
        summary.changed,
        summary.unchanged
    );
    if summary.by_kind > 0 {
        line!(
            text,
            "{DIM}{} only because one package is managed and the other is not (--include-kind lists them){DIM:#}",
            count(summary.by_kind, "difference")
        );
    }
}

fn entry(text: &mut String, change: &DiffChange, verbose: bool) {
    let (style, sign) = match change.change {
        "added" => (GREEN, '+'),
        "removed" => (RED, '-'),
        "renamed" => (MAGENTA, '»'),
        _ => (YELLOW, '~'),
    };
    let was = change.before_name.as_ref().map_or_else(String::new, |name| format!(", was “{}”", clean(name)));
    let why = change.by_kind.map_or_else(String::new, |why| format!("  {DIM}({why}){DIM:#}"));
    line!(text, "  {style}{sign}{style:#} {}{was}{why}", component(&change.component));
    let entries = entries(&change.properties, verbose);
    let shown = if verbose { entries.len() } else { entries.len().min(VALUES_MAX) };
    for entry in &entries[..shown] {
        text.push_str(&written(entry, verbose));
    }
    if entries.len() > shown {
        line!(text, "      {DIM}… and {} more (--verbose lists them){DIM:#}", entries.len() - shown);
    }
}

/// What makes one entry: a value, or everything that came or went with an element.
enum Entry<'a> {
    Value(&'a DiffProperty),
    Whole(Vec<&'a DiffProperty>),
}

fn entries(properties: &[DiffProperty], verbose: bool) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for property in properties {
        let belongs = |entry: &&mut Entry<'_>| match entry {
            Entry::Whole(values) => property.whole.is_some() && values[0].whole == property.whole,
            Entry::Value(_) => false,
        };
        if let Some(Entry::Whole(values)) = entries.last_mut().filter(belongs) {
            values.push(property);
        } else if property.whole.is_some() && !verbose {
            entries.push(Entry::Whole(vec![property]));
        } else {
            entries.push(Entry::Value(property));
        }
    }
    entries
}

fn written(entry: &Entry<'_>, verbose: bool) -> String {
    match entry {
        Entry::Value(property) => one(property, verbose),
        Entry::Whole(values) => match values.as_slice() {
            [single] => one(single, verbose),
            values => {
                let (style, sign) = sign(values[0]);
                let place = clean(&values[0].whole_place);
                format!("      {style}{sign} {place}{style:#} {DIM}({}){DIM:#}\n", count(values.len(), "value"))
            }
        },
    }
}

fn sign(property: &DiffProperty) -> (anstyle::Style, char) {
    match (&property.before, &property.after) {
        (None, _) => (GREEN, '+'),
        (_, None) => (RED, '-'),
        (Some(_), Some(_)) => (YELLOW, '~'),
    }
}

fn one(property: &DiffProperty, verbose: bool) -> String {
    let mut text = String::new();
    let (style, sign) = sign(property);
    let place = clean(&property.place);
    let note = property.note.as_ref().map_or_else(String::new, |note| format!(" {DIM}({}){DIM:#}", clean(note)));
    let (before, after) = (property.before.as_deref(), property.after.as_deref());
    if let Some(lines) = &property.lines {
        line!(text, "      {style}{sign}{style:#} {place}{note}");
        hunks(&mut text, lines, verbose);
    } else if let Some(place) = place.strip_suffix("#position") {
        let (from, to) = (optional(before), optional(after));
        line!(text, "      {style}{sign}{style:#} {}: moved from position {from} to {to}", place.trim_end());
    } else if property.note.is_some() {
        line!(text, "      {style}{sign}{style:#} {place}{note}");
    } else {
        match (before, after) {
            (None, Some("")) | (Some(""), None) if property.whole.is_some() => {
                line!(text, "      {style}{sign}{style:#} {place}");
            }
            (None, Some(after)) => line!(text, "      {style}{sign}{style:#} {place}: {}", value(after)),
            (Some(before), None) => line!(text, "      {style}{sign}{style:#} {place}: {}", value(before)),
            (before, after) => {
                line!(text, "      {style}{sign}{style:#} {place}: {} → {}", optional(before), optional(after));
            }
        }
    }
    text
}

fn hunks(text: &mut String, hunks: &str, verbose: bool) {
    let lines: Vec<_> = hunks.lines().collect();
    let shown = if verbose { lines.len() } else { lines.len().min(LINES_MAX) };
    for hunk_line in &lines[..shown] {
        let style = match hunk_line.chars().next() {
            Some('+') => GREEN,
            Some('-') => RED,
            Some('@') => CYAN,
            _ => anstyle::Style::new(),
        };
        line!(text, "        {style}{}{style:#}", clean(hunk_line).trim_end());
    }
    if lines.len() > shown {
        let _ = writeln!(
            text,
            "        {DIM}… and {} (--verbose shows all){DIM:#}",
            count(lines.len() - shown, "more line")
        );
    }
}

/// Everything a package says. A component begins at the start of a line, so that `git diff` names it above each hunk;
/// values stand below it and are never cut.
pub(crate) fn contents(components: &[ComponentContents]) -> String {
    let mut text = String::new();
    for ComponentContents { component, contents } in components {
        let display = display_of(component).map_or_else(String::new, |display| format!(" “{}”", clean(display)));
        line!(text, "{}:{}{display}", component.type_name, clean(&component.name));
        for content in contents {
            if content.is_text {
                line!(text, "  {}:", clean(&content.path));
                content.value.lines().for_each(|each| line!(text, "    {}", clean(each)));
            } else {
                line!(text, "  {}: {}", clean(&content.path), clean(&content.value));
            }
        }
    }
    text
}
