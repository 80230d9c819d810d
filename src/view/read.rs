//! Reading the files that a capture left into their summaries.
//!
//! They are streamed from storage in constant memory, a piece at a time, so that no handler runs for long and what breaks
//! off is taken up where it was left.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use wire::{About, AtEnd, Reading};

use super::{
    files::{CaptureFile, Progress, reading_key, summary_key},
    find::{blob, find},
};
use crate::{
    app::App,
    azure::{
        arm::{ArmError, ErrorKind},
        blob::Storage,
    },
    capture::Record,
    failure::Failure,
    platform::{Platform, StoreError, Stream},
    settings::Settings,
    text::clean,
    time::Timestamp,
};

/// A piece is read in so much time: a sweep begins none later than 15 s after it came, and answers within 22.
const PIECE: Duration = Duration::from_secs(6);
/// The instances of a scale set upload within so many seconds of one another.
const OTHERS: i64 = 20;

/// Reads the next piece of the files of `record`, and writes into it what came of that.
pub async fn read_files<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record) {
    let until = app.platform.now().plus(PIECE);
    let outcome = read_until(app, settings, record, until).await;
    let now = app.platform.now();
    match outcome {
        Ok(true) => record.are_read(now),
        Ok(false) => record.read_on(now.after(pause(record))),
        // A file that is not there may come; one that may not be read is left.
        Err(error) if error.kind == ErrorKind::Passing || error.is_not_found() => {
            record.read_again(now, error.retry_after, *error.failure);
        }
        Err(error) => record.cannot_read(now, &error.failure),
    }
}

/// Other files of a scale set may still be on their way once those that are there are read.
fn pause(record: &Record) -> i64 {
    if record.files.iter().all(CaptureFile::is_settled) { OTHERS } else { 0 }
}

/// Whether all files are read.
async fn read_until<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    record: &mut Record,
    until: Timestamp,
) -> Result<bool, ArmError> {
    let azure = settings
        .azure_to_capture_in()
        .map_err(|failure| ArmError::unable(&failure.code, &failure.message))?;
    let storage = Storage::new(app, azure);
    let has_others = find(&storage, settings, record).await?;
    while let Some(index) = record.files.iter().position(|file| !file.is_settled()) {
        let Some(mut file) = record.files.get(index).cloned() else { break };
        let about = About { metric: record.alert.measured.clone() };
        let reader = Reader { app, settings, storage: &storage, capture: &record.name, index, about };
        let outcome = reader.read(record, &mut file, until).await;
        let is_settled = file.is_settled();
        if is_settled {
            record.note(app.platform.now(), was_read(&file));
        }
        if let Some(known) = record.files.get_mut(index) {
            *known = file;
        }
        outcome?;
        if !is_settled || app.platform.now() >= until {
            return Ok(false);
        }
    }
    Ok(!has_others)
}

/// What the history says of a file that was read.
fn was_read(file: &CaptureFile) -> String {
    let shows = file.headlines.first().map(|words| format!(": {words}")).unwrap_or_default();
    format!("{} was read, {} packets{shows}", file.name(), file.packets)
}

/// What reads one file.
struct Reader<'a, P> {
    app: &'a App<P>,
    settings: &'a Settings,
    storage: &'a Storage<'a, P>,
    capture: &'a str,
    index: usize,
    about: About,
}

