//! DNS and TLS: names that cannot be found, and handshakes that fail.

use super::{Facts, Sentence, facts::is_share};

/// One or two failures are typing mistakes and searches through domains.
pub(super) const DNS_FAILURES: u64 = 5;
/// Searches through domains fail by their nature, but not most of the time.
pub(super) const DNS_FAILURES_PERCENT: u64 = 10;
/// The last questions of a capture have no answer yet.
pub(super) const DNS_UNANSWERED: u64 = 5;
/// Of all questions.
pub(super) const DNS_UNANSWERED_PERCENT: u64 = 10;
/// Of fewer answers a median says little.
pub(super) const DNS_SLOW: u64 = 5;
/// Programs wait for names before anything else, in milliseconds.
pub(super) const DNS_SLOW_MS: u64 = 200;
/// One or two may be anything.
pub(super) const TLS_ALERTS: u64 = 5;
/// Of the client hellos.
pub(super) const TLS_ALERTS_PERCENT: u64 = 10;

/// Questions stay without an answer.
pub(super) fn unanswered(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let dns = &facts.summary.dns;
    if dns.unanswered < DNS_UNANSWERED || !is_share(dns.unanswered, dns.queries, DNS_UNANSWERED_PERCENT) {
        return false;
    }
    sentence.number(dns.unanswered).say(" of ").count(dns.queries, "DNS query").say(" had no answer");
    true
}

/// Answers say no.
pub(super) fn failures(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let dns = &facts.summary.dns;
    if dns.failed < DNS_FAILURES || !is_share(dns.failed, dns.responses, DNS_FAILURES_PERCENT) {
        return false;
    }
    sentence.percent(dns.failed, dns.responses).say(" of the DNS answers (").number(dns.failed);
    sentence.say(") were failures");
    if let Some(worst) = dns.failures.largest.first() {
        sentence.say(", most often ").wire(&worst.code).say(" for ").wire(&worst.name);
        sentence.say(" (").number(worst.count).say(")");
    }
    true
}

/// Answers come late.
pub(super) fn slow(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let times = &facts.summary.dns.response_time;
    if times.count < DNS_SLOW || times.median / 1_000_000 < DNS_SLOW_MS {
        return false;
    }
    sentence.say("Half of the ").count(times.count, "DNS answer").say(" took ").span(times.median);
    sentence.say(" or longer, the longest ").span(times.longest);
    true
}

/// TLS handshakes end in alerts.
pub(super) fn tls_alerts(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let tls = &facts.summary.tls;
    if tls.alerts < TLS_ALERTS || !is_share(tls.alerts, tls.client_hellos.max(1), TLS_ALERTS_PERCENT) {
        return false;
    }
    sentence
        .count(tls.alerts, "TLS alert")
        .say(" before encryption, with ")
        .count(tls.client_hellos, "client hello");
    sentence.say(": handshakes fail, by certificates, names or versions");
    true
}
