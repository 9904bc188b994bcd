//! Which rows and which features a round uses.

use crate::bins::{Layout, Place};
use crate::parameters::Parameters;
use crate::random::{Purpose, draw, key, limit};

/// The rows that the trees of a round are grown on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bag {
    key: u64,
    /// Rows whose draw is below are in the bag; `None`: all are.
    limit: Option<u64>,
}

impl Bag {
    /// The bag of a round; drawn anew every `bagging_freq` rounds.
    pub(crate) fn of(parameters: &Parameters, round: u32) -> Self {
        let drawn = parameters.bagging_freq > 0 && parameters.bagging_fraction < 1.0;
        let number = (round - 1) / parameters.bagging_freq.max(1);
        Self {
            key: key(parameters.seed, Purpose::Bag, u64::from(number)),
            limit: drawn.then(|| limit(parameters.bagging_fraction)),
        }
    }

    /// Whether all rows are in the bag.
    pub(crate) fn is_full(&self) -> bool {
        self.limit.is_none()
    }

    /// Whether the row that came with a number is in the bag.
    #[inline]
    pub(crate) fn holds(&self, number: u32) -> bool {
        self.limit
            .is_none_or(|limit| draw(self.key, u64::from(number)) < limit)
    }
}

/// The features that a tree may use: a share of those that can be split, at least one.
pub(crate) fn features(
    parameters: &Parameters,
    layout: &Layout,
    round: u32,
    class: usize,
) -> Vec<(usize, Place)> {
    let used = &layout.used;
    if parameters.feature_fraction >= 1.0 || used.is_empty() {
        return used.clone();
    }
    let count = (used.len() as f64 * parameters.feature_fraction).round() as usize;
    let tree = u64::from(round) * u64::from(parameters.num_class) + class as u64;
    let key = key(parameters.seed, Purpose::Feature, tree);
    let mut drawn: Vec<(u64, (usize, Place))> = used
        .iter()
        .map(|used| (draw(key, used.0 as u64), *used))
        .collect();
    drawn.sort_by_key(|(draw, _)| *draw);
    drawn.truncate(count.max(1));
    let mut chosen: Vec<(usize, Place)> = drawn.into_iter().map(|(_, used)| used).collect();
    chosen.sort_by_key(|(feature, _)| *feature);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(fraction: f64, freq: u32) -> Parameters {
        Parameters {
            bagging_fraction: fraction,
            bagging_freq: freq,
            feature_fraction: 0.3,
            ..Parameters::default()
        }
    }

    fn rows(bag: Bag) -> Vec<u32> {
        (0..10_000).filter(|row| bag.holds(*row)).collect()
    }

    #[test]
    fn a_bag_holds_its_share() {
        let held = rows(Bag::of(&parameters(0.4, 1), 1)).len();
        assert!((3_800..4_200).contains(&held), "{held}");
        assert!(Bag::of(&parameters(0.4, 0), 1).is_full());
        assert!(Bag::of(&parameters(1.0, 1), 1).is_full());
    }

    #[test]
    fn a_bag_stays_for_as_many_rounds_as_asked() {
        let bag = |round| rows(Bag::of(&parameters(0.5, 3), round));
        assert_eq!(bag(1), bag(3));
        assert_ne!(bag(3), bag(4));
    }

    #[test]
    fn trees_use_their_share_of_the_features() {
        let layout = Layout {
            used: (0..20).map(|f| (f, Place::Wide { column: f })).collect(),
            ..Layout::default()
        };
        let first = features(&parameters(1.0, 0), &layout, 1, 0);
        let second = features(&parameters(1.0, 0), &layout, 2, 0);
        assert_eq!((first.len(), second.len()), (6, 6));
        assert!(first.is_sorted_by_key(|(feature, _)| *feature));
        assert_ne!(first, second);
    }
}
