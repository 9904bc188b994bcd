//! Random numbers that are the same in every run.

/// Random numbers from a seed (Steele, Lea and Flood 2014, SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers. WAYSTATION_SEED in the environment gives others.
    pub fn new(seed: u64) -> Self {
        let given = std::env::var("WAYSTATION_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        Self(given.unwrap_or(seed))
    }

    /// The next number of 64 bits.
    pub fn next_bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 up to, not including, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_bits() % end.max(1)
    }

    /// A number from 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.next_bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}
