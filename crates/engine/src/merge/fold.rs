//! Lays one layer over what is merged below it (merge §1, §4).
//!
//! For each container: removals first, then changes and additions, then every child finds its place. Only what a
//! layer mentions is looked at, so a small difference over a large form costs little.

use super::conflict::{Conflict, Orphan, Reason, path_of};
use super::grid::{self, COLUMN_STEP};
use super::identity::{Index, Key, is_made_for_content, is_marked, is_ordered, is_structure, keys};
use super::part::{Mark, Part};
use super::place::{self, Listed};

/// How the elements of a layer are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Marks say what changes; what has none leads to changes further down.
    Diff,
    /// Everything is a statement: what is there is changed, what is not is added, nothing is removed.
    Full,
}

/// One layer on its way into the merged definition.
pub(super) struct Fold<'a, 'm> {
    pub(super) layer: usize,
    /// The base is only assumed, or is a difference itself: what is not there is taken from the difference.
    pub(super) lenient: bool,
    pub(super) strict: bool,
    pub(super) conflicts: &'m mut Vec<Conflict>,
    pub(super) orphans: Vec<Orphan<'a>>,
    path: Vec<Key<'a>>,
    /// Elements taken away together with what layers in between had put into them.
    emptied: Vec<Emptied<'a>>,
    /// Elements put in, to know moves by.
    added: Vec<Key<'a>>,
}

/// An element that was removed with parts of other layers inside.
struct Emptied<'a> {
    key: Key<'a>,
    parts: Vec<(Key<'a>, String, usize)>,
}

