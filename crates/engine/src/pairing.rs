//! Which child of one element is which of another: what comparing two definitions and merging three of them share.
//!
//! Children are paired by what tells them from their siblings: in merged types by the keys of [`crate::merge`], in all
//! others by an attribute or a child's text that tells all namesakes apart on every side. What has no key is paired
//! where it stands between the same neighbours.
//!
//! The rows of a form section are laid flat: each row is an item of its own, followed by its cells, so that a cell
//! that moves to another row is still the same cell.

mod key;

use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};
use strata_xml::{Element, Node};

use crate::definition;
use crate::merge;

pub(crate) use key::Keys;
use key::named;

/// Something that stands in an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item<'e> {
    Element(&'e Element),
    /// A row of a form section, without its cells; they follow.
    Row(&'e Element),
    /// Text beside elements.
    Text(&'e str),
    Comment(&'e str),
}

impl<'e> Item<'e> {
    /// Returns the name of the element, or a word in its place.
    pub(crate) fn name(self) -> &'e str {
        match self {
            Self::Element(element) | Self::Row(element) => element.name.as_str(),
            Self::Text(_) => "#text",
            Self::Comment(_) => "#comment",
        }
    }

    pub(crate) fn element(self) -> Option<&'e Element> {
        match self {
            Self::Element(element) | Self::Row(element) => Some(element),
            Self::Text(_) | Self::Comment(_) => None,
        }
    }

    /// Tells whether two items say the same.
    pub(crate) fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Element(left), Self::Element(right)) => is_same(left, right),
            (Self::Row(left), Self::Row(right)) => has_same_attributes(left, right),
            (Self::Text(left), Self::Text(right)) | (Self::Comment(left), Self::Comment(right)) => left == right,
            (Self::Element(_) | Self::Row(_) | Self::Text(_) | Self::Comment(_), _) => false,
        }
    }

    fn fingerprint(self) -> String {
        match self {
            Self::Element(element) => {
                let mut text = String::new();
                write_sorted(element, true, &mut text);
                text
            }
            Self::Row(row) => {
                let mut text = String::new();
                write_sorted(row, false, &mut text);
                text
            }
            Self::Text(text) => format!("#text {text}"),
            Self::Comment(text) => format!("#comment {text}"),
        }
    }
}

/// Returns what stands in an element, in order. The text of an element that holds nothing else is not among it.
pub(crate) fn items(parent: &Element) -> Vec<Item<'_>> {
    if own_text(parent).is_some() {
        return Vec::new();
    }
    let mut items = Vec::with_capacity(parent.children.len());
    for node in &parent.children {
        match node {
            Node::Element(row) if parent.name == "rows" && row.name == "row" && is_flat(row) => {
                items.push(Item::Row(row));
                items.extend(row.elements().map(Item::Element));
            }
            Node::Element(element) => items.push(Item::Element(element)),
            Node::Text(text) => items.push(Item::Text(text)),
            Node::Comment(text) => items.push(Item::Comment(text)),
        }
    }
    items
}

/// Returns the text of an element that holds nothing but text.
pub(crate) fn own_text(element: &Element) -> Option<&str> {
    match element.children.as_slice() {
        [Node::Text(text)] => Some(text),
        _ => None,
    }
}

/// A row that holds cells alone can be laid flat.
fn is_flat(row: &Element) -> bool {
    row.children.iter().all(|node| matches!(node, Node::Element(cell) if cell.name == "cell"))
}

/// Tells whether an attribute says something: name spaces are declared wherever a writer likes.
pub(crate) fn says_something(attribute: &str) -> bool {
    attribute != "xmlns" && !attribute.starts_with("xmlns:")
}

/// Tells whether two elements bear the same attributes; their order says nothing.
pub(crate) fn has_same_attributes(left: &Element, right: &Element) -> bool {
    let count = |element: &Element| element.attributes.iter().filter(|(name, _)| says_something(name)).count();
    let mut own = left.attributes.iter().filter(|(name, _)| says_something(name));
    count(left) == count(right) && own.all(|(name, value)| right.attribute(name) == Some(value))
}

