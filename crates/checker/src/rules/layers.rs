//! STR3xx: what a package does to layers that are not its own.

use crate::rule::Rule;

pub(super) static RULES: &[Rule] = &[];
