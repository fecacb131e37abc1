//! Where the children of a container stand once a layer has been laid over them (merge §4.5, §5).

use super::fold::Children;
use super::identity::{Key, is_ordered};
use super::part::{Claim, Part};

/// What a layer mentions of a container's children.
pub(super) struct Listed<'a> {
    key: Option<Key<'a>>,
    at: At,
    /// The position that the layer claims for it.
    slot: Option<usize>,
    /// The position was written, not taken from the order of a full definition.
    is_written: bool,
}

#[derive(Clone, Copy)]
enum At {
    Old(usize),
    New(usize),
}

impl<'a> Listed<'a> {
    /// Mentions a child that was there before.
    pub(super) fn old(key: Key<'a>, at: usize, slot: Option<usize>, is_written: bool) -> Self {
        Self { key: Some(key), at: At::Old(at), slot, is_written }
    }

    /// Mentions a child that the layer puts in.
    pub(super) fn new(key: Key<'a>, at: usize, slot: Option<usize>, is_written: bool) -> Self {
        Self { key: Some(key), at: At::New(at), slot, is_written }
    }
}

/// The children in their places.
pub(super) struct Placed<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) collisions: Vec<Collision<'a>>,
    /// Sent to the Conflicts Tab by the strict reading.
    pub(super) evicted: Vec<Part<'a>>,
    /// Something came, went or moved.
    pub(super) is_changed: bool,
}

/// Two layers claim one slot.
pub(super) struct Collision<'a> {
    pub(super) key: Option<Key<'a>>,
    /// The lower layer.
    pub(super) below: usize,
}

pub(super) fn place<'a>(layer: usize, strict: bool, children: Children<'a>) -> Placed<'a> {
    let Children { mut old, new, listed, is_regridded } = children;
    let is_changed = is_regridded || !new.is_empty() || old.iter().any(Option::is_none);
    if new.is_empty() && listed.iter().all(|listed| listed.slot.is_none()) {
        let parts = old.into_iter().flatten().collect();
        return Placed { parts, collisions: Vec::new(), evicted: Vec::new(), is_changed };
    }
    let mut new: Vec<Option<Part<'a>>> = new.into_iter().map(Some).collect();
    let (collisions, evicted) = collide(strict, &old, &mut new, &listed);
    let mut slots = Slots { old: vec![None; old.len()], new: vec![None; new.len()] };
    for (turn, entry) in listed.iter().enumerate() {
        let Some(slot) = entry.slot else { continue };
        let claim = Some(Claim { slot, by: layer });
        let (part, place) = match entry.at {
            At::Old(at) => (old[at].as_mut().filter(|_| entry.is_written), &mut slots.old[at]),
            At::New(at) => (new[at].as_mut(), &mut slots.new[at]),
        };
        part.into_iter().for_each(|part| part.claim = claim);
        *place = Some((slot, turn));
    }
    let (parts, has_moved) = settle(old, new, &slots);
    Placed { parts, collisions, evicted, is_changed: is_changed || has_moved }
}

/// The slots that a layer claims for children, each with its turn in the layer's order.
struct Slots {
    old: Vec<Option<(usize, usize)>>,
    new: Vec<Option<(usize, usize)>>,
}

/// Finds slots that a lower layer has claimed for a child of which this layer does not speak.
fn collide<'a>(
    strict: bool,
    old: &[Option<Part<'a>>],
    new: &mut [Option<Part<'a>>],
    listed: &[Listed<'a>],
) -> (Vec<Collision<'a>>, Vec<Part<'a>>) {
    let mut is_mentioned = vec![false; old.len()];
    for entry in listed {
        if let At::Old(at) = entry.at {
            is_mentioned[at] = true;
        }
    }
    let unmentioned = old.iter().zip(is_mentioned).filter(|(_, mentioned)| !mentioned);
    let mut claims: Vec<Claim> = unmentioned.filter_map(|(part, _)| part.as_ref()?.claim).collect();
    claims.sort_unstable_by_key(|claim| claim.slot);
    let mut found = (Vec::new(), Vec::new());
    for entry in listed {
        let Some(slot) = entry.slot else { continue };
        let at = claims.partition_point(|claim| claim.slot < slot);
        let Some(claim) = claims.get(at).filter(|claim| claim.slot == slot) else { continue };
        match entry.at {
            At::Old(_) if !entry.is_written => continue,
            At::New(at) if strict && matches!(new[at].as_ref(), Some(part) if part.name != "tab") => {
                found.1.extend(new[at].take());
            }
            At::Old(_) | At::New(_) => {}
        }
        found.0.push(Collision { key: entry.key.clone(), below: claim.by });
    }
    found
}

/// Puts children into their slots; tells whether one that was there has changed its place among the others.
///
/// Claims are served in ascending order; a taken slot gives way to the next free one, one past the end to the
/// end. What claims nothing keeps its order in the slots left free; what is new and claims nothing comes last.
fn settle<'a>(old: Vec<Option<Part<'a>>>, new: Vec<Option<Part<'a>>>, slots: &Slots) -> (Vec<Part<'a>>, bool) {
    let count_old = old.len();
    let mut parts = Vec::with_capacity(count_old + new.len());
    let (mut claimed, mut free, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    for (at, part) in old.into_iter().chain(new).enumerate() {
        let Some(part) = part else { continue };
        if !is_ordered(&part.name) {
            parts.push(part);
            continue;
        }
        let slot = if at < count_old { slots.old[at] } else { slots.new[at - count_old] };
        match slot {
            Some(slot) => claimed.push((slot, at, part)),
            None if at < count_old => free.push((at, part)),
            None => tail.push(part),
        }
    }
    claimed.sort_by_key(|(slot, ..)| *slot);
    let mut line: Vec<Option<(usize, Part<'a>)>> = Vec::new();
    line.resize_with(claimed.len() + free.len(), || None);
    let mut next = 0;
    let mut beyond = Vec::new();
    for ((slot, _), at, part) in claimed {
        let slot = slot.max(next);
        match line.get_mut(slot) {
            Some(place) => {
                *place = Some((at, part));
                next = slot + 1;
            }
            None => beyond.push((at, part)),
        }
    }
    while let Some(last) = beyond.pop() {
        let place = line.iter_mut().rev().find(|place| place.is_none());
        *place.expect("there are as many slots as children") = Some(last);
    }
    let mut free = free.into_iter();
    let line: Vec<_> = line.into_iter().filter_map(|place| place.or_else(|| free.next())).collect();
    let has_moved = !line.iter().map(|(at, _)| *at).is_sorted();
    parts.extend(line.into_iter().map(|(_, part)| part));
    parts.extend(tail);
    (parts, has_moved)
}
