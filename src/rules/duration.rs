//! Durations as people write them: `30s`, `10m`, `2h`, `1d`, and sums from the largest unit down, `1h30m`.

use std::time::Duration;

/// 7 days: Azure keeps no capture running longer.
const MAX_SECONDS: u64 = 604_800;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration of 1 s to 7 d.
///
/// # Errors
/// Why it is none, in words.
pub fn parse(text: &str) -> Result<Duration, String> {
    match seconds(text) {
        None => Err("is not a duration such as \"30s\", \"10m\", \"2h\", \"1d\" or \"1h30m\"".to_owned()),
        Some(seconds @ 1..=MAX_SECONDS) => Ok(Duration::from_secs(seconds)),
        Some(_) => Err("is not from 1s to 7d".to_owned()),
    }
}

/// Too much to count is still too much.
fn seconds(text: &str) -> Option<u64> {
    let mut units = UNITS.iter();
    let (mut sum, mut number) = (0_u64, None::<u64>);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit)));
        } else {
            // Each unit once, and none after a smaller one.
            let (_, size) = units.find(|(unit, _)| *unit == c)?;
            sum = sum.saturating_add(number.take()?.saturating_mul(*size));
        }
    }
    (number.is_none() && !text.is_empty()).then_some(sum)
}

/// A duration as [`parse`] reads it.
#[must_use]
pub fn words(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut words = String::new();
    for (unit, size) in UNITS {
        let count = rest.checked_div(size).unwrap_or_default();
        rest = rest.checked_rem(size).unwrap_or_default();
        if count > 0 {
            words.push_str(&format!("{count}{unit}"));
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up_from_the_largest_down() {
        for (text, seconds) in
            [("30s", 30), ("10m", 600), ("2h", 7_200), ("1d", 86_400), ("1h30m", 5_400), ("7d", 604_800)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("90m"), parse("1h30m"));
    }

    #[test]
    fn what_is_no_duration_or_out_of_bounds_is_said() {
        for bad in ["", "10", "m", "10 m", "-1s", "1.5h", "30m1h", "1h1h", "10M", "1w", "٣s", "1h30"] {
            assert!(parse(bad).unwrap_err().contains("not a duration"), "{bad}");
        }
        for bad in ["0s", "8d", "7d1s", "99999999999999999999999d"] {
            assert!(parse(bad).unwrap_err().contains("1s to 7d"), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 1..=MAX_SECONDS, text in "\\PC*") {
            let duration = Duration::from_secs(seconds);
            proptest::prop_assert_eq!(parse(&words(duration)), Ok(duration));
            let _ = parse(&text);
        }
    }
}
