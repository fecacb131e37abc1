//! Keys and path segments of siblings for those who do not merge layers: comparing and three-way merging.

use strata_xml::Element;

use super::conflict::push_segment;
use super::identity::{Key, keys};
use super::part::Part;

/// Returns what tells each element from its siblings, `None` for those that only their position tells apart.
pub(crate) fn sibling_keys(elements: &[&Element]) -> Vec<Option<String>> {
    let told = |key: &Key<'_>, is_repeated: bool| {
        let by_position = key.id.is_empty() && is_repeated && key.tag != "column";
        (!by_position).then(|| format!("{}#{}", key.id, key.nth))
    };
    with_keys(elements, told)
}

/// Returns the path segment of each element.
pub(crate) fn sibling_segments(elements: &[&Element]) -> Vec<String> {
    with_keys(elements, |key, is_repeated| {
        let mut segment = String::new();
        push_segment(&mut segment, key, is_repeated);
        segment
    })
}

fn with_keys<T>(elements: &[&Element], told: impl Fn(&Key<'_>, bool) -> T) -> Vec<T> {
    let parts: Vec<_> = elements.iter().map(|element| Part::read_own(element, 0)).collect();
    let keys = keys(&parts);
    let count = |tag: &str| keys.iter().filter(|key| key.tag == tag).count();
    keys.iter().map(|key| told(key, key.id.is_empty() && count(&key.tag) > 1)).collect()
}
