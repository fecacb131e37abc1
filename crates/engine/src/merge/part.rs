//! One element of a definition that is being merged: its content, where it came from, where it stands.
//!
//! Rows of a form section are transparent (merge §3): the cells of all rows are one list, and each cell knows its
//! grid column. Marks and ordinals are read off the attributes and never stay in a merged definition.

use std::borrow::Cow;

use strata_xml::{Element, Node};

use super::grid::{self, COLUMN_STEP, Grid};
use super::identity::{is_neutral, is_ordered};

/// What a layer says it did to an element (`solutionaction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Added,
    Modified,
    Removed,
}

impl Mark {
    pub(crate) const ATTRIBUTE: &'static str = "solutionaction";

    fn read(text: &str) -> Option<Self> {
        match text {
            "Added" => Some(Self::Added),
            "Modified" => Some(Self::Modified),
            "Removed" => Some(Self::Removed),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Added => "Added",
            Self::Modified => "Modified",
            Self::Removed => "Removed",
        }
    }
}

/// The attribute that gives an element's position in a diff.
pub(crate) const ORDINAL: &str = "ordinalvalue";

/// Which layers of the stack a value comes from (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The topmost layer that mentions it.
    pub decided_by: usize,
    /// The lowest layer from which the value has come up unchanged.
    pub set_by: usize,
}

/// The position a layer has claimed for an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) slot: usize,
    pub(crate) by: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
    pub(crate) origin: Origin,
}

/// An element of a layer, or of the merged definition.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) attributes: Vec<Attribute<'a>>,
    pub(crate) text: Option<(Cow<'a, str>, Origin)>,
    pub(crate) parts: Vec<Part<'a>>,
    /// The layer that put the element where it is.
    pub(crate) placed_by: usize,
    pub(crate) claim: Option<Claim>,
    pub(crate) mark: Option<Mark>,
    /// As the layer wrote it; of a column its index.
    pub(crate) ordinal: Option<usize>,
    /// Of cells.
    pub(crate) grid: Option<Grid<'a>>,
    /// Of `rows`: how many cells each row holds, while no layer has touched them.
    pub(crate) layout: Option<Vec<usize>>,
    /// Made to show conflicts; goes when it is empty.
    pub(crate) generated: bool,
}