/// Tells whether two elements say the same. Children of different names may stand in any order among each other, and
/// so may those of which the order has no meaning.
pub(crate) fn is_same(left: &Element, right: &Element) -> bool {
    if left.name != right.name || !has_same_attributes(left, right) {
        return false;
    }
    if left.children.len() == right.children.len()
        && left.children.iter().zip(&right.children).all(|(left, right)| match (left, right) {
            (Node::Element(left), Node::Element(right)) => is_same(left, right),
            (Node::Text(left), Node::Text(right)) | (Node::Comment(left), Node::Comment(right)) => left == right,
            (Node::Element(_) | Node::Text(_) | Node::Comment(_), _) => false,
        })
    {
        return true;
    }
    // The slow way: only what a writer has put in another order comes here.
    let (mut one, mut other) = (String::new(), String::new());
    write_sorted(left, true, &mut one);
    write_sorted(right, true, &mut other);
    one == other
}

/// Writes an element so that two of them that say the same are written alike.
fn write_sorted(element: &Element, with_children: bool, out: &mut String) {
    out.push('<');
    out.push_str(&element.name);
    let mut attributes: Vec<_> = element.attributes.iter().filter(|(name, _)| says_something(name)).collect();
    attributes.sort();
    for (name, value) in attributes {
        out.push_str(&format!(" {name}={value:?}"));
    }
    out.push('>');
    if with_children {
        write_children(element, out);
    }
    out.push_str("</>");
}

fn write_children(element: &Element, out: &mut String) {
    let mut written: Vec<(&str, String)> = Vec::with_capacity(element.children.len());
    for node in &element.children {
        match node {
            Node::Element(child) => {
                let mut text = String::new();
                write_sorted(child, true, &mut text);
                written.push((&child.name, text));
            }
            Node::Text(text) => written.push(("#text", format!("{text:?}"))),
            Node::Comment(text) => written.push(("#comment", format!("{text:?}"))),
        }
    }
    // Namesakes keep their order, unless it has no meaning.
    written.sort_by(|left, right| {
        left.0.cmp(right.0).then_with(|| match has_order(left.0) {
            true => std::cmp::Ordering::Equal,
            false => left.1.cmp(&right.1),
        })
    });
    out.extend(written.into_iter().map(|(_, text)| text));
}

/// Tells whether the order of namesakes means something.
pub(crate) fn has_order(name: &str) -> bool {
    !matches!(
        name,
        "RootComponent" | "MissingDependency" | "Language" | "LocalizedName" | "Description" | "displayname" | "label"
    ) && !matches!(
        name,
        "RolePrivilege"
            | "AppModuleComponent"
            | "Title"
            | "controlDescription"
            | "Role"
            | "FieldPermission"
            | "LocLabel"
    )
}

/// Two items that are the same one, or one that only one side has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) before: Option<usize>,
    pub(crate) after: Option<usize>,
}

/// Writes an item as people see it in a file.
pub(crate) fn written(item: Item<'_>) -> String {
    match item {
        Item::Element(element) => String::from_utf8_lossy(&strata_xml::write(element)).into_owned(),
        Item::Row(row) => {
            let bare = Element { children: Vec::new(), ..row.clone() };
            String::from_utf8_lossy(&strata_xml::write(&bare)).into_owned()
        }
        Item::Text(text) | Item::Comment(text) => text.to_owned(),
    }
}

/// Returns what tells the items of two sides from their siblings; `None` for what only its position does.
pub(crate) fn keys(before: &[Item<'_>], after: &[Item<'_>], keys: Keys) -> (Vec<Option<String>>, Vec<Option<String>>) {
    key::of(before, after, keys)
}

/// Pairs the items of two elements, for comparing them: in the order of `after`, what is gone where it stood.
pub(crate) fn pair(before: &[Item<'_>], after: &[Item<'_>], keys: Keys) -> Vec<Pair> {
    let mut partners = partners(before, after, keys);
    pair_rows(before, after, &mut partners);
    pairs(before, &partners)
}

/// Pairs the items of two elements, for merging them: a row is the same only where its first cell or its place says so.
pub(crate) fn pair_strictly(before: &[Item<'_>], after: &[Item<'_>], keys: Keys) -> Vec<Pair> {
    pairs(before, &partners(before, after, keys))
}

