//! Document → YAML, in the one way this layout is written.
//!
//! An element is a mapping: attributes, text, then one key for each name among its children. What that arrangement
//! cannot say is handed to the caller as [`Arrangement`]s, which the sidecar keeps.

use std::collections::BTreeMap;

use super::doc::{Doc, Id, Kind};
use super::scalar;

/// The namespace that `xsi:nil` is in.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

pub(crate) const TEXT: &str = "#text";
pub(crate) const CDATA: &str = "#cdata-section";
pub(crate) const COMMENT: &str = "#comment";
/// Says in an [`Arrangement`] that the element declares the prefix itself.
pub(crate) const DECLARES: &str = "@xmlns:xsi";
/// Says in an [`Arrangement`] that the element is nil and has one tag.
pub(crate) const ONE_TAG: &str = "@nil";

/// What a mapping does not say about an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement {
    /// Names from the root, with the index among siblings of that name where it is not the first.
    pub path: String,
    /// Keys of the children in document order, each with how often it stands in a row: `attribute*2 order`.
    pub order: String,
    /// Texts of the comments among them.
    pub comments: Vec<String>,
}

/// Appends an element as a document of its own; its comments go into what is returned.
pub(crate) fn write(doc: &mut Doc<'_>, id: Id, out: &mut String) -> Vec<Arrangement> {
    let commented = take_comments(doc, id);
    let mut writer = Writer { doc, out, path: String::new(), arrangements: Vec::new(), commented };
    scalar::write_key(doc.name(id), writer.out);
    writer.out.push(':');
    writer.path.push_str(doc.name(id));
    writer.value(id, 0);
    writer.arrangements
}

/// The order of an element's children and the comments among them.
type Commented = BTreeMap<Id, (String, Vec<String>)>;

/// Takes the comments out of an element and all below.
fn take_comments(doc: &mut Doc<'_>, root: Id) -> Commented {
    let mut commented = Commented::new();
    if !doc.has_comments() {
        return commented;
    }
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let children: Vec<_> = doc.children(id).collect();
        open.extend(children.iter().filter(|child| doc.is_element(**child)));
        let comment = |child: &Id| match doc.kind(*child) {
            Kind::Comment(text) => Some(text.to_string()),
            Kind::Element { .. } | Kind::Text(_) | Kind::CData(_) | Kind::Instruction(..) => None,
        };
        let comments: Vec<_> = children.iter().filter_map(comment).collect();
        if comments.is_empty() {
            continue;
        }
        let rest: Vec<_> = children.iter().copied().filter(|child| comment(child).is_none()).collect();
        commented.insert(id, (in_order(doc, id), comments));
        doc.set_children(id, &rest);
        doc.set_pair(id, true);
    }
    commented
}

struct Writer<'d, 'a, 'o> {
    doc: &'d Doc<'a>,
    out: &'o mut String,
    path: String,
    arrangements: Vec<Arrangement>,
    commented: Commented,
}

/// One key of a mapping and the children that it stands for.
struct Group<'d> {
    key: Key<'d>,
    members: Vec<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'d> {
    Name(&'d str),
    Text,
    CData,
    Comment,
    /// A processing instruction, by its target.
    Target(&'d str),
}

impl Key<'_> {
    fn push_to(self, out: &mut String) {
        match self {
            Self::Name(name) => out.push_str(name),
            Self::Text => out.push_str(TEXT),
            Self::CData => out.push_str(CDATA),
            Self::Comment => out.push_str(COMMENT),
            Self::Target(target) => {
                out.push('?');
                out.push_str(target);
            }
        }
    }
}

impl<'d> Writer<'d, '_, '_> {
    /// Writes what stands after a key, up to and with the end of the line.
    fn value(&mut self, id: Id, indent: usize) {
        let doc = self.doc;
        match doc.kind(id) {
            Kind::Element { .. } if doc.is_bare(id) => {
                self.out.push_str(if doc.is_pair(id) { " ''\n" } else { "\n" });
                self.arrange(id, String::new());
            }
            Kind::Element { .. } => match self.only_text(id) {
                Some(text) => {
                    self.scalar(text, indent);
                    self.arrange(id, String::new());
                }
                None => {
                    self.out.push('\n');
                    self.mapping(id, indent + 2, false);
                }
            },
            Kind::Text(text) | Kind::CData(text) | Kind::Comment(text) | Kind::Instruction(_, text) => {
                self.scalar(text, indent);
            }
        }
    }

    fn scalar(&mut self, text: &str, indent: usize) {
        self.out.push(' ');
        scalar::write(text, indent + 2, self.out);
        self.out.push('\n');
    }

