//! How many different values there are.
//!
//! Up to 512 by their 64-bit hashes, beyond by HyperLogLog (Flajolet et al. 2007) with 4,096 registers and the estimator of
//! O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017): standard error about 1.6 %.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compact;
use crate::hash::{Map, mix};

const EXACT: usize = 512;
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;
/// The greatest value of a register.
const TOP: usize = 65 - BITS as usize;

/// The character of an empty register: from it on, none that a register can have is a quote or a backslash, so that
/// JSON has all as they are.
const NO_RANK: u8 = b'#';

#[derive(Clone, Debug)]
enum State {
    Exact(Map<u64, ()>),
    Estimate(Vec<u8>),
}

/// The number of different values.
#[derive(Clone, Debug)]
pub struct Distinct(State);

impl Default for Distinct {
    fn default() -> Self {
        Self(State::Exact(Map::default()))
    }
}

impl Distinct {
    /// A state for a part of data whose whole is known to have more values than can be told exactly: it has registers from
    /// the start. The merged result is the same; filling it is faster.
    pub fn of_many() -> Self {
        Self(State::Estimate(vec![0; REGISTERS]))
    }

    /// Adds a number. Both zeros are one value.
    #[inline]
    pub fn add_number(&mut self, value: f64) {
        self.add_hash(mix((value + 0.0).to_bits()));
    }

    /// Adds numbers.
    pub fn extend_numbers(&mut self, values: &[f64]) {
        let mut rest = values.iter();
        while let State::Exact(_) = self.0 {
            let Some(value) = rest.next() else {
                return;
            };
            self.add_number(*value);
        }
        if let State::Estimate(registers) = &mut self.0 {
            for value in rest {
                register(registers, mix((value + 0.0).to_bits()));
            }
        }
    }

    /// Adds a text.
    #[inline]
    pub fn add_text(&mut self, text: &str) {
        self.add_bytes(text.as_bytes());
    }

    /// Adds bytes.
    #[inline]
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        self.add_hash(xxhash_rust::xxh3::xxh3_64(bytes));
    }

    /// Adds a value by its hash, of which all 64 bits must be good.
    #[inline]
    pub fn add_hash(&mut self, hash: u64) {
        match &mut self.0 {
            State::Estimate(registers) => register(registers, hash),
            State::Exact(hashes) => {
                if hashes.insert(hash, ()).is_none() && hashes.len() > EXACT {
                    self.0 = State::Estimate(registers_of(hashes));
                }
            }
        }
    }

    /// Adds the values of another state.
    pub fn merge(&mut self, other: &Self) {
        let theirs = match &other.0 {
            State::Estimate(registers) => registers,
            State::Exact(hashes) => return hashes.keys().for_each(|hash| self.add_hash(*hash)),
        };
        let mut registers = match &mut self.0 {
            State::Estimate(registers) => std::mem::take(registers),
            State::Exact(hashes) => registers_of(hashes),
        };
        for (mine, theirs) in registers.iter_mut().zip(theirs) {
            *mine = (*mine).max(*theirs);
        }
        self.0 = State::Estimate(registers);
    }

    /// Whether the count is exact.
    pub fn is_exact(&self) -> bool {
        matches!(self.0, State::Exact(_))
    }

    /// The count, or its estimate.
    pub fn count(&self) -> u64 {
        match &self.0 {
            State::Exact(hashes) => hashes.len() as u64,
            State::Estimate(registers) => estimate(registers).round() as u64,
        }
    }
}

fn registers_of(hashes: &Map<u64, ()>) -> Vec<u8> {
    let mut registers = vec![0; REGISTERS];
    hashes
        .keys()
        .for_each(|hash| register(&mut registers, *hash));
    registers
}