fn pairs(before: &[Item<'_>], partners: &[Option<usize>]) -> Vec<Pair> {
    let mut taken = vec![false; before.len()];
    partners.iter().flatten().for_each(|at| taken[*at] = true);
    let mut pairs = Vec::with_capacity(partners.len());
    let mut gone = 0;
    for (at, partner) in partners.iter().enumerate() {
        // What stood before its partner and is gone comes first.
        let end = partner.map_or(gone, |partner| partner.max(gone));
        let left = (gone..end).filter(|left| !taken[*left]);
        pairs.extend(left.map(|left| Pair { before: Some(left), after: None }));
        gone = end;
        pairs.push(Pair { before: *partner, after: Some(at) });
    }
    let rest = (gone..before.len()).filter(|left| !taken[*left]);
    pairs.extend(rest.map(|left| Pair { before: Some(left), after: None }));
    pairs
}

/// Returns for each item of `after` which of `before` it is.
fn partners(before: &[Item<'_>], after: &[Item<'_>], keys: Keys) -> Vec<Option<usize>> {
    let (before_keys, after_keys) = self::keys(before, after, keys);
    let mut partners = vec![None; after.len()];
    let places: BTreeMap<(&str, &str), usize> = before_keys
        .iter()
        .enumerate()
        .filter_map(|(at, key)| Some(((before[at].name(), key.as_deref()?), at)))
        .collect();
    let mut keyless = false;
    for (at, key) in after_keys.iter().enumerate() {
        match key {
            Some(key) => partners[at] = places.get(&(after[at].name(), key.as_str())).copied(),
            None => keyless = true,
        }
    }
    if keyless && before_keys.iter().any(Option::is_none) {
        pair_keyless(before, after, &before_keys, &after_keys, &mut partners);
    }
    partners
}

/// Rows are only rows: one whose first cell is another now is still there.
fn pair_rows(before: &[Item<'_>], after: &[Item<'_>], partners: &mut [Option<usize>]) {
    let taken: BTreeSet<usize> = partners.iter().flatten().copied().collect();
    let mut left = (0..before.len()).filter(|at| matches!(before[*at], Item::Row(_)) && !taken.contains(at));
    for (partner, item) in partners.iter_mut().zip(after) {
        if partner.is_none() && matches!(item, Item::Row(_)) {
            *partner = left.next();
        }
    }
}

/// Pairs what has no key by its content and its neighbours, then what is left between the same neighbours by its name.
fn pair_keyless(
    before: &[Item<'_>],
    after: &[Item<'_>],
    before_keys: &[Option<String>],
    after_keys: &[Option<String>],
    partners: &mut [Option<usize>],
) {
    let token = |item: &Item<'_>, key: &Option<String>| match key {
        Some(key) => format!("{}[{key}]", item.name()),
        None => item.fingerprint(),
    };
    let tokens = |items: &[Item<'_>], keys: &[Option<String>]| {
        items.iter().zip(keys).map(|(item, key)| token(item, key)).collect::<Vec<_>>()
    };
    let (old, new) = (tokens(before, before_keys), tokens(after, after_keys));
    let mut changed: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                for step in (0..len).filter(|step| after_keys[new_index + step].is_none()) {
                    partners[new_index + step] = Some(old_index + step);
                }
            }
            DiffOp::Replace { .. } | DiffOp::Delete { .. } | DiffOp::Insert { .. } => {
                changed.push((op.old_range(), op.new_range()));
            }
        }
    }
    for (old, new) in changed {
        let mut left: Vec<_> = old.filter(|at| before_keys[*at].is_none()).collect();
        for at in new.filter(|at| after_keys[*at].is_none()) {
            let like = left.iter().position(|other| before[*other].name() == after[at].name());
            partners[at] = like.map(|like| left.remove(like));
        }
    }
}

