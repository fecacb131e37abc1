//! Plans a new component in the Active layer (L3, L7, L9, L16, L20).
//!
//! The definition is given as it would stand in a package, or made from the smallest one of its type. New metadata
//! bears the prefix of its solution's publisher; a new option gets its value from the publisher's option-value prefix.
//! A part of a table joins every unmanaged solution that holds the table with all its parts; where the solution that
//! it is made in lacks the table, the table comes along as a shell.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::code::ErrorCode;
use strata_model::component::{Component, ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{Behavior, ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::{ComponentNo, Digest, Guid, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Action, Bodies, Body, Change, Edit, Effect, Finding, FindingKind, OperationKind, Plan};
use strata_model::publisher::Publisher;
use strata_model::rules::Rules;
use strata_xml::Element;

use super::platform::{self, NewTable};
use super::table_parts::Made;
use super::target::Target;
use super::{identity, minimal, money, open_solution, refuse_blocked};
use crate::activation::is_classic;
use crate::active::{PropertyEdit, set_path, spelled, whole};
use crate::effect::Lens;
use crate::{catalogue, definition, managed_property, membership, names, pending_deletion, publish, variables};

/// What a caller says of a new component.
#[derive(Debug, Clone)]
pub struct NewComponent {
    pub component_type: ComponentType,
    /// Schema name, `table.column`, `table.Display name`, display name or GUID, as the type wants it.
    pub name: String,
    /// The table it is a part of, where the name does not say so.
    pub table: Option<String>,
    pub display_name: Option<String>,
    /// XML or JSON as in a package; the smallest one of its type where there is none.
    pub definition: Option<Vec<u8>>,
    pub properties: Vec<PropertyEdit>,
    /// Labels of new options.
    pub options: Vec<String>,
    /// `None`: it joins only the Default Solution (L3).
    pub solution: Option<String>,
    /// Of its member file, where the type has one: a web resource's content.
    pub content: Option<Digest>,
}

/// Returns the components that planning must see; `snapshot` needs none yet.
pub fn footprint(snapshot: &Snapshot, new: &NewComponent) -> Footprint {
    let publisher = new.solution.as_deref().and_then(|name| publisher_of(snapshot, name));
    let Ok(target) = Target::of(snapshot, new, publisher) else { return Footprint::default() };
    let mut keys = vec![target.key.clone()];
    keys.extend(target.table.clone());
    keys.extend(target.required().map(|(key, _)| key));
    let own_columns = target.own_columns(publisher, 0).into_iter();
    keys.extend(own_columns.map(|(name, _)| target.column_key(&name)));
    if target.key.component_type.is("entity") {
        keys.extend(platform::keys(snapshot.environment.id, &target.schema_name));
    }
    if target.key.component_type.is("attribute") {
        keys.extend(money::keys(&target.key));
    }
    Footprint { keys, ..Footprint::default() }
}

/// Plans the new component.
pub fn plan(snapshot: &Snapshot, new: &NewComponent, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    plan_all(snapshot, std::slice::from_ref(new), false, rules, bodies)
}

/// Returns the components that planning must see, of several that come together.
pub fn footprint_all(snapshot: &Snapshot, all: &[NewComponent]) -> Footprint {
    let keys = all.iter().flat_map(|new| footprint(snapshot, new).keys).collect();
    Footprint { keys, ..Footprint::default() }
}

/// Plans several new components of one solution: a table, then its columns, then what needs those.
///
/// A later one may need an earlier one. A table that comes with parts gets no key and name of ours, and what the
/// platform gives every table it gets in any case. Where they are published, they are in force at once, as what the Web
/// API makes is (L49).
pub fn plan_all(
    snapshot: &Snapshot,
    all: &[NewComponent],
    is_published: bool,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Plan {
    let mut plan = Plan::empty(OperationKind::CreateComponent, snapshot.environment.revision, *rules);
    let Some(first) = all.first() else { return plan };
    refuse_blocked_creation(snapshot, first, &mut plan);
    let solution = first.solution.as_deref().and_then(|name| open_solution(snapshot, name, &mut plan));
    // A solution that takes nothing says all the same whose prefix a name gets.
    let publisher = first.solution.as_deref().and_then(|name| publisher_of(snapshot, name));
    let mut targets = Vec::with_capacity(all.len());
    for new in all {
        match Target::of(snapshot, new, publisher) {
            Ok(target) => targets.push((new, target)),
            Err(finding) => plan.findings.push(*finding),
        }
    }
    let with_parts = targets.iter().filter_map(|(_, target)| target.table.clone()).collect();
    let mut creation = Creation {
        lens: Lens::new(snapshot, rules, bodies),
        new: first,
        publisher,
        solution: solution.map(|s| s.no),
        plan,
        next: snapshot.next_component.0,
        is_published,
        made: BTreeMap::new(),
        with_parts,
        tables: Vec::new(),
        drafts: 0,
    };
    for (new, target) in &targets {
        creation.new = new;
        creation.check(target);
        let tree = creation.definition(target);
        match tree {
            Some(tree) if !creation.plan.is_refused() => creation.make(target, tree),
            // What comes behind may need it.
            Some(_) | None => drop(creation.made.insert(target.key.clone(), ComponentNo(creation.next))),
        }
    }
    creation.make_platform_parts();
    if creation.drafts > 0 {
        creation.plan.findings.push(publish::drafts_finding(creation.drafts));
    }
    if creation.plan.is_refused() {
        creation.plan.edits.clear();
        creation.plan.changes.clear();
    }
    creation.plan
}

/// L104: values of environment variables are set, not customized.
fn refuse_blocked_creation(snapshot: &Snapshot, new: &NewComponent, plan: &mut Plan) {
    if !new.component_type.is("environmentvariablevalue") {
        refuse_blocked(snapshot, plan);
    }
}

fn publisher_of<'a>(snapshot: &'a Snapshot, solution: &str) -> Option<&'a Publisher> {
    snapshot.publisher(snapshot.solution_named(solution)?.publisher)
}

/// The category of a process.
fn category(tree: &Element) -> Option<i32> {
    tree.child_text("Category")?.trim().parse().ok()
}

/// The id that a definition gives a component which is known by a name.
fn named_id(component_type: &ComponentType, tree: &Element) -> Option<Guid> {
    if identity::is_by_id(component_type) {
        return None;
    }
    let name = format!("{component_type}id");
    let child = tree.elements().find(|child| child.name.eq_ignore_ascii_case(&name)).map(Element::text);
    let attribute = tree.attributes.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name)).map(|(_, id)| id.clone());
    child.or(attribute).as_deref().and_then(Guid::parse)
}

