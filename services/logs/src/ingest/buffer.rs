//! Where a function's lines wait for the next flush: bounded in bytes and in number, and nobody waits to put one in.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use lanthorn_model::clock::SharedClock;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::config::Config;
use crate::names::{GroupRef, Scope, is_group_name, is_stream_name};
use crate::records::EVENT_OVERHEAD_BYTES;

/// One warning in so many milliseconds, however many events are dropped.
const WARNING_EVERY_MS: i64 = 60_000;

/// One event of a log, as its writer has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// What it says. What is not UTF-8 is replaced by U+FFFD when it is stored; an empty message is not stored.
    pub message: Bytes,
}

/// How much was dropped since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// How many events.
    pub events: u64,
    /// How long their messages were, in bytes.
    pub bytes: u64,
}

/// Writes the platform's and the functions' lines. Cheap to clone; any number may write at once.
#[derive(Clone)]
pub struct Writer(Arc<Buffer>);

impl Writer {
    pub(crate) fn new(buffer: &Arc<Buffer>) -> Self {
        Self(Arc::clone(buffer))
    }

    /// Appends `events` to `stream` of `group` in `scope`, making both if they are not there.
    ///
    /// Never blocks and never fails. Events for which there is no room, or whose group or stream has a name that cannot
    /// be, are dropped and counted; a warning tells of it once a minute.
    pub fn append(&self, scope: &Arc<Scope>, group: &Arc<str>, stream: &Arc<str>, events: Vec<Event>) {
        let group = GroupRef { scope: Arc::clone(scope), name: Arc::clone(group) };
        self.0.append(group, stream, events);
    }

    /// How much was dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.0.dropped()
    }
}

/// What waits, by group and stream.
pub(crate) struct Buffer {
    state: Mutex<State>,
    /// Wakes the flusher when the buffer stops being empty.
    filled: Notify,
    /// Wakes the flusher when it should not wait for its time.
    pressing: Notify,
    events_max: usize,
    bytes_max: usize,
    stream_bytes_max: usize,
    dropped_events: AtomicU64,
    dropped_bytes: AtomicU64,
    warned_ms: AtomicI64,
    clock: SharedClock,
}

#[derive(Default)]
struct State {
    groups: HashMap<GroupRef, HashMap<Arc<str>, Pending>>,
    /// Of all that waits, and of all that was taken and is not yet settled.
    events: usize,
    bytes: usize,
    closed: bool,
}

#[derive(Default)]
struct Pending {
    events: Vec<Event>,
    bytes: usize,
}

/// Events that were taken out to be written; still counted until [`Buffer::settle`] or [`Buffer::put_back`].
pub(crate) struct Taken {
    pub(crate) group: GroupRef,
    pub(crate) streams: Vec<(Arc<str>, Vec<Event>)>,
}

impl Event {
    fn size(&self) -> usize {
        self.message.len() + EVENT_OVERHEAD_BYTES
    }
}

impl Buffer {
    pub(crate) fn new(config: &Config, clock: SharedClock) -> Self {
        Self {
            state: Mutex::default(),
            filled: Notify::new(),
            pressing: Notify::new(),
            events_max: config.buffer_events_max,
            bytes_max: config.buffer_bytes_max,
            stream_bytes_max: config.flush_bytes,
            dropped_events: AtomicU64::new(0),
            dropped_bytes: AtomicU64::new(0),
            warned_ms: AtomicI64::new(i64::MIN),
            clock,
        }
    }

