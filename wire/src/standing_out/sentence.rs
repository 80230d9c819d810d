//! Sentences, put together of our own words, numbers as people write them and what came from the wire.
//!
//! Numbers are rounded down: nothing is called 100 % that is not all.

use crate::summary::Endpoint;

/// The most that a sentence shows of one name or address: IPv6 addresses fit, hostile names are cut.
const LONGEST: usize = 64;
/// The most of what is no sentence of a rule's.
const LONGEST_PROSE: usize = 300;

#[derive(Default)]
pub(super) struct Sentence(String);

impl Sentence {
    /// Our own words, as they stand.
    pub(super) fn say(&mut self, words: &str) -> &mut Self {
        self.0.push_str(words);
        self
    }

    /// `4,100`
    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        if number >= 1000 {
            self.number(number / 1000).say(",");
            let rest = number % 1000;
            return self.digit(rest / 100).digit(rest / 10 % 10).digit(rest % 10);
        }
        if number >= 100 {
            self.digit(number / 100);
        }
        if number >= 10 {
            self.digit(number / 10 % 10);
        }
        self.digit(number % 10)
    }

    /// `1 packet`, `4,100 packets`, `2 queries`
    pub(super) fn count(&mut self, number: u64, noun: &str) -> &mut Self {
        self.number(number).say(" ");
        match noun.strip_suffix('y') {
            _ if number == 1 => self.say(noun),
            Some(stem) => self.say(stem).say("ies"),
            None => self.say(noun).say("s"),
        }
    }

    /// `62 %`, `3.2 %`, `less than 0.1 %`
    pub(super) fn percent(&mut self, part: u64, whole: u64) -> &mut Self {
        let tenths = part.saturating_mul(1000).checked_div(whole).unwrap_or(0).min(1000);
        match tenths {
            0 if part > 0 => self.say("less than 0.1"),
            0 => self.say("0"),
            1..100 => self.tenths(tenths),
            _ => self.number(tenths / 10),
        };
        self.say(" %")
    }

    /// `980 bytes`, `1.2 GB`; a kB is 1,000 bytes.
    pub(super) fn bytes(&mut self, bytes: u64) -> &mut Self {
        if bytes < 1000 {
            return self.count(bytes, "byte");
        }
        let mut tenths = bytes / 100;
        for unit in [" kB", " MB", " GB"] {
            if tenths < 10_000 {
                return self.short(tenths).say(unit);
            }
            tenths /= 1000;
        }
        self.short(tenths).say(" TB")
    }

    /// `31 ms`, `2.5 s`, `5 min`; from nanoseconds.
    pub(super) fn span(&mut self, span: u64) -> &mut Self {
        let micros = span / 1000;
        match micros {
            0..1000 => self.number(micros).say(" us"),
            1000..1_000_000 => self.short(micros / 100).say(" ms"),
            1_000_000..120_000_000 => self.short(micros / 100_000).say(" s"),
            _ => self.number(micros / 60_000_000).say(" min"),
        }
    }

    /// `02:14:07 UTC`; from nanoseconds since the Unix epoch.
    pub(super) fn time_of_day(&mut self, time: u64) -> &mut Self {
        let seconds = time / 1_000_000_000 % 86_400;
        for (place, number) in [("", seconds / 3600), (":", seconds / 60 % 60), (":", seconds % 60)] {
            self.say(place).digit(number / 10).digit(number % 10);
        }
        self.say(" UTC")
    }

    /// What came from the wire: printable ASCII and not too much of it, whatever came.
    pub(super) fn wire(&mut self, text: &str) -> &mut Self {
        self.clean(text, LONGEST)
    }

    /// Sentences that were written elsewhere, without their last full stop.
    pub(super) fn prose(&mut self, text: &str) -> &mut Self {
        self.clean(text.trim_end_matches('.'), LONGEST_PROSE)
    }

    fn clean(&mut self, text: &str, longest: usize) -> &mut Self {
        for (place, character) in text.chars().enumerate() {
            if place == longest {
                return self.say("...");
            }
            self.0.push(if matches!(character, ' '..='~') { character } else { '?' });
        }
        self
    }

    /// `10.0.0.5:443`, `[2001:db8::5]:443`
    pub(super) fn endpoint(&mut self, endpoint: &Endpoint) -> &mut Self {
        let Some(port) = endpoint.port else { return self.wire(&endpoint.address) };
        match endpoint.address.contains(':') {
            true => self.say("[").wire(&endpoint.address).say("]"),
            false => self.wire(&endpoint.address),
        };
        self.say(":").plain(port.into())
    }

    /// `50412`
    pub(super) fn plain(&mut self, number: u64) -> &mut Self {
        if number >= 10 {
            self.plain(number / 10);
        }
        self.digit(number % 10)
    }

    /// The sentence, with its full stop.
    pub(super) fn end(mut self) -> String {
        self.0.push('.');
        self.0
    }

    fn digit(&mut self, digit: u64) -> &mut Self {
        let digit = u8::try_from(digit).unwrap_or_default();
        self.0.push(b'0'.wrapping_add(digit).into());
        self
    }

    /// `3.2` of 32
    fn tenths(&mut self, tenths: u64) -> &mut Self {
        self.number(tenths / 10).say(".").digit(tenths % 10)
    }

    /// `3.2` of 32, `32` of 325
    fn short(&mut self, tenths: u64) -> &mut Self {
        if tenths < 100 && !tenths.is_multiple_of(10) {
            self.tenths(tenths)
        } else {
            self.number(tenths / 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Sentence) -> &mut Sentence) -> String {
        let mut sentence = Sentence::default();
        write(&mut sentence);
        sentence.0
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (number, expected) in [
            (0, "0"),
            (7, "7"),
            (42, "42"),
            (305, "305"),
            (4100, "4,100"),
            (1_002_003, "1,002,003"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(written(|s| s.number(number)), expected);
        }
        assert_eq!(written(|s| s.plain(50412)), "50412");
        assert_eq!(written(|s| s.count(1, "packet")), "1 packet");
        assert_eq!(written(|s| s.count(2, "packet")), "2 packets");
        assert_eq!(written(|s| s.count(2, "query")), "2 queries");
    }

    #[test]
    fn shares_are_rounded_down() {
        for (part, whole, expected) in [
            (62, 100, "62 %"),
            (999, 1000, "99 %"),
            (32, 1000, "3.2 %"),
            (1, 1001, "less than 0.1 %"),
            (0, 100, "0 %"),
            (1, 0, "less than 0.1 %"),
            (5, 4, "100 %"),
        ] {
            assert_eq!(written(|s| s.percent(part, whole)), expected);
        }
    }

    #[test]
    fn bytes_spans_and_times_have_the_unit_that_fits() {
        for (bytes, expected) in [
            (980, "980 bytes"),
            (1200, "1.2 kB"),
            (9_990_000, "9.9 MB"),
            (52_000_000, "52 MB"),
            (1_200_000_000, "1.2 GB"),
            (7_000_000_000_000, "7 TB"),
        ] {
            assert_eq!(written(|s| s.bytes(bytes)), expected);
        }
        for (span, expected) in [
            (31_000, "31 us"),
            (31_000_000, "31 ms"),
            (1_500_000, "1.5 ms"),
            (2_500_000_000, "2.5 s"),
            (90_000_000_000, "90 s"),
            (300_000_000_000, "5 min"),
        ] {
            assert_eq!(written(|s| s.span(span)), expected);
        }
        assert_eq!(written(|s| s.time_of_day(1_700_000_047_123_456_789)), "22:14:07 UTC");
    }

    #[test]
    fn what_came_from_the_wire_is_printable_and_short() {
        assert_eq!(written(|s| s.wire("shop.example")), "shop.example");
        assert_eq!(written(|s| s.wire("a\n\u{202e}b\u{1f}é")), "a??b??");
        assert_eq!(written(|s| s.wire(&"x".repeat(5000))), "x".repeat(64) + "...");
        let endpoint = |address: &str, port| Endpoint { address: address.into(), port };
        assert_eq!(written(|s| s.endpoint(&endpoint("10.0.0.5", Some(50443)))), "10.0.0.5:50443");
        assert_eq!(written(|s| s.endpoint(&endpoint("fe80::1", Some(443)))), "[fe80::1]:443");
        assert_eq!(written(|s| s.endpoint(&endpoint("10.0.0.5", None))), "10.0.0.5");
    }
}
