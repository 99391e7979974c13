//! Lanthorn, a self-hosted AWS Lambda: one binary that reads its configuration, builds the rooms, joins and runs them.
fn main() {}
