//! The commands of the program, one file each.

pub mod admin;
pub mod sandbox;
