//! Writes a flow into Active: its row as a draft, its files as binaries of schema v2 or packed into its member file.

use std::collections::BTreeMap;

use strata_model::component::{Component, ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, DesktopFlowSchema, Membership};
use strata_model::id::{ComponentNo, Digest, Guid, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Body, Change, Edit, Effect, NoRows, Plan};
use strata_xml::Element;

use super::BINARY;
use super::binding::Binary;
use super::content::{Content, binary_key};
use super::document::{Document, FlowFile, file_path};
use crate::effect::{Lens, Over, StackItem};
use crate::loss::Going;
use crate::{definition, names, publish};

/// The work in progress.
pub(super) struct Saving<'a> {
    pub(super) lens: Lens<'a>,
    pub(super) plan: Plan,
    /// The number of the next component.
    pub(super) next: i64,
}

/// The flow that is saved.
pub(super) struct Flow<'a> {
    pub(super) key: ComponentKey,
    pub(super) id: Guid,
    pub(super) no: ComponentNo,
    /// `None` for a new one.
    pub(super) state: Option<&'a ComponentState>,
    pub(super) name: String,
    /// The unmanaged solutions that hold it.
    pub(super) solutions: Vec<SolutionNo>,
}

/// How a binary is told from others of its flow (DF27).
pub(super) type Reference = (String, String);

impl<'a> Saving<'a> {
    pub(super) fn add(
        &mut self,
        key: &ComponentKey,
        category: Option<i32>,
        parent: Option<ComponentKey>,
    ) -> ComponentNo {
        let no = ComponentNo(self.next);
        self.next += 1;
        let (id, name) = (key.guid(), key.as_str().to_owned());
        self.plan.edits.push(Edit::ComponentAdd(Component { no, key: key.clone(), name, id, category, parent }));
        no
    }

    /// Stores a document in a schema.
    pub(super) fn store(
        &mut self,
        flow: &Flow<'a>,
        document: Document,
        schema: DesktopFlowSchema,
        known: &BTreeMap<Reference, &Binary>,
        before: Option<&Content>,
    ) {
        let (tree, json) = match schema {
            DesktopFlowSchema::V1 => document.older(),
            DesktopFlowSchema::V2 => {
                let mut document = document;
                document.complete();
                let ids: Vec<_> = document.files.iter().map(|file| self.binary(flow, file, known)).collect();
                document.newer(&ids)
            }
        };
        let path = before.and_then(|content| content.path.clone()).unwrap_or_else(|| file_path(flow.id, &flow.name));
        let file = serde_json::to_vec(&json).expect("JSON values can be written");
        let digest = Digest::of(&file);
        self.plan.files.insert(digest, file);
        let mut tree = tree;
        if tree.child("JsonFileName").is_none() {
            tree.child_or_new("JsonFileName").set_text(&format!("/{path}"));
        }
        let home = before.and_then(|content| content.home.clone());
        let body = Body { bytes: strata_xml::write(&tree).into(), home, files: vec![(path, digest)] };
        self.open_draft(flow, body, Some(&tree));
    }

    /// Makes the binary of a file, or changes the one there is where it says something else.
    fn binary(&mut self, flow: &Flow<'a>, file: &FlowFile, known: &BTreeMap<Reference, &Binary>) -> Guid {
        let reference = (file.binary_type.to_lowercase(), file.reference.to_lowercase());
        let environment = self.lens.snapshot.environment.id;
        if let Some(binary) = known.get(&reference) {
            self.change(binary, file);
            return binary.component.id;
        }
        // DF6, DF10: each conversion makes new ones, even a second one in the same environment.
        let revision = self.lens.snapshot.environment.revision;
        let place = format!("{}:{}:{}:{revision}", flow.key.as_str(), reference.0, reference.1);
        let id = Guid::minted(environment, BINARY, &place);
        let key = binary_key(id);
        let state = self.lens.snapshot.components.get(&key);
        let no = match state {
            Some(state) => state.component.no,
            None => self.add(&key, None, Some(flow.key.clone())),
        };
        let body = self.binary_body(flow, file, id);
        self.open(no, body, LayerState::Published, Some(file.name.clone()));
        for solution in &flow.solutions {
            // DF15.
            let member = Membership { component: no, solution: *solution, behavior: None };
            self.plan.edits.push(Edit::MemberOpen(member));
        }
        self.plan.changes.push(Change {
            action: Action::Create,
            component: ComponentRef::new(environment, &key, key.as_str(), None, Some(&file.name)),
            layer: "Active".to_owned(),
            effect: Effect::Visible,
            masked_by: Vec::new(),
            properties: Vec::new(),
            rows_lost: 0,
        });
        id
    }

