//! Plans new publishers and unmanaged solutions, their versions, and changes of settings (L6–L16, L23).

use strata_model::code::ErrorCode;
use strata_model::environment::{Settings, Snapshot};
use strata_model::id::Guid;
use strata_model::plan::{Edit, Finding, FindingKind, OperationKind, Plan, PlanSolution};
use strata_model::publisher::{Details, Publisher};
use strata_model::rules::Rules;
use strata_model::solution::{RESERVED_NAMES, Solution, SolutionKind};
use strata_model::version::Version;

use crate::family::Family;
use crate::import::ASSUMED_PUBLISHER;

/// What a caller says of a new publisher.
#[derive(Debug, Clone)]
pub struct NewPublisher {
    pub unique_name: String,
    pub prefix: String,
    pub friendly_name: Option<String>,
    pub option_value_prefix: Option<u32>,
    /// Minted from the name where there is none.
    pub id: Option<Guid>,
    /// An address, a description, by column.
    pub details: Details,
}

/// What a caller says of a new unmanaged solution.
#[derive(Debug, Clone)]
pub struct NewSolution {
    pub unique_name: String,
    pub publisher: String,
    pub version: Version,
    pub friendly_name: Option<String>,
    /// Minted from the name where there is none.
    pub id: Option<Guid>,
}

/// Characters that the platform keeps of a publisher's name.
const PUBLISHER_NAME_MAX: usize = 256;

/// Returns the beginning of a name that nobody would read to its end.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Plans a new publisher (L6; the syntax of prefixes is OQ 26).
pub fn publisher(snapshot: &Snapshot, new: &NewPublisher, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::CreatePublisher, snapshot.environment.revision, *rules);
    let name = &new.unique_name;
    if !is_name(name) || name.len() > PUBLISHER_NAME_MAX {
        let message = format!(
            "`{}` is not a unique name: at most {PUBLISHER_NAME_MAX} letters, digits and underscores, first a letter",
            shortened(name)
        );
        plan.findings.push(Finding::error(
            FindingKind::Publisher,
            ErrorCode::INVALID_SOLUTION_UNIQUE_NAME,
            "L6",
            message,
        ));
    }
    refuse_prefix(&new.prefix, &mut plan);
    let option_value_prefix = new.option_value_prefix.unwrap_or_else(|| generated_option_prefix(&new.prefix));
    refuse_option_prefix(option_value_prefix, &mut plan);
    if snapshot.publishers.iter().any(|publisher| publisher.unique_name.eq_ignore_ascii_case(name)) {
        let message = format!("there is a publisher named `{name}` already");
        plan.findings.push(Finding::error(FindingKind::Publisher, ErrorCode::ALREADY_EXISTS, "L6", message));
    }
    if new.id.is_some_and(|id| snapshot.publishers.iter().any(|publisher| publisher.id == id)) {
        let message = "there is a publisher of that id already";
        plan.findings.push(Finding::error(FindingKind::Publisher, ErrorCode::ROW_EXISTS, "L6", message));
    }
    if !plan.is_refused() {
        plan.edits.push(Edit::PublisherOpen(Publisher {
            no: snapshot.next_publisher,
            id: new.id.unwrap_or_else(|| Guid::minted(snapshot.environment.id, "publisher", &name.to_lowercase())),
            unique_name: name.clone(),
            friendly_name: new.friendly_name.clone().unwrap_or_else(|| name.clone()),
            prefix: new.prefix.to_lowercase(),
            option_value_prefix,
            details: said(&new.details),
        }));
    }
    plan
}

/// The details that say something.
fn said(details: &Details) -> Details {
    details.iter().filter(|(_, text)| !text.is_empty()).map(|(column, text)| (column.clone(), text.clone())).collect()
}

/// What to do where the publisher of placeholders is chosen.
pub(crate) const ASSUMED_PUBLISHER_HINT: &str =
    "make a publisher with `strata publisher create --name NAME --prefix PREFIX`";

/// OQ 26: says what stands against a prefix.
pub(crate) fn refuse_prefix(prefix: &str, plan: &mut Plan) {
    if !is_prefix(prefix) {
        let message = format!(
            "`{prefix}` is no customization prefix: 2 to 8 letters and digits, first a letter, not beginning with `mscrm`"
        );
        plan.findings.push(Finding::error(FindingKind::Publisher, ErrorCode::INVALID_PUBLISHER_PREFIX, "L6", message));
    }
}

pub(crate) fn refuse_option_prefix(prefix: u32, plan: &mut Plan) {
    if !(10_000..=99_999).contains(&prefix) {
        let message = format!("{prefix} is no option-value prefix: 10000 to 99999");
        plan.findings.push(Finding::error(FindingKind::Publisher, ErrorCode::INVALID_PUBLISHER_PREFIX, "L6", message));
    }
}

