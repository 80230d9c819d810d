//! The keys that tenants sign their tokens with, one after another; a stranger's; and a cluster's.
//!
//! They are committed, for everybody to read: a token of the stand-in proves nothing to anybody but a test.

pub(crate) mod key;

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use key::SigningKey;

/// Its name in an inventory, in place of an outside issuer's public key.
pub(crate) const TEST_CLUSTER: &str = "test-cluster";

const TENANT_KEYS: [&str; 4] = [
    include_str!("../../../keys/entra-1.pem"),
    include_str!("../../../keys/entra-2.pem"),
    include_str!("../../../keys/entra-3.pem"),
    include_str!("../../../keys/entra-4.pem"),
];

/// All keys there are.
#[derive(Debug)]
pub(crate) struct SigningKeys {
    tenant: Vec<SigningKey>,
    /// One that is served nowhere.
    pub(crate) stranger: SigningKey,
    /// That of an outside issuer.
    pub(crate) cluster: SigningKey,
    /// Which of the tenant's are served, the one in use last: whoever takes the first it finds is wrong.
    served: Mutex<Vec<usize>>,
}

impl SigningKeys {
    /// Reads them all.
    pub(crate) fn open() -> Result<Self> {
        let read = |text| SigningKey::from_pem(text).context("a test key cannot be read");
        Ok(Self {
            tenant: TENANT_KEYS.into_iter().map(read).collect::<Result<_>>()?,
            stranger: read(include_str!("../../../keys/stranger.pem"))?,
            cluster: read(include_str!("../../../keys/test-cluster.pem"))?,
            served: Mutex::new(first()),
        })
    }

    /// The tenant's key in use.
    pub(crate) fn current(&self) -> &SigningKey {
        let served = self.served();
        &self.tenant[served.last().copied().unwrap_or_default()]
    }

    /// The tenant's keys that are served.
    pub(crate) fn all_served(&self) -> Vec<&SigningKey> {
        self.served().iter().map(|index| &self.tenant[*index]).collect()
    }

    /// The next key comes into use; those before it are served on, or not.
    pub(crate) fn rotate(&self, keep_old: bool) {
        let mut served = self.served();
        let next = (served.last().copied().unwrap_or_default() + 1) % self.tenant.len();
        served.retain(|index| keep_old && *index != next);
        served.push(next);
    }

    /// As it was at the start.
    pub(crate) fn clear(&self) {
        *self.served() = first();
    }

    fn served(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first key is in use, and the one before it, which is the last of the ring, is still served: Entra's list never has
/// one only.
fn first() -> Vec<usize> {
    vec![TENANT_KEYS.len() - 1, 0]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_rotation_brings_a_key_that_was_not_served_before_and_keeps_the_old_ones_only_if_told() {
        let keys = SigningKeys::open().expect("keys");
        let kids = || keys.all_served().iter().map(|key| key.kid().to_owned()).collect::<Vec<_>>();
        let start = kids();
        assert_eq!((start.len(), start[1].as_str()), (2, keys.current().kid()));

        keys.rotate(true);
        assert_eq!(kids()[..2], start[..]);
        assert!(!start.contains(&keys.current().kid().to_owned()));
        keys.rotate(false);
        assert_eq!(kids(), [keys.current().kid()]);

        keys.clear();
        assert_eq!(kids(), start);
        let mut seen = HashSet::new();
        for _ in 0..4 {
            seen.insert(keys.current().kid().to_owned());
            keys.rotate(true);
            assert!(!kids().contains(&keys.stranger.kid().to_owned()));
        }
        assert_eq!((seen.len(), kids().len()), (4, 4), "a ring of four");
    }
}