impl<'a> Part<'a> {
    /// Returns an element without content.
    pub(crate) fn new(name: impl Into<Cow<'a, str>>, layer: usize) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            text: None,
            parts: Vec::new(),
            placed_by: layer,
            claim: None,
            mark: None,
            ordinal: None,
            grid: None,
            layout: None,
            generated: false,
        }
    }

    /// Reads an element of a layer.
    pub(crate) fn read(element: &'a Element, layer: usize) -> Self {
        let mut part = Self::read_own(element, layer);
        if part.name == "rows" {
            grid::read_rows(element, layer, &mut part);
        } else {
            part.parts = element.elements().map(|child| Self::read(child, layer)).collect();
            part.parts.retain(|child| !child.is_void());
        }
        part
    }

    /// Reads an element without what stands inside.
    pub(crate) fn read_own(element: &'a Element, layer: usize) -> Self {
        let mut part = Self::new(element.name.as_str(), layer);
        let origin = Origin { decided_by: layer, set_by: layer };
        for (name, value) in &element.attributes {
            match name.as_str() {
                Mark::ATTRIBUTE => part.mark = Mark::read(value),
                ORDINAL => part.ordinal = value.trim().parse().ok(),
                "id" if part.name == "column" && value.trim().parse::<u16>().is_ok() => {
                    part.ordinal = value.trim().parse().ok();
                }
                _ => part.attributes.push(Attribute {
                    name: Cow::Borrowed(name.as_str()),
                    value: Cow::Borrowed(value.as_str()),
                    origin,
                }),
            }
        }
        part.text = text(element).map(|text| (text, origin));
        part
    }

    /// Writes the element with everything below it, without marks and ordinals.
    pub(crate) fn to_element(&self) -> Element {
        self.write(false)
    }

    /// Writes the element with everything below it; `numbered` with the ordinals that [`Part::number`] gave.
    pub(crate) fn write(&self, numbered: bool) -> Element {
        let mut element = self.bare(numbered);
        if self.name == "rows" {
            element.children = grid::write_rows(self, numbered).into_iter().map(Node::Element).collect();
        } else {
            element.children.extend(self.parts.iter().map(|part| Node::Element(part.write(numbered))));
        }
        element
    }

    /// Writes the element's own attributes and text.
    pub(crate) fn bare(&self, numbered: bool) -> Element {
        let mut element = Element::new(self.name.as_ref());
        element.attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.clone().into_owned(), attribute.value.clone().into_owned()))
            .collect();
        if let Some(ordinal) = self.ordinal.filter(|_| numbered) {
            let name = if self.name == "column" { "id" } else { ORDINAL };
            element.attributes.push((name.to_owned(), ordinal.to_string()));
        }
        if let Some(mark) = self.mark.filter(|_| numbered) {
            element.attributes.push((Mark::ATTRIBUTE.to_owned(), mark.text().to_owned()));
        }
        element.children.extend(self.text.iter().map(|(text, _)| Node::Text(text.clone().into_owned())));
        element
    }

    /// Gives every element whose position matters its ordinal (merge §2.1), and columns their index.
    pub(crate) fn number(&mut self) {
        let (mut position, mut column) = (0, 0);
        for part in &mut self.parts {
            part.ordinal = None;
            if is_ordered(&part.name) {
                let base = part.grid.as_ref().map_or(0, |grid| grid.column * COLUMN_STEP);
                part.ordinal = Some(base + position);
                position += 1;
            } else if part.name == "column" {
                part.ordinal = Some(column);
                column += 1;
            }
            part.number();
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&Cow<'a, str>> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.name == name)
    }

    pub(crate) fn child_or_new(&mut self, name: &'static str, layer: usize) -> &mut Part<'a> {
        let position = self.parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
            self.parts.push(Part::new(name, layer));
            self.parts.len() - 1
        });
        &mut self.parts[position]
    }

    /// Takes over the attributes of the element above, all of them: one that is not listed is gone (merge §4.3).
    pub(crate) fn take_attributes(&mut self, above: Vec<Attribute<'a>>) {
        let below = std::mem::take(&mut self.attributes);
        self.attributes = above;
        for attribute in &mut self.attributes {
            let before = below.iter().find(|before| before.name == attribute.name);
            if let Some(before) = before.filter(|before| before.value == attribute.value) {
                attribute.origin.set_by = before.origin.set_by;
            }
        }
    }

    /// Takes over the text of the element above, if it has any.
    pub(crate) fn take_text(&mut self, above: Option<(Cow<'a, str>, Origin)>) {
        let Some((text, mut origin)) = above else { return };
        if let Some((_, before)) = self.text.as_ref().filter(|(before, _)| *before == text) {
            origin.set_by = before.set_by;
        }
        self.text = Some((text, origin));
    }

    /// A container that holds nothing says nothing.
    pub(crate) fn is_void(&self) -> bool {
        is_neutral(&self.name)
            && self.mark.is_none()
            && self.parts.is_empty()
            && self.attributes.is_empty()
            && self.text.is_none()
    }
}

fn text(element: &Element) -> Option<Cow<'_, str>> {
    let mut texts = element.children.iter().filter_map(|node| match node {
        Node::Text(text) => Some(text),
        Node::Element(_) | Node::Comment(_) => None,
    });
    let first = texts.next()?;
    let text = if texts.next().is_none() { Cow::Borrowed(first.as_str()) } else { Cow::Owned(element.text()) };
    (!text.trim().is_empty()).then_some(text)
}
