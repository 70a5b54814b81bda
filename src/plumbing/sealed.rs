//! Secrets at rest.

/// The key that seals secrets at rest.
#[derive(Clone, Debug)]
pub struct SealingKey;
