//! A few seeds with every run of the tests; `cargo xtask simulate` makes many more.

#[test]
fn what_must_hold_holds_in_a_hostile_world() {
    for seed in 0..8 {
        let outcome = simulate::run(seed, false);
        assert_eq!(outcome.violation, None, "cargo xtask simulate --seed {seed} shows it");
    }
}

#[test]
fn a_seed_replays_to_the_byte_on_any_thread() {
    let seeds = [3, 7];
    let elsewhere = std::thread::spawn(move || seeds.map(|seed| simulate::run(seed, true)));
    let here = seeds.map(|seed| simulate::run(seed, true));
    for (one, other) in here.iter().zip(elsewhere.join().expect("no panic")) {
        assert!(one.trace.len() > 50);
        assert_eq!(one.trace, other.trace);
        assert_eq!((&one.violation, one.numbers), (&other.violation, other.numbers));
    }
}

#[test]
fn the_trace_changes_nothing() {
    for seed in 8..10 {
        let (with, without) = (simulate::run(seed, true), simulate::run(seed, false));
        assert_eq!((with.violation, with.numbers), (without.violation, without.numbers));
    }
}
