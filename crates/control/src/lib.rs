//! The control plane: one file per operation