    /// Gives an unmanaged binary another content, its row as it was.
    fn change(&mut self, binary: &Binary, file: &FlowFile) {
        let Some(state) = self.lens.snapshot.components.get(&binary.key) else { return };
        let Some(layer) = state.active(LayerState::Published) else { return };
        let Some(body) = self.lens.bodies.definition(&layer.digest) else { return };
        let Some(content) = file.content.as_ref().filter(|content| {
            let before = body.files.first().and_then(|(_, digest)| self.lens.bodies.file(digest));
            before.as_deref() != Some(content.as_slice())
        }) else {
            return;
        };
        let digest = Digest::of(content);
        self.plan.files.insert(digest, content.clone());
        let path = match body.files.first() {
            Some((path, _)) => path.clone(),
            None => data_path(binary.component.id, file),
        };
        let mut tree = definition::tree(&body.bytes).unwrap_or_else(|| Element::new(BINARY));
        tree.child_or_new("data").set_text(path.rsplit('/').next().unwrap_or(&path));
        let changed =
            Body { bytes: strata_xml::write(&tree).into(), home: body.home.clone(), files: vec![(path, digest)] };
        let digest = changed.digest();
        self.plan.edits.push(close(layer));
        self.open(state.component.no, changed, LayerState::Published, layer.display_name.clone());
        let before = self.lens.published(state);
        self.report(&binary.key, binary.component.clone(), &before, digest);
    }

    fn binary_body(&mut self, flow: &Flow<'a>, file: &FlowFile, id: Guid) -> Body<'static> {
        let mut row = Element::new(BINARY);
        row.set_attribute("desktopflowbinaryid", &id.to_string());
        let mut files = Vec::new();
        let kind = if is_text(file) { "application/json" } else { "application/octet-stream" };
        if let Some(content) = &file.content {
            let path = data_path(id, file);
            let data = row.child_or_new("data");
            data.set_attribute("mimetype", kind);
            data.set_text(path.rsplit('/').next().unwrap_or(&path));
            let digest = Digest::of(content);
            self.plan.files.insert(digest, content.clone());
            files.push((path, digest));
        }
        for (column, text) in [("iscustomizable", "1"), ("metadata", "{}"), ("mimetype", kind), ("name", &file.name)] {
            row.child_or_new(column).set_text(text);
        }
        row.child_or_new("process").child_or_new("workflowid").set_text(flow.key.as_str());
        let reference = file.reference.as_str();
        for (column, text) in
            [("reference", reference), ("statecode", "0"), ("statuscode", "1"), ("type", &file.binary_type)]
        {
            row.child_or_new(column).set_text(text);
        }
        let home = format!("desktopflowbinaries/{id}/desktopflowbinary.xml");
        Body { bytes: strata_xml::write(&row).into(), home: Some(home), files }
    }

    /// DF8: a flow that goes back to schema v1 has its binaries inside again.
    pub(super) fn remove(&mut self, binaries: &[Binary]) {
        let states = binaries.iter().filter_map(|binary| self.lens.snapshot.components.get(&binary.key));
        for state in states {
            let environment = self.lens.snapshot.environment.id;
            let going = Going { environment, layer: "Active".to_owned(), with_table: false, rule: "DF8" };
            let gone = going.delete(state, &NoRows);
            self.plan.edits.extend(gone.edits);
            self.plan.changes.push(gone.change);
        }
    }

    /// Saves a flow as it is: what is managed gets an Active layer that says the same.
    pub(super) fn repeat(&mut self, flow: &Flow<'a>) {
        let Some(state) = flow.state else { return };
        if state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE) {
            return;
        }
        let body = state.managed().next_back().and_then(|layer| self.lens.bodies.definition(&layer.digest));
        if let Some(body) = body {
            let Body { bytes, home, files } = body;
            let body = Body { bytes: bytes.into_owned().into(), home, files };
            self.open_draft(flow, body, None);
        }
    }

