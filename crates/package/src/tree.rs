//! The XML layout of an unpacked solution (package-format §7): files of a zip become files of a tree and back.
//!
//! Both directions work on bytes. Components are cut out of the document, laid out anew and written to the place that the
//! one table of places ([`spot`]) names; packing puts them back. What has no place stays in `Other/Customizations.xml`, and
//! files that nobody describes keep their path, so that nothing is lost.
//!
//! Order is canonical where it says nothing: two packages of the same content give the same tree. It is never changed
//! inside a component.
//!
//! Not here: the file system, and reading a tree as a package ([`crate::read_parts`]).

mod compose;
mod cut;
mod manifest;
mod members;
mod names;
mod pack;
mod peek;
pub(crate) mod spot;
mod templates;
mod unpack;

pub use strata_xml::layout::Newline;

pub use pack::{MissingFile, Pack, PackError, Packed, pack};
pub use unpack::{Tree, Unpack, unpack, unpack_both};

use std::borrow::Cow;

/// A file: its path with `/`, and its bytes.
pub type NamedFile = (String, Vec<u8>);

/// Bytes in pieces, most of them borrowed from where they stood.
type Body<'a> = Vec<Cow<'a, [u8]>>;
