//! What a definition's bytes say about other components: whom they name, and by which names theirs can be named.
//!
//! [`mentions`] reads one definition, exactly as a package or a merge wrote it, and returns every place that means
//! another component, in the order of places (DP12, dependency-sources §1). Each family of definitions has a file of
//! its own. Everything here runs on each definition of an import, so it goes straight over the bytes, keeps nothing of
//! what is no reference, and stops quietly where bytes are no longer well formed: packages are checked elsewhere.
//!
//! A mention is what is written, not what is there: stale lists and names of the platform are mentioned too, and
//! make no edge when nobody answers to them.
//!
//! Not here: which definition is in force and what follows from its references, see `engine::dependency`.

mod answer;
mod app;
mod canvas_app;
mod chart;
mod column;
mod fetch;
mod flow;
mod form;
mod json;
mod name;
mod packaged;
mod plugin;
mod process;
mod relationship;
mod report;
mod ribbon;
mod row;
mod security;
mod sink;
mod site_map;
mod table;
mod text;
mod view;
mod walk;
mod web_resource;
mod without;

use strata_model::component::ComponentKey;
use strata_model::id::Guid;
use strata_model::plan::{Bodies, Body};
use strata_model::reference::{Reference, Target, TargetId};

pub use answer::{answers, has_answers, names_of_system, of_system, system_lookup};
pub use packaged::Packaged;
pub use without::without;

pub(crate) use name::{goes_unsaid, is_platform_id};
pub(crate) use relationship::lookup_holder;
use sink::Sink;

/// One definition of a component, with what is known of the component beside it.
#[derive(Clone, Copy)]
pub struct Definition<'a> {
    pub key: &'a ComponentKey,
    /// What the component is a part of: a form's table, a step image's step.
    pub parent: Option<&'a ComponentKey>,
    /// A process's `Category`.
    pub category: Option<i32>,
    /// The id that travelled in a package.
    pub id: Option<Guid>,
    pub body: &'a Body<'a>,
    /// Gives the member files, of which some families read one.
    pub files: &'a dyn Bodies,
}

impl Definition<'_> {
    /// Returns the (folded) table that the component is a part of.
    fn table(&self) -> Option<&str> {
        self.parent.filter(|parent| parent.component_type.is("entity")).map(ComponentKey::as_str).or(self.key.table())
    }

    /// Returns the content of a member file, by its index and the end of its path.
    fn files_ending(&self, suffix: &str) -> impl Iterator<Item = (usize, std::borrow::Cow<'_, [u8]>)> {
        let matching = move |path: &str| {
            let tail = path.len().checked_sub(suffix.len()).and_then(|at| path.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
        };
        let files = self.body.files.iter().enumerate().filter(move |(_, (path, _))| matching(path));
        files.filter_map(|(index, (_, digest))| Some((index, self.files.file(digest)?)))
    }
}

/// Returns the places of a definition that name other components, in order; of several places with the same target
/// the first.
///
/// What a component is a part of ([`strata_model::component::Component::parent`]) is not among them unless its
/// definition says it too.
pub fn mentions(definition: &Definition<'_>) -> Vec<Reference> {
    numbered(definition).into_iter().map(|(_, reference)| reference).collect()
}

/// Returns the [`mentions`] of a definition, each with the number of its target.
pub(crate) fn numbered(definition: &Definition<'_>) -> Vec<(TargetId, Reference)> {
    let mut sink = Sink::new(definition.key);
    match definition.key.component_type.name() {
        "attribute" => column::mentions(definition, &mut sink),
        "entity" => table::mentions(definition, &mut sink),
        "entitykey" => column::key_mentions(definition, &mut sink),
        "entityrelationship" => relationship::mentions(definition, &mut sink),
        "entitymap" => relationship::map_mentions(definition, &mut sink),
        "systemform" => form::mentions(definition, &mut sink),
        "savedquery" => view::mentions(definition, &mut sink),
        "savedqueryvisualization" => chart::mentions(definition, &mut sink),
        "ribboncustomization" => ribbon::mentions(definition, &mut sink),
        "sitemap" => site_map::mentions(definition, &mut sink),
        "appmodule" => app::mentions(definition, &mut sink),
        "customcontroldefaultconfig" => table::control_mentions(definition, &mut sink),
        "webresource" => web_resource::mentions(definition, &mut sink),
        "canvasapp" => canvas_app::mentions(definition, &mut sink),
        "workflow" => process::mentions(definition, &mut sink),
        "sdkmessageprocessingstep" => plugin::step_mentions(definition, &mut sink),
        "sdkmessageprocessingstepimage" => plugin::image_mentions(definition, &mut sink),
        "fieldsecurityprofile" => security::profile_mentions(definition, &mut sink),
        "connectionrole" => security::connection_role_mentions(definition, &mut sink),
        "connectionroleassociation" => security::association_mentions(definition, &mut sink),
        "attributeimageconfig" | "entityimageconfig" => column::image_mentions(definition, &mut sink),
        "template" | "contracttemplate" | "kbarticletemplate" | "mailmergetemplate" => {
            report::template_mentions(definition, &mut sink);
        }
        "report" => report::mentions(definition, &mut sink),
        "environmentvariablevalue" => row::value_mentions(definition, &mut sink),
        // Definitions that name nobody.
        "optionset" | "role" | "pluginassembly" | "plugintype" | "customcontrol" | "connector" | "aimodel" => {}
        _ => row::mentions(definition, &mut sink),
    }
    let mut found = sink.finish();
    // What a component is a part of may stand in its definition too: that is one dependency, and an internal one.
    let own_parent = definition.key.parent();
    let parents = [definition.parent, own_parent.as_ref()];
    for (_, reference) in &mut found {
        if let Target::Component(key) = &reference.target {
            reference.is_internal |= parents.contains(&Some(key));
        }
    }
    found
}
