use super::*;
use crate::testing::{metric_alert, spec};

fn asked(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
}

#[test]
fn a_range_on_condition_is_asked_of_storage_as_one_it_knows() {
    let plain = asked(&[(RANGE, "bytes=5-")]);
    assert_eq!(wanted(&plain), Wanted { headers: plain.clone(), or_else: None });
    let whole = Some(HeaderMap::new());
    for (condition, as_storage_knows_it) in
        [("\"0x8D\"", IF_MATCH), ("Sun, 22 Nov 2026 02:00:20 GMT", IF_UNMODIFIED_SINCE)]
    {
        let headers = asked(&[(RANGE, "bytes=5-"), (as_storage_knows_it, condition)]);
        let of = wanted(&asked(&[(RANGE, "bytes=5-"), (IF_RANGE, condition)]));
        assert_eq!(of, Wanted { headers, or_else: whole.clone() }, "{condition}");
    }
}

#[test]
fn a_condition_that_cannot_hold_or_has_no_range_leads_to_the_whole() {
    for headers in [asked(&[(RANGE, "bytes=5-"), (IF_RANGE, "W/\"0x8D\"")]), asked(&[(IF_RANGE, "\"0x8D\"")])]
    {
        assert_eq!(wanted(&headers), Wanted { headers: HeaderMap::new(), or_else: None }, "{headers:?}");
    }
    let two = asked(&[(RANGE, "bytes=5-"), (IF_RANGE, "\"0x8D\""), (IF_MATCH, "\"0x8E\"")]);
    assert_eq!(wanted(&two), Wanted { headers: asked(&[(IF_MATCH, "\"0x8E\"")]), or_else: None });
}

#[test]
fn a_file_is_saved_under_its_machine_and_time() {
    let now = "2026-11-22T02:00:20.5Z".parse().unwrap();
    let alert = metric_alert();
    let mut record = Record::accepted(&alert, spec(&alert, now), now, 0);
    let base = "https://st.blob.example/logs";
    record.storage_path = Some(format!("{base}/a/packetcapture_02_00_21.cap"));
    for (file, name) in [
        ("a/packetcapture_02_00_21.cap", "web-01-20261122T020020Z.cap"),
        ("a/3_packetcapture_02_00_21.cap", "web-01-3-20261122T020020Z.cap"),
        ("a/packetcapture_02_00_21_00002.cap", "web-01-00002-20261122T020020Z.cap"),
        ("a/%22x%0D_packetcapture_02_00_21.cap", "web-01--22x-0D-20261122T020020Z.cap"),
        ("other", "web-01-20261122T020020Z.cap"),
    ] {
        let file = CaptureFile::at(&format!("{base}/{file}"));
        let headers = headers(&HeaderMap::new(), &record, &file);
        assert_eq!(headers[CONTENT_DISPOSITION], format!("attachment; filename=\"{name}\""));
    }
}
