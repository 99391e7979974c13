//! Resolve, admit, invoke