/// Returns which of the pairs moved among their namesakes: the fewest whose order explains the new one.
pub(crate) fn moved(pairs: &[Pair], after: &[Item<'_>]) -> Vec<usize> {
    let mut by_name: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let is_flat = after.iter().any(|item| matches!(item, Item::Row(_)));
    for pair in pairs {
        let (Some(from), Some(to)) = (pair.before, pair.after) else { continue };
        let name = if is_flat { "rows" } else { after[to].name() };
        if has_order(name) {
            by_name.entry(name).or_default().push((to, from));
        }
    }
    let mut moved: Vec<usize> = by_name.into_values().flat_map(|group| out_of_order(&group)).collect();
    moved.sort_unstable();
    let partners: BTreeMap<usize, usize> = pairs.iter().filter_map(|pair| pair.after.zip(pair.before)).collect();
    // A row that moves with its first cell is the cell's move.
    let goes_along = |to: &usize| {
        matches!(after[*to], Item::Row(_))
            && partners.get(&(to + 1)).is_some_and(|cell| partners.get(to).is_some_and(|row| row + 1 == *cell))
    };
    moved.retain(|to| !goes_along(to));
    moved
}

/// Returns the items outside the longest run that keeps its order.
fn out_of_order(group: &[(usize, usize)]) -> Vec<usize> {
    // `ends[n]` is the item that ends the best run of n + 1 items; `before[i]` the one that stands before item i in it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; group.len()];
    for (at, (_, from)) in group.iter().enumerate() {
        let length = ends.partition_point(|end| group[*end].1 < *from);
        before[at] = length.checked_sub(1).map(|last| ends[last]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut stays = vec![false; group.len()];
    let mut at = ends.last().copied();
    while let Some(item) = at {
        stays[item] = true;
        at = before[item];
    }
    group.iter().zip(stays).filter(|(_, stays)| !stays).map(|((to, _), _)| *to).collect()
}

/// The position of an item among its namesakes, from 1.
pub(crate) fn position(items: &[Item<'_>], at: usize) -> usize {
    items[..=at].iter().filter(|item| item.name() == items[at].name()).count()
}

/// Names items as paths do; in a side of its own, so that what stays alone keeps its short name.
pub(crate) fn segments(items: &[Item<'_>], keys: Keys) -> Vec<String> {
    let elements: Vec<_> = items.iter().filter_map(|item| item.element()).collect();
    // The entries of a manifest are named by the components they are about.
    let entry = |element: &Element| match element.name.as_str() {
        "RootComponent" | "MissingDependency" => named(element),
        _ => None,
    };
    let mut named = match keys {
        Keys::Merged => merge::sibling_segments(&elements),
        Keys::Plain => definition::segments_of(&elements)
            .into_iter()
            .map(|(segment, element)| entry(element).map_or(segment, |entry| format!("{}[{entry}]", element.name)))
            .collect(),
    }
    .into_iter();
    let of_item = |(at, item): (usize, &Item<'_>)| match item {
        Item::Element(_) | Item::Row(_) => named.next().unwrap_or_default(),
        Item::Text(_) | Item::Comment(_) => format!("{}[{}]", item.name(), position(items, at)),
    };
    items.iter().enumerate().map(of_item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(xml: &str) -> Element {
        strata_xml::parse(xml.as_bytes()).expect("well formed")
    }

    fn paired(before: &str, after: &str) -> Vec<(Option<usize>, Option<usize>)> {
        let (before, after) = (element(before), element(after));
        pair(&items(&before), &items(&after), Keys::Plain).iter().map(|pair| (pair.before, pair.after)).collect()
    }

    #[test]
    fn a_key_pairs_what_has_moved() {
        assert_eq!(
            paired("<o><i id='a' /><i id='b' /></o>", "<o><i id='b' x='1' /><i id='a' /></o>"),
            [(Some(1), Some(0)), (Some(0), Some(1))]
        );
    }

    #[test]
    fn what_has_no_key_is_paired_between_its_neighbours() {
        let before = "<o><c x='1' /><c x='2' /><c x='3' /></o>";
        assert_eq!(
            paired(before, "<o><c x='0' /><c x='1' /><c x='2' /><c x='3' /></o>"),
            [(None, Some(0)), (Some(0), Some(1)), (Some(1), Some(2)), (Some(2), Some(3))]
        );
        assert_eq!(
            paired(before, "<o><c x='1' /><c x='9' /><c x='3' /></o>"),
            [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), Some(2))]
        );
    }

    #[test]
    fn the_fewest_moves_explain_an_order() {
        let before = element("<o><i id='a' /><i id='b' /><i id='c' /><i id='d' /></o>");
        let after = element("<o><i id='b' /><i id='c' /><i id='d' /><i id='a' /></o>");
        let (before, after) = (items(&before), items(&after));
        assert_eq!(moved(&pair(&before, &after, Keys::Plain), &after), [3]);
    }

    #[test]
    fn order_counts_among_namesakes_that_have_one() {
        let same = |left: &str, right: &str| is_same(&element(left), &element(right));
        assert!(same("<o><a /><b /></o>", "<o><b /><a /></o>"));
        assert!(!same("<o><a x='1' /><a x='2' /></o>", "<o><a x='2' /><a x='1' /></o>"));
        let labels = ["<label languagecode='1' />", "<label languagecode='2' />"];
        assert!(same(&format!("<o>{}{}</o>", labels[0], labels[1]), &format!("<o>{}{}</o>", labels[1], labels[0])));
        assert!(same("<a x='1' y='2' xmlns:xsi='u' />", "<a y='2' x='1' />"));
        assert!(!same("<a x='' />", "<a />"));
    }

    #[test]
    fn rows_are_laid_flat() {
        let rows = element("<rows><row><cell id='a' /><cell id='b' /></row><row /></rows>");
        let names: Vec<_> = items(&rows).iter().map(|item| item.name()).collect();
        assert_eq!(names, ["row", "cell", "cell", "row"]);
    }
}
