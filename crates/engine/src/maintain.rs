//! Plans edits of solutions and publishers that are there, and the end of publishers (L6, L7, L12, L14, L16).

use strata_model::code::ErrorCode;
use strata_model::environment::Snapshot;
use strata_model::plan::{Edit, Finding, FindingKind, OperationKind, Plan};
use strata_model::publisher::{Details, Publisher};
use strata_model::rules::Rules;
use strata_model::solution::Solution;
use strata_model::version::Version;

use crate::create::{self, ASSUMED_PUBLISHER_HINT, refuse_option_prefix, refuse_prefix};
use crate::import::ASSUMED_PUBLISHER;

/// What changes of a solution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SolutionEdit {
    pub version: Option<Version>,
    pub friendly_name: Option<String>,
    /// Unique name of another publisher.
    pub publisher: Option<String>,
}

/// What changes of a publisher; its unique name never does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublisherEdit {
    pub friendly_name: Option<String>,
    pub prefix: Option<String>,
    pub option_value_prefix: Option<u32>,
    /// Those that change; an empty text takes one away.
    pub details: Details,
}

/// Characters that the platform keeps of a friendly name (L14).
const FRIENDLY_NAME_MAX: usize = 256;

/// Plans an edit of an unmanaged solution: what stands against another version stands against any edit.
pub fn solution(snapshot: &Snapshot, unique_name: &str, edit: &SolutionEdit, rules: &Rules) -> Plan {
    let before = snapshot.solution_named(unique_name);
    let zero = || Version::parse("0").expect("0 is a version");
    let version = edit.version.clone().or_else(|| before.map(|before| before.version.clone())).unwrap_or_else(zero);
    let mut plan = create::version(snapshot, unique_name, &version, rules);
    plan.operation = OperationKind::EditSolution;
    let Some(before) = before else { return plan };
    let publisher = match &edit.publisher {
        Some(name) => publisher_to_choose(snapshot, name, &mut plan).map(|publisher| publisher.no),
        None => Some(before.publisher),
    };
    let friendly_name = friendly_name(edit.friendly_name.as_ref(), &before.friendly_name, &mut plan);
    plan.edits.clear();
    let Some(publisher) = publisher.filter(|_| !plan.is_refused()) else { return plan };
    let after = Solution { version, friendly_name, publisher, ..before.clone() };
    let is_same = after == *before && after.version.as_str() == before.version.as_str();
    if !is_same {
        plan.edits.extend([Edit::SolutionClose(before.clone()), Edit::SolutionOpen(after)]);
    }
    plan
}

fn friendly_name(given: Option<&String>, before: &str, plan: &mut Plan) -> String {
    let Some(given) = given else { return before.to_owned() };
    if given.trim().is_empty() || given.chars().count() > FRIENDLY_NAME_MAX {
        let message = format!("a friendly name has 1 to {FRIENDLY_NAME_MAX} characters");
        plan.findings.push(Finding::error(FindingKind::Package, ErrorCode::INVALID_VALUE, "L14", message));
    }
    given.clone()
}

fn publisher_to_choose<'a>(snapshot: &'a Snapshot, name: &str, plan: &mut Plan) -> Option<&'a Publisher> {
    let found = find(snapshot, name, plan)?;
    if found.unique_name == ASSUMED_PUBLISHER {
        let message = "placeholders belong to publisher `assumed`, and nothing else does".to_owned();
        plan.findings.push(
            Finding::error(FindingKind::Publisher, ErrorCode::SELECT_READ_ONLY_PUBLISHER, "L12", message)
                .hint(ASSUMED_PUBLISHER_HINT),
        );
    }
    Some(found)
}

/// Plans an edit of a publisher; another prefix counts for names that are given later (L7).
pub fn publisher(snapshot: &Snapshot, unique_name: &str, edit: &PublisherEdit, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::EditPublisher, snapshot.environment.revision, *rules);
    let Some(before) = own(snapshot, unique_name, &mut plan) else { return plan };
    let after = Publisher {
        friendly_name: friendly_name(edit.friendly_name.as_ref(), &before.friendly_name, &mut plan),
        prefix: edit.prefix.as_ref().map_or_else(|| before.prefix.clone(), |prefix| prefix.to_lowercase()),
        option_value_prefix: edit.option_value_prefix.unwrap_or(before.option_value_prefix),
        details: before.details.clone().into_iter().chain(edit.details.clone()).collect(),
        ..before.clone()
    };
    refuse_prefix(&after.prefix, &mut plan);
    refuse_option_prefix(after.option_value_prefix, &mut plan);
    if !plan.is_refused() && after != *before {
        plan.edits.extend([Edit::PublisherClose(before.clone()), Edit::PublisherOpen(after)]);
    }
    plan
}

/// Plans the end of a publisher, whom no solution may have.
pub fn delete_publisher(snapshot: &Snapshot, unique_name: &str, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::DeletePublisher, snapshot.environment.revision, *rules);
    let Some(before) = own(snapshot, unique_name, &mut plan) else { return plan };
    if let Some(solution) = snapshot.solutions.iter().find(|solution| solution.publisher == before.no) {
        let message =
            format!("publisher {} cannot be deleted: solution {} is its", before.unique_name, solution.unique_name);
        plan.findings.push(
            Finding::error(FindingKind::Publisher, ErrorCode::ROW_IN_USE, "L6", message)
                .hint("delete its solutions first, or give them another publisher"),
        );
        return plan;
    }
    plan.edits.push(Edit::PublisherClose(before.clone()));
    plan
}

/// Finds a publisher that may be changed (L12).
fn own<'a>(snapshot: &'a Snapshot, unique_name: &str, plan: &mut Plan) -> Option<&'a Publisher> {
    let found = find(snapshot, unique_name, plan)?;
    if found.unique_name == ASSUMED_PUBLISHER {
        let message = "publisher `assumed` is that of placeholders and stays as it is".to_owned();
        plan.findings.push(Finding::error(
            FindingKind::Publisher,
            ErrorCode::UPDATE_READ_ONLY_PUBLISHER,
            "L12",
            message,
        ));
        return None;
    }
    Some(found)
}

fn find<'a>(snapshot: &'a Snapshot, name: &str, plan: &mut Plan) -> Option<&'a Publisher> {
    let found = snapshot.publishers.iter().find(|publisher| publisher.unique_name.eq_ignore_ascii_case(name));
    if found.is_none() {
        let message = format!("there is no publisher named `{name}`");
        plan.findings.push(
            Finding::error(FindingKind::Publisher, ErrorCode::NOT_FOUND, "L6", message)
                .hint("see them with `strata publisher list`"),
        );
    }
    found
}