impl<'a, 'm> Fold<'a, 'm> {
    pub(super) fn new(layer: usize, lenient: bool, strict: bool, conflicts: &'m mut Vec<Conflict>) -> Self {
        Self {
            layer,
            lenient,
            strict,
            conflicts,
            orphans: Vec::new(),
            path: Vec::new(),
            emptied: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Lays a layer's root over the merged one.
    pub(super) fn root(&mut self, below: &mut Part<'a>, mut above: Part<'a>, is_diff: bool) {
        if is_diff && is_marked(&above.name) {
            self.element(below, above, Reading::Diff);
        } else {
            // A property that is absent comes from below (merge §4.7).
            let mut attributes = std::mem::take(&mut above.attributes);
            let kept = below.attributes.iter().filter(|kept| attributes.iter().all(|new| new.name != kept.name));
            let kept: Vec<_> = kept.cloned().collect();
            attributes.extend(kept);
            below.take_attributes(attributes);
            let (marked, full): (Vec<_>, Vec<_>) =
                std::mem::take(&mut above.parts).into_iter().partition(|part| is_diff && is_marked(&part.name));
            self.children(below, full, Reading::Full);
            self.children(below, marked, Reading::Diff);
        }
        self.report_lost_in_moves();
    }

    /// Changes an element that both sides have.
    fn element(&mut self, below: &mut Part<'a>, mut above: Part<'a>, reading: Reading) {
        let says = reading == Reading::Full || above.mark.is_some();
        let is_whole = !is_structure(&above.name);
        if says {
            below.take_attributes(std::mem::take(&mut above.attributes));
            if is_whole && (reading == Reading::Full || !above.parts.is_empty() || above.text.is_some()) {
                replace_content(below, above);
                return;
            }
            below.take_text(above.text.take());
        }
        let before = self.orphans.len();
        self.children(below, above.parts, reading);
        if below.name == "section" {
            for orphan in self.orphans[before..].iter_mut().filter(|orphan| orphan.section.is_none()) {
                orphan.section = Some(shell(below));
            }
        }
    }

    fn children(&mut self, below: &mut Part<'a>, listed: Vec<Part<'a>>, reading: Reading) {
        if listed.is_empty() {
            return;
        }
        let below_keys = keys(&below.parts);
        let index = Index::of(&below_keys);
        let listed_keys = keys(&listed);
        self.report_repeated(&below_keys, &listed_keys);
        let mut old: Vec<Option<Part<'a>>> = std::mem::take(&mut below.parts).into_iter().map(Some).collect();
        if reading == Reading::Diff {
            self.remove(&listed, &listed_keys, &index, &mut old);
        }
        let mut children = Children { old, ..Children::default() };
        let (mut position, mut is_respanned) = (0, false);
        for (part, key) in listed.into_iter().zip(listed_keys) {
            if reading == Reading::Diff && part.mark == Some(Mark::Removed) {
                continue;
            }
            let slot = match reading {
                _ if !is_ordered(&part.name) => None,
                Reading::Diff => part.ordinal.filter(|_| part.mark.is_some() || self.lenient).map(|n| slot(&part, n)),
                Reading::Full => {
                    position += 1;
                    Some(position - 1)
                }
            };
            let is_written = reading == Reading::Diff;
            let at = index.find(&key).filter(|at| children.old[*at].is_some());
            match at.and_then(|at| children.old[at].as_mut().map(|existing| (at, existing))) {
                Some((at, existing)) => {
                    children.listed.push(Listed::old(key.clone(), at, slot, is_written));
                    children.is_regridded |= regrid(existing, &part, reading);
                    is_respanned |= has_other_span(existing, &part);
                    self.matched(existing, part, key, reading);
                }
                None => self.unmatched(part, key, slot, reading, &mut children),
            }
        }
        let placed = place::place(self.layer, self.strict && reading == Reading::Diff, children);
        for collision in placed.collisions {
            let element = path_of(&self.path, collision.key.as_ref());
            let layers = vec![collision.below, self.layer];
            self.conflicts.push(Conflict { reason: Reason::Collision, element, layers });
        }
        self.orphans.extend(placed.evicted.into_iter().map(|part| Orphan { part, section: None }));
        if placed.is_changed && below.name == "rows" {
            below.layout = None;
        }
        below.parts = placed.parts;
        if is_respanned && !grid::fits(below) {
            below.layout = None;
        }
        // A container that has lost everything says nothing any more.
        below.parts.retain(|part| !part.is_void());
    }

    /// Removals first: what is removed here may be added elsewhere, or anew.
    fn remove(
        &mut self,
        listed: &[Part<'a>],
        listed_keys: &[Key<'a>],
        index: &Index<'_, 'a>,
        old: &mut [Option<Part<'a>>],
    ) {
        let removed = listed.iter().zip(listed_keys).filter(|(part, _)| part.mark == Some(Mark::Removed));
        for (_, key) in removed {
            let Some(part) = index.find(key).and_then(|at| old[at].take()) else { continue };
            let mut parts = Vec::new();
            self.path.push(key.clone());
            foreign(&part, part.placed_by, &mut self.path, &mut parts);
            self.path.pop();
            if !parts.is_empty() {
                self.emptied.push(Emptied { key: key.clone(), parts });
            }
        }
    }

    fn matched(&mut self, existing: &mut Part<'a>, part: Part<'a>, key: Key<'a>, reading: Reading) {
        let is_added = reading == Reading::Diff && part.mark == Some(Mark::Added);
        if is_added && is_ordered(&part.name) {
            self.added.push(key.clone());
            let element = path_of(&self.path, Some(&key));
            let layers = vec![existing.placed_by, self.layer];
            self.conflicts.push(Conflict { reason: Reason::AddedTwice, element, layers });
        }
        self.path.push(key);
        // What was added already is changed with all its children (merge §4.4).
        let inner = if is_added { Reading::Full } else { reading };
        self.element(existing, part, inner);
        self.path.pop();
    }

    fn unmatched(
        &mut self,
        part: Part<'a>,
        key: Key<'a>,
        slot: Option<usize>,
        reading: Reading,
        children: &mut Children<'a>,
    ) {
        let is_added = reading == Reading::Full || part.mark == Some(Mark::Added) || self.lenient;
        if is_added {
            children.listed.push(Listed::new(key, children.new.len(), slot, reading == Reading::Diff));
            let fresh = self.fresh(part);
            children.new.push(fresh);
            return;
        }
        if is_made_for_content(&part.name) && part.mark.is_none() {
            let mut made = Part::new(part.name.clone(), self.layer);
            self.path.push(key);
            self.children(&mut made, part.parts, reading);
            self.path.pop();
            if !made.parts.is_empty() {
                children.new.push(made);
            }
            return;
        }
        self.path.push(key);
        let is_lost = self.collect_orphans(part, None, children);
        if is_lost {
            let element = path_of(&self.path, None);
            self.conflicts.push(Conflict { reason: Reason::WithoutEffect, element, layers: vec![self.layer] });
        }
        self.path.pop();
    }

    /// Saves what a layer adds below an element that is gone; tells whether anything else of it is lost.
    fn collect_orphans(&mut self, part: Part<'a>, section: Option<Part<'a>>, children: &mut Children<'a>) -> bool {
        let mut is_lost = part.mark == Some(Mark::Modified);
        let is_added = part.mark == Some(Mark::Added);
        let section = if part.name == "section" { Some(shell(&part)) } else { section };
        let child_keys = keys(&part.parts);
        for (mut child, key) in part.parts.into_iter().zip(child_keys) {
            if is_added {
                child.mark = part.mark;
            }
            match child.mark {
                Some(Mark::Added) if is_ordered(&child.name) => {
                    let element = path_of(&self.path, Some(&key));
                    self.conflicts.push(Conflict { reason: Reason::Orphan, element, layers: vec![self.layer] });
                    let fresh = self.fresh(child);
                    if matches!(fresh.name.as_ref(), "Area" | "Group" | "SubArea") {
                        // A site map has no tab for it: the nearest ancestor that is there takes it (merge §7).
                        children.new.push(fresh);
                    } else {
                        self.orphans.push(Orphan { part: fresh, section: section.clone() });
                    }
                }
                // A new column of a tab that is gone: its sections are saved.
                Some(Mark::Added) if !matches!(child.name.as_ref(), "columns" | "column" | "sections" | "rows") => {
                    is_lost = true;
                }
                Some(Mark::Removed) => {}
                Some(Mark::Added | Mark::Modified) | None => {
                    self.path.push(key);
                    is_lost |= self.collect_orphans(child, section.clone(), children);
                    self.path.pop();
                }
            }
        }
        is_lost
    }

    /// Strips the marks and ordinals of an element that is put in with everything below it.
    fn fresh(&mut self, mut part: Part<'a>) -> Part<'a> {
        if is_ordered(&part.name) {
            self.added.extend(keys(std::slice::from_ref(&part)));
        }
        let parts = std::mem::take(&mut part.parts);
        let count = parts.len();
        let mut kept: Vec<_> = parts.into_iter().filter(|child| child.mark != Some(Mark::Removed)).collect();
        let number = |child: &Part<'_>| match child.ordinal {
            Some(ordinal) => slot(child, ordinal),
            None if is_ordered(&child.name) => usize::MAX,
            None => 0,
        };
        let is_sorted = kept.iter().filter(|child| is_ordered(&child.name)).is_sorted_by_key(&number);
        if !is_sorted {
            kept.sort_by_key(number);
        }
        if !is_sorted || kept.len() < count {
            part.layout = None;
        }
        part.parts = kept.into_iter().map(|child| self.fresh(child)).collect();
        part.mark = None;
        part.ordinal = None;
        part
    }

    fn report_repeated(&mut self, below: &[Key<'a>], listed: &[Key<'a>]) {
        for key in below.iter().chain(listed).filter(|key| key.is_repeated() && is_ordered(&key.tag)) {
            let element = path_of(&self.path, Some(key));
            let conflict = Conflict { reason: Reason::RepeatedKey, element, layers: vec![self.layer] };
            if !self.conflicts.contains(&conflict) {
                self.conflicts.push(conflict);
            }
        }
    }

    /// A section that a layer moves takes along what the layer knew of it, and nothing else (merge §4).
    fn report_lost_in_moves(&mut self) {
        let is_added = |key: &Key<'a>| self.added.iter().any(|added| added.tag == key.tag && added.id == key.id);
        for emptied in &self.emptied {
            if !is_added(&emptied.key) {
                continue;
            }
            for (_, element, by) in emptied.parts.iter().filter(|(key, ..)| !is_added(key)) {
                let layers = vec![*by, self.layer];
                self.conflicts.push(Conflict { reason: Reason::LostInMove, element: element.clone(), layers });
            }
        }
    }
}

/// The children of one container while a layer is laid over them.
#[derive(Default)]
pub(super) struct Children<'a> {
    /// `None` where a child has been removed.
    pub(super) old: Vec<Option<Part<'a>>>,
    pub(super) new: Vec<Part<'a>>,
    /// What the layer mentions of them, in its order.
    pub(super) listed: Vec<Listed<'a>>,
    /// A cell has another grid column than before.
    pub(super) is_regridded: bool,
}

/// Returns the position that an ordinal stands for.
fn slot(part: &Part<'_>, ordinal: usize) -> usize {
    if part.name == "cell" { ordinal % COLUMN_STEP } else { ordinal }
}

/// Takes over the grid column that a layer gives a cell; tells whether it is another one.
fn regrid<'a>(existing: &mut Part<'a>, part: &Part<'a>, reading: Reading) -> bool {
    let says = reading == Reading::Full || (part.mark.is_some() && part.ordinal.is_some());
    let (Some(below), Some(above)) = (&mut existing.grid, &part.grid) else { return false };
    if !says || below.column == above.column {
        return false;
    }
    below.column = above.column;
    true
}

/// Tells whether a layer says that a cell reaches over more or fewer columns or rows.
fn has_other_span(existing: &Part<'_>, part: &Part<'_>) -> bool {
    let is_other = |name| part.attribute(name).is_some_and(|own| existing.attribute(name) != Some(own));
    existing.grid.is_some() && ["colspan", "rowspan"].into_iter().any(is_other)
}

/// The parts inside that other layers than the element's own have put there.
fn foreign<'a>(part: &Part<'a>, owner: usize, path: &mut Vec<Key<'a>>, found: &mut Vec<(Key<'a>, String, usize)>) {
    let is_holder = matches!(part.name.as_ref(), "tab" | "columns" | "column" | "sections" | "section" | "rows");
    if !is_holder {
        return;
    }
    for (child, key) in part.parts.iter().zip(keys(&part.parts)) {
        if child.placed_by != owner && is_ordered(&child.name) {
            found.push((key.clone(), path_of(path, Some(&key)), child.placed_by));
        }
        path.push(key);
        foreign(child, owner, path, found);
        path.pop();
    }
}

/// An element's name and attributes, to stand for it where it is gone.
fn shell<'a>(part: &Part<'a>) -> Part<'a> {
    let mut shell = Part::new(part.name.clone(), part.placed_by);
    shell.attributes.clone_from(&part.attributes);
    shell
}

/// Takes over everything inside an element that is not matched piece by piece; a piece that was there before keeps
/// the layers it came from.
fn replace_content<'a>(below: &mut Part<'a>, above: Part<'a>) {
    match above.text {
        Some(text) => below.take_text(Some(text)),
        None => below.text = None,
    }
    let old_keys = keys(&below.parts);
    let index = Index::of(&old_keys);
    let mut old: Vec<Option<Part<'a>>> = std::mem::take(&mut below.parts).into_iter().map(Some).collect();
    let new_keys = keys(&above.parts);
    let replaced = above.parts.into_iter().zip(new_keys).map(|(mut new, key)| {
        let Some(mut existing) = index.find(&key).and_then(|at| old[at].take()) else { return new };
        existing.take_attributes(std::mem::take(&mut new.attributes));
        replace_content(&mut existing, new);
        existing
    });
    below.parts = replaced.collect();
}
