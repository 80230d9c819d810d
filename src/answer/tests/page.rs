//! What somebody in a browser sees and does.

use std::time::Duration;

use super::*;

const HOST: &str = "https://alertcap.example";

/// A browser: it keeps the cookie and sends what browsers send.
#[derive(Clone)]
struct Browser {
    sim: Sim,
    cookie: Option<String>,
}

/// What it was answered.
struct Seen {
    status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    /// The token of the page's forms.
    fn token(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    fn new(sim: &Sim) -> Self {
        Self { sim: sim.clone(), cookie: None }
    }

    /// One that has signed in.
    fn signed_in(sim: &Sim) -> Self {
        let mut browser = Self::new(sim);
        assert_eq!(browser.sign_in(OPERATOR_KEY, "/").status, 303);
        browser
    }

    fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        let mut request = Request::builder().method(method).uri(format!("{HOST}{path}"));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Whole(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        let app = self.sim.app();
        let response = self.sim.run(async move { answer(&app, request).await });
        let (parts, body) = response.into_parts();
        Seen {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn get(&self, path: &str) -> Seen {
        self.ask(Method::GET, path, &[], "")
    }

    fn post(&self, path: &str, body: &str) -> Seen {
        self.ask(Method::POST, path, &[("sec-fetch-site", "same-origin")], body)
    }

    fn sign_in(&mut self, key: &str, to: &str) -> Seen {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("to", to), ("username", "operator"), ("key", key)])
            .finish();
        let seen = self.post("/sign-in", &form);
        if let Some((cookie, _)) = seen.header("set-cookie").split_once(';') {
            self.cookie = Some(cookie.to_owned());
        }
        seen
    }
}

/// A world with one capture that has ended, and the way to its page.
fn one_capture() -> (Sim, String) {
    let sim = Sim::new();
    let (_, taken) = send_all(&sim, alert(METRIC));
    (sim, format!("/captures/{}", name(&taken)))
}

/// A world with one that runs for hours.
fn one_running() -> (Sim, String) {
    let sim = Sim::new();
    sim.set("time_limit_seconds", "18000");
    let (app, world) = (sim.app(), sim.clone());
    let taken = sim.run(async move {
        let taken = answer(&app, alert(METRIC)).await;
        crate::platform::Clock::sleep(&world, Duration::from_secs(60)).await;
        taken
    });
    let path = format!("/captures/{}", name(&serde_json::from_slice(taken.body()).unwrap()));
    (sim, path)
}

#[test]
fn nobody_sees_anything_but_the_sign_in_without_a_good_cookie() {
    let (sim, path) = one_capture();
    let mut browser = Browser::new(&sim);
    for path in ["/", &path, "/captures/none", &format!("/?code={OPERATOR_KEY}")] {
        for method in [Method::GET, Method::HEAD] {
            let seen = browser.ask(method, path, &[("x-functions-key", OPERATOR_KEY)], "");
            assert_eq!(seen.status, 401, "{path}");
            assert!(seen.has("name=\"key\"") && !seen.has("Ended"), "{}", seen.text);
            assert!(seen.header("www-authenticate").starts_with("ApiKey"));
        }
    }
    for cookie in ["__Host-alertcap=", "__Host-alertcap=1.2.3.4", "alertcap=x"] {
        browser.cookie = Some(cookie.to_owned());
        assert_eq!(browser.get("/").status, 401);
    }
}

#[test]
fn an_operator_signs_in_and_is_led_to_where_he_was_going() {
    let (sim, path) = one_capture();
    let mut browser = Browser::new(&sim);
    assert!(browser.get(&path).has(&format!("name=\"to\" value=\"{path}\"")));
    let seen = browser.sign_in(OPERATOR_KEY, &path);
    assert_eq!((seen.status, seen.header("location")), (303, format!("{path}?done=signed-in").as_str()));
    let cookie = seen.header("set-cookie");
    assert!(cookie.starts_with("__Host-alertcap=") && !cookie.contains(OPERATOR_KEY), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    assert!(browser.get(&path).has("web-01"));
    for elsewhere in
        ["https://evil.example/", "//evil.example", "/api/captures", "/captures/a/b", "/captures/%0d", "x"]
    {
        assert_eq!(
            browser.sign_in(OPERATOR_KEY, elsewhere).header("location"),
            "/?done=signed-in",
            "{elsewhere}"
        );
    }
}

#[test]
fn either_of_two_operator_keys_signs_in_and_a_replaced_one_signs_out() {
    let (sim, _) = one_capture();
    let other = "another-operator-key-0";
    sim.set("operator_key", &format!("{OPERATOR_KEY} {other}"));
    let mut browser = Browser::signed_in(&sim);
    let mut second = Browser::new(&sim);
    assert_eq!(second.sign_in(other, "/").status, 303);
    sim.set("operator_key", other);
    assert_eq!((browser.get("/").status, second.get("/").status), (401, 200));
    assert_eq!(browser.sign_in(OPERATOR_KEY, "/").status, 401);
    sim.set("operator_key", "");
    assert_eq!(second.get("/").status, 401);
    assert!(second.sign_in("", "/").has("no operator key is set"));
}

#[test]
fn a_wrong_key_is_told_logged_and_never_shown() {
    let (sim, _) = one_capture();
    let mut browser = Browser::new(&sim);
    for key in ["a-wrong-key-<b>-0123", "", WEBHOOK_KEY, SWEEP_KEY] {
        let seen = browser.sign_in(key, "/");
        assert_eq!((seen.status, seen.header("set-cookie")), (401, ""));
        assert!(seen.has("That is not the operator key.") && seen.has("aria-invalid=\"true\""));
        assert!(key.is_empty() || !seen.has(key) && !seen.has("a-wrong-key"), "{}", seen.text);
    }
    let log = sim.0.log.borrow().join("\n");
    assert!(log.contains("a caller was not let in") && log.contains("/sign-in"), "{log}");
    assert!(!log.contains("a-wrong-key") && !log.contains(WEBHOOK_KEY));
}

#[test]
fn a_sign_in_lasts_twelve_hours() {
    let (sim, _) = one_capture();
    let browser = Browser::signed_in(&sim);
    sim.pass(43_100);
    assert_eq!(browser.get("/").status, 200);
    sim.pass(200);
    assert_eq!(browser.get("/").status, 401);
}

#[test]
fn a_browser_that_keeps_no_cookie_is_told_why() {
    let (sim, _) = one_capture();
    assert!(Browser::new(&sim).get("/?done=signed-in").has("only over https"));
}

#[test]
fn signing_out_takes_the_cookie_away() {
    let (sim, _) = one_capture();
    let browser = Browser::signed_in(&sim);
    assert_eq!(browser.post("/sign-out", "token=x").status, 403);
    let seen = browser.post("/sign-out", &format!("token={}", browser.get("/").token()));
    assert_eq!((seen.status, seen.header("location")), (303, "/?done=signed-out"));
    assert!(seen.header("set-cookie").starts_with("__Host-alertcap=; Path=/; Max-Age=0"));
    assert_eq!(Browser::new(&sim).post("/sign-out", "").status, 303, "signed out already");
}

#[test]
fn captures_are_shown_newest_first_twenty_a_page() {
    let sim = Sim::new();
    for minute in 0..23 {
        send_all(&sim, alert(&metric(&format!("vm-{minute:02}"), minute)));
    }
    let browser = Browser::signed_in(&sim);
    let seen = browser.get("/");
    let names = |seen: &Seen| -> Vec<String> {
        seen.text
            .split("<h2><a")
            .skip(1)
            .map(|rest| rest.split("<bdi>").nth(1).unwrap()[..5].to_owned())
            .collect()
    };
    let expected =
        |range: std::ops::Range<u32>| range.rev().map(|at| format!("vm-{at:02}")).collect::<Vec<_>>();
    assert_eq!(names(&seen), expected(3..23));
    let (_, rest) = seen.text.split_once("href=\"/?after=").unwrap();
    let next = browser.get(&format!("/?after={}", rest.split('"').next().unwrap()));
    assert_eq!(names(&next), expected(0..3));
    assert!(next.has("Newest") && !next.has("Older"));
    assert!(browser.get("/?after=0").has("There are no older captures"));
}

#[test]
fn where_there_is_nothing_yet_the_page_says_what_to_do() {
    let sim = Sim::new();
    assert!(Browser::signed_in(&sim).get("/").has("POST /api/alerts?dry_run=true"));
}

#[test]
fn a_store_that_is_away_and_a_record_that_is_none_are_told() {
    let (sim, path) = one_capture();
    let browser = Browser::signed_in(&sim);
    let key = sim.0.store.borrow().keys().find(|key| key.starts_with("done.")).unwrap().clone();
    let other = key.replace("web-01", "web-02");
    sim.0.store.borrow_mut().insert(other, b"rubbish".to_vec());
    let seen = browser.get("/");
    assert_eq!(seen.status, 200);
    assert!(seen.has("Unreadable") && seen.has(&path), "{}", seen.text);
    assert_eq!(browser.get(&path.replace("web-01", "web-02")).status, 503);
    sim.0.store_fails.set(true);
    for path in ["/", path.as_str()] {
        let seen = browser.get(path);
        assert_eq!(
            (seen.status, seen.header("content-type"), seen.header("retry-after")),
            (503, "text/html; charset=utf-8", "5")
        );
        assert!(seen.has("The store cannot be read") && seen.has("Sign out"), "{}", seen.text);
    }
    sim.0.store_fails.set(false);
    let seen = browser.get("/captures/nothing");
    assert!(seen.status == 404 && seen.has("There is no capture of this name"));
    sim.0.variables_fail.set(true);
    assert!(browser.get("/").status == 503);
}

#[test]
fn a_captures_page_tells_its_life() {
    let (sim, path) = one_capture();
    let seen = Browser::signed_in(&sim).get(&path);
    assert_eq!(seen.status, 200);
    for words in [
        "Ended",
        "alert accepted",
        "Who was told",
        "webhook",
        "Times",
        "Time limit in seconds",
        "Delete the session",
    ] {
        assert!(seen.has(words), "{words} in {}", seen.text);
    }
    assert!(!seen.has("/stop\""), "it has ended");
    assert!(seen.has("data-every=\"0\""), "nothing goes on");
}

#[test]
fn a_captures_page_shows_what_was_on_the_wire_and_leads_to_the_file() {
    let sim = summaries::world();
    summaries::upload(&sim, 90, summaries::PATH, summaries::file(50));
    let (_, taken) = send_all(&sim, alert(METRIC));
    let (name, browser) = (name(&taken), Browser::signed_in(&sim));
    let seen = browser.get(&format!("/captures/{name}"));
    for words in ["What stands out", "Over time", "<svg", "10.0.0.4", "50 packets", "packetcapture_02_00.cap"]
    {
        assert!(seen.has(words), "{words} in {}", seen.text);
    }
    let headline = record(&sim)["files"][0]["headlines"][0].as_str().unwrap().to_owned();
    assert!(browser.get("/").has(&headline), "{headline}");
    let file = format!("/api/captures/{name}/file?file=0");
    assert!(seen.has(&format!("href=\"{file}\" download")), "{}", seen.text);
    let app = sim.app();
    let request = |cookie: &str| {
        let request = Request::builder().uri(format!("{HOST}{file}")).header("cookie", cookie);
        request.body(Whole(Bytes::new())).unwrap()
    };
    let (good, bad) = (request(browser.cookie.as_deref().unwrap()), request("__Host-alertcap=x"));
    let (good, bad) = sim.run(async move { (answer(&app, good).await, answer(&app, bad).await) });
    assert_eq!((good.status().as_u16(), good.body().to_vec()), (200, summaries::file(50)));
    assert_eq!(bad.status().as_u16(), 401);
}

#[test]
fn an_operator_stops_a_running_capture_on_its_page() {
    let (sim, path) = one_running();
    let browser = Browser::signed_in(&sim);
    let seen = browser.get(&path);
    assert!(seen.has("Running") && seen.has(" left") && seen.has("data-every=\"4\""), "{}", seen.text);
    let stop = format!("{path}/stop");
    let seen = browser.post(&stop, &format!("token={}", seen.token()));
    assert_eq!((seen.status, seen.header("location")), (303, format!("{path}?done=stopped").as_str()));
    let seen = browser.get(&format!("{path}?done=stopped"));
    assert!(
        seen.has("The capture is asked to stop") && seen.has("Stopping") && !seen.has("/stop\""),
        "{}",
        seen.text
    );
    send_all(&sim, sweep());
    assert_eq!(record(&sim)["stopReason"], "Manual");
    let again = browser.post(&stop, &format!("token={}", seen.token()));
    assert_eq!(again.header("location"), format!("{path}?done=over"));
}

#[test]
fn an_operator_deletes_an_ended_session_on_its_page() {
    let (sim, path) = one_running();
    let browser = Browser::signed_in(&sim);
    let form = format!("token={}", browser.get(&path).token());
    let delete = format!("{path}/delete");
    let seen = browser.post(&delete, &form);
    assert!(seen.status == 409 && seen.has(&format!("href=\"{path}\"")), "{}", seen.text);
    sim.pass(20_000);
    send_all(&sim, sweep());
    assert_eq!(browser.post(&delete, &form).header("location"), format!("{path}?done=deleted"));
    assert_eq!(sim.count("delete"), 1);
}

#[test]
fn a_form_that_is_not_ours_does_nothing() {
    let (sim, path) = one_running();
    let browser = Browser::signed_in(&sim);
    let token = browser.get(&path).token();
    let stop = format!("{path}/stop");
    let ours = format!("token={token}");
    for (headers, body) in [
        (&[("sec-fetch-site", "cross-site")][..], ours.as_str()),
        (&[("sec-fetch-site", "same-site")], &ours),
        (&[("origin", "https://evil.example")], &ours),
        (&[("origin", "null")], &ours),
        (&[("sec-fetch-site", "same-origin")], "token="),
        (&[("sec-fetch-site", "same-origin")], ""),
        (&[], &ours[..ours.len() - 1]),
    ] {
        let seen = browser.ask(Method::POST, &stop, headers, body);
        assert_eq!(seen.status, 403, "{headers:?} {body}");
    }
    let other = Browser { cookie: None, ..browser.clone() };
    assert_eq!(other.post(&stop, &ours).status, 401);
    assert_eq!(other.ask(Method::POST, &stop, &[("x-functions-key", OPERATOR_KEY)], &ours).status, 401);
    let another = Browser::signed_in(&sim);
    assert_eq!(another.post(&stop, &ours).status, 403, "another sign-in's token");
    let cross = other.ask(
        Method::POST,
        "/sign-in",
        &[("sec-fetch-site", "cross-site")],
        &format!("key={OPERATOR_KEY}"),
    );
    assert_eq!((cross.status, cross.header("set-cookie")), (403, ""));
    assert_eq!(other.post("/sign-in", &"x".repeat(5_000)).status, 413);
    assert_eq!((sim.count("stop"), record(&sim)["state"].as_str()), (0, Some("running")));
}

#[test]
fn the_cookie_is_good_for_seeing_and_for_nothing_else_of_the_api() {
    let (sim, path) = one_running();
    let browser = Browser::signed_in(&sim);
    for path in ["/api/captures".to_owned(), format!("/api{path}")] {
        assert_eq!(browser.get(&path).status, 200, "{path}");
    }
    assert_eq!(browser.post(&format!("/api{path}/stop"), "").status, 401);
    assert_eq!(browser.ask(Method::DELETE, &format!("/api{path}"), &[], "").status, 401);
    assert_eq!(browser.post("/api/sweep", "").status, 401);
    assert_eq!(browser.post("/api/alerts", "{}").status, 401);
}

#[test]
fn what_stands_in_alerts_is_shown_as_text() {
    let sim = Sim::new();
    let hostile =
        "<script>alert(1)</script>\\u202egnp.exe\\u0007 </title><img src=x onerror=alert(1)> ' \\\"";
    let body = String::from_utf8_lossy(METRIC);
    let rule = serde_json::from_str::<Value>(&body).unwrap()["data"]["essentials"]["alertRule"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = body.replace(&rule, hostile).replace("\"customProperties\":", "\"ignored\":");
    let body = body.replacen(
        "\"alertContext\": {",
        &format!("\"customProperties\": {{\"{hostile}\": \"{}\"}}, \"alertContext\": {{", "W".repeat(10_000)),
        1,
    );
    let (status, taken) = send_all(&sim, alert(body.as_bytes()));
    assert_eq!(status, 202, "{taken}");
    let browser = Browser::signed_in(&sim);
    for path in ["/".to_owned(), format!("/captures/{}", name(&taken))] {
        let seen = browser.get(&path);
        assert!(seen.has("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", seen.text);
        for words in ["<script>", "<img", "\u{202e}", "\u{7}", "style=", "onerror=\"", "javascript:"] {
            assert!(!seen.has(words), "{words} in {}", seen.text);
        }
        assert!(!seen.has(&"W".repeat(600)));
    }
}

#[test]
fn pages_are_kept_by_nobody_and_load_nothing_from_elsewhere() {
    let (sim, path) = one_capture();
    let browser = Browser::signed_in(&sim);
    for seen in [
        Browser::new(&sim).get("/"),
        browser.get("/"),
        browser.get(&path),
        browser.get("/captures/none"),
        browser.post("/", ""),
    ] {
        assert_eq!(seen.header("content-type"), "text/html; charset=utf-8", "{}", seen.status);
        assert_eq!((seen.header("cache-control"), seen.header("vary")), ("no-store", "Cookie"));
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        let policy = seen.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'")
                && !policy.contains("unsafe")
        );
        for word in [" style=\"", "<style", " onclick", "src=\"http", "href=\"http"] {
            assert!(!seen.has(word), "{word} in {}", seen.text);
        }
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (sim, path) = one_running();
    let browser = Browser::signed_in(&sim);
    for path in ["/", path.as_str()] {
        let first = browser.get(path);
        let tag = first.header("etag").to_owned();
        let again = browser.ask(Method::GET, path, &[("if-none-match", &tag)], "");
        assert_eq!((again.status, again.text.len(), again.header("etag")), (304, 0, tag.as_str()));
        assert_eq!(browser.ask(Method::GET, path, &[("if-none-match", "\"x\"")], "").status, 200);
    }
    let tag = browser.get(&path).header("etag").to_owned();
    sim.pass(20_000);
    send_all(&sim, sweep());
    let ended = browser.ask(Method::GET, &path, &[("if-none-match", &tag)], "");
    assert!(ended.status == 200 && ended.has("Ended"));
}

#[test]
fn style_and_script_are_served_for_good_to_anybody() {
    let sim = Sim::new();
    let browser = Browser::new(&sim);
    let page = browser.get("/");
    let mut found = 0;
    for rest in page.text.split("\"/assets/").skip(1) {
        let seen = browser.get(&format!("/assets/{}", rest.split('"').next().unwrap()));
        assert_eq!((seen.status, seen.header("cache-control")), (200, "public, max-age=31536000, immutable"));
        assert_eq!(
            (seen.header("content-encoding"), seen.header("x-content-type-options")),
            ("gzip", "nosniff")
        );
        found += 1;
    }
    assert_eq!(found, 3);
    assert_eq!(browser.get("/assets/page.css").status, 404);
}
