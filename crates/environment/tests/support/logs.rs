//! A log that can be waited for.

use std::sync::Arc;

use lanthorn_environment::{LogEvent, LogSink};
use lanthorn_model::arn::FunctionId;
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct Logs(watch::Sender<Vec<Entry>>);

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) group: Arc<str>,
    pub(crate) stream: Arc<str>,
    pub(crate) message: String,
}

impl Default for Logs {
    fn default() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }
}

impl LogSink for Logs {
    fn append(&self, _: &FunctionId, group: &Arc<str>, stream: &Arc<str>, events: Vec<LogEvent>) {
        self.0.send_modify(|entries| {
            entries.extend(events.into_iter().map(|event| Entry {
                group: Arc::clone(group),
                stream: Arc::clone(stream),
                message: String::from_utf8(event.message.into()).expect("events are UTF-8"),
            }));
        });
    }
}

impl Logs {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.0.borrow().clone()
    }

    /// Every message so far, with what differs from run to run replaced: ids, times, durations, memory.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.borrow().iter().map(|entry| mask(&entry.message)).collect()
    }

    /// Waits until a message contains `text`.
    pub(crate) async fn wait_for(&self, text: &str) {
        let mut entries = self.0.subscribe();
        let found = |entries: &Vec<Entry>| entries.iter().any(|entry| entry.message.contains(text));
        let _ = entries.wait_for(found).await.expect("the log outlives the test");
    }
}

/// `text` with what differs from run to run replaced by `ID`, `TIME`, `N`.
pub(crate) fn mask(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-.:".contains(c))).unwrap_or(rest.len());
        let (token, after) = rest.split_at(word.max(first.len_utf8()));
        masked.push_str(&mask_token(token));
        rest = after;
    }
    masked
}

fn mask_token(token: &str) -> String {
    let shape: String = token.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    if shape == "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" {
        return "ID".to_owned();
    }
    if token.len() >= 20 && token.starts_with("20") && token.ends_with('Z') && token.contains('T') {
        return "TIME".to_owned();
    }
    if token.len() == 64 || token.split_once("runtime:").is_some_and(|(_, digits)| digits.len() == 64) {
        return "ARN".to_owned();
    }
    if !token.is_empty() && token.contains('.') && token.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return "N".to_owned();
    }
    token.to_owned()
}
