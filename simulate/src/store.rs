//! The key-value store, with what the hosts' backends do: replicas that lag, writes that fail although they stand.

use std::{collections::BTreeMap, rc::Rc};

/// A value as it was written, or removed.
struct Version {
    at: u64,
    by: u32,
    value: Option<Rc<[u8]>>,
}

/// All keys, with as much of their past as a replica may still show.
#[derive(Default)]
pub(crate) struct Store {
    keys: BTreeMap<String, Vec<Version>>,
}

impl Store {
    /// What `reader` sees of `key` in a replica that lags by `lag`. Its own writes it always sees.
    pub(crate) fn get(&self, key: &str, reader: u32, now: u64, lag: u64) -> Option<Rc<[u8]>> {
        let versions = self.keys.get(key)?;
        let seen = versions.iter().rev().find(|version| version.by == reader || version.at + lag <= now);
        seen.and_then(|version| version.value.clone())
    }

    /// Writes or removes; what no replica can lag behind any more is forgotten.
    pub(crate) fn write(&mut self, key: &str, by: u32, now: u64, longest_lag: u64, value: Option<&[u8]>) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        versions.push(Version { at: now, by, value: value.map(Rc::from) });
        let settled = versions.iter().rposition(|version| version.at + longest_lag < now || longest_lag == 0);
        versions.drain(..settled.unwrap_or(0));
    }

    /// The keys that `reader` sees.
    pub(crate) fn keys(&self, reader: u32, now: u64, lag: u64) -> Vec<String> {
        self.keys.keys().filter(|key| self.get(key, reader, now, lag).is_some()).cloned().collect()
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_shows_others_what_was_there_before_and_the_writer_its_own() {
        let mut store = Store::default();
        store.write("k", 1, 100, 50, Some(b"old"));
        store.write("k", 1, 200, 50, Some(b"new"));
        let seen = |reader, now, lag| store.get("k", reader, now, lag).map(|v| v.to_vec());
        assert_eq!(seen(1, 210, 50), Some(b"new".to_vec()));
        assert_eq!(seen(2, 210, 50), Some(b"old".to_vec()));
        assert_eq!(seen(2, 260, 50), Some(b"new".to_vec()));
        assert_eq!(seen(2, 110, 50), None);
    }
}
