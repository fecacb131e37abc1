//! One element with all that is in it, in one list: what XML and YAML have in common.
//!
//! Both layouts' readers fill a document and both writers empty it, so nothing can be lost between them that is
//! not visible here. A document holds one component, or one table with its parts, and is used again for the next.

use std::borrow::Cow;
use std::ops::Range;

/// Index of a node.
pub(crate) type Id = u32;

/// No node: what ends a list of siblings.
pub(crate) const NONE: Id = Id::MAX;

/// Nodes of one or several elements, linked.
#[derive(Debug, Default)]
pub(crate) struct Doc<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    has_comments: bool,
}

/// An element or a piece of one.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) kind: Kind<'a>,
    first: Id,
    last: Id,
    next: Id,
    /// Where it stands in the text it was read from.
    at: usize,
    end: usize,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Element {
        name: Cow<'a, str>,
        attributes: Range<usize>,
        /// Written with two tags: `<E></E>`. Says nothing where the element has children.
        is_pair: bool,
    },
    Text(Cow<'a, str>),
    CData(Cow<'a, str>),
    Comment(Cow<'a, str>),
    /// A processing instruction: its target and the rest.
    Instruction(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> Doc<'a> {
    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.attributes.clear();
        self.has_comments = false;
    }

    /// Remembers what there is, for [`Doc::rewind`].
    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.nodes.len(), self.attributes.len())
    }

    /// Forgets what came after a mark; nobody's children may be among it.
    pub(crate) fn rewind(&mut self, mark: (usize, usize)) {
        self.nodes.truncate(mark.0);
        self.attributes.truncate(mark.1);
    }

    pub(crate) fn has_comments(&self) -> bool {
        self.has_comments
    }

    /// Adds a node that is nobody's child yet.
    pub(crate) fn add(&mut self, kind: Kind<'a>, at: usize) -> Id {
        self.has_comments |= matches!(kind, Kind::Comment(_));
        let id = Id::try_from(self.nodes.len()).expect("input is bounded far below");
        self.nodes.push(Node { kind, first: NONE, last: NONE, next: NONE, at, end: at });
        id
    }

    /// Adds an element without attributes that is nobody's child yet.
    pub(crate) fn element(&mut self, name: impl Into<Cow<'a, str>>) -> Id {
        let end = self.attributes.len();
        self.add(Kind::Element { name: name.into(), attributes: end..end, is_pair: false }, 0)
    }

    /// Adds an attribute to the element that was added last.
    pub(crate) fn attribute_of_last(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) {
        if let Some(Node { kind: Kind::Element { attributes, .. }, .. }) = self.nodes.last_mut() {
            self.attributes.push((name.into(), value.into()));
            attributes.end = self.attributes.len();
        }
    }

    /// Gives an element all its attributes; those it had are gone.
    pub(crate) fn set_attributes(&mut self, id: Id, list: Vec<(Cow<'a, str>, Cow<'a, str>)>) {
        let start = self.attributes.len();
        self.attributes.extend(list);
        let end = self.attributes.len();
        if let Kind::Element { attributes, .. } = &mut self.nodes[id as usize].kind {
            *attributes = start..end;
        }
    }

    /// Adds a text below a node.
    pub(crate) fn append_text(&mut self, parent: Id, text: impl Into<Cow<'a, str>>) {
        let id = self.add(Kind::Text(text.into()), 0);
        self.append(parent, id);
    }

    /// Adds an element with one text below a node.
    pub(crate) fn append_leaf(&mut self, parent: Id, name: &'static str, text: impl Into<Cow<'a, str>>) {
        let id = self.element(name);
        self.append_text(id, text);
        self.append(parent, id);
    }

    /// Makes a node the last child of another.
    pub(crate) fn append(&mut self, parent: Id, child: Id) {
        let last = self.nodes[parent as usize].last;
        if last == NONE {
            self.nodes[parent as usize].first = child;
        } else {
            self.nodes[last as usize].next = child;
        }
        self.nodes[parent as usize].last = child;
    }

    /// Gives an element other children, in this order.
    pub(crate) fn set_children(&mut self, parent: Id, children: &[Id]) {
        let (first, last) = (children.first().copied().unwrap_or(NONE), children.last().copied().unwrap_or(NONE));
        (self.nodes[parent as usize].first, self.nodes[parent as usize].last) = (first, last);
        for (index, child) in children.iter().enumerate() {
            self.nodes[*child as usize].next = children.get(index + 1).copied().unwrap_or(NONE);
        }
    }

    pub(crate) fn set_pair(&mut self, id: Id, value: bool) {
        if let Kind::Element { is_pair, .. } = &mut self.nodes[id as usize].kind {
            *is_pair = value;
        }
    }

    pub(crate) fn kind(&self, id: Id) -> &Kind<'a> {
        &self.nodes[id as usize].kind
    }

    pub(crate) fn at(&self, id: Id) -> usize {
        self.nodes[id as usize].at
    }

    pub(crate) fn set_at(&mut self, id: Id, at: usize) {
        self.nodes[id as usize].at = at;
    }

    pub(crate) fn set_end(&mut self, id: Id, end: usize) {
        self.nodes[id as usize].end = end;
    }

    /// Returns where a node begins and ends in the text it was read from.
    pub(crate) fn span(&self, id: Id) -> (usize, usize) {
        (self.nodes[id as usize].at, self.nodes[id as usize].end)
    }

    /// Returns the name of an element, and nothing for other nodes.
    pub(crate) fn name(&self, id: Id) -> &str {
        match self.kind(id) {
            Kind::Element { name, .. } => name,
            Kind::Text(_) | Kind::CData(_) | Kind::Comment(_) | Kind::Instruction(..) => "",
        }
    }

    pub(crate) fn is_pair(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Element { is_pair: true, .. })
    }

    pub(crate) fn is_element(&self, id: Id) -> bool {
        matches!(self.kind(id), Kind::Element { .. })
    }

    pub(crate) fn has_children(&self, id: Id) -> bool {
        self.nodes[id as usize].first != NONE
    }

    pub(crate) fn attributes(&self, id: Id) -> &[(Cow<'a, str>, Cow<'a, str>)] {
        match self.kind(id) {
            Kind::Element { attributes, .. } => &self.attributes[attributes.clone()],
            Kind::Text(_) | Kind::CData(_) | Kind::Comment(_) | Kind::Instruction(..) => &[],
        }
    }

    pub(crate) fn attribute(&self, id: Id, name: &str) -> Option<&str> {
        self.attributes(id).iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// Returns the children in order.
    pub(crate) fn children(&self, id: Id) -> Children<'_, 'a> {
        Children { doc: self, next: self.nodes[id as usize].first }
    }

    /// Returns the first child element of that name.
    pub(crate) fn child(&self, id: Id, name: &str) -> Option<Id> {
        self.children(id).find(|child| self.name(*child) == name)
    }

    /// Returns the element reached by following names downwards.
    pub(crate) fn descend(&self, id: Id, path: &[&str]) -> Option<Id> {
        path.iter().try_fold(id, |id, name| self.child(id, name))
    }

    /// Returns the text directly inside an element, joined.
    pub(crate) fn text(&self, id: Id) -> String {
        let mut joined = String::new();
        for child in self.children(id) {
            if let Kind::Text(text) | Kind::CData(text) = self.kind(child) {
                joined.push_str(text);
            }
        }
        joined
    }

    /// Returns the trimmed text of a child element, where it has any.
    pub(crate) fn child_text(&self, id: Id, name: &str) -> Option<String> {
        let text = self.text(self.child(id, name)?);
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// Tells whether an element says nothing at all.
    pub(crate) fn is_bare(&self, id: Id) -> bool {
        self.attributes(id).is_empty() && !self.has_children(id)
    }
}

/// The children of a node.
pub(crate) struct Children<'d, 'a> {
    doc: &'d Doc<'a>,
    next: Id,
}

impl Iterator for Children<'_, '_> {
    type Item = Id;

    fn next(&mut self) -> Option<Id> {
        let id = self.next;
        if id == NONE {
            return None;
        }
        self.next = self.doc.nodes[id as usize].next;
        Some(id)
    }
}
