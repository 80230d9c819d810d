use serde_json::{Value, json};

use super::*;
use crate::testing::tokens::{AUDIENCE, TENANT, claims, claims_v2, header, key, sign, terms};

const NOW: i64 = 1_790_000_000;

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn check(text: &str) -> Result<(), Flaw> {
    let terms = terms();
    read(text, &terms, now())?.verify(&key("tenant").to_public_key(), &terms)
}

fn signed(header: &Value, claims: &Value) -> String {
    sign(&key("tenant"), &header.to_string(), &claims.to_string())
}

fn with(claim: &str, value: Value) -> Result<(), Flaw> {
    let mut claims = claims(now());
    claims[claim] = value;
    check(&signed(&header(), &claims))
}

fn with_header(name: &str, value: Value) -> Result<(), Flaw> {
    let mut header = header();
    header[name] = value;
    check(&signed(&header, &claims(now())))
}

#[test]
fn an_action_groups_token_of_either_version_is_taken() {
    assert_eq!(check(&signed(&header(), &claims(now()))), Ok(()));
    assert_eq!(check(&signed(&header(), &claims_v2(now()))), Ok(()));
    let text = signed(&header(), &claims(now()));
    let candidate = read(&text, &terms(), now()).ok().unwrap();
    assert_eq!((candidate.tenant.as_str(), candidate.key_id.as_str()), (TENANT, "key-1"));
    assert_eq!(with("aud", json!("c11e47ab-0000-4000-8000-0000000000b9")), Ok(()), "the client id");
    assert_eq!(with("roles", json!(["Another", "ActionGroupsSecureWebhook"])), Ok(()));
    assert_eq!(with("appid", json!(ACTION_GROUPS.to_ascii_uppercase())), Ok(()));
    assert_eq!(with("tid", json!(TENANT.to_ascii_uppercase())), Ok(()));
    assert_eq!(with("groups", json!({"any": ["thing", null]})), Ok(()));
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (exp, expected) in [(-59, Ok(())), (-60, Err(Flaw::Expired)), (-99_999, Err(Flaw::Expired))] {
        assert_eq!(with("exp", json!(NOW + exp)), expected, "{exp}");
    }
    for (nbf, expected) in [(60, Ok(())), (61, Err(Flaw::NotYet)), (i64::from(u32::MAX), Err(Flaw::NotYet))] {
        assert_eq!(with("nbf", json!(NOW + nbf)), expected, "{nbf}");
    }
    let mut without = claims(now());
    without.as_object_mut().unwrap().remove("nbf");
    assert_eq!(check(&signed(&header(), &without)), Ok(()), "it may be missing");
}

#[test]
fn times_that_are_none_do_not_get_in_and_stop_nothing() {
    for exp in [json!(null), json!("1"), json!(-1), json!(i64::MIN), json!(1e300), json!([1]), json!(true)] {
        assert!(with("exp", exp.clone()).is_err(), "{exp}");
    }
    for nbf in [json!("1"), json!(i64::MAX), json!(8_210_266_876_799_i64), json!({})] {
        assert!(with("nbf", nbf.clone()).is_err(), "{nbf}");
    }
    // The first moment that the library's time can hold: nothing is taken from it.
    assert_eq!(with("nbf", json!(-8_334_601_228_800_i64)), Ok(()));
    assert_eq!(with("iat", json!(-8_334_601_228_800_i64)), Ok(()));
}

#[test]
fn issuer_tenant_and_version_must_agree() {
    let other = "99999999-0000-4000-8000-0000000000a1";
    for (claim, value) in [
        ("iss", json!(format!("https://sts.windows.net/{other}/"))),
        ("iss", json!(format!("https://sts.windows.net/{TENANT}"))),
        ("iss", json!(format!("http://sts.windows.net/{TENANT}/"))),
        ("iss", json!(format!("https://sts.windows.net/{TENANT}/evil"))),
        ("iss", json!(format!("https://evil.example/{TENANT}/"))),
        ("iss", json!(format!("https://login.example/{TENANT}/v2.0"))),
        ("iss", json!("https://sts.windows.net/{tenantid}/")),
        ("iss", json!("")),
        ("tid", json!(other)),
        ("tid", json!("")),
        ("ver", json!("2.0")),
        ("ver", json!("")),
    ] {
        assert_eq!(with(claim, value.clone()), Err(Flaw::Issuer), "{claim}: {value}");
    }
}

#[test]
fn what_another_is_for_or_may_do_is_no_use() {
    for aud in ["", "api://alertcap/", "API://ALERTCAP", "https://management.azure.com/"] {
        assert_eq!(with("aud", json!(aud)), Err(Flaw::Audience), "{aud}");
    }
    assert_eq!(with("aud", json!([AUDIENCE])), Err(Flaw::Malformed));
    for appid in [json!("00000000-0000-4000-8000-000000000000"), json!(""), json!(null)] {
        assert_eq!(with("appid", appid), Err(Flaw::Application));
    }
    let mut v2 = claims_v2(now());
    v2["appid"] = json!(ACTION_GROUPS);
    v2["azp"] = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(check(&signed(&header(), &v2)), Err(Flaw::Application));
    for roles in [json!([]), json!(["actiongroupssecurewebhook"]), json!(["ActionGroupsSecureWebhook2"])] {
        assert_eq!(with("roles", roles), Err(Flaw::Role));
    }
    assert_eq!(with("roles", json!("ActionGroupsSecureWebhook")), Err(Flaw::Malformed));
    for known in [Flaw::Application, Flaw::Role] {
        assert!(known.is_of_a_known_caller());
    }
}

