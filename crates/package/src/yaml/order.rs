//! In which order things of one container stand: as the sidecar says, and by name what it does not know.

use super::doc::{Doc, Id};
use super::pack::Written;
use super::table::token;

/// Something in a section or a wrapper.
pub(super) enum Slot {
    /// Index of an item.
    Item(usize),
    /// An element between section and items, and where it stands if it says more than that.
    Wrapper(String, Option<Id>),
    /// What stayed in the section's own file.
    Rest(Id),
}

/// Puts items, wrappers and the rest into their order.
pub(super) fn slots(
    items: &[Written],
    wrappers: &[String],
    rest: &Doc<'_>,
    children: &[Id],
    order: Option<&Vec<String>>,
) -> Vec<Slot> {
    let mut named: Vec<(String, Slot)> = Vec::with_capacity(items.len() + children.len());
    let mut sorted: Vec<usize> = (0..items.len()).collect();
    sorted.sort_by(|left, right| {
        (&items[*left].step, &items[*left].base).cmp(&(&items[*right].step, &items[*right].base))
    });
    named.extend(sorted.into_iter().map(|at| (items[at].base.clone(), Slot::Item(at))));
    for name in wrappers {
        let own = children.iter().copied().find(|id| rest.name(*id) == name);
        named.push((name.clone(), Slot::Wrapper(name.clone(), own)));
    }
    let is_rest = |id: &&Id| !wrappers.iter().any(|name| name == rest.name(**id));
    named.extend(children.iter().filter(is_rest).map(|id| (token(rest, *id), Slot::Rest(*id))));
    match order {
        Some(order) => by_order(named, order),
        None => named.into_iter().map(|(_, slot)| slot).collect(),
    }
}

/// Sorts by a list of names; of one name the first comes first, and who is not in the list comes where it was, behind.
pub(super) fn by_order<T>(named: Vec<(String, T)>, order: &[String]) -> Vec<T> {
    let mut ranks: std::collections::BTreeMap<String, std::collections::VecDeque<usize>> =
        std::collections::BTreeMap::new();
    for (rank, name) in order.iter().enumerate() {
        ranks.entry(name.to_lowercase()).or_default().push_back(rank);
    }
    let rank = |name: &str, ranks: &mut std::collections::BTreeMap<String, std::collections::VecDeque<usize>>| {
        ranks.get_mut(&name.to_lowercase()).and_then(std::collections::VecDeque::pop_front).unwrap_or(usize::MAX)
    };
    let mut ranked: Vec<(usize, T)> = named.into_iter().map(|(name, thing)| (rank(&name, &mut ranks), thing)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, thing)| thing).collect()
}
