//! Who has to wait for whom.

use super::{Facts, Sentence};

/// One or two are a pause.
pub(super) const ZERO_WINDOWS: u64 = 5;
/// Of fewer handshakes a median says little.
pub(super) const SLOW_HANDSHAKES: u64 = 5;
/// Longer than across an ocean, in milliseconds.
pub(super) const SLOW_MS: u64 = 200;

/// One side has no room for more.
pub(super) fn zero_window(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let all = facts.summary.tcp.zero_windows;
    if all < ZERO_WINDOWS {
        return false;
    }
    sentence.number(all).say(" times TCP had no room for more");
    let mut worst = None;
    let mut most = 0;
    for (it, tcp) in facts.connections() {
        let by_client = tcp.zero_windows.saturating_sub(tcp.server_zero_windows);
        let sides = [(tcp.server_zero_windows, &it.server, &it.client), (by_client, &it.client, &it.server)];
        for (count, slow, other) in sides {
            if count > most {
                (most, worst) = (count, Some((slow, other)));
            }
        }
    }
    if let Some((slow, other)) = worst {
        sentence.say(", ").number(most).say(" of them at ").endpoint(slow).say(" for what ").endpoint(other);
        sentence.say(" sends: the program there does not read fast enough");
    }
    true
}

/// It takes long until a connection stands.
pub(super) fn slow_handshakes(facts: &Facts<'_>, sentence: &mut Sentence) -> bool {
    let trips = &facts.summary.tcp.round_trip;
    if trips.count < SLOW_HANDSHAKES || trips.median / 1_000_000 < SLOW_MS {
        return false;
    }
    sentence.say("Half of the ").count(trips.count, "TCP handshake").say(" took ").span(trips.median);
    sentence
        .say(" or longer, the longest ")
        .span(trips.longest)
        .say(": the way is long, or the other side busy");
    true
}
