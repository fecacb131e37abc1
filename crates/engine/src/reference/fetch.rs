//! FetchXML: which table each name in a query belongs to.
//!
//! The table of an attribute is the nearest `entity` or `link-entity` around it; a condition or a column of a layout
//! may name a link by its alias instead, which can be given further down, so those wait for the end.

use super::sink::{Place, Sink, place};
use super::walk::Tag;

/// A query that is being read.
#[derive(Default)]
pub(super) struct Fetch {
    /// Open tables: their depth, their name.
    open: Vec<(usize, String)>,
    /// The first table of all.
    root: Option<String>,
    /// Alias and table of the links.
    aliases: Vec<(String, String)>,
    /// Columns of aliases: where they stand, alias, column.
    waiting: Vec<(Place, String, String)>,
}

impl Fetch {
    /// Takes a start tag inside `fetch`; `depth` counts this element.
    pub(super) fn start(&mut self, tag: &Tag<'_>, depth: usize, sink: &mut Sink<'_>) {
        match tag.name {
            b"entity" => self.table(tag, depth, sink),
            b"link-entity" => self.link(tag, depth, sink),
            b"attribute" => self.column(tag, "name", "query column", sink),
            b"order" => self.column(tag, "attribute", "sort order", sink),
            b"condition" => self.column(tag, "attribute", "filter", sink),
            _ => {}
        }
    }

    /// Takes an end tag; `depth` is what remains open.
    pub(super) fn end(&mut self, depth: usize) {
        while self.open.last().is_some_and(|(opened, _)| *opened > depth) {
            self.open.pop();
        }
    }

    fn table(&mut self, tag: &Tag<'_>, depth: usize, sink: &mut Sink<'_>) {
        let Some(name) = tag.attribute("name") else { return };
        sink.table(place("query", tag.at), &name);
        self.root.get_or_insert_with(|| name.to_string());
        self.enter(tag, depth, name.into_owned());
    }

    fn link(&mut self, tag: &Tag<'_>, depth: usize, sink: &mut Sink<'_>) {
        let Some(name) = tag.attribute("name") else { return };
        let at = place("link of a query", tag.at);
        sink.table(at, &name);
        if let Some(from) = tag.attribute("from") {
            sink.column(at, &name, &from);
        }
        if let Some((to, (_, parent))) = tag.attribute("to").zip(self.open.last()) {
            sink.column(at, parent, &to);
        }
        if let Some(alias) = tag.attribute("alias") {
            self.aliases.push((alias.into_owned(), name.to_string()));
        }
        self.enter(tag, depth, name.into_owned());
    }

    fn enter(&mut self, tag: &Tag<'_>, depth: usize, name: String) {
        if !tag.is_empty {
            self.open.push((depth, name));
        }
    }

    fn column(&mut self, tag: &Tag<'_>, attribute: &str, name: &'static str, sink: &mut Sink<'_>) {
        let [Some(column), alias] = tag.both([attribute, "entityname"]) else { return };
        let at = place(name, tag.at);
        match (alias, self.open.last()) {
            (Some(alias), _) if !alias.is_empty() => self.waiting.push((at, alias.into_owned(), column.into_owned())),
            (_, Some((_, table))) => sink.column(at, table, &column),
            (_, None) => {}
        }
    }

    /// Takes a column of a layout: with a dot it belongs to the link of that alias.
    pub(super) fn layout_column(&mut self, at: Place, name: &str, own_table: Option<&str>, sink: &mut Sink<'_>) {
        match name.split_once('.') {
            Some((alias, column)) => self.waiting.push((at, alias.to_owned(), column.to_owned())),
            None => {
                if let Some(table) = own_table.or(self.root.as_deref()) {
                    sink.column(at, table, name);
                }
            }
        }
    }

    /// Gives the columns of aliases to their tables. An alias that no link bears may be a table's name.
    pub(super) fn finish(self, sink: &mut Sink<'_>) {
        for (at, alias, column) in &self.waiting {
            let link = self.aliases.iter().find(|(name, _)| name.eq_ignore_ascii_case(alias));
            if let Some((_, table)) = link {
                sink.column(*at, table, column);
            }
        }
    }
}

/// Reads a query that stands by itself, as text in a report does.
pub(super) fn read(text: &str, at: usize, sink: &mut Sink<'_>) {
    use super::walk::{Step, Walk};
    let (mut fetch, mut walk) = (Fetch::default(), Walk::new(text.as_bytes()));
    while let Some(step) = walk.step() {
        match step {
            Step::Start(tag) => fetch.start(&Tag { at, ..tag }, walk.depth(), sink),
            Step::End => fetch.end(walk.depth()),
            Step::Text { .. } => {}
        }
    }
    fetch.finish(sink);
}
