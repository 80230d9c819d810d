//! What a run came to: what must not happen and did, and what happened in numbers.

use crate::check::calls::Kind;

/// What must not happen, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which of the invariants, by a short name.
    pub invariant: &'static str,
    /// What happened, and when.
    pub what: String,
}

/// What happened in a run, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Turns of tasks.
    pub turns: u64,
    /// Seconds of the world's time.
    pub seconds: u64,
    /// Alerts that fired.
    pub alerts: u64,
    /// Deliveries that were answered.
    pub answers: u64,
    /// Sessions of ours at Azure.
    pub sessions: u64,
    /// Calls to ARM.
    pub arm_calls: u64,
    /// The most of them about one session, by the run's kind, beside the looks at slow provisioning.
    pub most_calls: [u32; Kind::ALL.len()],
    /// Instances that died.
    pub crashes: u64,
    /// Messages to people.
    pub messages: u64,
    /// Messages that came again.
    pub repeats: u64,
    /// Writes that undid what another instance had just written: no store has a compare-and-swap.
    pub undone: u64,
    /// Captures beyond what a cool-down or a budget allows.
    pub beyond: u64,
    /// The longest that an alert's answer took, in milliseconds.
    pub slowest_answer: u64,
    /// The longest that a sweep took, in milliseconds.
    pub slowest_sweep: u64,
}

impl Numbers {
    /// Those of two runs: sums, and the greatest of what has one.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            turns: self.turns + other.turns,
            seconds: self.seconds + other.seconds,
            alerts: self.alerts + other.alerts,
            answers: self.answers + other.answers,
            sessions: self.sessions + other.sessions,
            arm_calls: self.arm_calls + other.arm_calls,
            most_calls: std::array::from_fn(|i| self.most_calls[i].max(other.most_calls[i])),
            crashes: self.crashes + other.crashes,
            messages: self.messages + other.messages,
            repeats: self.repeats + other.repeats,
            undone: self.undone + other.undone,
            beyond: self.beyond + other.beyond,
            slowest_answer: self.slowest_answer.max(other.slowest_answer),
            slowest_sweep: self.slowest_sweep.max(other.slowest_sweep),
        }
    }
}

impl Numbers {
    /// For people.
    #[must_use]
    pub fn in_words(&self) -> String {
        let most = Kind::ALL.iter().zip(self.most_calls).map(|(kind, most)| format!("{kind:?} {most}"));
        let most = most.collect::<Vec<_>>().join(", ");
        format!(
            "{} turns in {} h of the world's time; {} alerts, {} answers (slowest {} ms; sweeps {} ms), {} sessions, {} calls \
             to ARM (most about one: {most}), {} deaths, {} messages ({} of them again), {} writes that undid another's, {} \
             captures beyond a limit",
            self.turns,
            self.seconds / 3_600,
            self.alerts,
            self.answers,
            self.slowest_answer,
            self.slowest_sweep,
            self.sessions,
            self.arm_calls,
            self.crashes,
            self.messages,
            self.repeats,
            self.undone,
            self.beyond,
        )
    }
}