    fn append(&self, group: GroupRef, stream: &Arc<str>, mut events: Vec<Event>) {
        let named = is_group_name(&group.name) && is_stream_name(stream);
        let mut state = self.state.lock();
        let fits = if named && !state.closed { self.fitting(&state, &events) } else { 0 };
        let surplus = events.split_off(fits);
        if !events.is_empty() {
            let bytes: usize = events.iter().map(Event::size).sum();
            let was_empty = state.groups.is_empty();
            state.events += events.len();
            state.bytes += bytes;
            let full = state.bytes * 2 > self.bytes_max || state.events * 2 > self.events_max;
            let pending = state.groups.entry(group).or_default().entry(Arc::clone(stream)).or_default();
            pending.events.append(&mut events);
            pending.bytes += bytes;
            if was_empty {
                self.filled.notify_one();
            }
            if full || pending.bytes >= self.stream_bytes_max {
                self.pressing.notify_one();
            }
        }
        drop(state);
        if !surplus.is_empty() {
            self.drop_events(&surplus);
        }
    }

    /// How many of `events`, from the first on, there is room for.
    fn fitting(&self, state: &State, events: &[Event]) -> usize {
        let mut bytes = state.bytes;
        events
            .iter()
            .take(self.events_max.saturating_sub(state.events))
            .take_while(|event| {
                bytes += event.size();
                bytes <= self.bytes_max
            })
            .count()
    }

    fn drop_events(&self, events: &[Event]) {
        let bytes: usize = events.iter().map(|event| event.message.len()).sum();
        let total = self.dropped_events.fetch_add(events.len() as u64, Ordering::Relaxed) + events.len() as u64;
        self.dropped_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let now_ms = self.clock.now().as_millisecond();
        let warned_ms = self.warned_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(warned_ms) >= WARNING_EVERY_MS
            && self.warned_ms.compare_exchange(warned_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::warn!(dropped.events = total, "log events are dropped: the log buffer is full");
        }
    }

    pub(crate) fn dropped(&self) -> Dropped {
        Dropped {
            events: self.dropped_events.load(Ordering::Relaxed),
            bytes: self.dropped_bytes.load(Ordering::Relaxed),
        }
    }

    /// How many events are not stored yet.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().events
    }

    /// Resolves when something waits, at once if something does.
    pub(crate) async fn filled(&self) {
        while self.state.lock().groups.is_empty() {
            self.filled.notified().await;
        }
    }

    /// Resolves when a flush should not be waited for any longer.
    pub(crate) async fn pressing(&self) {
        self.pressing.notified().await;
    }

    /// The groups for which something waits.
    pub(crate) fn groups(&self) -> Vec<GroupRef> {
        self.state.lock().groups.keys().cloned().collect()
    }

    /// Takes out what waits for `group`, about `bytes_max` of it; none if nothing does.
    pub(crate) fn take(&self, group: &GroupRef, bytes_max: usize) -> Option<Taken> {
        let mut state = self.state.lock();
        let streams = state.groups.get_mut(group)?;
        let mut taken = Vec::new();
        let mut bytes = 0;
        while bytes < bytes_max
            && let Some(name) = streams.keys().next().cloned()
            && let Some(pending) = streams.remove(&name)
        {
            bytes += pending.bytes;
            taken.push((name, pending.events));
        }
        if streams.is_empty() {
            state.groups.remove(group);
        }
        Some(Taken { group: group.clone(), streams: taken })
    }

    /// What was taken is stored: its room is free again.
    pub(crate) fn settle(&self, taken: &Taken) {
        let mut state = self.state.lock();
        for event in taken.streams.iter().flat_map(|(_, events)| events) {
            state.events -= 1;
            state.bytes -= event.size();
        }
    }

    /// What was taken could not be stored: it waits again, before what came after it.
    pub(crate) fn put_back(&self, taken: Taken) {
        let mut state = self.state.lock();
        let streams = state.groups.entry(taken.group).or_default();
        for (name, mut events) in taken.streams {
            let pending = streams.entry(name).or_default();
            pending.bytes += events.iter().map(Event::size).sum::<usize>();
            events.append(&mut pending.events);
            pending.events = events;
        }
    }

    /// Forgets what waits for `group`: it is being deleted.
    pub(crate) fn discard(&self, group: &GroupRef) {
        if let Some(taken) = self.take(group, usize::MAX) {
            self.settle(&taken);
        }
    }

    /// Takes nothing in any more; what comes is dropped and counted.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
    }
}