    /// L49, R1: what is saved is a draft.
    fn open_draft(&mut self, flow: &Flow<'a>, body: Body<'static>, tree: Option<&Element>) {
        let digest = body.digest();
        let draft = flow.state.and_then(|state| state.active(LayerState::Unpublished));
        if draft.is_some_and(|draft| draft.digest == digest) {
            return;
        }
        self.plan.edits.extend(draft.map(close));
        let published = flow.state.and_then(|state| state.active(LayerState::Published));
        let component = match flow.state {
            Some(state) => names::installed(self.lens.snapshot.environment.id, state),
            None => {
                let environment = self.lens.snapshot.environment.id;
                ComponentRef::new(environment, &flow.key, flow.key.as_str(), None, Some(&flow.name))
            }
        };
        let said = tree.and_then(|tree| tree.attribute("Name")).map_or_else(|| flow.name.clone(), str::to_owned);
        if published.is_none_or(|published| published.digest != digest) {
            self.open(flow.no, body, LayerState::Unpublished, Some(said));
            self.plan.findings.push(publish::drafts_finding(1));
        }
        let Some(state) = flow.state else {
            self.plan.changes.push(Change {
                action: Action::Create,
                component,
                layer: "Active".to_owned(),
                effect: Effect::None,
                masked_by: Vec::new(),
                properties: Vec::new(),
                rows_lost: 0,
            });
            return;
        };
        let before: Vec<_> = state.layers.iter().map(|layer| self.lens.item(layer)).collect();
        self.report(&flow.key, component, &before, digest);
        if let Some(change) = self.plan.changes.last_mut() {
            change.effect = Effect::None;
            change.masked_by.clear();
        }
    }

    /// Says what Active changes.
    fn report(&mut self, key: &ComponentKey, component: ComponentRef, before: &[StackItem], digest: Digest) {
        let mut after: Vec<_> = before.iter().filter(|item| item.name != "Active").cloned().collect();
        after.push(StackItem { name: "Active".to_owned(), digest: Some(digest), is_diff: false });
        let both = Over(&self.plan, self.lens.bodies);
        let seen = Lens { bodies: &both, ..self.lens }.compare(key, before, &after, "Active");
        self.plan.changes.push(seen.change(Action::Modify, component, "Active"));
    }

    fn open(&mut self, component: ComponentNo, body: Body<'static>, state: LayerState, display_name: Option<String>) {
        let digest = body.digest();
        self.plan.definitions.insert(digest, body);
        self.plan.edits.push(Edit::LayerOpen(Layer {
            component,
            solution: SolutionNo::ACTIVE,
            slot: 0,
            state,
            digest,
            display_name,
            is_diff: false,
            from: Operation::START,
        }));
    }
}

fn is_text(file: &FlowFile) -> bool {
    file.content.as_deref().is_none_or(|content| std::str::from_utf8(content).is_ok())
}

fn data_path(id: Guid, file: &FlowFile) -> String {
    let kept: String = file.binary_type.chars().filter(char::is_ascii_alphanumeric).collect();
    let ending = if is_text(file) { "json" } else { "bin" };
    format!("desktopflowbinaries/{id}/data/{kept}_{id}.{ending}")
}

fn close(layer: &Layer) -> Edit {
    Edit::LayerClose { component: layer.component, solution: layer.solution, state: layer.state, digest: layer.digest }
}
