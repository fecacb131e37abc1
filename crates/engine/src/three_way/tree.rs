//! Three elements become one.

use strata_xml::{Element, Node};

use super::sequence::{self, Step};
use super::{Conflict, Prefer, Three, text};
use crate::compare;
use crate::pairing::{self, Item, Keys};

/// Decides between two values that both sides changed, where there is a rule for it.
type Rule = fn(path: &str, ours: Option<&str>, theirs: Option<&str>) -> Option<Prefer>;

/// One merge of trees, and the conflicts it meets.
pub(super) struct Walk {
    keys: Keys,
    prefer: Prefer,
    conflicts: Vec<Conflict>,
    rule: Rule,
}

impl Walk {
    pub(super) fn new(keys: Keys, prefer: Prefer) -> Self {
        Self { keys, prefer, conflicts: Vec::new(), rule: |_, _, _| None }
    }

    pub(super) fn with_rule(rule: Rule, prefer: Prefer) -> Self {
        Self { rule, ..Self::new(Keys::Plain, prefer) }
    }

    /// Returns the conflicts, their paths below the component's own element (R8).
    pub(super) fn conflicts(mut self, own_element: &[&str]) -> Vec<Conflict> {
        for conflict in &mut self.conflicts {
            compare::shorten(&mut conflict.path, own_element);
        }
        self.conflicts
    }

    /// Merges an element that both sides have.
    pub(super) fn element(&mut self, base: Option<&Element>, ours: &Element, theirs: &Element, path: &str) -> Element {
        if pairing::is_same(ours, theirs) || base.is_some_and(|base| pairing::is_same(base, theirs)) {
            return ours.clone();
        }
        if base.is_some_and(|base| pairing::is_same(base, ours)) {
            return theirs.clone();
        }
        let mut merged = self.own(base, ours, theirs, path);
        let texts = Three {
            base: base.and_then(pairing::own_text),
            ours: pairing::own_text(ours),
            theirs: pairing::own_text(theirs),
        };
        if texts.ours.is_some() || texts.theirs.is_some() {
            let text = self.text(texts, if path.is_empty() { "#text" } else { path });
            merged.children.extend(text.map(Node::Text));
        }
        merged.children.extend(self.children(base, ours, theirs, path));
        merged
    }

    /// Merges the attributes.
    fn own(&mut self, base: Option<&Element>, ours: &Element, theirs: &Element, path: &str) -> Element {
        let mut merged = Element::new(ours.name.clone());
        let only_theirs = theirs.attributes.iter().filter(|(name, _)| ours.attribute(name).is_none());
        for (name, _) in ours.attributes.iter().chain(only_theirs) {
            let sides = Three {
                base: base.and_then(|base| base.attribute(name)),
                ours: ours.attribute(name),
                theirs: theirs.attribute(name),
            };
            let value = match pairing::says_something(name) {
                true => self.value(sides, &format!("{path}@{name}")),
                false => sides.ours.or(sides.theirs).map(str::to_owned),
            };
            merged.attributes.extend(value.map(|value| (name.clone(), value)));
        }
        merged
    }

    /// Merges a value that is taken as a whole.
    fn value(&mut self, sides: Three<Option<&str>>, path: &str) -> Option<String> {
        let Three { base, ours, theirs } = sides;
        let picked = if ours == theirs || base == theirs {
            ours
        } else if base == ours {
            theirs
        } else {
            let ruled = (self.rule)(path, ours, theirs);
            if ruled.is_none() {
                self.conflict(path, sides);
            }
            ruled.unwrap_or(self.prefer).pick(ours, theirs)
        };
        picked.map(str::to_owned)
    }

    fn text(&mut self, sides: Three<Option<&str>>, path: &str) -> Option<String> {
        let has_both = sides.ours.is_some() && sides.theirs.is_some() && sides.ours != sides.theirs;
        if has_both && sides.base != sides.ours && sides.base != sides.theirs {
            let sides = Three {
                base: sides.base.unwrap_or_default(),
                ours: sides.ours.unwrap_or_default(),
                theirs: sides.theirs.unwrap_or_default(),
            };
            if let Some(merged) = text::merge_value(path, sides, self.prefer, &mut self.conflicts) {
                return Some(merged);
            }
        }
        self.value(sides, path)
    }

    fn conflict(&mut self, path: &str, sides: Three<Option<&str>>) {
        let said = |value: Option<&str>| value.map(str::to_owned);
        self.conflicts.push(Conflict {
            component: None,
            path: path.to_owned(),
            base: said(sides.base),
            ours: said(sides.ours),
            theirs: said(sides.theirs),
        });
    }

