//! What differs between two elements, as properties: paths below a definition's own element (R8), values before and
//! after, and where that is in words.

use strata_xml::Element;

use super::{PropertyChange, Whole, text, words};
use crate::pairing::{self, Item, Keys};

/// Compares two elements that are the same one.
pub(super) fn compare(before: &Element, after: &Element, keys: Keys) -> Vec<PropertyChange> {
    let mut walk = Walk { keys, changes: Vec::new(), places: Vec::new(), whole: None };
    walk.both(before, after, "");
    walk.changes
}

/// Lists everything an element says, as something that came.
pub(super) fn list(element: &Element, keys: Keys) -> Vec<PropertyChange> {
    let mut walk = Walk { keys, changes: Vec::new(), places: Vec::new(), whole: None };
    walk.one(element, "", true);
    walk.changes
}

struct Walk {
    keys: Keys,
    changes: Vec<PropertyChange>,
    /// The words for the elements on the way down, and the length of the path below which they say nothing.
    places: Vec<(String, usize)>,
    /// The element that came or went as a whole, while inside it.
    whole: Option<Whole>,
}

impl Walk {
    fn both(&mut self, before: &Element, after: &Element, path: &str) {
        if pairing::is_same(before, after) {
            return;
        }
        self.attributes(before, after, path);
        let (old, new) = (pairing::own_text(before), pairing::own_text(after));
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) if old == new => {}
            (old, new) => self.text(path, old, new),
        }
        self.children(before, after, path);
    }

    fn attributes(&mut self, before: &Element, after: &Element, path: &str) {
        let said = |element: &Element| -> Vec<(String, String)> {
            let said = element.attributes.iter().filter(|(name, _)| pairing::says_something(name));
            said.cloned().collect()
        };
        for (name, old) in said(before) {
            match after.attribute(&name) {
                Some(new) if new == old => {}
                new => self.push(format!("{path}@{name}"), Some(&old), new),
            }
        }
        for (name, new) in said(after) {
            if before.attribute(&name).is_none() {
                self.push(format!("{path}@{name}"), None, Some(&new));
            }
        }
    }

    /// Texts that hold a document of their own are compared as what they hold.
    fn text(&mut self, path: &str, before: Option<&str>, after: Option<&str>) {
        let path = if path.is_empty() { "#text" } else { path };
        let place = self.place(path);
        let mut changes = text::compare(path, before, after);
        for change in &mut changes {
            let inside = change.path.get(path.len()..).filter(|inside| !inside.is_empty());
            change.place = match inside {
                Some(inside) => format!("{place}{inside}"),
                None => place.clone(),
            };
            if self.whole.is_some() {
                change.whole.clone_from(&self.whole);
            } else if let Some(whole) = &mut change.whole {
                whole.place = format!("{place}{}", whole.path.get(path.len()..).unwrap_or_default());
            }
        }
        self.changes.extend(changes);
    }

    fn children(&mut self, before: &Element, after: &Element, path: &str) {
        let (old, new) = (pairing::items(before), pairing::items(after));
        if old.is_empty() && new.is_empty() {
            return;
        }
        let pairs = pairing::pair(&old, &new, self.keys);
        let moved = pairing::moved(&pairs, &new);
        let (old_segments, new_segments) = (pairing::segments(&old, self.keys), pairing::segments(&new, self.keys));
        for pair in pairs {
            match (pair.before, pair.after) {
                (Some(from), Some(to)) => {
                    let child = below(path, &new_segments[to]);
                    if moved.binary_search(&to).is_ok() {
                        let positions = (pairing::position(&old, from), pairing::position(&new, to));
                        self.moved(&child, new[to], positions);
                    }
                    self.pair(old[from], new[to], &child);
                }
                (Some(from), None) => self.alone(old[from], &below(path, &old_segments[from]), false),
                (None, Some(to)) => self.alone(new[to], &below(path, &new_segments[to]), true),
                (None, None) => {}
            }
        }
    }

    fn pair(&mut self, old: Item<'_>, new: Item<'_>, path: &str) {
        match (old, new) {
            (Item::Element(old), Item::Element(new)) => {
                self.enter(new, path);
                self.both(old, new, path);
                self.leave(path);
            }
            (Item::Row(old), Item::Row(new)) => self.attributes(old, new, path),
            (Item::Text(old) | Item::Comment(old), Item::Text(new) | Item::Comment(new)) => {
                if old != new {
                    self.push(path.to_owned(), Some(old), Some(new));
                }
            }
            (Item::Element(_) | Item::Row(_) | Item::Text(_) | Item::Comment(_), _) => {}
        }
    }

    fn moved(&mut self, path: &str, item: Item<'_>, (from, to): (usize, usize)) {
        let Some(element) = item.element() else { return };
        self.enter(element, path);
        self.push(format!("{path}#position"), Some(&from.to_string()), Some(&to.to_string()));
        self.leave(path);
    }

    /// Something that only one side has.
    fn alone(&mut self, item: Item<'_>, path: &str, is_after: bool) {
        let sides = |value| if is_after { (None, Some(value)) } else { (Some(value), None) };
        match item {
            Item::Element(element) | Item::Row(element) => {
                let outermost = self.whole.is_none();
                self.enter(element, path);
                if outermost {
                    self.whole = Some(Whole { path: path.to_owned(), place: self.place(path) });
                }
                match item {
                    Item::Row(_) => self.own(element, path, is_after),
                    _ => self.one(element, path, is_after),
                }
                if outermost {
                    self.whole = None;
                }
                self.leave(path);
            }
            Item::Text(text) | Item::Comment(text) => {
                let (before, after) = sides(text);
                self.push(path.to_owned(), before, after);
            }
        }
    }

    fn one(&mut self, element: &Element, path: &str, is_after: bool) {
        let items = pairing::items(element);
        if items.is_empty() {
            self.own(element, path, is_after);
            return;
        }
        let count = self.changes.len();
        self.said(element, path, is_after);
        let segments = pairing::segments(&items, self.keys);
        for (item, segment) in items.iter().zip(&segments) {
            self.alone(*item, &below(path, segment), is_after);
        }
        if self.changes.len() == count {
            self.empty(path, is_after);
        }
    }

    /// What an element says without its children; that it is there, if nothing else.
    fn own(&mut self, element: &Element, path: &str, is_after: bool) {
        let count = self.changes.len();
        self.said(element, path, is_after);
        if let Some(text) = pairing::own_text(element) {
            let (before, after) = if is_after { (None, Some(text)) } else { (Some(text), None) };
            self.push(if path.is_empty() { "#text".to_owned() } else { path.to_owned() }, before, after);
        }
        if self.changes.len() == count {
            self.empty(path, is_after);
        }
    }

    fn said(&mut self, element: &Element, path: &str, is_after: bool) {
        for (name, value) in element.attributes.iter().filter(|(name, _)| pairing::says_something(name)) {
            let value = Some(value.as_str());
            let (before, after) = if is_after { (None, value) } else { (value, None) };
            self.push(format!("{path}@{name}"), before, after);
        }
    }

    fn empty(&mut self, path: &str, is_after: bool) {
        let (before, after) = if is_after { (None, Some("")) } else { (Some(""), None) };
        self.push(path.to_owned(), before, after);
    }

    fn push(&mut self, path: String, before: Option<&str>, after: Option<&str>) {
        let mut change = PropertyChange::new(path, before, after);
        change.place = self.place(&change.path);
        change.whole.clone_from(&self.whole);
        self.changes.push(change);
    }

    fn enter(&mut self, element: &Element, path: &str) {
        if let Some(word) = words::of(element) {
            self.places.push((word, path.len()));
        }
    }

    fn leave(&mut self, path: &str) {
        self.places.pop_if(|(_, length)| *length == path.len());
    }

    /// Says in words where a path leads: the words on the way, then the rest of the path.
    fn place(&self, path: &str) -> String {
        let Some((_, length)) = self.places.last() else { return path.to_owned() };
        let mut place = self.places.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" › ");
        let rest = path.get(*length..).unwrap_or_default().trim_start_matches('/');
        if !rest.is_empty() {
            let joint = if rest.starts_with(['@', '#']) { " " } else { " › " };
            place.push_str(joint);
            place.push_str(rest);
        }
        place
    }
}

fn below(path: &str, segment: &str) -> String {
    if path.is_empty() { segment.to_owned() } else { format!("{path}/{segment}") }
}
