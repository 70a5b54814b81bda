//! The fuzzers' promises, held by their committed seeds and by slips of them, so that neither rots between two runs of
//! `make fuzz`, which looks much longer.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests may panic, and stand outside the program"
)]

#[path = "../fuzz/src/lib.rs"]
mod promises;

/// Slips of each seed.
const SLIPS: usize = 300;
/// What slips in between.
const PIECES: [&str; 14] = [
    "null",
    "\"\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "1e308",
    "\\ud800",
    "\\u0000",
    "\"data\":[",
    "\"id\":",
    "\u{feff}",
];

/// A seed, each cut of it, and many in which something was lost, doubled or slipped in. The same ones every time.
fn hold(folder: &str, promise: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let seed = std::fs::read(entry.unwrap().path()).unwrap();
        promise(&seed);
        (0..seed.len()).step_by(7).for_each(|end| promise(&seed[..end]));
        let mut state = 21_u64;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % limit.max(1)
        };
        for _ in 0..SLIPS {
            let mut slip = seed.clone();
            for _ in 0..=below(3) {
                let (at, length) = (below(slip.len()), below(12));
                let end = (at + length).min(slip.len());
                let piece = PIECES[below(PIECES.len())].as_bytes();
                match below(3) {
                    0 => drop(slip.splice(at..end, piece.iter().copied())),
                    1 => slip[at] = u8::try_from(below(256)).unwrap(),
                    _ => {
                        let copy = slip[at..end].to_vec();
                        drop(slip.splice(at..at, copy));
                    }
                }
            }
            promise(&slip);
        }
        seeds += 1;
    }
    assert!(seeds >= 2, "there are seeds");
}

#[test]
fn pages_of_the_catalog_keep_their_promises() {
    hold("packages", promises::packages);
}

#[test]
fn answers_of_one_object_keep_their_promises() {
    hold("orders", promises::orders);
}

#[test]
fn webhooks_keep_their_promises() {
    hold("webhooks", promises::webhooks);
}