    fn children(&mut self, base: Option<&Element>, ours: &Element, theirs: &Element, path: &str) -> Vec<Node> {
        let base_items = base.map(pairing::items).unwrap_or_default();
        let (ours_items, theirs_items) = (pairing::items(ours), pairing::items(theirs));
        let all = Three { base: base_items.as_slice(), ours: ours_items.as_slice(), theirs: theirs_items.as_slice() };
        let merged = sequence::merge(all, self.keys, self.prefer);
        if merged.is_contested {
            let order = |items: &[Item<'_>]| Some(pairing::segments(items, self.keys).join(", "));
            let (base, ours, theirs) = (order(all.base), order(all.ours), order(all.theirs));
            let path = format!("{path}#order");
            self.conflicts.push(Conflict { component: None, path, base, ours, theirs });
        }
        let segments = Three {
            base: pairing::segments(all.base, self.keys),
            ours: pairing::segments(all.ours, self.keys),
            theirs: pairing::segments(all.theirs, self.keys),
        };
        let mut nodes = Vec::new();
        for step in merged.steps {
            let segment = step.ours.map(|at| &segments.ours[at]).or(step.theirs.map(|at| &segments.theirs[at]));
            let Some(segment) = segment else { continue };
            let below = if path.is_empty() { segment.clone() } else { format!("{path}/{segment}") };
            if let Some(node) = self.item(all, step, &below) {
                push(&mut nodes, node);
            }
        }
        nodes
    }

    fn item(&mut self, all: Three<&[Item<'_>]>, step: Step, path: &str) -> Option<Merged> {
        let base = step.base.map(|at| all.base[at]);
        match (step.ours.map(|at| all.ours[at]), step.theirs.map(|at| all.theirs[at])) {
            (Some(ours), Some(theirs)) => self.item_of_both(base, ours, theirs, path),
            (Some(kept), None) | (None, Some(kept)) => {
                // One side took it away: that counts where the other left it as it was.
                let Some(base) = base else { return Some(Merged::of(kept)) };
                if base.is_same(kept) {
                    return None;
                }
                let said = |item: Option<Item<'_>>| item.map(pairing::written);
                self.conflicts.push(Conflict {
                    component: None,
                    path: path.to_owned(),
                    base: said(Some(base)),
                    ours: said(step.ours.map(|at| all.ours[at])),
                    theirs: said(step.theirs.map(|at| all.theirs[at])),
                });
                Some(Merged::of(kept))
            }
            (None, None) => None,
        }
    }

    fn item_of_both(&mut self, base: Option<Item<'_>>, ours: Item<'_>, theirs: Item<'_>, path: &str) -> Option<Merged> {
        match (ours, theirs) {
            (Item::Element(ours), Item::Element(theirs)) => {
                let base = base.and_then(Item::element);
                Some(Merged::Node(Node::Element(self.element(base, ours, theirs, path))))
            }
            (Item::Row(ours), Item::Row(theirs)) => {
                let base = base.and_then(Item::element);
                Some(Merged::Row(self.own(base, ours, theirs, path)))
            }
            (Item::Text(_), Item::Text(_)) | (Item::Comment(_), Item::Comment(_)) => {
                let said = |item: Item<'_>| pairing::written(item);
                let texts = (base.map(said), said(ours), said(theirs));
                let sides =
                    Three { base: texts.0.as_deref(), ours: Some(texts.1.as_str()), theirs: Some(texts.2.as_str()) };
                let text = self.value(sides, path)?;
                Some(Merged::Node(match ours {
                    Item::Comment(_) => Node::Comment(text),
                    Item::Text(_) | Item::Element(_) | Item::Row(_) => Node::Text(text),
                }))
            }
            (Item::Element(_) | Item::Row(_) | Item::Text(_) | Item::Comment(_), _) => Some(Merged::of(ours)),
        }
    }
}

/// A child of the result.
enum Merged {
    Node(Node),
    /// The cells that follow belong to it.
    Row(Element),
}

impl Merged {
    fn of(item: Item<'_>) -> Self {
        match item {
            Item::Element(element) => Self::Node(Node::Element(element.clone())),
            Item::Row(row) => {
                let mut bare = Element::new(row.name.clone());
                bare.attributes.clone_from(&row.attributes);
                Self::Row(bare)
            }
            Item::Text(text) => Self::Node(Node::Text(text.to_owned())),
            Item::Comment(text) => Self::Node(Node::Comment(text.to_owned())),
        }
    }
}

/// Adds a child; cells go into the last row.
fn push(nodes: &mut Vec<Node>, merged: Merged) {
    match merged {
        Merged::Row(row) => nodes.push(Node::Element(row)),
        Merged::Node(Node::Element(cell)) if cell.name == "cell" => match nodes.last_mut() {
            Some(Node::Element(row)) if row.name == "row" => row.children.push(Node::Element(cell)),
            _ => nodes.push(Node::Element(cell)),
        },
        Merged::Node(node) => nodes.push(node),
    }
}
