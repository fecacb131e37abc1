//! The rules of the solution lifecycle: pure functions from state to [`Plan`](strata_model::plan::Plan).
//!
//! Each operation is one module with a `plan` function that takes a snapshot cut to its footprint and gives a
//! complete plan; a forbidden operation is a plan with error findings. What layers mean is in [`layering`].
//!
//! Not here: files, network, time, threads, the store.

pub mod activation;
pub mod active;
pub mod apply_upgrade;
pub mod base64;
pub mod by_hand;
pub mod catalogue;
pub mod check;
pub mod clone;
pub mod compare;
pub mod create;
pub mod definition;
pub mod dependency;
pub mod desktop_flow;
mod effect;
pub mod export;
mod fallback;
mod family;
pub mod import;
pub mod layering;
pub mod loss;
pub mod maintain;
pub mod managed_property;
pub mod membership;
pub mod merge;
mod names;
pub mod needs;
mod pairing;
pub mod pending_deletion;
pub mod publish;
pub mod reference;
mod removal;
pub mod resolved;
pub mod restore;
pub mod table;
pub mod three_way;
pub mod uninstall;
pub mod variables;