/// Plans a new unmanaged solution (L14, L15).
pub fn solution(snapshot: &Snapshot, new: &NewSolution, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::CreateSolution, snapshot.environment.revision, *rules);
    let name = &new.unique_name;
    plan.solution = Some(PlanSolution {
        unique_name: name.clone(),
        from: None,
        to: Some(new.version.to_string()),
        is_managed: false,
    });
    if !is_name(name) || name.len() > 65 {
        let message = format!(
            "`{}` is not a solution name: at most 65 letters, digits and underscores, first a letter",
            shortened(name)
        );
        plan.findings.push(Finding::error(
            FindingKind::Package,
            ErrorCode::INVALID_SOLUTION_UNIQUE_NAME,
            "L14",
            message,
        ));
    }
    if name.to_lowercase().ends_with("_upgrade") {
        let message = format!("`{name}` ends in `_Upgrade`, which is kept for pending upgrades");
        plan.findings.push(Finding::error(
            FindingKind::Package,
            ErrorCode::INVALID_SOLUTION_UNIQUE_NAME,
            "L15",
            message,
        ));
    }
    let is_reserved = RESERVED_NAMES.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    if is_reserved || snapshot.solution_named(name).is_some() {
        let message = format!("there is a solution named `{name}` already");
        plan.findings.push(Finding::error(FindingKind::Package, ErrorCode::SOLUTION_NAME_TAKEN, "L14", message));
    }
    if new.id.is_some_and(|id| snapshot.solutions.iter().any(|solution| solution.id == id)) {
        let message = "there is a solution of that id already";
        plan.findings.push(Finding::error(FindingKind::Package, ErrorCode::ROW_EXISTS, "L14", message));
    }
    let publisher =
        snapshot.publishers.iter().find(|publisher| publisher.unique_name.eq_ignore_ascii_case(&new.publisher));
    let Some(publisher) = publisher else {
        let message = format!("there is no publisher named `{}`", new.publisher);
        plan.findings.push(
            Finding::error(FindingKind::Publisher, ErrorCode::NOT_FOUND, "L6", message)
                .hint("see them with `strata publisher list`, or make it with `strata publisher create --name NAME --prefix PREFIX`"),
        );
        return plan;
    };
    if publisher.unique_name == ASSUMED_PUBLISHER {
        let message = "placeholders belong to publisher `assumed`, and nothing else does".to_owned();
        plan.findings.push(
            Finding::error(FindingKind::Publisher, ErrorCode::SELECT_READ_ONLY_PUBLISHER, "L12", message)
                .hint(ASSUMED_PUBLISHER_HINT),
        );
    }
    if !plan.is_refused() {
        plan.edits.push(Edit::SolutionOpen(Solution {
            no: snapshot.next_solution,
            id: new.id.unwrap_or_else(|| Guid::minted(snapshot.environment.id, "solution", &name.to_lowercase())),
            unique_name: name.clone(),
            friendly_name: new.friendly_name.clone().unwrap_or_else(|| name.clone()),
            version: new.version.clone(),
            is_managed: false,
            publisher: publisher.no,
            kind: SolutionKind::Base,
            parent: None,
            assumed: false,
            assumes: Vec::new(),
            residue: None,
        }));
    }
    plan
}

/// Plans another version of an unmanaged solution (L14, L23); a patch keeps its parent's first two numbers (L26).
pub fn version(snapshot: &Snapshot, unique_name: &str, version: &Version, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::OnlineVersion, snapshot.environment.revision, *rules);
    let refusal = |code, rule, message: String| Finding::error(FindingKind::Version, code, rule, message);
    if let Some(own) = RESERVED_NAMES.iter().find(|own| own.eq_ignore_ascii_case(unique_name)) {
        let is_default = *own == "Default";
        let code = if is_default { ErrorCode::CANNOT_UPDATE_DEFAULT } else { ErrorCode::CANNOT_UPDATE_RESTRICTED };
        plan.findings.push(refusal(code, "L4", format!("`{own}` is a solution of the platform's own")));
        return plan;
    }
    let Some(solution) = snapshot.solution_named(unique_name) else {
        let message = format!("there is no solution named `{unique_name}`");
        plan.findings.push(refusal(ErrorCode::NOT_FOUND, "L14", message).hint("see them with `strata solution list`"));
        return plan;
    };
    let name = &solution.unique_name;
    plan.solution = Some(PlanSolution {
        unique_name: name.clone(),
        from: Some(solution.version.to_string()),
        to: Some(version.to_string()),
        is_managed: solution.is_managed,
    });
    if solution.is_managed {
        let message = format!("{name} is managed: its version comes with its package");
        plan.findings.push(refusal(ErrorCode::CANNOT_UPDATE_MANAGED, "L16", message).hint("import another version"));
    }
    if let Some(message) = Family::of(snapshot, solution).lock() {
        let hint = format!("roll them up with `strata solution clone-solution --solution-name {name}`, or delete them");
        plan.findings.push(refusal(ErrorCode::CANNOT_MODIFY_PATCHED, "L56", message).hint(hint));
    }
    let parent = solution.parent.filter(|_| solution.kind == SolutionKind::Patch).and_then(|no| snapshot.solution(no));
    if let Some(parent) = parent
        && (parent.version.major_minor() != version.major_minor() || *version <= parent.version)
    {
        let message = format!(
            "{name} is a patch of {} {}: its version has the same first two numbers and is higher",
            parent.unique_name, parent.version
        );
        plan.findings.push(refusal(ErrorCode::CLONE_SOLUTION, "L26", message));
    }
    if !plan.is_refused() && solution.version.as_str() != version.as_str() {
        plan.edits.push(Edit::SolutionClose(solution.clone()));
        plan.edits.push(Edit::SolutionOpen(Solution { version: version.clone(), ..solution.clone() }));
    }
    plan
}

/// Plans other settings of the environment (L1).
pub fn settings(snapshot: &Snapshot, after: Settings, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::Settings, snapshot.environment.revision, *rules);
    let before = snapshot.environment.settings.clone();
    if before != after {
        plan.edits.push(Edit::SettingsReplace { before, after });
    }
    plan
}

fn is_name(name: &str) -> bool {
    let starts_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_prefix(prefix: &str) -> bool {
    let starts_well = prefix.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (2..=8).contains(&prefix.len())
        && starts_well
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !prefix.to_lowercase().starts_with("mscrm")
}

/// L6: five digits, generated from the prefix.
fn generated_option_prefix(prefix: &str) -> u32 {
    let sum = prefix.to_lowercase().bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    10_000 + sum % 90_000
}
