use super::*;

const ONE: &str = "/subscriptions/One/providers/Microsoft.Network/networkWatchers";
const OTHER: &str = "/subscriptions/other/providers/Microsoft.Network/networkWatchers";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(seconds)
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn after(method: &Method, status: u16, pairs: &[(&'static str, &str)]) -> Throttle {
    let mut throttle = Throttle::default();
    throttle.learn(
        ONE,
        method,
        StatusCode::from_u16(status).unwrap(),
        &headers(pairs),
        "SubscriptionRequestsThrottled",
        at(100),
    );
    throttle
}

#[test]
fn a_throttled_subscription_gets_nothing_more_of_that_kind_until_azure_says() {
    let throttle = after(&Method::PUT, 429, &[("retry-after", "7")]);
    for urgency in [Urgency::Alert, Urgency::Poll] {
        assert_eq!(throttle.holds(ONE, &Method::POST, urgency, at(100)), Some(7));
        assert_eq!(throttle.holds(&ONE.to_uppercase(), &Method::PUT, urgency, at(106)), Some(1));
        assert_eq!(throttle.holds(ONE, &Method::PUT, urgency, at(107)), None);
        assert_eq!(throttle.holds(ONE, &Method::GET, urgency, at(100)), None, "reads are counted apart");
        assert_eq!(throttle.holds(ONE, &Method::DELETE, urgency, at(100)), None);
        assert_eq!(throttle.holds(OTHER, &Method::PUT, urgency, at(100)), None);
    }
    let unnamed = after(&Method::GET, 429, &[]);
    assert_eq!(unnamed.holds(ONE, &Method::GET, Urgency::Alert, at(100)), Some(5));
    assert_eq!(unnamed.holds(ONE, &Method::PUT, Urgency::Alert, at(100)), None);
}

#[test]
fn of_the_last_requests_of_a_bucket_polls_take_none() {
    let scarce = [("x-ms-ratelimit-remaining-subscription-reads", "24")];
    let throttle = after(&Method::GET, 200, &scarce);
    assert_eq!(throttle.holds(ONE, &Method::GET, Urgency::Poll, at(100)), Some(2));
    assert_eq!(throttle.holds(ONE, &Method::GET, Urgency::Poll, at(102)), None);
    assert_eq!(throttle.holds(ONE, &Method::GET, Urgency::Alert, at(100)), None);
    let plenty = [("x-ms-ratelimit-remaining-subscription-deletes", "25")];
    assert_eq!(
        after(&Method::DELETE, 202, &plenty).holds(ONE, &Method::DELETE, Urgency::Poll, at(100)),
        None
    );
    let another = [("x-ms-ratelimit-remaining-subscription-writes", "0")];
    assert_eq!(after(&Method::GET, 200, &another).holds(ONE, &Method::GET, Urgency::Poll, at(100)), None);
    let writes = after(&Method::POST, 202, &another);
    assert_eq!(writes.holds(ONE, &Method::PUT, Urgency::Poll, at(100)), Some(2));
}

#[test]
fn a_busy_bucket_is_not_forgotten_for_a_scarce_one() {
    let mut throttle = after(&Method::GET, 429, &[("retry-after", "30")]);
    let scarce = headers(&[("x-ms-ratelimit-remaining-subscription-reads", "1")]);
    throttle.learn(ONE, &Method::GET, StatusCode::OK, &scarce, "", at(101));
    assert_eq!(throttle.holds(ONE, &Method::GET, Urgency::Poll, at(101)), Some(29));
}

#[test]
fn what_belongs_to_no_subscription_is_counted_together() {
    let mut throttle = Throttle::default();
    throttle.learn(
        "/operations/x",
        &Method::GET,
        StatusCode::TOO_MANY_REQUESTS,
        &HeaderMap::new(),
        "TenantRequestsThrottled",
        at(0),
    );
    assert!(throttle.holds("/y", &Method::GET, Urgency::Alert, at(0)).is_some());
    assert!(throttle.holds(ONE, &Method::GET, Urgency::Alert, at(0)).is_none());
}

#[test]
fn a_busy_resource_makes_polls_wait_and_alerts_try() {
    let retry_after = headers(&[("retry-after", "300")]);
    let mut throttle = Throttle::default();
    let code = "RetryableErrorDueToAnotherOperation";
    throttle.learn(ONE, &Method::POST, StatusCode::TOO_MANY_REQUESTS, &retry_after, code, at(100));
    assert_eq!(throttle.holds(ONE, &Method::POST, Urgency::Poll, at(100)), Some(300));
    assert_eq!(throttle.holds(ONE, &Method::PUT, Urgency::Alert, at(100)), None);
    let empty = headers(&[("retry-after", "9"), ("x-ms-ratelimit-remaining-subscription-writes", "0")]);
    throttle.learn(ONE, &Method::POST, StatusCode::TOO_MANY_REQUESTS, &empty, "X", at(100));
    assert_eq!(throttle.holds(ONE, &Method::PUT, Urgency::Alert, at(100)), Some(9), "nothing is left at all");
}

#[test]
fn what_is_left_for_all_applications_together_counts_too() {
    let pairs = [
        ("x-ms-ratelimit-remaining-subscription-reads", "200"),
        ("x-ms-ratelimit-remaining-subscription-global-reads", "3"),
    ];
    assert_eq!(after(&Method::GET, 200, &pairs).holds(ONE, &Method::GET, Urgency::Poll, at(100)), Some(2));
}
