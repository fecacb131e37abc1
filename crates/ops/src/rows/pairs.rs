//! Pairs of rows: what a relationship between many and many keeps in the table between them.
//!
//! A pair has one row, whose id the two rows give, so that nothing can be linked twice.

use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::{Record, RecordEdit, RecordError, RecordIndex, RecordWrite, Reference, Values, ViolationKind};

use super::{TRIES_MAX, missing_row};
use crate::schema::relation::ManyToMany;
use crate::{OpsError, Workspace, sets};

/// Links two rows, which must be there; `ends` are the row of the first table and that of the second.
pub fn link(
    workspace: &Workspace,
    environment: &Environment,
    relation: &ManyToMany,
    ends: (Guid, Guid),
) -> Result<(), OpsError> {
    let mut values = Values::new();
    let mut references = Vec::new();
    for (end, id) in [(&relation.first, ends.0), (&relation.second, ends.1)] {
        values.insert(end.column.clone(), id.to_string().into());
        if sets::are_rows(workspace, environment, &end.table)? {
            let (column, table) = (end.column.clone(), end.table.clone());
            references.push(Reference { edit: 0, column, table, id: id.to_string() });
        }
    }
    let record = Record::new(pair_id(relation, ends).to_string(), values);
    write(workspace, environment, relation, RecordEdit::Insert(record), references)
}

/// Ends the link of two rows.
pub fn unlink(
    workspace: &Workspace,
    environment: &Environment,
    relation: &ManyToMany,
    ends: (Guid, Guid),
) -> Result<(), OpsError> {
    let id = pair_id(relation, ends).to_string();
    write(workspace, environment, relation, RecordEdit::Delete { id }, Vec::new())
}

fn pair_id(relation: &ManyToMany, (first, second): (Guid, Guid)) -> Guid {
    Guid::minted(first, &relation.intersect, &second.to_string())
}

fn write(
    workspace: &Workspace,
    environment: &Environment,
    relation: &ManyToMany,
    edit: RecordEdit,
    references: Vec<Reference>,
) -> Result<(), OpsError> {
    let write = RecordWrite {
        table: relation.intersect.clone(),
        indexes: [&relation.first, &relation.second].map(|end| RecordIndex::found(&end.column)).to_vec(),
        edits: vec![edit],
        references,
        is_trial: false,
    };
    let mut environment = environment.clone();
    for _ in 0..TRIES_MAX {
        match workspace.store().record_write(&environment, &write) {
            Ok(()) => return Ok(()),
            Err(RecordError::Moved { .. }) => environment = workspace.environment_named(&environment.name)?,
            Err(RecordError::Store(error)) => return Err(error.into()),
            Err(RecordError::Refused(violations)) => {
                let kind = violations.into_iter().next().map(|violation| violation.kind);
                return Err(refusal(relation, &write.edits[0], kind));
            }
        }
    }
    Err(OpsError::request(ErrorCode::CONCURRENCY, format!("{} is being changed by others", relation.schema_name)))
}

fn refusal(relation: &ManyToMany, edit: &RecordEdit, kind: Option<ViolationKind>) -> OpsError {
    match kind {
        Some(ViolationKind::NoTarget { table, id, .. }) => match Guid::parse(&id) {
            Some(id) => missing_row(&table, id),
            None => OpsError::request(ErrorCode::ROW_NOT_EXIST, format!("table {table} has no row {id}")),
        },
        Some(ViolationKind::Exists | ViolationKind::Duplicate { .. }) => {
            OpsError::request(ErrorCode::ROW_EXISTS, "Cannot insert duplicate key.")
        }
        _ => {
            let message = format!("{} does not link these rows ({})", relation.schema_name, edit.id());
            OpsError::request(ErrorCode::ROW_NOT_EXIST, message)
        }
    }
}
