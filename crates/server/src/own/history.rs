//! `strata.History`, `strata.HistoryEntry`, `strata.Undo`, `strata.Restore`.

use strata_model::id::Operation;
use strata_ops::{Request, history};

use super::{AT, applied, at, shape, shapes};
use crate::access::Role;
use crate::message::{Kind, Level, Message, Shape, required};

pub(super) static HISTORY: Message = Message {
    name: "strata.History",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[AT],
    answer: Shape::OpenList,
    summary: "lists the operations, newest first",
    carry_out: |call| Ok(shapes(call, &history::list(call.ask.workspace, at(call))?)),
    request: None,
};

pub(super) static HISTORY_ENTRY: Message = Message {
    name: "strata.HistoryEntry",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[required("Operation", Kind::Int32)],
    answer: Shape::Open,
    summary: "shows one operation with every layer it changed",
    carry_out: |call| {
        let operation = Operation(call.given.number("Operation").unwrap_or_default().into());
        Ok(shape(call, &history::show(call.ask.workspace, operation)?))
    },
    request: None,
};

pub(super) static UNDO: Message = Message {
    name: "strata.Undo",
    level: Level::Own,
    role: Role::Admin,
    parameters: &[],
    answer: Shape::Open,
    summary: "takes the last operation back",
    carry_out: |call| Ok(applied(call, &call.carry_out(&Request::Undo)?)),
    request: Some(|_| Ok(Request::Undo)),
};

pub(super) static RESTORE: Message = Message {
    name: "strata.Restore",
    level: Level::Own,
    role: Role::Admin,
    parameters: &[required("To", Kind::Int32)],
    answer: Shape::Open,
    summary: "brings the state after an operation back",
    carry_out: |call| Ok(applied(call, &call.carry_out(&call.request()?)?)),
    request: Some(|call| Ok(Request::Restore(Operation(call.given.number("To").unwrap_or_default().into())))),
};
