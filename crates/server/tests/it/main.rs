//! Requests and their answers, without sockets.

mod clients;
mod fuzz;
mod service;
