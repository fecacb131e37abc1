//! Definitions and files from wherever they are: the package in hand, then the store.

use std::borrow::Cow;
use std::collections::BTreeMap;

use strata_model::id::Digest;
use strata_model::package::{Definition, Package};
use strata_model::plan::{Bodies, Body};
use strata_store::{Store, StoreBodies};

/// The bodies of a package by digest.
pub(crate) struct PackageBodies<'a> {
    package: &'a Package,
    definitions: BTreeMap<Digest, &'a Definition>,
    files: BTreeMap<Digest, usize>,
}

impl<'a> PackageBodies<'a> {
    pub(crate) fn new(package: &'a Package) -> Self {
        let components = package.components.iter().map(|component| (component.digest, &component.definition));
        let definitions = components.chain([(package.residue_digest, &package.residue)]).collect();
        let files = package.parts.iter().enumerate().map(|(index, part)| (part.digest, index)).collect();
        Self { package, definitions, files }
    }
}

impl Bodies for PackageBodies<'_> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        let definition = self.definitions.get(digest)?;
        let files = definition.files.iter().map(|index| {
            let part = &self.package.parts[*index];
            (part.path.clone(), part.digest)
        });
        Some(Body { bytes: self.package.bytes(definition), home: definition.home.clone(), files: files.collect() })
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.files.get(digest).map(|index| Cow::Borrowed(self.package.parts[*index].bytes.as_slice()))
    }
}

/// The package's bodies, then files that are brought beside one, then the store's.
pub(crate) struct AllBodies<'a> {
    pub(crate) package: Option<&'a PackageBodies<'a>>,
    pub(crate) files: BTreeMap<Digest, Vec<u8>>,
    pub(crate) store: StoreBodies<'a, dyn Store + 'a>,
}

impl Bodies for AllBodies<'_> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.package.and_then(|package| package.definition(digest)).or_else(|| self.store.definition(digest))
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        let brought = || self.files.get(digest).map(|bytes| Cow::Borrowed(bytes.as_slice()));
        self.package.and_then(|package| package.file(digest)).or_else(brought).or_else(|| self.store.file(digest))
    }
}
