//! The project's own chores: generate, tidy
fn main() {}
