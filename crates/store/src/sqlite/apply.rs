//! The only writer of state. Turns a [`Plan`] into rows inside one transaction.
//!
//! Nothing here knows why a change is right. It checks that the plan was made for the current revision and that
//! every closing finds the row it expects; then it writes, closings before openings, each kind in the order of
//! its numbers. The history entry and the end of the lease are part of the same transaction, so a change without
//! a record cannot exist. On error the transaction is rolled back and the environment is as it was.

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::component::ComponentKey;
use strata_model::environment::{Membership, Settings};
use strata_model::history::NewHistoryEntry;
use strata_model::id::{ComponentNo, Digest, EnvironmentNo, Operation, PublisherNo, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::{Bodies, Edit, Plan};
use strata_model::publisher::Publisher;
use strata_model::solution::Solution;

use super::names::{self, Sorted};
use super::record_close::Data;
use super::rows::{self, NOW, OPEN, PUBLISHER, SOLUTION, json_of, layer_state_no, word_of};
use super::transaction::{Transaction, Writer};
use super::{SqliteStore, activation, history, stage};
use crate::{ApplyError, Lease, Progress, Stage, StoreError, Whole};

/// Stages bodies, then flips; what was logged is moved to its place afterwards.
pub(super) fn apply(
    store: &SqliteStore,
    lease: &Lease,
    plan: &Plan,
    entry: &NewHistoryEntry,
    bodies: &dyn Bodies,
    progress: &dyn Fn(Progress),
) -> Result<Operation, ApplyError> {
    store.lock().checkpoint_by_itself(false)?;
    let applied = stage_and_flip(store, lease, plan, entry, bodies, progress);
    let inner = store.lock();
    // Neither can undo what was committed, so neither decides the answer.
    inner.checkpoint_by_itself(true).ok();
    inner.checkpoint();
    applied
}

fn stage_and_flip(
    store: &SqliteStore,
    lease: &Lease,
    plan: &Plan,
    entry: &NewHistoryEntry,
    bodies: &dyn Bodies,
    progress: &dyn Fn(Progress),
) -> Result<Operation, ApplyError> {
    // Staging takes a while, and a plan that is stale now will not recover.
    Counters::checked(&store.lock().conn, lease, plan)?;
    let names = Sorted::new(plan.names.iter());
    loop {
        let staged = stage::stage(store, lease, plan, bodies, progress)?;
        let whole = Whole::begin(store)?;
        let flipped = flip_once(store, lease, plan, entry, &names, staged.collections, progress)?;
        let Some(operation) = flipped else { continue };
        if !store.lock().is_part() {
            progress(Progress { stage: Stage::Written, done: 1, total: 1 });
        }
        whole.keep()?;
        return Ok(operation);
    }
}

/// Writes everything but bodies; nothing where a prune in another environment may have collected what was staged, or
/// what was there before.
fn flip_once(
    store: &SqliteStore,
    lease: &Lease,
    plan: &Plan,
    entry: &NewHistoryEntry,
    names: &Sorted,
    collections: i64,
    progress: &dyn Fn(Progress),
) -> Result<Option<Operation>, ApplyError> {
    let inner = store.lock();
    let transaction = inner.transaction()?;
    if stage::collections(transaction.conn)? != collections {
        return Ok(None);
    }
    let operation = flip(&transaction, lease, plan, entry, progress)?;
    names::insert(&transaction, lease.environment, names)?;
    transaction.commit()?;
    Ok(Some(operation))
}

fn flip(
    transaction: &Transaction<'_>,
    lease: &Lease,
    plan: &Plan,
    entry: &NewHistoryEntry,
    progress: &dyn Fn(Progress),
) -> Result<Operation, ApplyError> {
    let mut counters = Counters::checked(transaction.conn, lease, plan)?;
    let operation = Operation(counters.operation.0 + 1);
    Flip { transaction, no: lease.environment, operation }.edits(&plan.edits, &mut counters, progress)?;
    counters.operation = operation;
    if plan.has_changes() {
        counters.revision = operation;
    }
    history::insert(transaction, lease.environment, operation, entry)?;
    counters.store(transaction, lease)?;
    Ok(operation)
}

/// What an environment counts.
struct Counters {
    operation: Operation,
    revision: Operation,
    publisher: i64,
    solution: i64,
    component: i64,
}

impl Counters {
    /// Reads the counters of the environment whose lease this is, if the plan was made for its revision.
    fn checked(conn: &Connection, lease: &Lease, plan: &Plan) -> Result<Self, ApplyError> {
        let counters = conn
            .prepare_cached(
                "SELECT current_op, revision, next_publisher_no, next_solution_no, next_component_no \
                 FROM environment WHERE environment_id = ?1 AND lease_holder = ?2",
            )?
            .query_row(params![lease.environment.0, lease.holder], |row| {
                Ok(Self {
                    operation: Operation(row.get(0)?),
                    revision: Operation(row.get(1)?),
                    publisher: row.get(2)?,
                    solution: row.get(3)?,
                    component: row.get(4)?,
                })
            })
            .optional()?
            .ok_or(StoreError::LeaseLost)?;
        if counters.revision != plan.base {
            return Err(ApplyError::StalePlan { base: plan.base, revision: counters.revision });
        }
        Ok(counters)
    }

    fn store(&self, transaction: &Transaction<'_>, lease: &Lease) -> Result<(), StoreError> {
        transaction.execute(
            "UPDATE environment SET current_op = ?2, revision = ?3, next_publisher_no = ?4, next_solution_no = ?5, \
             next_component_no = ?6, lease_holder = NULL, lease_operation = NULL, lease_since = NULL, \
             lease_expires = NULL WHERE environment_id = ?1",
            params![
                lease.environment.0,
                self.operation.0,
                self.revision.0,
                self.publisher,
                self.solution,
                self.component
            ],
        )?;
        Ok(())
    }
}

struct Flip<'t> {
    transaction: &'t Transaction<'t>,
    no: EnvironmentNo,
    operation: Operation,
}

