//! The options of a choice in the order in which people see them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Resolved, StackedLayer};
use crate::definition::Unit;
use crate::merge::{Level, OutlineItem};

/// The options of a choice as people see them: base order, then new ones by layer, then their own order (merge §7).
pub(super) fn in_order(stack: &[StackedLayer], resolved: &Resolved) -> Vec<OutlineItem> {
    let mut items: Vec<OutlineItem> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, layer) in stack.iter().enumerate() {
        for leaf in layer.leaves.iter().filter(|leaf| leaf.unit == Unit::Option || leaf.unit == Unit::Label) {
            let Some(option) = option_of(&leaf.group) else { continue };
            if let Some(at) = places.get(option) {
                let item = &mut items[*at];
                item.changed_by = Some(index).filter(|index| *index > item.placed_by);
                continue;
            }
            places.insert(option, items.len());
            let below = format!("{option}/");
            let of_option = resolved.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
            let mut labels = of_option.filter(|(path, _)| path.ends_with("@description")).map(|(_, leaf)| &leaf.value);
            let value = option.rsplit_once('[').map_or("", |(_, value)| value.trim_end_matches(']'));
            let name = labels.next().map_or_else(|| value.to_owned(), |label| format!("{value} {label}"));
            let path = option.to_owned();
            items.push(OutlineItem { level: Level::Option, depth: 0, path, name, placed_by: index, changed_by: None });
        }
    }
    items
}

/// Says the order of a choice's options where it is not that of their numbers: the path of what holds them, with
/// `@order`, and the numbers.
pub(super) fn said_order(stack: &[StackedLayer], resolved: &Resolved) -> Option<(String, String)> {
    let mut seen = BTreeSet::new();
    let mut numbers: Vec<i64> = Vec::new();
    let mut container = None;
    for leaf in stack.iter().flat_map(|layer| &layer.leaves) {
        if leaf.unit != Unit::Option && leaf.unit != Unit::Label {
            continue;
        }
        let Some(option) = option_of(&leaf.group).filter(|option| seen.insert(*option)) else { continue };
        let Some((holder, number)) = option.rsplit_once('/') else { continue };
        let number = number.rsplit_once('[').and_then(|(_, number)| number.trim_end_matches(']').parse::<i64>().ok());
        if resolved.contains_key(&format!("{option}@value")) {
            numbers.extend(number);
            container = Some(holder);
        }
    }
    let text: Vec<_> = numbers.iter().map(i64::to_string).collect();
    (!numbers.is_sorted()).then(|| (format!("{}@order", container.unwrap_or_default()), text.join(",")))
}

/// The path of the option that a group is, or is a label of.
fn option_of(group: &str) -> Option<&str> {
    let listed = ["options/option[", "states/state[", "statuses/status["];
    let start = listed.iter().find_map(|start| group.find(start))?;
    let end = start + group[start..].find(']')?;
    Some(&group[..=end])
}
