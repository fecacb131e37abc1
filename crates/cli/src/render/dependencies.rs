//! Who needs whom, by the solution that brought the component an answer names; unmanaged ones in one group (DP30).

use strata_model::component::ComponentRef;
use strata_model::dependency::DependencyKind;
use strata_ops::dependencies::{OfComponent, OfSolution};
use strata_ops::view::DependencyEntry;

use super::style::{BOLD, DIM, clean, component, count, line, paint, plain};

/// What each line of an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Required,
    Dependent,
    /// The other side is not always the one that was asked for.
    Both(Side),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Required,
    Dependent,
}

pub(crate) fn of_component(asked: &str, question: OfComponent, entries: &[DependencyEntry]) -> String {
    let asked = entries.first().map_or_else(
        || clean(asked),
        |entry| match question {
            OfComponent::Required => plain(&entry.dependent),
            OfComponent::Dependent => plain(&entry.required),
            // The first edge may be to what would go along.
            OfComponent::Delete => clean(asked),
        },
    );
    let components = |side: fn(&DependencyEntry) -> &ComponentRef| count(distinct(entries, side), "component");
    let (title, shown) = match (question, entries.is_empty()) {
        (OfComponent::Required, true) => (format!("{asked} uses nothing."), Shown::Required),
        (OfComponent::Required, false) => (format!("{asked} uses {}", components(|e| &e.required)), Shown::Required),
        (OfComponent::Dependent, true) => (format!("{asked} is used by nothing."), Shown::Dependent),
        (OfComponent::Dependent, false) => {
            (format!("{asked} is used by {}", components(|e| &e.dependent)), Shown::Dependent)
        }
        (OfComponent::Delete, true) => (format!("Nothing needs {asked}."), Shown::Dependent),
        (OfComponent::Delete, false) => (
            format!("{} against deleting {asked}", stands(distinct(entries, |e| &e.dependent))),
            Shown::Both(Side::Dependent),
        ),
    };
    listed(&title, shown, entries)
}

pub(crate) fn of_solution(name: &str, question: OfSolution, entries: &[DependencyEntry]) -> String {
    let name = clean(name);
    let (title, shown) = match (question, entries.is_empty()) {
        (OfSolution::Missing, true) => (format!("{name} needs nothing from elsewhere."), Shown::Required),
        (OfSolution::Missing, false) => {
            let needed = count(distinct(entries, |e| &e.required), "component");
            (format!("{name} needs {needed} from elsewhere"), Shown::Both(Side::Required))
        }
        (OfSolution::Uninstall, true) => (format!("Nothing outside of {name} needs it."), Shown::Dependent),
        (OfSolution::Uninstall, false) => (
            format!("{} against uninstalling {name}", stands(distinct(entries, |e| &e.dependent))),
            Shown::Both(Side::Dependent),
        ),
    };
    listed(&title, shown, entries)
}

fn stands(components: usize) -> String {
    let verb = if components == 1 { "stands" } else { "stand" };
    format!("{} {verb}", count(components, "component"))
}

fn distinct(entries: &[DependencyEntry], side: fn(&DependencyEntry) -> &ComponentRef) -> usize {
    let mut ids: Vec<_> = entries.iter().map(|entry| (&side(entry).type_name, side(entry).id)).collect();
    ids.sort();
    ids.dedup();
    ids.len()
}

fn listed(title: &str, shown: Shown, entries: &[DependencyEntry]) -> String {
    let mut text = String::new();
    line!(text, "{title}");
    for group in entries.chunk_by(|left, right| left.solution == right.solution) {
        let solution = match group[0].solution.as_str() {
            "Active" => "unmanaged".to_owned(),
            name => clean(name),
        };
        line!(text, "  {}", paint(BOLD, &solution));
        for entry in group {
            line!(text, "    {} {DIM}({}){DIM:#}", sides(entry, shown), words(entry));
        }
    }
    text
}

fn sides(entry: &DependencyEntry, shown: Shown) -> String {
    match shown {
        Shown::Required => component(&entry.required),
        Shown::Dependent => component(&entry.dependent),
        Shown::Both(Side::Required) => format!("{}, for {}", component(&entry.required), plain(&entry.dependent)),
        Shown::Both(Side::Dependent) => format!("{} needs {}", component(&entry.dependent), plain(&entry.required)),
    }
}

/// Says where the one names the other, and of what kind that is unless it is published.
fn words(entry: &DependencyEntry) -> String {
    match entry.kind {
        DependencyKind::Published => entry.place.to_owned(),
        DependencyKind::Internal if entry.place == "part" => "part".to_owned(),
        DependencyKind::Internal => format!("{}, internal", entry.place),
        DependencyKind::Unpublished => format!("{}, unpublished", entry.place),
    }
}
