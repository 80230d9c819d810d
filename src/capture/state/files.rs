//! What comes of the files that a capture left: they are waited for, read, and their summaries told with its end. Pure.

use std::time::Duration;

use crate::{
    capture::Record,
    failure::Failure,
    report::Event,
    retry,
    time::Timestamp,
    view::files::{Progress, ToRead},
};

/// A file that is not there after so many seconds does not come.
const UPLOAD_PATIENCE: i64 = 10 * 60;
/// A file that cannot be read for so many seconds is left.
const READ_PATIENCE: i64 = 60 * 60;
/// The end is told so many seconds later at the latest, with what is known of the files by then.
const TOLD_AFTER: i64 = 15 * 60;
/// The pause after the first failure.
const AGAIN: Duration = Duration::from_secs(3);

impl Record {
    /// It has ended and left files: they are to be read, and people are told what they show.
    pub fn left_files(&mut self, now: Timestamp) {
        let was_taken = self.sent_at.is_some() && self.error.is_none() && !self.withdraw;
        if !was_taken || self.storage_path.is_none() || self.to_read.is_some() || !self.files.is_empty() {
            return;
        }
        self.to_read = Some(ToRead { due: now, since: now, attempts: 0 });
        for report in self.reports.iter_mut().filter(|r| r.event == Event::Ended && !r.is_settled()) {
            report.due = now.after(TOLD_AFTER);
        }
    }

    /// A piece of a file was read, and there is more.
    pub fn read_on(&mut self, now: Timestamp) {
        self.to_read = self.to_read.map(|to_read| ToRead { due: now, attempts: 0, ..to_read });
    }

    /// Nothing could be read for now. It is tried again after Azure's `retry_after` or a pause that doubles, though not
    /// for ever.
    pub fn read_again(&mut self, now: Timestamp, retry_after: Option<i64>, failure: Failure) {
        let Some(to_read) = self.to_read else { return };
        let patience = if self.has_no_files_yet() { UPLOAD_PATIENCE } else { READ_PATIENCE };
        if now >= to_read.since.after(patience) {
            return self.cannot_read(now, &failure);
        }
        let pause = retry::asked_or_pause(retry_after, &self.name, to_read.attempts, AGAIN);
        let attempts = to_read.attempts.saturating_add(1);
        self.to_read = Some(ToRead { due: now.plus(pause), attempts, ..to_read });
    }

    /// What is not read by now is not read any more.
    pub fn cannot_read(&mut self, now: Timestamp, failure: &Failure) {
        for file in self.files.iter_mut().filter(|file| !file.is_settled()) {
            file.summary = Progress::Failed;
            file.error = Some(failure.clone());
        }
        let advice = failure.advice.as_deref().map(|advice| format!(" {advice}")).unwrap_or_default();
        self.warn(format!("The capture's file could not be read ({failure}).{advice}"));
        self.note(now, format!("the file could not be read: {failure}"));
        self.are_read(now);
    }

    /// Nothing more is made of them: people are told now.
    pub fn are_read(&mut self, now: Timestamp) {
        self.to_read = None;
        for report in self.reports.iter_mut().filter(|r| r.attempts == 0 && !r.is_settled()) {
            report.due = report.due.min(now);
        }
    }

    /// Whether Azure has not shown any of them.
    #[must_use]
    pub fn has_no_files_yet(&self) -> bool {
        self.files.iter().all(|file| file.etag.is_none())
    }

    /// What the files show, in at most three sentences; of several files each has its turn.
    #[must_use]
    pub fn headlines(&self) -> Vec<String> {
        let longest = self.files.iter().map(|file| file.headlines.len()).max().unwrap_or_default();
        let in_turn = (0..longest)
            .flat_map(|nth| self.files.iter().filter_map(move |file| Some((file, file.headlines.get(nth)?))));
        let is_one = self.files.len() == 1;
        let words = in_turn.map(|(file, headline)| match is_one {
            true => headline.clone(),
            false => format!("{}: {headline}", file.name()),
        });
        words.take(3).collect()
    }

    /// Takes over what another driver has read.
    pub(in crate::capture) fn learn_of_files(&mut self, kept: &Self) {
        if self.files.len() <= kept.files.len() {
            for (own, other) in self.files.iter_mut().zip(&kept.files) {
                if other.progress() > own.progress() {
                    own.clone_from(other);
                }
            }
            let known = self.files.len();
            self.files.extend(kept.files.iter().skip(known).cloned());
        }
        let is_read = kept.to_read.is_none() && !kept.files.is_empty();
        if is_read && self.files.iter().all(|file| file.is_settled()) {
            self.to_read = None;
            // What is told of them is due by then.
            for own in self.reports.iter_mut().filter(|report| report.attempts == 0) {
                let other = kept.reports.iter().find(|kept| kept.id == own.id && kept.to == own.to);
                own.due = other.map_or(own.due, |other| own.due.min(other.due));
            }
        }
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