#[inline]
fn register(registers: &mut [u8], hash: u64) {
    let place = (hash >> (64 - BITS)) as usize;
    let rank = ((hash << BITS) | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
    let register = &mut registers[place];
    *register = (*register).max(rank);
}

/// Ertl's improved raw estimator (algorithm 6 of the paper).
fn estimate(registers: &[u8]) -> f64 {
    let mut with_rank = [0_u32; TOP + 1];
    for rank in registers {
        with_rank[usize::from(*rank).min(TOP)] += 1;
    }
    let size = REGISTERS as f64;
    let mut sum = size * tau(1.0 - f64::from(with_rank[TOP]) / size);
    for count in with_rank[1..TOP].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += size * sigma(f64::from(with_rank[0]) / size);
    size * size / (2.0 * std::f64::consts::LN_2 * sum)
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut sum) = (1.0, x);
    loop {
        let before = sum;
        x *= x;
        sum += x * power;
        power += power;
        if sum == before {
            return sum;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut power, mut sum) = (1.0, 1.0 - x);
    loop {
        let before = sum;
        x = x.sqrt();
        power *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * power;
        if sum == before {
            return sum / 3.0;
        }
    }
}

impl PartialEq for Distinct {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (State::Exact(a), State::Exact(b)) => a == b,
            (State::Estimate(a), State::Estimate(b)) => a == b,
            _ => false,
        }
    }
}

/// On disk: `=` and sorted hashes, or `~` and registers, a character each.
impl Serialize for Distinct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match &self.0 {
            State::Exact(hashes) => {
                let mut hashes: Vec<u64> = hashes.keys().copied().collect();
                hashes.sort_unstable();
                let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
                format!("={}", compact::encode(&bytes))
            }
            State::Estimate(registers) => {
                let character = |rank: &u8| char::from(rank + NO_RANK);
                let text = std::iter::once('~').chain(registers.iter().map(character));
                text.collect()
            }
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::read(deserializer, "a count of distinct values", parse)
    }
}

fn parse(text: &str) -> Option<Distinct> {
    if let Some(text) = text.strip_prefix('~') {
        let rank = |character: u8| character.wrapping_sub(NO_RANK);
        let registers: Vec<u8> = text.bytes().map(rank).collect();
        let whole =
            registers.len() == REGISTERS && registers.iter().all(|rank| usize::from(*rank) <= TOP);
        return whole.then_some(Distinct(State::Estimate(registers)));
    }
    let bytes = compact::decode(text.strip_prefix('=')?)?;
    let (hashes, end) = bytes.as_chunks::<8>();
    let whole = end.is_empty() && hashes.len() <= EXACT;
    let hashes = hashes.iter().map(|hash| (u64::from_le_bytes(*hash), ()));
    whole.then(|| Distinct(State::Exact(hashes.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distinct(values: impl IntoIterator<Item = u32>) -> Distinct {
        let mut distinct = Distinct::default();
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        distinct.extend_numbers(&values);
        distinct
    }

    #[track_caller]
    fn check(different: u32, tolerance: f64) {
        let count = distinct((0..different).chain(0..different / 2)).count() as f64;
        let error = (count / f64::from(different) - 1.0).abs();
        assert!(error <= tolerance, "{count} for {different}");
    }

    #[test]
    fn counts_are_exact_at_first_and_close_later() {
        check(1, 0.0);
        check(512, 0.0);
        for different in [513, 2_000, 10_000, 20_000, 100_000, 1_000_000] {
            check(different, 0.04);
        }
        assert_eq!(Distinct::default().count(), 0);
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in ["\"\"", "\"~AAAA\"", "\"=AAAA\"", "\"?\""] {
            assert!(serde_json::from_str::<Distinct>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_order_and_any_merge_give_the_same(
            a in prop::collection::vec(0..2000_u32, 0..800),
            b in prop::collection::vec(0..2000_u32, 0..800),
        ) {
            let mut merged = distinct(b.clone());
            merged.merge(&distinct(a.clone()));
            let mut alike = if merged.is_exact() { Distinct::default() } else { Distinct::of_many() };
            alike.merge(&distinct(a.clone()));
            let mut again = distinct(b.clone());
            again.merge(&alike);
            let whole = distinct(a.into_iter().chain(b));
            prop_assert!(again == whole || merged.is_exact() != whole.is_exact());
            prop_assert_eq!(&merged, &whole);
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Distinct>(&text).unwrap(), &whole);
        }
    }
}
