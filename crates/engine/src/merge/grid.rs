//! Rows and cells: where each cell stands in its section's grid, and back to rows (merge §2.1, §4.6).

use std::borrow::Cow;

use strata_xml::{Element, Node};

use super::part::{Attribute, Origin, Part};

/// Where a cell stands in the grid of its section.
#[derive(Debug, Clone)]
pub(crate) struct Grid<'a> {
    /// From 1.
    pub(crate) column: usize,
    /// Attributes of the row it began.
    pub(crate) row: Vec<Attribute<'a>>,
}

/// More columns or rows than a section can have: spans beyond are cut.
const SPAN_MAX: usize = 64;

/// What the running number is added to in a cell's ordinal.
pub(crate) const COLUMN_STEP: usize = 10_000;

/// Reads the cells of all rows into one list, each with its grid column.
pub(crate) fn read_rows<'a>(rows: &'a Element, layer: usize, part: &mut Part<'a>) {
    let mut layout = Vec::new();
    let mut spans = Spans::default();
    for row in rows.elements() {
        if row.name != "row" {
            // Hand-made: a cell without a row.
            part.parts.push(cell(row, layer, 1, Vec::new()));
            layout.push(1);
            continue;
        }
        spans.next_row();
        let origin = Origin { decided_by: layer, set_by: layer };
        let attribute = |(name, value): &'a (String, String)| Attribute {
            name: Cow::Borrowed(name.as_str()),
            value: Cow::Borrowed(value.as_str()),
            origin,
        };
        let mut row_attributes: Vec<_> = row.attributes.iter().map(attribute).collect();
        let mut column = 1;
        let before = part.parts.len();
        for element in row.elements() {
            column = spans.first_free(column);
            let cell = cell(element, layer, column, std::mem::take(&mut row_attributes));
            column = spans.hold(column, &cell);
            part.parts.push(cell);
        }
        layout.push(part.parts.len() - before);
    }
    part.layout = Some(layout);
}

fn cell<'a>(element: &'a Element, layer: usize, column: usize, row: Vec<Attribute<'a>>) -> Part<'a> {
    let mut cell = Part::read(element, layer);
    let written = cell.ordinal.map(|ordinal| ordinal / COLUMN_STEP).filter(|column| (1..=SPAN_MAX).contains(column));
    cell.grid = Some(Grid { column: written.unwrap_or(column), row });
    cell
}

/// Writes the cells back into rows: as the full definition laid them out while nobody touched them, else by
/// their columns.
pub(crate) fn write_rows(rows: &Part<'_>, numbered: bool) -> Vec<Element> {
    match &rows.layout {
        Some(layout) => as_laid_out(rows, layout, numbered),
        None => by_column(rows, numbered),
    }
}

fn as_laid_out(rows: &Part<'_>, layout: &[usize], numbered: bool) -> Vec<Element> {
    let mut cells = rows.parts.iter();
    layout
        .iter()
        .map(|count| {
            let mut row = Element::new("row");
            cells.by_ref().take(*count).for_each(|cell| push(&mut row, cell, numbered));
            row
        })
        .collect()
}

/// Tells whether cells still stand in their columns where the full definition laid them out.
pub(crate) fn fits(rows: &Part<'_>) -> bool {
    let Some(layout) = &rows.layout else { return true };
    let (mut cells, mut spans) = (rows.parts.iter(), Spans::default());
    layout.iter().all(|count| {
        spans.next_row();
        let mut column = 1;
        cells.by_ref().take(*count).all(|cell| {
            let own = spans.first_free(column);
            column = spans.hold(own, cell);
            cell.grid.as_ref().is_none_or(|grid| grid.column == own)
        })
    })
}

/// A new row begins where the column is not right of the last one; rows that spans need stay empty.
fn by_column(rows: &Part<'_>, numbered: bool) -> Vec<Element> {
    let mut written: Vec<Element> = Vec::new();
    let mut spans = Spans::default();
    let mut free = 1;
    for cell in &rows.parts {
        let wanted = cell.grid.as_ref().map_or(1, |grid| grid.column);
        if written.is_empty() || wanted < free {
            spans.next_row();
            written.push(Element::new("row"));
            free = 1;
            while spans.first_free(free) > wanted && !spans.is_clear() {
                spans.next_row();
                written.push(Element::new("row"));
            }
        }
        free = spans.hold(spans.first_free(free), cell);
        if let Some(row) = written.last_mut() {
            push(row, cell, numbered);
        }
    }
    written.extend((0..spans.rows_left()).map(|_| Element::new("row")));
    written
}

fn push(row: &mut Element, cell: &Part<'_>, numbered: bool) {
    if let Some(grid) = cell.grid.as_ref().filter(|_| row.children.is_empty()) {
        for attribute in &grid.row {
            row.set_attribute(&attribute.name, &attribute.value);
        }
    }
    row.children.push(Node::Element(cell.write(numbered)));
}

/// For each column, in how many rows, the current one included, a cell holds it.
#[derive(Default)]
struct Spans(Vec<usize>);

impl Spans {
    fn next_row(&mut self) {
        for rows in &mut self.0 {
            *rows = rows.saturating_sub(1);
        }
    }

    fn first_free(&self, from: usize) -> usize {
        let held = |column: &usize| self.0.get(*column - 1).is_some_and(|rows| *rows > 0);
        (from..).find(|column| !held(column)).unwrap_or(from)
    }

    /// Puts a cell there; returns the column right of it.
    fn hold(&mut self, column: usize, cell: &Part<'_>) -> usize {
        let span = |name| {
            let written = cell.attribute(name).and_then(|value| value.trim().parse::<usize>().ok());
            written.unwrap_or(1).clamp(1, SPAN_MAX)
        };
        let (columns, rows) = (span("colspan"), span("rowspan"));
        let end = column + columns;
        if end > SPAN_MAX {
            return end;
        }
        if self.0.len() < end - 1 {
            self.0.resize(end - 1, 0);
        }
        self.0[column - 1..end - 1].fill(rows);
        end
    }

    fn is_clear(&self) -> bool {
        self.0.iter().all(|rows| *rows == 0)
    }

    /// Rows after the current one that cells reach into.
    fn rows_left(&self) -> usize {
        self.0.iter().max().map_or(0, |rows| rows.saturating_sub(1))
    }
}
