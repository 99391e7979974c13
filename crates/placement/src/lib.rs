//! Which environment serves an invocation: warm, or new
