//! What an import means for desktop flows: binaries that they lack (DF34), and binaries that collide (DF24, DF25).
//!
//! The import itself succeeds whenever Dataverse sees distinct rows, and it does (DF23); that a flow cannot run shows
//! when somebody runs it. So the plan looks at each flow as it would be afterwards and binds it, as its runtime would.

use std::collections::{BTreeMap, BTreeSet};

use strata_model::code::ErrorCode;
use strata_model::component::{Component, ComponentKey};
use strata_model::environment::{ComponentState, DesktopFlowSchema, Snapshot};
use strata_model::id::ComponentNo;
use strata_model::package::{Package, PackagedComponent, Presence};
use strata_model::plan::{Edit, Finding, FindingKind};

use super::assume::Assumptions;
use super::{Import, Met, Standing};
use crate::desktop_flow::binding::{self, Binary, Binding};
use crate::desktop_flow::content::{self, binary_key};
use crate::desktop_flow::{BINARY, CATEGORY};
use crate::effect::{Lens, Over};
use crate::names;

/// Returns the flows that a package brings or brings binaries of.
pub(super) fn flows(package: &Package) -> BTreeSet<ComponentKey> {
    let flows = package.components.iter().filter(|component| is_flow(component)).map(|component| &component.key);
    let of_binaries = package.components.iter().filter(|component| component.key.component_type.is(BINARY));
    flows.chain(of_binaries.filter_map(|binary| binary.parent.as_ref())).cloned().collect()
}

fn is_flow(component: &PackagedComponent) -> bool {
    component.key.component_type.is("workflow") && component.category == Some(CATEGORY)
}

impl<'a> Import<'a> {
    /// DF34, DP22: what a flow of schema v2 requires must be in the package or in the target.
    pub(super) fn check_binaries(&mut self, met: &Met<'_>, assumptions: &mut Assumptions) {
        let flow = met.component;
        if !is_flow(flow) || flow.presence != Presence::Full {
            return;
        }
        let declared = &self.package.manifest.missing_dependencies;
        for id in content::required_binaries(&self.package.bytes(&flow.definition)) {
            let key = binary_key(id);
            if self.packaged(&key).is_some() || declared.iter().any(|missing| missing.required.key == key) {
                continue;
            }
            match self.standing(&key) {
                Standing::System | Standing::Managed => {}
                Standing::Unmanaged if !self.package.is_managed() => {}
                Standing::Absent if self.options.assume_missing => {
                    let source = self.declared_source(&key);
                    assumptions.add(source, &key, key.as_str().to_owned(), None, None);
                }
                Standing::Unmanaged => {
                    let code = ErrorCode::UNMANAGED_PARENTS_MANAGED;
                    let sentence = "is only unmanaged here, and a managed solution cannot rely on that";
                    self.report_binary(flow, &key, code, "L65", sentence);
                }
                Standing::Absent => {
                    let code = ErrorCode::IMPORT_MISSING_DEPENDENCIES;
                    self.report_binary(flow, &key, code, "DF34", "is neither in the package nor in the environment");
                }
            }
        }
    }

    fn report_binary(
        &mut self,
        flow: &PackagedComponent,
        key: &ComponentKey,
        code: ErrorCode,
        rule: &str,
        sentence: &str,
    ) {
        let flow = names::packaged(self.environment(), flow);
        let described = names::describe(&flow, "desktop flow");
        let message = format!("desktop flow binary {}, which {described} requires, {sentence}", key.as_str());
        let hint = "add the flow's required objects to the solution it comes from, and export it again";
        self.plan.findings.push(
            Finding::error(FindingKind::MissingDependency, code, rule, message)
                .about(names::keyed(self.environment(), key))
                .related(vec![flow])
                .hint(hint),
        );
    }

    /// DF24, DF25: says which flows will not run, which binaries collide, and where each comes from.
    pub(super) fn predict_collisions(&mut self) {
        let flows = flows(self.package);
        if flows.is_empty() {
            return;
        }
        let after = self.flows_after(&flows);
        let (mut findings, mut newer) = (Vec::new(), 0);
        {
            let both = Over(&self.plan.definitions, self.lens.bodies);
            let lens = Lens { snapshot: &after, bodies: &both, ..self.lens };
            for flow in flows.iter().filter_map(|key| after.components.get(key)) {
                let binding = binding::bind(&lens, flow);
                newer += usize::from(binding.schema == DesktopFlowSchema::V2);
                findings.extend(self.predicted(flow, &binding));
            }
        }
        self.plan.findings.extend(findings);
        self.report_schema(newer);
    }

