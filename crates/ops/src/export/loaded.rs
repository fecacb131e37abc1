//! What an export takes from the store: definitions and files of the components that go out, and what is kept of the
//! package that the solution came in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use strata_engine::export::{Content, Exported, needs};
use strata_model::id::Digest;
use strata_model::plan::{Bodies, Body};
use strata_model::solution::Solution;
use strata_package::assemble::{Piece, Skeleton};

use crate::cores::on_every_core;
use crate::operation::{Phase, Progress};
use crate::{OpsError, Workspace};

/// What is kept with a solution of the package that it came in.
pub(super) struct Kept {
    pub(super) solution: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
}

impl Kept {
    pub(super) fn read(workspace: &Workspace, solution: &Solution) -> Result<Option<Self>, OpsError> {
        // A patch that was cloned here came in no package.
        let Some(residue) = solution.residue else { return Ok(None) };
        let store = workspace.store();
        let Some(body) = store.definition(&residue)? else { return Ok(None) };
        let mut files = Vec::new();
        for (path, digest) in &body.files {
            files.extend(store.file(digest)?.map(|bytes| (path.clone(), bytes)));
        }
        Ok(Some(Self { solution: body.bytes.into_owned(), files }))
    }

    pub(super) fn skeleton(&self) -> Skeleton<'_> {
        let files =
            self.files.iter().map(|(path, bytes)| (Cow::Borrowed(path.as_str()), Cow::Borrowed(bytes.as_slice())));
        Skeleton::kept(Cow::Borrowed(&self.solution), files)
    }
}

/// Definitions and files that go out, in memory.
pub(super) struct Loaded {
    /// In the order of the components.
    bodies: Vec<Body<'static>>,
    files: BTreeMap<Digest, Vec<u8>>,
}

impl Bodies for Loaded {
    fn definition(&self, _: &Digest) -> Option<Body<'_>> {
        None
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.files.get(digest).map(|bytes| Cow::Borrowed(bytes.as_slice()))
    }
}

impl Loaded {
    pub(super) fn read(components: &[Exported], bodies: &dyn Bodies, progress: Progress<'_>) -> Self {
        let mut loaded = Self { bodies: Vec::with_capacity(components.len()), files: BTreeMap::new() };
        let total = components.len() as u64;
        for (done, component) in (0_u64..).zip(components) {
            let body = match &component.content {
                Content::Kept(digest) => bodies.definition(digest).map(owned),
                Content::Made(body) => Some(body.clone()),
            };
            let body = body.unwrap_or_default();
            for (_, digest) in &body.files {
                if !loaded.files.contains_key(digest)
                    && let Some(bytes) = bodies.file(digest)
                {
                    loaded.files.insert(*digest, bytes.into_owned());
                }
            }
            loaded.bodies.push(body);
            if done % 512 == 0 {
                progress(Phase::Definitions, done, total);
            }
        }
        loaded
    }

    /// Reads what the components name and the package does not hold.
    pub(super) fn outside(&self, components: &[Exported]) -> Vec<needs::Outside> {
        let both: Vec<_> = components.iter().zip(&self.bodies).collect();
        let provided = on_every_core(&both, |(component, body)| needs::provided(component, body, self));
        let mut provided: Vec<_> = provided.into_iter().flatten().collect();
        provided.sort_unstable();
        let outside = on_every_core(&both, |(component, body)| needs::outside(component, body, self, &provided));
        outside.into_iter().flatten().collect()
    }

    pub(super) fn pieces<'l>(&'l self, components: &'l [Exported]) -> Vec<Piece<'l>> {
        let piece = |(component, body): (&'l Exported, &'l Body<'static>)| Piece {
            key: component.key.clone(),
            name: Cow::Borrowed(&component.name),
            parent: component.parent.clone(),
            home: body.home.as_deref().map(Cow::Borrowed),
            presence: component.presence,
            bytes: Cow::Borrowed(&body.bytes),
            files: body
                .files
                .iter()
                .filter_map(|(path, digest)| {
                    Some((Cow::Borrowed(path.as_str()), Cow::Borrowed(self.files.get(digest)?.as_slice())))
                })
                .collect(),
        };
        components.iter().zip(&self.bodies).map(piece).collect()
    }
}

fn owned(body: Body<'_>) -> Body<'static> {
    Body { bytes: Cow::Owned(body.bytes.into_owned()), home: body.home, files: body.files }
}