impl<P: Platform> Reader<'_, P> {
    /// Reads on where it was left, until its end or `until`.
    async fn read(&self, record: &Record, file: &mut CaptureFile, until: Timestamp) -> Result<(), ArmError> {
        let mut reading = self.kept(file).await?;
        if file.size != Some(reading.offset()) || file.etag.is_none() {
            let Some(mut body) = self.open(record, file, reading.offset()).await? else {
                return self.begin_anew(file).await;
            };
            while reading.wants_more() {
                let piece = match body.next().await {
                    None => break,
                    Some(Ok(piece)) => piece,
                    Some(Err(error)) => {
                        self.keep(file, &reading).await?;
                        return Err(ArmError::unanswered("blob storage", &error));
                    }
                };
                reading.push(&piece);
                if self.app.platform.now() >= until {
                    return self.keep(file, &reading).await;
                }
            }
        }
        self.finish(file, reading).await
    }

    /// The body from `offset` on of the file as it was first seen; none if it holds something else by now.
    async fn open(
        &self,
        record: &Record,
        file: &mut CaptureFile,
        offset: u64,
    ) -> Result<Option<P::Stream>, ArmError> {
        let mut wanted = HeaderMap::new();
        // An empty file has no range.
        if offset > 0 {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            wanted.extend(range.ok().map(|range| (header::RANGE, range)));
        }
        let etag = file.etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok());
        wanted.extend(etag.map(|etag| (header::IF_MATCH, etag)));
        let answer =
            self.storage.get(&blob(self.settings, record, &file.url)?, &Method::GET, &wanted).await?;
        let is_the_rest = match answer.status() {
            StatusCode::OK => offset == 0,
            StatusCode::PARTIAL_CONTENT => true,
            _ => false,
        };
        if !is_the_rest {
            return Ok(None);
        }
        let text = |name: header::HeaderName| answer.headers().get(name)?.to_str().ok().map(clean);
        file.etag = text(header::ETAG).or_else(|| file.etag.take());
        file.size = length(&answer).map(|length| length.saturating_add(offset));
        Ok(Some(answer.into_body()))
    }

    /// The reading as it was left, or a new one.
    async fn kept(&self, file: &CaptureFile) -> Result<Reading, ArmError> {
        if file.read == 0 {
            return Ok(Reading::new());
        }
        let kept = self.app.platform.get(&reading_key(self.capture, self.index)).await.map_err(not_kept)?;
        // Kept by another version, or lost: from the beginning.
        Ok(kept.and_then(|kept| Reading::resume(&kept).ok()).unwrap_or_default())
    }

    /// Keeps how far it was read.
    async fn keep(&self, file: &mut CaptureFile, reading: &Reading) -> Result<(), ArmError> {
        let key = reading_key(self.capture, self.index);
        self.app.platform.set(&key, &reading.checkpoint()).await.map_err(not_kept)?;
        file.summary = Progress::Reading;
        file.read = reading.offset();
        file.packets = reading.packets();
        Ok(())
    }

    /// The file is another than it was: nothing of what was read is true of it.
    async fn begin_anew(&self, file: &mut CaptureFile) -> Result<(), ArmError> {
        self.app.platform.delete(&reading_key(self.capture, self.index)).await.map_err(not_kept)?;
        *file = CaptureFile { anew: file.anew.saturating_add(1), ..CaptureFile::at(&file.url) };
        let why = "the file was changed while it was read; it is read anew";
        Err(ArmError::passing("fileChanged", why, None))
    }

    async fn finish(&self, file: &mut CaptureFile, reading: Reading) -> Result<(), ArmError> {
        file.read = reading.offset();
        file.packets = reading.packets();
        let summary = reading.finish(AtEnd::Whole, &self.about);
        let key = summary_key(self.capture, self.index);
        self.app.platform.set(&key, summary.to_json().as_bytes()).await.map_err(not_kept)?;
        file.headlines = summary.headlines().iter().map(|words| clean(words)).collect();
        file.summary = Progress::Done;
        // What is left behind of a reading is removed with the record.
        _ = self.app.platform.delete(&reading_key(self.capture, self.index)).await;
        Ok(())
    }
}

fn length<T>(answer: &Response<T>) -> Option<u64> {
    answer.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn not_kept(error: StoreError) -> ArmError {
    let failure = Failure::new("store", error.to_string());
    ArmError { kind: ErrorKind::Passing, failure: Box::new(failure), retry_after: None }
}
