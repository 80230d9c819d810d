use http::HeaderValue;

use super::*;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazf5xhFHcVA=";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const NOW: i64 = 1_614_265_330;

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::parse(text).unwrap()).collect()
}

fn headers(id: &str, time: &str, signature: &str) -> HeaderMap {
    let values = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
    values
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect()
}

fn read(headers: &HeaderMap, now: i64) -> Result<Option<Claim>, Flaw> {
    Claim::read(headers, Timestamp::from_unix(now))
}

/// What somebody else's library signs with a secret.
fn signed(secret: &str, id: &str, time: i64, body: &[u8]) -> HeaderMap {
    let signature = standardwebhooks::Webhook::new(secret).unwrap().sign(id, time, body).unwrap();
    headers(id, &time.to_string(), &signature)
}

#[test]
fn what_another_library_signs_with_either_secret_is_taken() {
    for secret in [OLD, NEW] {
        let claim = read(&signed(secret, "msg_1", NOW, BODY), NOW).unwrap().unwrap();
        assert_eq!(claim.verify(&secrets(&[OLD, NEW]), BODY), Ok(()));
        assert_eq!(claim.verify(&secrets(&[OLD, NEW]), b"{}"), Err(Flaw::Wrong), "another body");
        assert_eq!(claim.verify(&[], BODY), Err(Flaw::Wrong), "no secret");
    }
    let retired = read(&signed(OLD, "msg_1", NOW, BODY), NOW).unwrap().unwrap();
    assert_eq!(retired.verify(&secrets(&[NEW]), BODY), Err(Flaw::Wrong));
}

#[test]
fn of_several_signatures_one_is_enough() {
    let right = signed(OLD, "msg_1", NOW, BODY)["webhook-signature"].to_str().unwrap().to_owned();
    for all in [format!("v1,AAAA {right}"), format!("v1a,AAAA {right} v2,x")] {
        let claim = read(&headers("msg_1", &NOW.to_string(), &all), NOW).unwrap().unwrap();
        assert_eq!(claim.verify(&secrets(&[OLD]), BODY), Ok(()), "{all}");
    }
}

#[test]
fn a_time_stamp_is_good_for_five_minutes_either_way() {
    for (off, flaw) in [(300, None), (-300, None), (301, Some(Flaw::OffTime)), (-301, Some(Flaw::OffTime))] {
        assert_eq!(read(&signed(OLD, "msg_1", NOW + off, BODY), NOW).err(), flaw, "{off}");
    }
}

#[test]
fn without_headers_nothing_is_claimed_and_with_a_part_of_them_it_is_incomplete() {
    assert_eq!(read(&HeaderMap::new(), NOW), Ok(None));
    let whole = signed(OLD, "msg_1", NOW, BODY);
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut part = whole.clone();
        part.remove(name);
        assert_eq!(read(&part, NOW), Err(Flaw::Incomplete), "without {name}");
        let mut twice = whole.clone();
        twice.append(name, whole[name].clone());
        assert_eq!(read(&twice, NOW), Err(Flaw::Incomplete), "{name} twice");
    }
}

#[test]
fn headers_that_are_not_as_specified_are_malformed() {
    let right = signed(OLD, "msg_1", NOW, BODY)["webhook-signature"].to_str().unwrap().to_owned();
    let time = NOW.to_string();
    let many = [right.as_str(); 9].join(" ");
    for (id, time, signature) in [
        ("", time.as_str(), right.as_str()),
        ("a.1", &time, &right),
        ("a b", &time, &right),
        (&"a".repeat(257), &time, &right),
        ("msg_1", "", &right),
        ("msg_1", "+1614265330", &right),
        ("msg_1", "-1", &right),
        ("msg_1", "1614265330.0", &right),
        ("msg_1", "1614265330000", &right),
        ("msg_1", "now", &right),
        ("msg_1", &time, ""),
        ("msg_1", &time, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ("msg_1", &time, "v1a,AAAA"),
        ("msg_1", &time, &many),
    ] {
        assert_eq!(read(&headers(id, time, signature), NOW), Err(Flaw::Malformed), "{id} {time} {signature}");
    }
    for signature in ["v1,", "v1,!", "v1,AAAA", "v1,g0hM9SsE-OTPJTGt_tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
        let claim = read(&headers("msg_1", &time, signature), NOW).unwrap().unwrap();
        assert_eq!(claim.verify(&secrets(&[OLD]), BODY), Err(Flaw::Wrong), "{signature}");
    }
}