    fn predicted(&self, flow: &ComponentState, binding: &Binding) -> Option<Finding> {
        if binding.collisions.is_empty() {
            return None;
        }
        let component = names::installed(self.environment(), flow);
        let collisions = binding.describe_collisions(|binary| self.origin(binary));
        let described = names::describe(&component, "desktop flow");
        let message = format!("{described} will not run: {collisions}");
        let colliding = binding.colliding().map(|binary| binary.component.clone()).collect();
        let code = Some(ErrorCode::BINARY_COLLISION);
        let finding =
            Finding::warning(FindingKind::Collision, code, "DF24", message).about(component).related(colliding);
        let id = flow.component.key.as_str();
        let before = match self.installed.filter(|solution| solution.is_managed) {
            Some(solution) => {
                format!("delete the solution with `strata solution delete --solution-name {}`", solution.unique_name)
            }
            None => format!("delete the flow with `strata component delete workflow:{id}`"),
        };
        Some(
            finding
                .hint(format!("before the import: {before}"))
                .hint(format!("after it: `strata flow repair {id}` does what is documented for the case")),
        )
    }

    /// Where a binary would come from.
    fn origin(&self, binary: &Binary) -> String {
        if self.packaged(&binary.key).is_some() {
            return "this package".to_owned();
        }
        let base = self.state(&binary.key).and_then(|state| state.managed().next());
        match base.and_then(|base| self.snapshot.solution(base.solution)) {
            Some(solution) if self.family.contains(solution.no) => format!("installed version {}", solution.version),
            Some(solution) => format!("solution {} {}", solution.unique_name, solution.version),
            None => "unmanaged in this environment".to_owned(),
        }
    }

    /// Returns these flows and their binaries as the plan leaves them.
    fn flows_after(&self, flows: &BTreeSet<ComponentKey>) -> Snapshot {
        let is_binary_of_one = |parent: Option<&ComponentKey>| parent.is_some_and(|parent| flows.contains(parent));
        let known = self.snapshot.components.values().map(|state| &state.component);
        let added = self.plan.edits.iter().filter_map(|edit| match edit {
            Edit::ComponentAdd(component) => Some(component),
            _ => None,
        });
        let concerned = known.chain(added).filter(|component| {
            flows.contains(&component.key)
                || component.key.component_type.is(BINARY) && is_binary_of_one(component.parent.as_ref())
        });
        let concerned: BTreeMap<ComponentNo, &Component> =
            concerned.map(|component| (component.no, component)).collect();
        let mut edits: BTreeMap<ComponentNo, Vec<&Edit>> = BTreeMap::new();
        for edit in &self.plan.edits {
            if let Some(no) = edit.layered_component().filter(|no| concerned.contains_key(no)) {
                edits.entry(no).or_default().push(edit);
            }
        }
        let after = |(no, component): (&ComponentNo, &&Component)| {
            let edits = edits.get(no).into_iter().flatten().copied();
            let layers = self.all_layers_after(edits, self.state(&component.key));
            let component = Component::clone(component);
            (component.key.clone(), ComponentState { component, layers, members: Vec::new(), is_on: false })
        };
        let components = concerned.iter().map(after).filter(|(_, state)| !state.layers.is_empty()).collect();
        Snapshot { components, ..self.headers() }
    }

    /// Returns the snapshot without its components.
    fn headers(&self) -> Snapshot {
        let Snapshot { environment, publishers, solutions, next_publisher, next_solution, next_component, .. } =
            self.snapshot;
        Snapshot {
            environment: environment.clone(),
            publishers: publishers.clone(),
            solutions: solutions.clone(),
            components: BTreeMap::new(),
            mentions: Vec::new(),
            answers: Vec::new(),
            next_publisher: *next_publisher,
            next_solution: *next_solution,
            next_component: *next_component,
        }
    }

    /// DF21: the newer schema is off here, which older clients and makers will notice.
    fn report_schema(&mut self, newer: usize) {
        let is_off = self.snapshot.environment.settings.desktop_flow_schema == DesktopFlowSchema::V1;
        if newer == 0 || !is_off {
            return;
        }
        let message = match newer {
            1 => "1 desktop flow is of schema v2, which is switched off here: older clients cannot run it".to_owned(),
            many => {
                format!(
                    "{many} desktop flows are of schema v2, which is switched off here: older clients cannot run them"
                )
            }
        };
        let finding = Finding::info(FindingKind::Component, "DF21", message);
        self.plan.findings.push(finding.hint("switch it on with `strata env set --desktop-flow-schema v2`"));
    }
}
