//! The sandbox of the eSIMDual reseller API: the upstream's stand-in.
