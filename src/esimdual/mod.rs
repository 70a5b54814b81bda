//! The desk of the eSIMDual reseller API.
