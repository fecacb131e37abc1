//! What an update keeps of the layer it replaces: parts that the new package no longer mentions (L75).

use strata_xml::Element;

use super::identity::{Index, is_marked, is_structure, keys};
use super::part::{Mark, Part};
use super::{apply, difference};

/// A layer's tree, and whether it is a difference.
pub type LayerTree<'a> = (&'a Element, bool);

/// Returns the layer that keeps what only the old one puts into the definition; `None` where the new one has it all.
///
/// What the old layer removed or changed is the new one's to say again.
pub fn keep_parts(old: LayerTree<'_>, new: LayerTree<'_>) -> Option<(Element, bool)> {
    match (old.1, new.1) {
        (false, false) => {
            let kept = apply(old.0, new.0, false);
            (!super::is_same(&kept, new.0)).then_some((kept, false))
        }
        // A difference over the layer's own definition: the definition stays, as changed.
        (false, true) => Some((apply(old.0, new.0, true), false)),
        (true, false) => {
            let added = additions(old.0)?;
            let kept = apply(new.0, &added, true);
            (!super::is_same(&kept, new.0)).then_some((kept, false))
        }
        (true, true) => {
            let (old, mut kept) = (Part::read(old.0, 0), Part::read(new.0, 0));
            let is_changed = keep_root(&old, &mut kept);
            is_changed.then(|| (kept.write(true), true))
        }
    }
}

/// A difference that only adds what another adds.
fn additions(difference: &Element) -> Option<Element> {
    let old = Part::read(difference, 0);
    let mut nothing = Part::new(old.name.clone(), 0);
    keep_root(&old, &mut nothing).then(|| nothing.write(true))
}

fn keep_root<'a>(old: &Part<'a>, new: &mut Part<'a>) -> bool {
    if is_marked(&old.name) {
        return keep(old, new, false);
    }
    let mut is_changed = false;
    for (part, key) in old.parts.iter().zip(keys(&old.parts)) {
        let new_keys = keys(&new.parts);
        let at = Index::of(&new_keys).find(&key);
        let stands_in_full = !is_marked(&part.name);
        match at {
            Some(at) => is_changed |= keep(part, &mut new.parts[at], stands_in_full),
            None if stands_in_full => {}
            None => is_changed |= keep_missing(part, new, false),
        }
    }
    is_changed
}

/// Keeps what is added inside an element that both mention; in `full` territory every item counts as added.
fn keep<'a>(old: &Part<'a>, new: &mut Part<'a>, full: bool) -> bool {
    if !is_structure(&old.name) || new.mark == Some(Mark::Removed) {
        return false;
    }
    let full = full || (old.mark == Some(Mark::Added) && new.mark == Some(Mark::Added));
    let new_keys = keys(&new.parts);
    let index = Index::of(&new_keys);
    let places: Vec<_> = keys(&old.parts).iter().map(|key| index.find(key)).collect();
    let mut is_changed = false;
    for (part, at) in old.parts.iter().zip(places) {
        is_changed |= match at {
            Some(at) => keep(part, &mut new.parts[at], full),
            None => keep_missing(part, new, full),
        };
    }
    if is_changed {
        new.layout = None;
    }
    is_changed
}

fn keep_missing<'a>(part: &Part<'a>, new: &mut Part<'a>, full: bool) -> bool {
    if full || part.mark == Some(Mark::Added) {
        new.parts.push(part.clone());
        return true;
    }
    if part.mark == Some(Mark::Removed) || !is_structure(&part.name) {
        return false;
    }
    // An anchor to what is added further down.
    let mut anchor = Part { parts: Vec::new(), mark: None, text: None, layout: None, ..part.clone() };
    let is_kept = keep(part, &mut anchor, false);
    if is_kept {
        new.parts.push(anchor);
    }
    is_kept
}

/// What the Active layer is to hold so that a definition is seen over the managed layers (merge §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActiveContent {
    /// Nothing is managed below: the definition itself.
    Full(Element),
    /// The difference to what the managed layers resolve to.
    Difference(Element),
    /// What is wanted is what the managed layers say: no trace stays.
    Nothing,
}

/// Says what Active must hold over `managed` for `wanted` to be seen.
pub fn active_content(managed: Option<&Element>, wanted: Element) -> ActiveContent {
    match managed {
        None => ActiveContent::Full(wanted),
        Some(managed) => match difference(managed, &wanted) {
            Some(difference) => ActiveContent::Difference(difference),
            None => ActiveContent::Nothing,
        },
    }
}

/// Tells whether a difference changes nothing.
pub fn says_nothing(difference: &Element) -> bool {
    difference.attributes.is_empty() && difference.elements().next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Element {
        strata_xml::parse(xml.as_bytes()).expect("well formed")
    }

    fn kept(old: (&str, bool), new: (&str, bool)) -> Option<(String, bool)> {
        let (old_tree, new_tree) = (read(old.0), read(new.0));
        let (tree, is_diff) = keep_parts((&old_tree, old.1), (&new_tree, new.1))?;
        Some((String::from_utf8(strata_xml::write(&tree)).expect("utf-8"), is_diff))
    }

    #[test]
    fn l75_an_update_of_a_site_map_keeps_its_nodes() {
        let old = "<SiteMap><Area Id=\"a\"><Group Id=\"g\" /></Area><Area Id=\"b\" /></SiteMap>";
        let new = "<SiteMap><Area Id=\"b\" Icon=\"i\" /></SiteMap>";
        let expected = "<SiteMap><Area Id=\"b\" Icon=\"i\" /><Area Id=\"a\"><Group Id=\"g\" /></Area></SiteMap>";
        assert_eq!(kept((old, false), (new, false)), Some((expected.to_owned(), false)));
        assert_eq!(kept((old, false), (old, false)), None);
    }

    #[test]
    fn l75_a_difference_keeps_what_the_old_one_added_and_not_what_it_changed() {
        let old = "<SiteMap><Area Id=\"a\" ordinalvalue=\"0\"><Group Id=\"g\" ordinalvalue=\"1\" solutionaction=\"Added\" />\
            </Area><Area Id=\"b\" Icon=\"x\" ordinalvalue=\"1\" solutionaction=\"Modified\" /></SiteMap>";
        let new = "<SiteMap><Area Id=\"c\" ordinalvalue=\"2\" solutionaction=\"Added\" /></SiteMap>";
        let (tree, is_diff) = kept((old, true), (new, true)).expect("something kept");
        assert!(is_diff);
        assert!(tree.contains("<Area Id=\"c\"") && tree.contains("<Group Id=\"g\""), "{tree}");
        assert!(!tree.contains("Id=\"b\""), "{tree}");
    }

    #[test]
    fn l75_an_app_keeps_its_parts() {
        let app = |parts: &str| format!("<AppModule><AppModuleComponents>{parts}</AppModuleComponents></AppModule>");
        let one = "<AppModuleComponent type=\"1\" schemaName=\"a\" />";
        let two = "<AppModuleComponent type=\"1\" schemaName=\"b\" />";
        let (tree, _) = kept((&app(one), false), (&app(two), false)).expect("something kept");
        assert!(tree.contains("schemaName=\"a\"") && tree.contains("schemaName=\"b\""), "{tree}");
    }
}