/// Returns the place of an edit in the transaction: closings, openings; then by number.
fn order(edit: &Edit) -> (u8, i64, i64) {
    match edit {
        Edit::SettingsReplace { .. } => (0, 0, 0),
        Edit::MemberClose(member) => (1, member.component.0, member.solution.0),
        Edit::ActivationClose(component) => (1, component.0, i64::MAX),
        Edit::LayerClose { component, solution, .. } => (2, component.0, solution.0),
        Edit::SolutionClose(solution) => (3, solution.no.0, 0),
        Edit::PublisherClose(publisher) => (4, publisher.no.0, 0),
        Edit::RowsClose { .. } => (5, 0, 0),
        Edit::PublisherOpen(publisher) => (6, publisher.no.0, 0),
        Edit::SolutionOpen(solution) => (7, solution.no.0, 0),
        Edit::ComponentAdd(component) => (8, component.no.0, 0),
        Edit::LayerOpen(layer) => (9, layer.component.0, layer.solution.0),
        Edit::MemberOpen(member) => (10, member.component.0, member.solution.0),
        Edit::ActivationOpen(component) => (10, component.0, i64::MAX),
        Edit::RowsReopen { closed_at, .. } => (11, closed_at.0, 0),
        // Values go out of rows that came back, or come back into them.
        Edit::ColumnClose { .. } => (12, 0, 0),
        Edit::ColumnReopen { closed_at, .. } => (13, closed_at.0, 0),
    }
}

