//! The definitions of a package, to be read for their names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use strata_model::id::Digest;
use strata_model::package::{Package, PackagedComponent};
use strata_model::plan::{Bodies, Body};
use strata_model::reference::{Reference, Target};

use super::Definition;

/// A package whose member files are found by digest.
pub struct Packaged<'a> {
    package: &'a Package,
    files: BTreeMap<Digest, usize>,
}

impl<'a> Packaged<'a> {
    /// Looks at the member files of a package.
    pub fn new(package: &'a Package) -> Self {
        let owned = package.components.iter().flat_map(|component| &component.definition.files);
        let files = owned.map(|part| (package.parts[*part].digest, *part)).collect();
        Self { package, files }
    }

    /// Returns the definition of one of its components.
    pub fn body(&self, component: &PackagedComponent) -> Body<'a> {
        let definition = &component.definition;
        let part = |part: &usize| {
            let part = &self.package.parts[*part];
            (part.path.clone(), part.digest)
        };
        let files = definition.files.iter().map(part).collect();
        Body { bytes: self.package.bytes(definition), home: definition.home.clone(), files }
    }

    /// Returns whom a component of the package names.
    pub fn mentions(&self, component: &PackagedComponent) -> Vec<Reference> {
        self.read(component, super::mentions)
    }

    /// Returns the targets that a component of the package answers to, beside its key.
    pub fn answers(&self, component: &PackagedComponent) -> Vec<Target> {
        self.read(component, super::answers)
    }

    fn read<T>(&self, component: &PackagedComponent, reader: impl Fn(&Definition<'_>) -> T) -> T {
        reader(&Definition {
            key: &component.key,
            parent: component.parent.as_ref(),
            category: component.category,
            id: component.id,
            body: &self.body(component),
            files: self,
        })
    }
}

impl Bodies for Packaged<'_> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        let mut components = self.package.components.iter();
        components.find(|component| component.digest == *digest).map(|component| self.body(component))
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.files.get(digest).map(|part| Cow::Borrowed(self.package.parts[*part].bytes.as_slice()))
    }
}
