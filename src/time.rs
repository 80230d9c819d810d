//! Points in time, UTC, as Azure writes them: RFC 3339 with up to nine digits of a second.
//!
//! A thin face over the crate `time`, so that nothing here can panic or overflow and the rest sees no other type.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The beginning and the end of time: no point lies outside.
    const FIRST: Self = Self(OffsetDateTime::UNIX_EPOCH);
    /// See [`Self::FIRST`].
    const LAST: Self = Self(time::macros::datetime!(9999-12-31 23:59:59 UTC));

    /// So many seconds after 1970 began.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        OffsetDateTime::from_unix_timestamp(seconds).map_or(Self::LAST, Self).clamp()
    }

    /// Within the years that RFC 3339 can write, so that printing cannot fail.
    fn clamp(self) -> Self {
        Ord::clamp(self, Self::FIRST, Self::LAST)
    }

    /// Seconds after 1970 began, rounded down.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// So many seconds later.
    #[must_use]
    pub fn after(self, seconds: i64) -> Self {
        self.0.checked_add(time::Duration::seconds(seconds)).map_or(Self::LAST, Self).clamp()
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let duration = time::Duration::try_from(duration).ok();
        duration.and_then(|duration| self.0.checked_add(duration)).map_or(Self::LAST, Self).clamp()
    }

    /// The time from `earlier` to this; nothing if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let since_first = |Self(time): Self| {
            Duration::new(u64::try_from(time.unix_timestamp()).unwrap_or_default(), time.nanosecond())
        };
        since_first(self).saturating_sub(since_first(earlier))
    }

    /// `20261122T020013Z`: sorts as text, and may stand in a name.
    #[must_use]
    pub fn compact(self) -> String {
        let t = self.0;
        let date = format!("{:04}{:02}{:02}", t.year(), u8::from(t.month()), t.day());
        format!("{date}T{:02}{:02}{:02}Z", t.hour(), t.minute(), t.second())
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        Self::from_unix(0).plus(time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default())
    }
}

/// The text is no RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATime;

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotATime)?;
        let time = time.checked_to_offset(UtcOffset::UTC).map(Self).ok_or(NotATime)?;
        // Years that RFC 3339 cannot write again, and times before there were clocks to read them from.
        if (Self::FIRST..=Self::LAST).contains(&time) { Ok(time) } else { Err(NotATime) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|NotATime| de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azures_seven_digits_and_offsets_are_read_and_written_as_utc() {
        let time: Timestamp = "2020-07-07T09:06:14.6541886Z".parse().unwrap();
        assert_eq!(time.to_string(), "2020-07-07T09:06:14.6541886Z");
        assert_eq!(time.compact(), "20200707T090614Z");
        let offset: Timestamp = "2020-07-07T11:06:14.6541886+02:00".parse().unwrap();
        assert_eq!(offset, time);
        for bad in ["0000-01-01T00:00:00+01:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(bad.parse::<Timestamp>(), Err(NotATime), "{bad:?}");
        }
        for bad in ["", "yesterday", "2020-07-07", "2020-07-07T09:06:14", "2020-13-07T09:06:14Z"] {
            assert_eq!(bad.parse::<Timestamp>(), Err(NotATime), "{bad:?}");
        }
    }

    #[test]
    fn sums_and_differences_stop_at_the_ends_of_time() {
        let time = Timestamp::from_unix(1_000);
        assert_eq!(time.after(-1).unix(), 999);
        assert_eq!(time.after(i64::MAX), Timestamp::LAST);
        assert_eq!(time.plus(Duration::MAX), Timestamp::LAST);
        assert_eq!(time.since(time.after(5)), Duration::ZERO);
        assert_eq!(time.after(5).since(time), Duration::from_secs(5));
        assert_eq!(Timestamp::from_unix(i64::MAX), Timestamp::LAST);
        assert_eq!(time.after(-2_000), Timestamp::FIRST);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_or_reckoned_can_be_printed_and_read_again(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
            seconds in proptest::num::i64::ANY,
        ) {
            for time in text.parse().into_iter().chain([Timestamp::from_unix(seconds), Timestamp::from_unix(7).after(seconds)]) {
                let time: Timestamp = time;
                proptest::prop_assert_eq!(time.to_string().parse(), Ok(time));
            }
        }
    }
}