    /// The text of an element that has nothing else.
    fn only_text(&self, id: Id) -> Option<&'d str> {
        if !self.doc.attributes(id).is_empty() {
            return None;
        }
        let mut children = self.doc.children(id);
        match (children.next().map(|child| self.doc.kind(child)), children.next()) {
            (Some(Kind::Text(text)), None) => Some(text),
            _ => None,
        }
    }

    /// Writes the keys of an element that has any; the first one stands where the line is, if it has begun.
    fn mapping(&mut self, id: Id, indent: usize, mut has_begun: bool) {
        let doc = self.doc;
        let declares = self.attributes(id, indent, &mut has_begun);
        let is_nil = doc.attribute(id, "xsi:nil").is_some();
        let mut order = String::new();
        if declares {
            order.push_str(DECLARES);
        }
        if !doc.has_children(id) {
            if doc.is_pair(id) && !is_nil {
                self.line(indent, &mut has_begun);
                self.out.push_str("'#text': ''\n");
            } else if is_nil && !doc.is_pair(id) {
                join(&mut order, ONE_TAG);
            }
            self.arrange(id, order);
            return;
        }
        let (groups, interleaved) = group(doc, id);
        if interleaved && !self.commented.contains_key(&id) {
            join(&mut order, &in_order(doc, id));
        }
        self.arrange(id, order);
        for group in &groups {
            self.group(group, indent, &mut has_begun);
        }
    }

    fn arrange(&mut self, id: Id, mut order: String) {
        let comments = self.commented.remove(&id).map(|(with_comments, comments)| {
            join(&mut order, &with_comments);
            comments
        });
        if !order.is_empty() {
            let arrangement = Arrangement { path: self.path.clone(), order, comments: comments.unwrap_or_default() };
            self.arrangements.push(arrangement);
        }
    }

    /// Writes the attributes; tells whether the element declares the prefix of `xsi:nil` itself.
    fn attributes(&mut self, id: Id, indent: usize, has_begun: &mut bool) -> bool {
        let doc = self.doc;
        let attributes = doc.attributes(id);
        let last_use = attributes.iter().rposition(|(name, _)| name.starts_with("xsi:"));
        let declares = attributes.iter().any(|(name, _)| name == "xmlns:xsi");
        for (index, (name, value)) in attributes.iter().enumerate() {
            self.attribute(name, value, indent, has_begun);
            if last_use == Some(index) && !declares {
                self.attribute("xmlns:xsi", XSI, indent, has_begun);
            }
        }
        declares && last_use.is_some()
    }

    fn attribute(&mut self, name: &str, value: &str, indent: usize, has_begun: &mut bool) {
        self.line(indent, has_begun);
        self.out.push_str("'@");
        self.out.push_str(name);
        self.out.push_str("':");
        self.scalar(value, indent);
    }

    fn line(&mut self, indent: usize, has_begun: &mut bool) {
        if !std::mem::take(has_begun) {
            self.out.extend(std::iter::repeat_n(' ', indent));
        }
    }

    fn group(&mut self, group: &Group<'d>, indent: usize, has_begun: &mut bool) {
        let length = self.path.len();
        self.line(indent, has_begun);
        match group.key {
            Key::Name(name) => scalar::write_key(name, self.out),
            key => {
                self.out.push('\'');
                key.push_to(self.out);
                self.out.push('\'');
            }
        }
        self.out.push(':');
        self.path.push('/');
        group.key.push_to(&mut self.path);
        match group.members.as_slice() {
            [one] => self.value(*one, indent),
            many => {
                self.out.push('\n');
                let named = self.path.len();
                for (index, member) in many.iter().enumerate() {
                    if index > 0 {
                        self.path.push_str(&format!("[{}]", index + 1));
                    }
                    self.item(*member, indent);
                    self.path.truncate(named);
                }
            }
        }
        self.path.truncate(length);
    }

    /// Writes one entry of a sequence.
    fn item(&mut self, id: Id, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push('-');
        if self.doc.is_element(id) && !self.doc.is_bare(id) && self.only_text(id).is_none() {
            self.out.push(' ');
            self.mapping(id, indent + 2, true);
        } else {
            self.value(id, indent);
        }
    }
}

fn join(order: &mut String, more: &str) {
    if !order.is_empty() {
        order.push(' ');
    }
    order.push_str(more);
}

fn key_of<'d>(doc: &'d Doc<'_>, id: Id) -> Key<'d> {
    match doc.kind(id) {
        Kind::Element { name, .. } => Key::Name(name),
        Kind::Text(_) => Key::Text,
        Kind::CData(_) => Key::CData,
        Kind::Comment(_) => Key::Comment,
        Kind::Instruction(target, _) => Key::Target(target),
    }
}

/// Few names are found by looking at each.
const FEW: usize = 24;

/// Puts children of one name together, and tells whether that changes their order.
fn group<'d>(doc: &'d Doc<'_>, id: Id) -> (Vec<Group<'d>>, bool) {
    let mut groups: Vec<Group<'d>> = Vec::new();
    let mut index: BTreeMap<Key<'d>, usize> = BTreeMap::new();
    let mut interleaved = false;
    for child in doc.children(id) {
        let key = key_of(doc, child);
        let last = groups.len().wrapping_sub(1);
        if groups.last().is_some_and(|group| group.key == key) {
            groups[last].members.push(child);
            continue;
        }
        let found = if groups.len() <= FEW {
            groups.iter().position(|group| group.key == key)
        } else {
            if index.len() < groups.len() {
                index = groups.iter().enumerate().map(|(at, group)| (group.key, at)).collect();
            }
            index.get(&key).copied()
        };
        match found {
            Some(at) => {
                interleaved = true;
                groups[at].members.push(child);
            }
            None => {
                if !index.is_empty() {
                    index.insert(key, groups.len());
                }
                groups.push(Group { key, members: vec![child] });
            }
        }
    }
    // The text of an element comes first, as a reader expects it.
    if let Some(at) = groups.iter().position(|group| group.key == Key::Text).filter(|at| *at > 0) {
        let text = groups.remove(at);
        groups.insert(0, text);
        interleaved = true;
    }
    (groups, interleaved)
}

/// Returns the keys of the children in document order.
fn in_order(doc: &Doc<'_>, id: Id) -> String {
    let mut order = String::new();
    let mut children = doc.children(id).map(|child| key_of(doc, child)).peekable();
    while let Some(key) = children.next() {
        let mut count = 1;
        while children.next_if(|next| *next == key).is_some() {
            count += 1;
        }
        if !order.is_empty() {
            order.push(' ');
        }
        key.push_to(&mut order);
        if count > 1 {
            order.push_str(&format!("*{count}"));
        }
    }
    order
}