/// The work in progress.
pub(super) struct Creation<'a> {
    pub(super) lens: Lens<'a>,
    pub(super) new: &'a NewComponent,
    pub(super) publisher: Option<&'a Publisher>,
    solution: Option<SolutionNo>,
    pub(super) plan: Plan,
    next: i64,
    is_published: bool,
    /// Numbers of those that are made already.
    made: BTreeMap<ComponentKey, ComponentNo>,
    /// Tables that get no key and name by themselves.
    with_parts: BTreeSet<ComponentKey>,
    /// New ones, which get what the platform gives a table.
    pub(super) tables: Vec<NewTable>,
    drafts: usize,
}

impl<'a> Creation<'a> {
    pub(super) fn state(&self, key: &ComponentKey) -> Option<&'a ComponentState> {
        self.lens.snapshot.components.get(key)
    }

    pub(super) fn exists(&self, key: &ComponentKey) -> bool {
        self.made.contains_key(key)
            || catalogue::contains(key, self.lens.rules)
            || self.state(key).is_some_and(|state| !state.layers.is_empty())
    }

    fn reference(&self, key: &ComponentKey, name: &str, display_name: Option<&str>) -> ComponentRef {
        ComponentRef::new(self.lens.snapshot.environment.id, key, name, None, display_name)
    }

    pub(super) fn language(&self) -> u32 {
        self.lens.snapshot.environment.settings.languages.first().copied().unwrap_or(1033)
    }

    fn check(&mut self, target: &Target) {
        let label = target.key.component_type.label();
        let component = self.reference(&target.key, &target.schema_name, Some(&target.display_name));
        let described = names::describe(&component, label);
        if self.state(&target.key).is_some_and(pending_deletion::is_pending) {
            self.plan.findings.push(pending_deletion::refusal(component.clone(), &described));
        } else if self.exists(&target.key) {
            let message = format!("there is a {described} already");
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::ALREADY_EXISTS, "L17", message)
                    .about(component.clone())
                    .hint(format!("change it with `strata component set {}`", target.key)),
            );
        }
        if let Some((required, rule)) = target.required()
            && !self.exists(&required)
        {
            let message =
                format!("there is no {} {} for {described}", required.component_type.label(), required.as_str());
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, rule, message)
                    .about(component.clone())
                    .hint(format!("make it first with `strata component create {required}`")),
            );
        }
        let table = target.table.as_ref().and_then(|table| self.state(table));
        if let Some(table) = table {
            let part_type = &target.key.component_type;
            let refusal = managed_property::refusal_of_part(&self.lens, table, &component, part_type, "MP6");
            self.plan.findings.extend(refusal);
        }
    }

    /// Returns the new definition: what is given or the smallest one, with its properties and options.
    fn definition(&mut self, target: &Target) -> Option<Element> {
        let component_type = &target.key.component_type;
        let is_kind = |edit: &&PropertyEdit| match component_type.name() {
            "attribute" => edit.path.eq_ignore_ascii_case("Type"),
            "workflow" => edit.path.eq_ignore_ascii_case("Category"),
            _ => false,
        };
        let kind = self.new.properties.iter().find(is_kind).map(|edit| edit.value.trim().to_lowercase());
        let kind = match kind {
            Some(kind) if component_type.is("attribute") => Some(self.column_type(&kind)?.to_owned()),
            kind => kind,
        };
        let table = target.table.as_ref().map(ComponentKey::as_str);
        let recipe = minimal::Recipe {
            key: &target.key,
            schema_name: &target.schema_name,
            display_name: &target.display_name,
            id: target.id,
            table,
            language: self.language(),
            kind: kind.as_deref(),
        };
        let Some(mut tree) = target.given.clone().or_else(|| minimal::definition(&recipe)) else {
            let message = format!("a {} needs a definition", component_type.label());
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::DEFINITION_NEEDED, "D3", message)
                    .hint("give one with --definition FILE, as it stands in a package"),
            );
            return None;
        };
        for edit in &self.new.properties {
            let leaves = definition::tree_leaves(component_type, &tree);
            let known: Vec<_> = leaves.into_iter().map(|leaf| leaf.path).collect();
            let value = kind.as_ref().filter(|_| is_kind(&edit)).unwrap_or(&edit.value);
            if whole::replace(component_type.own_element(), &mut tree, &edit.path, value) == Some(true) {
                continue;
            }
            if !set_path(component_type.own_element(), &mut tree, &spelled(&known, &edit.path), value) {
                let message = format!("`{}` names no property of a {}", edit.path, component_type.label());
                self.plan.findings.push(Finding::error(
                    FindingKind::Component,
                    ErrorCode::UNKNOWN_PROPERTY,
                    "R8",
                    message,
                ));
            }
        }
        self.add_options(component_type, &mut tree);
        self.add_content(target, &mut tree);
        Some(tree)
    }

    /// Returns the type of a column as packages write it, or refuses what is none.
    fn column_type(&mut self, wanted: &str) -> Option<&'static str> {
        let known = minimal::COLUMN_TYPES.iter().find(|known| known.eq_ignore_ascii_case(wanted));
        if known.is_none() {
            let message = format!("`{wanted}` is no type of a column");
            self.plan.findings.push(
                Finding::error(FindingKind::Component, ErrorCode::UNKNOWN_PROPERTY, "R8", message)
                    .hint(format!("choose one of {}", minimal::COLUMN_TYPES.join(", "))),
            );
        }
        known.copied()
    }

    /// Names the member file in the definition, as a package does (package-format §4.1).
    fn add_content(&mut self, target: &Target, tree: &mut Element) {
        if self.new.content.is_none() {
            return;
        }
        let named = match target.key.component_type.name() {
            "webresource" => Some("FileName"),
            "workflow" => Some(if is_classic(category(tree)) { "XamlFileName" } else { "JsonFileName" }),
            _ => None,
        };
        if let Some(named) = named {
            let path = target.content_path(category(tree));
            tree.child_or_new(named).set_text(&format!("/{path}"));
        } else {
            let message = format!("a {} has no content of its own", target.key.component_type.label());
            let finding = Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "D3", message);
            self.plan.findings.push(finding.hint("give its definition with --definition FILE"));
        }
    }

    fn make(&mut self, target: &Target, tree: Element) {
        let component_type = &target.key.component_type;
        self.note_table(target, &tree);
        let display_name = identity::display_name(&tree, self.language()).or_else(|| Some(target.display_name.clone()));
        let table_name = target.table.as_ref().map(|table| {
            self.state(table).map_or_else(|| table.as_str().to_owned(), |state| state.component.name.clone())
        });
        let is_named_in_table = target.key.table().is_some();
        let name = match table_name.filter(|_| is_named_in_table) {
            Some(table) => format!("{table}.{}", target.schema_name),
            None => target.schema_name.clone(),
        };
        let (required, _) = target.required().unzip();
        let content_path = target.content_path(category(&tree));
        let beside = tree.clone();
        let made = Made {
            key: target.key.clone(),
            name,
            id: named_id(component_type, &tree).or_else(|| component_type.is("webresource").then_some(target.id)),
            tree,
            display_name,
            parent: required.filter(|_| !is_named_in_table && !component_type.is("entityrelationship")),
            home: minimal::home(component_type, target.table.as_ref().map(ComponentKey::as_str)),
            files: self.new.content.map(|content| (content_path, content)).into_iter().collect(),
        };
        self.add_beside(target, made);
        self.make_money_parts(target, &beside);
        let has_parts = self.with_parts.contains(&target.key);
        let own_columns = if has_parts { Vec::new() } else { target.own_columns(self.publisher, self.language()) };
        for (column, tree) in own_columns {
            self.note_primary_name(&target.key, &column, &tree);
            let key = target.column_key(&column);
            let name = format!("{}.{column}", target.schema_name);
            let display_name = identity::display_name(&tree, self.language());
            let made = Made { key, name, id: None, tree, display_name, parent: None, home: None, files: Vec::new() };
            self.add_part(made);
        }
    }

    /// Adds a component where its target belongs.
    pub(super) fn add_beside(&mut self, target: &Target, made: Made) {
        let table = target.table.as_ref().and_then(|table| self.state(table));
        let component = self.add(made);
        self.join(target, table, component);
    }

    /// Adds a part of a new table: that came with all its parts, so they are in its solution.
    pub(super) fn add_part(&mut self, made: Made) {
        let part = self.add(made);
        self.open_membership(part, self.solution, None);
    }

    /// Adds a component with its Active layer.
    fn add(&mut self, made: Made) -> ComponentNo {
        let category = identity::category(&made.key.component_type, &made.tree);
        let body = match made.key.component_type.is(variables::VALUE) {
            // A package keeps values as JSON, and so do we.
            true => variables::value_body(&made.name, &made.tree),
            false => Body { bytes: strata_xml::write(&made.tree).into(), home: made.home, files: made.files },
        };
        let digest = body.digest();
        self.plan.definitions.insert(digest, body);
        let known = self.state(&made.key).map(|state| state.component.no);
        let key = made.key.clone();
        let component = known.unwrap_or_else(|| {
            let no = ComponentNo(self.next);
            self.next += 1;
            let (key, name) = (made.key.clone(), made.name.clone());
            let component = Component { no, key, name, id: made.id, category, parent: made.parent };
            self.plan.edits.push(Edit::ComponentAdd(component));
            no
        });
        let is_draft = !self.is_published && made.key.component_type.is_publishable(category);
        self.drafts += usize::from(is_draft);
        self.made.insert(key, component);
        self.plan.edits.push(Edit::LayerOpen(Layer {
            component,
            solution: SolutionNo::ACTIVE,
            slot: 0,
            state: if is_draft { LayerState::Unpublished } else { LayerState::Published },
            digest,
            display_name: made.display_name.clone(),
            is_diff: false,
            from: Operation::START,
        }));
        let environment = self.lens.snapshot.environment.id;
        let display_name = made.display_name.as_deref();
        self.plan.changes.push(Change {
            action: Action::Create,
            component: ComponentRef::new(environment, &made.key, &made.name, made.id, display_name),
            layer: "Active".to_owned(),
            effect: if is_draft { Effect::None } else { Effect::Visible },
            masked_by: Vec::new(),
            properties: Vec::new(),
            rows_lost: 0,
        });
        component
    }

    /// L20: the solution it is made in, and every unmanaged one that holds its table with all parts.
    fn join(&mut self, target: &Target, table: Option<&ComponentState>, component: ComponentNo) {
        let is_part = target.table.is_some();
        let behavior = (!is_part).then_some(Behavior::IncludeSubcomponents);
        self.open_membership(component, self.solution, behavior);
        let with_all_parts =
            table.map(|table| membership::with_all_parts(self.lens.snapshot, table)).unwrap_or_default();
        let named = self.solution;
        for solution in with_all_parts.into_iter().filter(|no| Some(*no) != named) {
            self.open_membership(component, Some(solution), None);
        }
        if let (Some(table_key), Some(solution)) = (&target.table, self.solution)
            && !table.is_some_and(|table| table.is_member_of(solution))
            && !self.made.contains_key(table_key)
        {
            let no = table.map_or_else(|| self.add_identity(table_key), |table| table.component.no);
            // It is a member from here on.
            self.made.insert(table_key.clone(), no);
            self.open_membership(no, Some(solution), Some(Behavior::IncludeAsShellOnly));
        }
    }

    /// Gives a system component that nobody has touched yet its number.
    fn add_identity(&mut self, key: &ComponentKey) -> ComponentNo {
        let component = membership::system_component(key, ComponentNo(self.next), self.lens.rules);
        self.next += 1;
        let no = component.no;
        self.plan.edits.push(Edit::ComponentAdd(component));
        no
    }

    fn open_membership(&mut self, component: ComponentNo, solution: Option<SolutionNo>, behavior: Option<Behavior>) {
        let member = solution.map(|solution| Membership { component, solution, behavior });
        self.plan.edits.extend(member.map(Edit::MemberOpen));
    }
}
