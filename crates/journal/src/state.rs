//! Checkpoints of the state that other parts keep in memory, so that the log need not be kept for ever.
//!
//! A checkpoint may be fuzzy: it is taken while changes go on, and each entity in it carries the sequence number up to
//! which it is complete; replay skips what an entity already includes.

/// Something whose state is rebuilt at start from checkpoints and the log.
pub trait Checkpoint: Send {
    /// The table its keys live in; one owner a table, the same for ever.
    fn table(&self) -> &'static str;

    /// Writes what changed since the last call. Must include everything of records that were committed before the
    /// call. What is written here is not asked for again, even if making it durable has to be retried.
    fn collect(&mut self, out: &mut StateWriter);
}

/// Takes the changes of one checkpoint.
#[derive(Debug, Default)]
pub struct StateWriter {
    bytes: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    start: usize,
    key_len: usize,
    value_len: Option<usize>,
}

impl StateWriter {
    /// Sets `key` to `value`.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.record(key, Some(value));
    }

    /// Removes `key`.
    pub fn delete(&mut self, key: &[u8]) {
        self.record(key, None);
    }

    fn record(&mut self, key: &[u8], value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.changes.push(Change { start, key_len: key.len(), value_len: value.map(<[u8]>::len) });
    }

    /// How many changes were written.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes in order: a key, and its value unless it is to be removed.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.changes.iter().map(|change| {
            let value_start = change.start + change.key_len;
            let key = &self.bytes[change.start..value_start];
            (key, change.value_len.map(|length| &self.bytes[value_start..value_start + length]))
        })
    }
}
