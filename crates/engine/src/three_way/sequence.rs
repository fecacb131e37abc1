//! Three lists of children become one: which of them stay, and in which order.

use std::collections::BTreeMap;

use super::{Prefer, Three};
use crate::pairing::{self, Item, Keys, Pair};

/// One child, as places in the three lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Step {
    pub(super) base: Option<usize>,
    pub(super) ours: Option<usize>,
    pub(super) theirs: Option<usize>,
}

/// The children in their new order; which of them one side took away is left to the caller.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) steps: Vec<Step>,
    /// Both sides put them in another order, and not in the same.
    pub(super) is_contested: bool,
}

pub(super) fn merge(all: Three<&[Item<'_>]>, keys: Keys, prefer: Prefer) -> Sequence {
    let of_ours = pairing::pair_strictly(all.base, all.ours, keys);
    let of_theirs = pairing::pair_strictly(all.base, all.theirs, keys);
    let steps = joined(&of_ours, &of_theirs, all, keys);
    let moves = (pairing::moved(&of_ours, all.ours), pairing::moved(&of_theirs, all.theirs));
    let by_theirs = match (moves.0.is_empty(), moves.1.is_empty()) {
        (true, false) => true,
        (false, true) | (true, true) => false,
        (false, false) => prefer == Prefer::Theirs,
    };
    let is_contested = !moves.0.is_empty() && !moves.1.is_empty() && differ(&steps);
    Sequence { steps: ordered(steps, by_theirs, all), is_contested }
}

/// Says which child of one side is which of the others.
fn joined(of_ours: &[Pair], of_theirs: &[Pair], all: Three<&[Item<'_>]>, keys: Keys) -> Vec<Step> {
    let mut steps: Vec<Step> = (0..all.base.len()).map(|base| Step { base: Some(base), ..Step::default() }).collect();
    let (mut ours_new, mut theirs_new) = (Vec::new(), Vec::new());
    for pair in of_ours {
        match (pair.before, pair.after) {
            (Some(base), ours) => steps[base].ours = ours,
            (None, Some(ours)) => ours_new.push(ours),
            (None, None) => {}
        }
    }
    for pair in of_theirs {
        match (pair.before, pair.after) {
            (Some(base), theirs) => steps[base].theirs = theirs,
            (None, Some(theirs)) => theirs_new.push(theirs),
            (None, None) => {}
        }
    }
    let partners = new_in_both(&ours_new, &theirs_new, all, keys);
    for ours in ours_new {
        steps.push(Step { base: None, ours: Some(ours), theirs: partners.get(&ours).copied() });
    }
    let taken: Vec<usize> = partners.into_values().collect();
    let rest = theirs_new.into_iter().filter(|theirs| !taken.contains(theirs));
    steps.extend(rest.map(|theirs| Step { theirs: Some(theirs), ..Step::default() }));
    steps
}

/// What both sides added is one thing where a key says so or where it is the same.
fn new_in_both(ours: &[usize], theirs: &[usize], all: Three<&[Item<'_>]>, keys: Keys) -> BTreeMap<usize, usize> {
    let (of_ours, of_theirs) = pairing::keys(all.ours, all.theirs, keys);
    let mut left = theirs.to_vec();
    let mut partners = BTreeMap::new();
    for at in ours {
        let item = all.ours[*at];
        let is_it = |other: &usize| match (&of_ours[*at], item) {
            (_, Item::Row(_)) => false,
            (Some(key), _) => item.name() == all.theirs[*other].name() && of_theirs[*other].as_ref() == Some(key),
            (None, _) => item.is_same(all.theirs[*other]),
        };
        if let Some(found) = left.iter().position(is_it) {
            partners.insert(*at, left.remove(found));
        }
    }
    partners
}

/// Tells whether what is on both sides stands in another order there.
fn differ(steps: &[Step]) -> bool {
    let mut both: Vec<(usize, usize)> = steps.iter().filter_map(|step| step.ours.zip(step.theirs)).collect();
    both.sort_unstable();
    both.windows(2).any(|pair| pair[0].1 > pair[1].1)
}

/// Puts the children in the order of one side; what only the other has follows what it follows there.
fn ordered(steps: Vec<Step>, by_theirs: bool, all: Three<&[Item<'_>]>) -> Vec<Step> {
    let place = |step: &Step| if by_theirs { (step.theirs, step.ours) } else { (step.ours, step.theirs) };
    let others = if by_theirs { all.ours } else { all.theirs };
    let (mut first, mut rest): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| place(step).0.is_some());
    first.sort_by_key(|step| place(step).0);
    rest.retain(|step| place(step).1.is_some());
    rest.sort_by_key(|step| place(step).1);
    let leading = first.len();
    let mut result: Vec<(Step, bool)> = Vec::with_capacity(leading + rest.len());
    // What the leading side added itself goes before what the other adds at the same place.
    result.extend(first.into_iter().map(|step| (step, step.base.is_none() && place(&step).1.is_none())));
    for step in rest {
        let at = place(&step).1.unwrap_or_default();
        let before = result
            .iter()
            .enumerate()
            .filter_map(|(index, (other, _))| place(other).1.filter(|other| *other < at).map(|other| (other, index)));
        let mut index = before.max().map_or(0, |(_, index)| index + 1);
        let is_cell = !matches!(others[at], Item::Row(_));
        while let Some((next, true)) = result.get(index) {
            let leading = place(next).0.map(|at| if by_theirs { all.theirs[at] } else { all.ours[at] });
            if is_cell && matches!(leading, Some(Item::Row(_))) {
                break;
            }
            index += 1;
        }
        result.insert(index, (step, false));
    }
    result.into_iter().map(|(step, _)| step).collect()
}

#[cfg(test)]
mod tests {
    use strata_xml::Element;

    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, bool) {
        let parse = |names: &str| {
            let items: String = names.chars().map(|name| format!("<i id='{name}' />")).collect();
            strata_xml::parse(format!("<o>{items}</o>").as_bytes()).expect("well formed")
        };
        let trees: [Element; 3] = [parse(base), parse(ours), parse(theirs)];
        let lists: Vec<_> = trees.iter().map(pairing::items).collect();
        let all = Three { base: lists[0].as_slice(), ours: lists[1].as_slice(), theirs: lists[2].as_slice() };
        let sequence = merge(all, Keys::Plain, Prefer::Ours);
        let name = |step: &Step| {
            let is_gone = step.base.is_some() && (step.ours.is_none() || step.theirs.is_none());
            let item = step.ours.map(|at| all.ours[at]).or(step.theirs.map(|at| all.theirs[at]))?;
            item.element().and_then(|element| element.attribute("id")).filter(|_| !is_gone).map(str::to_owned)
        };
        (sequence.steps.iter().filter_map(name).collect(), sequence.is_contested)
    }

    #[test]
    fn additions_stay_with_their_neighbours() {
        assert_eq!(merged("abc", "axbc", "abcy"), ("axbcy".to_owned(), false));
        assert_eq!(merged("abc", "abxc", "abyc"), ("abxyc".to_owned(), false));
        assert_eq!(merged("abc", "xabc", "abc"), ("xabc".to_owned(), false));
        assert_eq!(merged("abc", "abc", "abc"), ("abc".to_owned(), false));
        assert_eq!(merged("abc", "ab", "abxc"), ("abx".to_owned(), false));
        assert_eq!(merged("", "ab", "bc"), ("abc".to_owned(), false));
    }

    #[test]
    fn one_order_wins_and_two_are_contested() {
        assert_eq!(merged("abcd", "badc", "abcdx"), ("badxc".to_owned(), false));
        assert_eq!(merged("abcd", "xabcd", "dabc"), ("xdabc".to_owned(), false));
        assert!(!merged("abc", "cab", "cab").1);
        assert!(merged("abc", "cab", "bac").1);
    }
}
