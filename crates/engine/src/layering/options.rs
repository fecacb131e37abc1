//! The options of a choice in the order in which people see them.

use std::collections::BTreeMap;

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

/// The path of the option that a group is, or is a label of.
fn option_of(group: &str) -> Option<&str> {
    let listed = ["options/option[", "states/state[", "statuses/status["];
    let start = listed.iter().find_map(|start| group.find(start))?;
    let end = start + group[start..].find(']')?;
    Some(&group[..=end])
}
