//! What all stores of a process share.

/// One per process: memory budgets and background threads of the engines. Cloning shares.
#[derive(Clone, Debug, Default)]
pub struct SharedResources {}
