//! The machines: they know no shop word.