impl<'t> Flip<'t> {
    fn edits(&self, edits: &[Edit], counters: &mut Counters, progress: &dyn Fn(Progress)) -> Result<(), ApplyError> {
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| order(edit));
        let mut rows = Rows::prepare(self.transaction)?;
        let data = Data { transaction: self.transaction, no: self.no, operation: self.operation };
        let first_new = counters.component;
        let total = sorted.len() as u64;
        for (done, edit) in sorted.into_iter().enumerate() {
            if done % 1024 == 0 {
                progress(Progress { stage: Stage::Rows, done: done as u64, total });
            }
            match edit {
                Edit::SettingsReplace { before, after } => self.settings_replace(before, after)?,
                Edit::PublisherClose(publisher) => self.publisher_close(publisher)?,
                Edit::PublisherOpen(publisher) => {
                    counters.publisher = counters.publisher.max(publisher.no.0 + 1);
                    self.publisher_open(publisher)?;
                }
                Edit::SolutionClose(solution) => self.solution_close(solution)?,
                Edit::SolutionOpen(solution) => {
                    counters.solution = counters.solution.max(solution.no.0 + 1);
                    self.solution_open(solution)?;
                }
                Edit::ComponentAdd(component) => {
                    counters.component = counters.component.max(component.no.0 + 1);
                    let subject = || format!("component `{}`", component.key);
                    let id = component.id.map(|id| id.to_string());
                    let key = &component.key;
                    added(
                        rows.component_add.run(params![
                            self.no.0,
                            component.no.0,
                            key.component_type.name(),
                            key.as_str(),
                            component.name,
                            id,
                            component.category,
                            component.parent.as_ref().map(ComponentKey::to_string)
                        ]),
                        subject,
                    )?;
                }
                Edit::LayerClose { component, solution, state, digest } => {
                    self.layer_close(&mut rows, *component, *solution, *state, digest)?;
                }
                Edit::LayerOpen(layer) => self.layer_open(&mut rows, layer, layer.component.0 >= first_new)?,
                Edit::MemberClose(member) => self.member_close(&mut rows, member)?,
                Edit::MemberOpen(member) => self.member_open(&mut rows, member, member.component.0 >= first_new)?,
                Edit::ActivationClose(component) => {
                    let closed = activation::close(self.transaction, self.no, self.operation, *component)?;
                    expect(closed, || format!("the activation of component {component}"))?;
                }
                Edit::ActivationOpen(component) => {
                    let opened = activation::open(self.transaction, self.no, self.operation, *component)?;
                    expect(opened, || format!("the activation of component {component}"))?;
                }
                Edit::RowsClose { table } => data.close_rows(table)?,
                Edit::RowsReopen { table, closed_at } => data.reopen_rows(table, *closed_at)?,
                Edit::ColumnClose { table, column } => data.close_column(table, column)?,
                Edit::ColumnReopen { table, column, closed_at } => data.reopen_column(table, column, *closed_at)?,
            }
        }
        progress(Progress { stage: Stage::Rows, done: total, total });
        Ok(())
    }

    fn settings_replace(&self, before: &Settings, after: &Settings) -> Result<(), ApplyError> {
        let found = rows::settings(self.transaction.conn, self.no, NOW)?;
        expect(found == *before, || "settings".to_owned())?;
        self.transaction.execute(
            "UPDATE setting SET to_op = ?2 WHERE environment_id = ?1 AND to_op = ?3",
            [self.no.0, self.operation.0, OPEN],
        )?;
        self.transaction.execute(
            "INSERT INTO setting (environment_id, from_op, to_op, json) VALUES (?1, ?2, ?3, ?4)",
            params![self.no.0, self.operation.0, OPEN, json_of(after)],
        )?;
        Ok(())
    }

    fn publisher(&self, no: PublisherNo) -> Result<Option<Publisher>, StoreError> {
        let sql =
            format!("SELECT {PUBLISHER} FROM publisher WHERE environment_id = ?1 AND publisher_no = ?2 AND to_op = ?3");
        let mut statement = self.transaction.conn.prepare_cached(&sql)?;
        Ok(statement.query_row([self.no.0, no.0, OPEN], rows::publisher).optional()?)
    }

    fn publisher_close(&self, publisher: &Publisher) -> Result<(), ApplyError> {
        let subject = || format!("publisher `{}`", publisher.unique_name);
        expect(self.publisher(publisher.no)?.as_ref() == Some(publisher), subject)?;
        self.transaction.execute(
            "UPDATE publisher SET to_op = ?3 WHERE environment_id = ?1 AND publisher_no = ?2 AND to_op = ?4",
            [self.no.0, publisher.no.0, self.operation.0, OPEN],
        )?;
        Ok(())
    }

    fn publisher_open(&self, publisher: &Publisher) -> Result<(), ApplyError> {
        let subject = || format!("publisher `{}`", publisher.unique_name);
        expect(self.publisher(publisher.no)?.is_none(), subject)?;
        let sql = format!(
            "INSERT INTO publisher (environment_id, from_op, to_op, {PUBLISHER}) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        );
        let inserted = self.transaction.execute(
            &sql,
            params![
                self.no.0,
                self.operation.0,
                OPEN,
                publisher.no.0,
                publisher.id.to_string(),
                publisher.unique_name,
                publisher.friendly_name,
                publisher.prefix,
                publisher.option_value_prefix,
                json_of(&publisher.details)
            ],
        );
        added(inserted, subject)
    }

    fn solution(&self, no: SolutionNo) -> Result<Option<Solution>, StoreError> {
        let sql =
            format!("SELECT {SOLUTION} FROM solution WHERE environment_id = ?1 AND solution_no = ?2 AND to_op = ?3");
        let mut statement = self.transaction.conn.prepare_cached(&sql)?;
        Ok(statement.query_row([self.no.0, no.0, OPEN], rows::solution).optional()?)
    }

    fn solution_close(&self, solution: &Solution) -> Result<(), ApplyError> {
        let subject = || format!("solution `{}`", solution.unique_name);
        expect(self.solution(solution.no)?.as_ref() == Some(solution), subject)?;
        self.transaction.execute(
            "UPDATE solution SET to_op = ?3 WHERE environment_id = ?1 AND solution_no = ?2 AND to_op = ?4",
            [self.no.0, solution.no.0, self.operation.0, OPEN],
        )?;
        Ok(())
    }

    fn solution_open(&self, solution: &Solution) -> Result<(), ApplyError> {
        let subject = || format!("solution `{}`", solution.unique_name);
        expect(self.solution(solution.no)?.is_none(), subject)?;
        let sql = format!(
            "INSERT INTO solution (environment_id, from_op, to_op, {SOLUTION}) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
        );
        let inserted = self.transaction.execute(
            &sql,
            params![
                self.no.0,
                self.operation.0,
                OPEN,
                solution.no.0,
                solution.id.to_string(),
                solution.unique_name,
                solution.friendly_name,
                solution.version.as_str(),
                solution.is_managed,
                solution.publisher.0,
                word_of(solution.kind),
                solution.parent.map(|parent| parent.0),
                solution.assumed,
                json_of(&solution.assumes),
                solution.residue.map(|digest| digest.0)
            ],
        );
        added(inserted, subject)
    }

    fn layer_close(
        &self,
        rows: &mut Rows<'_>,
        component: ComponentNo,
        solution: SolutionNo,
        state: LayerState,
        digest: &Digest,
    ) -> Result<(), ApplyError> {
        let (state, digest) = (layer_state_no(state), digest.0);
        let found =
            rows.layer_close.run(params![self.no.0, component.0, solution.0, state, digest, self.operation.0, OPEN])?;
        expect(found == 1, || layer_name(component, solution))
    }

    fn layer_open(&self, rows: &mut Rows<'_>, layer: &Layer, is_new: bool) -> Result<(), ApplyError> {
        let subject = || layer_name(layer.component, layer.solution);
        let state = layer_state_no(layer.state);
        let key = [self.no.0, layer.component.0, layer.solution.0, state, OPEN];
        // Nothing can be there before the component is.
        expect(is_new || !rows.layer_exists.exists(key)?, subject)?;
        let inserted = rows.layer_open.run(params![
            self.no.0,
            layer.component.0,
            layer.solution.0,
            state,
            self.operation.0,
            OPEN,
            layer.slot,
            layer.digest.0,
            layer.is_diff,
            layer.display_name
        ]);
        added(inserted, subject)
    }

    fn member_close(&self, rows: &mut Rows<'_>, member: &Membership) -> Result<(), ApplyError> {
        let behavior = member.behavior.map_or(-1, |behavior| i64::from(u8::from(behavior)));
        let key = [self.no.0, member.component.0, member.solution.0, behavior, self.operation.0, OPEN];
        let found = rows.member_close.run(key)?;
        expect(found == 1, || member_name(member))
    }

    fn member_open(&self, rows: &mut Rows<'_>, member: &Membership, is_new: bool) -> Result<(), ApplyError> {
        let subject = || member_name(member);
        let key = [self.no.0, member.component.0, member.solution.0, OPEN];
        expect(is_new || !rows.member_exists.exists(key)?, subject)?;
        let behavior = member.behavior.map(u8::from);
        let inserted = rows.member_open.run(params![
            self.no.0,
            member.component.0,
            member.solution.0,
            self.operation.0,
            OPEN,
            behavior
        ]);
        added(inserted, subject)
    }
}

