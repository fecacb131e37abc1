//! Merges of layers: forms and site maps element by element, apps and ribbons by key (L39, L44, D9).
//!
//! A [`Merger`] takes the layers of a stack, bottom to top, and gives the definition they resolve to; every value in
//! it knows the layers it came from, and what could not be merged is a list of [`Conflict`]s. A layer is *full* or a
//! *difference*, whose elements are marked; a full layer over an existing definition changes and adds, and removes
//! nothing (merge §1). [`difference`] goes the other way.
//!
//! Rows of a form section are transparent: the cells of all rows are one list. Paths name tabs, sections, cells and
//! areas by their folded id, columns by their index from 1, and leave rows out.
//!
//! Not here: types whose topmost layer wins, and choices, see [`crate::layering`].

mod conflict;
mod difference;
mod edit;
mod fold;
mod grid;
mod identity;
mod keep;
mod leaves;
mod outline;
mod part;
mod place;
mod prune;
mod ribbon;
mod siblings;

use std::borrow::Cow;

use strata_xml::Element;

pub use conflict::{Conflict, Reason, TAB_LABEL};
pub use difference::difference;
pub use edit::{EditPath, Edited, edit};
pub use keep::{ActiveContent, LayerTree, active_content, keep_parts, says_nothing};
pub use leaves::{MergedLeaf, of_layer as layer_leaves};
pub use outline::{Level, OutlineItem};
pub use part::Origin;
pub use prune::in_languages;
pub use ribbon::RibbonAction;
pub(crate) use siblings::{sibling_keys, sibling_segments};

use fold::Fold;
use part::Part;

/// The definition of an assumed layer is an element of this name, which says nothing (R4).
pub const ASSUMED: &str = "assumed";

/// Puts the layers of a stack together, bottom to top.
#[derive(Debug)]
pub struct Merger<'a> {
    merged: Merged<'a>,
    next: usize,
    /// The base is assumed or a difference: what differences mention is taken to exist.
    lenient: bool,
    strict: bool,
}

/// What a stack resolves to.
#[derive(Debug, Clone, Default)]
pub struct Merged<'a> {
    root: Option<Part<'a>>,
    pub conflicts: Vec<Conflict>,
}

impl<'a> Merger<'a> {
    /// Begins with no layer; `strict` sends what collides to the Conflicts Tab.
    pub fn new(strict: bool) -> Self {
        Self { merged: Merged::default(), next: 0, lenient: false, strict }
    }

    /// Lays the next layer over what is merged so far; one whose bytes are no tree says nothing.
    pub fn add(&mut self, tree: Option<&'a Element>, is_diff: bool) {
        let layer = self.next;
        self.next += 1;
        let Some(tree) = tree else { return };
        if tree.name == ASSUMED {
            self.lenient |= self.merged.root.is_none();
            return;
        }
        let above = Part::read(tree, layer);
        let below = match &mut self.merged.root {
            Some(below) => below,
            None if is_diff => {
                self.lenient = true;
                self.merged.root.insert(Part::new(Cow::Borrowed(tree.name.as_str()), layer))
            }
            None => {
                self.lenient = false;
                self.merged.root = Some(above);
                return;
            }
        };
        let mut fold = Fold::new(layer, self.lenient, self.strict, &mut self.merged.conflicts);
        fold.root(below, above, is_diff);
        let orphans = std::mem::take(&mut fold.orphans);
        if !orphans.is_empty() {
            conflict::show(below, orphans, layer);
        }
        conflict::tidy(below);
        self.lenient &= is_diff;
    }

    /// Returns what is merged so far.
    pub fn so_far(&self) -> &Merged<'a> {
        &self.merged
    }

    /// Returns the merged definition.
    pub fn finish(self) -> Merged<'a> {
        self.merged
    }
}

/// Merges a stack of layers, bottom to top; each comes with whether it is a difference.
pub fn merge<'a>(layers: impl IntoIterator<Item = (&'a Element, bool)>, strict: bool) -> Merged<'a> {
    let mut merger = Merger::new(strict);
    for (tree, is_diff) in layers {
        merger.add(Some(tree), is_diff);
    }
    merger.finish()
}

impl Merged<'_> {
    /// Writes the definition, full and without marks; `None` where no layer says anything.
    pub fn definition(&self) -> Option<Element> {
        self.root.as_ref().map(Part::to_element)
    }
}

/// Lays one layer over a definition.
pub fn apply(base: &Element, layer: &Element, is_diff: bool) -> Element {
    merge([(base, false), (layer, is_diff)], false).definition().unwrap_or_else(|| base.clone())
}

/// Tells whether two definitions say the same: order counts only for what has a position.
pub fn is_same(left: &Element, right: &Element) -> bool {
    difference::is_same(&Part::read(left, 0), &Part::read(right, 0))
}

/// Tells whether two layers say the same, the order in which scripts load included.
pub fn is_same_layer(left: &Element, right: &Element) -> bool {
    let (left, right) = (Part::read(left, 0), Part::read(right, 0));
    difference::is_same(&left, &right) && difference::loads_in_same_order(&left, &right)
}

#[cfg(test)]
#[path = "merge/vectors.rs"]
mod vectors;
