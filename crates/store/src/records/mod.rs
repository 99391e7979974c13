//! Stored shapes: what the house keeps in documents, queue messages and their like.
//!
//! One file per kind of record. Each has serde structs of its own, with fixed tags,
//! and converts explicitly from and to the model's nouns, so that renaming a noun
//! never changes a disk. A record's bytes are its own affair: the engines see bytes.

pub mod code;
pub mod function;
