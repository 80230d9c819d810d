//! The formats in which Azure's services write times, and fresh ids.

use jiff::Timestamp;

/// `2026-07-07T09:06:14.6541886Z`: .NET's seven digits.
pub(crate) fn ticks(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}

/// `2026-07-07T09:06:14.654188Z`, for the record.
pub(crate) fn micros(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// `2026-07-07 09:06:14Z`, as Entra writes it.
pub(crate) fn entra(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// `Tue, 07 Jul 2026 09:06:14 GMT`, as HTTP writes it.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A fresh GUID.
pub(crate) fn guid() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_digits_azure_writes() {
        let time: Timestamp = "2026-07-07T09:06:04.0541886Z".parse().expect("a time");
        assert_eq!(ticks(time), "2026-07-07T09:06:04.0541886Z");
        assert_eq!(micros(time), "2026-07-07T09:06:04.054188Z");
        assert_eq!(entra(time), "2026-07-07 09:06:04Z");
        assert_eq!(http_date(time), "Tue, 07 Jul 2026 09:06:04 GMT");
    }
}