/// The statements that run once per component.
struct Rows<'c> {
    component_add: Writer<'c>,
    layer_exists: rusqlite::CachedStatement<'c>,
    layer_open: Writer<'c>,
    layer_close: Writer<'c>,
    member_exists: rusqlite::CachedStatement<'c>,
    member_open: Writer<'c>,
    member_close: Writer<'c>,
}

impl<'c> Rows<'c> {
    fn prepare(transaction: &Transaction<'c>) -> rusqlite::Result<Self> {
        Ok(Self {
            component_add: transaction.writer(
                "INSERT INTO component (environment_id, component_no, type, key, name, id, category, parent) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            layer_exists: transaction.conn.prepare_cached(
                "SELECT 1 FROM layer WHERE environment_id = ?1 AND component_no = ?2 AND solution_no = ?3 \
                 AND state = ?4 AND to_op = ?5",
            )?,
            layer_open: transaction.writer(
                "INSERT INTO layer (environment_id, component_no, solution_no, state, from_op, to_op, slot, digest, \
                 is_diff, display_name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            layer_close: transaction.writer(
                "UPDATE layer SET to_op = ?6 WHERE environment_id = ?1 AND component_no = ?2 AND solution_no = ?3 \
                 AND state = ?4 AND digest = ?5 AND to_op = ?7",
            )?,
            member_exists: transaction.conn.prepare_cached(
                "SELECT 1 FROM member WHERE environment_id = ?1 AND component_no = ?2 AND solution_no = ?3 \
                 AND to_op = ?4",
            )?,
            member_open: transaction.writer(
                "INSERT INTO member (environment_id, component_no, solution_no, from_op, to_op, behavior) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
            member_close: transaction.writer(
                "UPDATE member SET to_op = ?5 WHERE environment_id = ?1 AND component_no = ?2 AND solution_no = ?3 \
                 AND COALESCE(behavior, -1) = ?4 AND to_op = ?6",
            )?,
        })
    }
}

fn expect(holds: bool, subject: impl FnOnce() -> String) -> Result<(), ApplyError> {
    if holds { Ok(()) } else { Err(ApplyError::Conflict { subject: subject() }) }
}

/// Takes a row that is there already for a conflict, not for an error of the database.
fn added(inserted: rusqlite::Result<usize>, subject: impl FnOnce() -> String) -> Result<(), ApplyError> {
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Err(ApplyError::Conflict { subject: subject() })
        }
        Err(error) => Err(error.into()),
    }
}

fn layer_name(component: ComponentNo, solution: SolutionNo) -> String {
    format!("the layer of solution {solution} on component {component}")
}

fn member_name(member: &Membership) -> String {
    format!("the membership of component {} in solution {}", member.component, member.solution)
}
