use super::*;

const NAME: &str = "__Host-alertcap";

fn now() -> Timestamp {
    Timestamp::from_unix(1_790_000_000)
}

fn keys(keys: &[&str]) -> Keys {
    Keys(keys.iter().map(|key| SecretString::from(*key)).collect())
}

fn cookie(key: &str) -> String {
    begin(&SecretString::from(key), now(), [7; 16]).unwrap()
}

fn open(header: &str, with: &[&str], at: Timestamp) -> Option<Session> {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, header.parse().unwrap());
    Session::of(&headers, NAME, &keys(with), at)
}

#[test]
fn a_cookie_is_good_for_twelve_hours() {
    let header = format!("{NAME}={}", cookie("the-operator-key-1"));
    for (seconds, is_good) in [(0, true), (-59, true), (-61, false), (43_199, true), (43_200, false)] {
        let session = open(&header, &["the-operator-key-1"], now().after(seconds));
        assert_eq!(session.is_some(), is_good, "{seconds}");
    }
}

#[test]
fn either_key_of_an_exchange_opens_what_was_made_under_it_and_a_replaced_one_does_not() {
    let header = format!("{NAME}={}", cookie("the-old-key-0123456"));
    assert!(open(&header, &["the-new-key-0123456", "the-old-key-0123456"], now()).is_some());
    assert_eq!(open(&header, &["the-new-key-0123456"], now()), None);
    assert_eq!(open(&header, &[], now()), None);
}

#[test]
fn a_changed_cut_or_foreign_cookie_is_none() {
    let good = cookie("the-operator-key-1");
    let is_good = |value: &str| open(&format!("{NAME}={value}"), &["the-operator-key-1"], now()).is_some();
    assert!(is_good(&good));
    for at in 0..good.len() {
        assert!(!is_good(&good[..at]), "{at}");
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(changed).unwrap();
        // The last character of base64 has bits to spare, which must be zero.
        assert!(!is_good(&changed), "{changed}");
    }
    let long = "1.".repeat(50_000);
    for foreign in
        ["", ".", "....", "1.2.3.4", "9.99999999999.x.", &long, "\u{1f}", &cookie("another-operator-key")]
    {
        if foreign.parse::<http::HeaderValue>().is_ok() {
            assert!(!is_good(foreign), "{foreign:.40}");
        }
    }
}

#[test]
fn claims_that_are_signed_for_something_else_are_none() {
    let key = SecretString::from("the-operator-key-1");
    for (claims, purpose) in [
        ("1790000000.1790043200.x", Purpose::Form),
        ("1790000000.x.x", Purpose::Cookie),
        ("", Purpose::Cookie),
        ("1790043200", Purpose::Cookie),
    ] {
        let value = format!("{claims}.{}", encoded(mac(&key, purpose, claims).unwrap()));
        assert_eq!(open(&format!("{NAME}={value}"), &["the-operator-key-1"], now()), None, "{claims}");
    }
}

#[test]
fn it_is_found_among_other_cookies_and_under_no_other_name() {
    let good = cookie("the-operator-key-1");
    let open = |header: &str| open(header, &["the-operator-key-1"], now()).is_some();
    assert!(open(&format!("a=b; {NAME}={good}; c=d")));
    assert!(open(&format!("{NAME}=rubbish;{NAME}={good}")));
    assert!(open(&format!("lone;  {NAME} = {good} ")));
    for header in
        [format!("alertcap={good}"), format!("x{NAME}={good}"), good.clone(), format!("a=\"{NAME}={good}")]
    {
        assert!(!open(&header), "{header}");
    }
}

#[test]
fn a_forms_token_is_its_own_sessions_and_says_nothing_of_the_cookie() {
    let session = |cookie: &str| open(&format!("{NAME}={cookie}"), &["the-operator-key-1"], now()).unwrap();
    let one = cookie("the-operator-key-1");
    let other = begin(&SecretString::from("the-operator-key-1"), now(), [8; 16]).unwrap();
    let (mine, theirs) = (session(&one), session(&other));
    assert!(mine.is_token(&mine.form_token) && !mine.is_token(&theirs.form_token));
    for given in ["", "x", &one, &mine.form_token[1..], &format!("{} ", mine.form_token)] {
        assert!(!mine.is_token(given), "{given}");
    }
    assert!(!one.contains(&mine.form_token));
}