#[test]
fn only_rs256_with_a_key_id_and_nothing_critical_is_looked_at() {
    for alg in ["none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "rs256", ""] {
        assert_eq!(with_header("alg", json!(alg)), Err(Flaw::Algorithm), "{alg}");
    }
    for (name, value, flaw) in [
        ("alg", json!(null), Flaw::Malformed),
        ("alg", json!(["RS256"]), Flaw::Malformed),
        ("kid", json!(null), Flaw::Header),
        ("kid", json!(7), Flaw::Malformed),
        ("crit", json!(["exp"]), Flaw::Header),
        ("crit", json!([]), Flaw::Header),
        ("typ", json!("at+jwt"), Flaw::Header),
        ("cty", json!("JWT"), Flaw::Malformed),
    ] {
        assert_eq!(with_header(name, value.clone()), Err(flaw), "{name}: {value}");
    }
    // Keys that a token brings along are not looked at.
    assert_eq!(with_header("jku", json!("https://evil.example/keys")), Ok(()));
    assert_eq!(with_header("jwk", json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})), Ok(()));
}

#[test]
fn a_signature_is_the_keys_over_these_very_bytes() {
    let text = signed(&header(), &claims(now()));
    let strangers = sign(&key("stranger"), &header().to_string(), &claims(now()).to_string());
    assert_eq!(check(&strangers), Err(Flaw::Signature));
    let (body, signature) = text.rsplit_once('.').unwrap();
    let (_, others) = strangers.rsplit_once('.').unwrap();
    for signature in [others, "", &signature[4..], &format!("AAAA{signature}")] {
        assert_eq!(check(&format!("{body}.{signature}")), Err(Flaw::Signature), "{signature}");
    }
    // Every byte counts, in whichever part.
    for at in (0..text.len()).step_by(7) {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(check(&String::from_utf8(changed).unwrap()).is_err(), "{at}");
    }
}

#[test]
fn what_is_no_token_is_malformed_however() {
    let text = signed(&header(), &claims(now()));
    let (body, signature) = text.rsplit_once('.').unwrap();
    let twice = |claim: &str| {
        let claims = claims(now()).to_string();
        sign(&key("tenant"), &header().to_string(), &format!("{{{claim},{}", &claims[1..]))
    };
    let mut bad = vec![
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        body.to_owned(),
        format!("{text}.{signature}"),
        format!("{text}="),
        format!("{body} .{signature}"),
        text.replace('.', "-"),
        sign(&key("tenant"), "[]", &claims(now()).to_string()),
        sign(&key("tenant"), &header().to_string(), "[1]"),
        sign(&key("tenant"), &header().to_string(), &"[".repeat(10_000)),
        sign(&key("tenant"), &header().to_string(), &format!("{}{}", claims(now()), "x")),
        sign(&key("tenant"), r#"{"alg":"none","alg":"RS256","kid":"key-1"}"#, &claims(now()).to_string()),
        "A".repeat(20_000),
    ];
    for claim in [
        r#""aud":"api://alertcap""#,
        r#""iss":"x""#,
        r#""exp":1"#,
        r#""nbf":1"#,
        r#""roles":[]"#,
        r#""tid":"x""#,
        r#""appid":"x""#,
        r#""\u0061ud":"x""#,
    ] {
        bad.push(twice(claim));
    }
    for bad in bad {
        assert_eq!(check(&bad), Err(Flaw::Malformed), "{}", &bad[..bad.len().min(60)]);
    }
}

#[test]
fn a_token_larger_than_any_of_entras_is_not_looked_at() {
    let with_groups = |count| with("groups", json!(vec!["7e57ab1e-0000-4000-8000-0000000000a1"; count]));
    assert_eq!((with_groups(250), with_groups(310)), (Ok(()), Err(Flaw::Malformed)));
}

#[test]
fn a_request_carries_one_token_or_none() {
    let given = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", http::HeaderValue::from_static(value));
        }
        given(&headers).map(|token| token.map(str::to_owned))
    };
    for (values, expected) in [
        (&[][..], Ok(None)),
        (&["Bearer a.b.c"], Ok(Some("a.b.c".to_owned()))),
        (&["bEARER  a.b.c"], Ok(Some("a.b.c".to_owned()))),
        (&["Basic dTpw"], Ok(None)),
        (&["Bearer"], Ok(None)),
        (&["Bearer a", "Bearer b"], Err(Flaw::Malformed)),
    ] {
        assert_eq!(given(values), expected, "{values:?}");
    }
}

#[test]
fn a_guesser_does_not_learn_which_of_issuer_audience_key_and_signature_is_wrong() {
    let same = [Flaw::Issuer, Flaw::Audience, Flaw::UnknownKey, Flaw::Signature].map(Flaw::detail);
    assert!(same.iter().all(|detail| *detail == same[0]));
    // What has expired says nothing of the rest either.
    let mut stale = claims(now());
    stale["exp"] = json!(1);
    for (claim, value) in [("aud", json!("x")), ("tid", json!("x")), ("ver", json!("2.0"))] {
        stale[claim] = value;
        assert_eq!(check(&signed(&header(), &stale)), Err(Flaw::Expired));
    }
    for (flaw, word) in [
        (Flaw::Malformed, "JWT"),
        (Flaw::Algorithm, "RS256"),
        (Flaw::Header, "kid"),
        (Flaw::Signature, "trusted"),
        (Flaw::Expired, "expired"),
        (Flaw::NotYet, "not valid yet"),
        (Flaw::Application, "application"),
        (Flaw::Role, "ActionGroupsSecureWebhook"),
    ] {
        assert!(flaw.detail().contains(word), "{}", flaw.detail());
    }
    let logged =
        [Flaw::Issuer, Flaw::Audience, Flaw::UnknownKey, Flaw::Signature].map(|flaw| flaw.to_string());
    assert!(logged.iter().enumerate().all(|(at, line)| !logged[..at].contains(line)), "{logged:?}");
}
