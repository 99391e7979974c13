//! `patterns.rs`: each pattern of a service once.

use anyhow::Result;

use crate::generate::pattern;

/// The patterns met so far.
#[derive(Default)]
pub(super) struct Patterns(Vec<String>);

impl Patterns {
    /// The expression that refers to `text`.
    pub(super) fn refer(&mut self, text: &str) -> String {
        let at = self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        format!("&patterns::P{at}")
    }

    pub(super) fn emit(&self) -> Result<String> {
        let mut text = String::from("\nuse crate::pattern::Pattern;\n\n");
        for (at, written) in self.0.iter().enumerate() {
            let pattern::Translated { require, forbid } = pattern::translate(written)?;
            let mut definition = if require == *written {
                format!("Pattern::new({})", raw(written))
            } else {
                format!("Pattern::translated({}, {})", raw(written), raw(&require))
            };
            if let Some(forbid) = forbid {
                definition += &format!(".except({})", raw(&forbid));
            }
            text += &format!("pub(super) static P{at}: Pattern = {definition};\n");
        }
        Ok(text)
    }
}

/// A raw string literal where that is shorter.
fn raw(text: &str) -> String {
    if text.contains('"') {
        format!("r#\"{text}\"#")
    } else if text.contains('\\') {
        format!("r\"{text}\"")
    } else {
        format!("\"{text}\"")
    }
}
