//! The shell of every page.