#[cfg(test)]
mod tests {
    use lanthorn_model::clock::ManualClock;

    use super::*;

    fn buffer(events_max: usize, bytes_max: usize) -> (Arc<Buffer>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let config = Config { buffer_events_max: events_max, buffer_bytes_max: bytes_max, ..Config::default() };
        (Arc::new(Buffer::new(&config, clock.clone())), clock)
    }

    fn group(name: &str) -> GroupRef {
        let account = "000000000000".parse().expect("an account");
        let region = "us-east-1".parse().expect("a region");
        GroupRef::new(&Scope::new(&account, &region), name)
    }

    fn events(messages: &[&'static str]) -> Vec<Event> {
        messages
            .iter()
            .map(|message| Event { at: Timestamp::UNIX_EPOCH, message: Bytes::from_static(message.as_bytes()) })
            .collect()
    }

    fn waiting(buffer: &Buffer, group: &GroupRef) -> Vec<Bytes> {
        let taken = buffer.take(group, usize::MAX).map(|taken| taken.streams).unwrap_or_default();
        taken.into_iter().flat_map(|(_, events)| events).map(|event| event.message).collect()
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let (buffer, _) = buffer(3, 1024);
        buffer.append(group("g"), &"s".into(), events(&["a", "b"]));
        buffer.append(group("g"), &"s".into(), events(&["c", "dd", "ee"]));
        assert_eq!(buffer.dropped(), Dropped { events: 2, bytes: 4 });
        assert_eq!(waiting(&buffer, &group("g")), ["a", "b", "c"]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (buffer, _) = buffer(1000, 2 * (EVENT_OVERHEAD_BYTES + 4));
        buffer.append(group("g"), &"s".into(), events(&["aaaa", "bbbb", "cccc"]));
        assert_eq!(buffer.dropped(), Dropped { events: 1, bytes: 4 });
    }

    #[test]
    fn room_is_free_again_only_when_what_was_taken_is_stored() {
        let (buffer, _) = buffer(1, 1024);
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        let taken = buffer.take(&group("g"), usize::MAX).expect("something waits");
        buffer.append(group("g"), &"s".into(), events(&["b"]));
        assert_eq!(buffer.dropped().events, 1);
        buffer.settle(&taken);
        buffer.append(group("g"), &"s".into(), events(&["c"]));
        assert_eq!(waiting(&buffer, &group("g")), ["c"]);
    }

    #[test]
    fn what_is_put_back_comes_first_again() {
        let (buffer, _) = buffer(10, 1024);
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        let taken = buffer.take(&group("g"), usize::MAX).expect("something waits");
        buffer.append(group("g"), &"s".into(), events(&["b"]));
        buffer.put_back(taken);
        assert_eq!(waiting(&buffer, &group("g")), ["a", "b"]);
    }

    #[test]
    fn a_name_that_cannot_be_is_not_taken_in() {
        let (buffer, _) = buffer(10, 1024);
        buffer.append(group("not a group"), &"s".into(), events(&["a"]));
        buffer.append(group("g"), &"a:b".into(), events(&["a"]));
        assert_eq!(buffer.dropped().events, 2);
        assert!(buffer.groups().is_empty());
    }

    #[test]
    fn the_warning_comes_once_a_minute() {
        let (buffer, clock) = buffer(0, 0);
        let warned = || buffer.warned_ms.load(Ordering::Relaxed);
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        assert_eq!(warned(), 0);
        clock.advance_ms(WARNING_EVERY_MS - 1);
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        assert_eq!(warned(), 0);
        clock.advance_ms(1);
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        assert_eq!(warned(), WARNING_EVERY_MS);
    }

    #[test]
    fn nothing_comes_in_after_the_end() {
        let (buffer, _) = buffer(10, 1024);
        buffer.close();
        buffer.append(group("g"), &"s".into(), events(&["a"]));
        assert_eq!(buffer.dropped().events, 1);
    }
}
