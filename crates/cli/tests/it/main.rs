//! The command line from outside: exit codes, streams, JSON shapes, and the story of the example solutions.

mod arguments;
mod check;
mod dependencies;
mod deployment;
mod environments;
mod git;
mod jobs;
mod maker;
mod names;
mod packages;
mod rows;
mod sandbox;
mod scenarios;
mod serve;
mod story;
mod trees;
mod upgrades;
mod yaml;
