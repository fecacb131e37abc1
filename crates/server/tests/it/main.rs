//! Requests and their answers, without sockets.

mod actions;
mod asks;
mod authoring;
mod batch;
mod clients;
mod csdl;
mod deep;
mod definitions;
mod drafts;
mod functions;
mod fuzz;
mod jobs;
mod labels;
mod metadata_messages;
mod new_tables;
mod option_order;
mod options;
mod own;
mod packages;
mod plans;
mod reading;
mod service;
mod set_writes;
mod stories;
mod translations;
mod writes;
