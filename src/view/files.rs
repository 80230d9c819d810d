//! The files of a capture: what is known of each, in its record.

use serde::{Deserialize, Serialize};

use crate::{
    failure::Failure,
    platform::{KeyValue, StoreError},
    time::Timestamp,
};

/// One file of a capture. Scale sets have one for each instance, rings several in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptureFile {
    /// Where it is; not signed.
    pub url: String,
    /// Its length in bytes, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Storage's tag of what it holds, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// How far its summary has come.
    #[serde(default)]
    pub summary: Progress,
    /// So many bytes of it have been read.
    #[serde(default)]
    pub read: u64,
    /// So many packets were in them.
    #[serde(default)]
    pub packets: u64,
    /// What stands out, in at most three sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headlines: Vec<String>,
    /// How often it held something else than before, so that it was read anew.
    #[serde(default, skip_serializing_if = "is_none")]
    pub anew: u32,
    /// Why it could not be read, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// How far a summary has come; the order is that of its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// The file is not there yet, or nothing was read of it.
    #[default]
    Waiting,
    /// A part of the file was read.
    Reading,
    /// It is in the store.
    Done,
    /// It could not be made.
    Failed,
}

/// That a capture's files are still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToRead {
    /// When next.
    pub due: Timestamp,
    /// Since when.
    pub since: Timestamp,
    /// How often that has failed in a row.
    #[serde(default)]
    pub attempts: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl CaptureFile {
    /// A file of which nothing is known but where it is.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            size: None,
            etag: None,
            summary: Progress::Waiting,
            read: 0,
            packets: 0,
            headlines: Vec::new(),
            anew: 0,
            error: None,
        }
    }

    /// How far it has come: of two drivers' words the further counts.
    #[must_use]
    pub fn progress(&self) -> (u32, Progress, u64) {
        (self.anew, self.summary, self.read)
    }

    /// Whether nothing more will be made of it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.summary >= Progress::Done
    }

    /// The last part of its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }
}

/// Where the summary of a capture's file is kept; files are counted from 0.
#[must_use]
pub fn summary_key(capture: &str, file: usize) -> String {
    format!("summary.{capture}.{file}")
}

/// Where a reading that is not at its end is kept.
#[must_use]
pub fn reading_key(capture: &str, file: usize) -> String {
    format!("reading.{capture}.{file}")
}

/// Removes what is kept of a capture's files beside its record.
///
/// # Errors
/// [`StoreError`] when some of it may still be there.
pub async fn forget(kept: &impl KeyValue, capture: &str, files: usize) -> Result<(), StoreError> {
    for file in 0..files {
        kept.delete(&reading_key(capture, file)).await?;
        kept.delete(&summary_key(capture, file)).await?;
    }
    Ok(())
}
