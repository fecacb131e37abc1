//! What goes when a component leaves the environment: its layers, its memberships, and its data (L82, L97, L99, D8).
//!
//! Shared by all operations that delete components. A table goes with its rows; a column of a table that stays
//! goes with its values; a column that goes with its table is counted there.

use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::ComponentState;
use strata_model::id::Guid;
use strata_model::plan::{Action, Change, Edit, Effect, Finding, FindingKind, RowCounts};

use crate::names;

/// How a component leaves.
#[derive(Debug, Clone)]
pub struct Going {
    /// Id of the environment, for references.
    pub environment: Guid,
    /// The layer that the change is about.
    pub layer: String,
    /// Whether the table that the component stands on goes in the same operation.
    pub with_table: bool,
    /// The rule by which data is lost: `L82` for upgrades, `L99` for uninstalls, `L102` for deletions by hand.
    pub rule: &'static str,
}

/// The data that goes with a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// Rows of a table, or rows that hold a value of a column.
    pub rows_lost: u64,
    pub edit: Option<Edit>,
    pub finding: Option<Finding>,
}

/// A component that leaves: what that takes and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gone {
    /// Closes layers, memberships and data.
    pub edits: Vec<Edit>,
    pub findings: Vec<Finding>,
    pub change: Change,
}

impl Going {
    /// Plans that a component leaves: every layer and membership of it, and its data.
    ///
    /// The system layer does not go; a component that has one must not be given here.
    pub fn delete(&self, state: &ComponentState, rows: &dyn RowCounts) -> Gone {
        let component = names::installed(self.environment, state);
        let layers = state.layers.iter().map(|layer| Edit::LayerClose {
            component: layer.component,
            solution: layer.solution,
            state: layer.state,
            digest: layer.digest,
        });
        let members = state.members.iter().cloned().map(Edit::MemberClose);
        let activation = state.is_on.then_some(Edit::ActivationClose(state.component.no));
        let loss = self.loss(&state.component.key, &component, rows);
        let change = Change {
            action: Action::Delete,
            component,
            layer: self.layer.clone(),
            effect: Effect::Visible,
            masked_by: Vec::new(),
            properties: Vec::new(),
            rows_lost: loss.rows_lost,
        };
        let edits = layers.chain(members).chain(activation).chain(loss.edit).collect();
        Gone { edits, findings: Vec::from_iter(loss.finding), change }
    }

    /// Returns the data that goes with a component: of tables the rows, of columns the values.
    pub fn loss(&self, key: &ComponentKey, component: &ComponentRef, rows: &dyn RowCounts) -> Loss {
        let warning = |message| {
            let finding = Finding::warning(FindingKind::Dataloss, None, self.rule, message);
            Some(finding.about(component.clone()))
        };
        match data_edit(key) {
            Some(edit @ Edit::RowsClose { .. }) => {
                let rows_lost = rows.rows(key.as_str());
                let finding = warning(match rows_lost {
                    0 => format!("table {} goes, and the rows it may have with it", component.name),
                    1 => format!("table {} goes with its only row", component.name),
                    rows => format!("table {} goes with its {rows} rows", component.name),
                });
                Loss { rows_lost, edit: Some(edit), finding }
            }
            Some(Edit::ColumnClose { table, column }) if !self.with_table => {
                let rows_lost = rows.values(&table, &column);
                let finding = warning(match rows_lost {
                    0 => format!("column {} goes, and the values it may have with it", component.name),
                    1 => format!("column {} goes with its value in 1 row", component.name),
                    rows => format!("column {} goes with its values in {rows} rows", component.name),
                });
                Loss { rows_lost, edit: Some(Edit::ColumnClose { table, column }), finding }
            }
            Some(_) | None => Loss { rows_lost: 0, edit: None, finding: None },
        }
    }
}

/// Returns the edit that takes the data of a table or column away; other components have none.
fn data_edit(key: &ComponentKey) -> Option<Edit> {
    match key.component_type.name() {
        "entity" => Some(Edit::RowsClose { table: key.as_str().to_owned() }),
        "attribute" => {
            let (table, column) = key.as_str().split_once('.')?;
            Some(Edit::ColumnClose { table: table.to_owned(), column: column.to_owned() })
        }
        _ => None,
    }
}

/// Returns the key of a table.
pub(crate) fn table_key(table: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("entity"), table)
}

/// Returns the key of a column.
pub(crate) fn column_key(table: &str, column: &str) -> ComponentKey {
    ComponentKey::new(ComponentType::named("attribute"), &format!("{table}.{column}"))
}
