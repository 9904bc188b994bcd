//! One tree.

use std::iter::successors;

use crate::bins::number::ZERO_THRESHOLD;
use crate::part::part;

/// Which values count as missing in a split by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// None; NaN counts as zero.
    None,
    /// Zero and NaN.
    Zero,
    /// NaN.
    Nan,
}

/// Who goes left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// Values of at most the threshold.
    Number {
        /// The greatest value that goes left.
        threshold: f64,
        /// Which values are missing.
        missing: Missing,
        /// Whether missing values go left.
        default_left: bool,
    },
    /// Categories whose bit is set; missing values go right.
    Category {
        /// A bit per category, 32 in each word.
        bits: Vec<u32>,
    },
}

impl Rule {
    /// The rule that sends these categories left.
    pub(crate) fn of_categories(categories: impl IntoIterator<Item = u32>) -> Self {
        let mut bits = Vec::new();
        for category in categories {
            let word = (category / 32) as usize;
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << (category % 32);
        }
        Self::Category { bits }
    }

    /// The categories that go left, ascending.
    pub(crate) fn categories(&self) -> impl Iterator<Item = u32> {
        let bits = match self {
            Self::Category { bits } => bits.as_slice(),
            Self::Number { .. } => &[],
        };
        (0..).zip(bits).flat_map(|(word, bits)| {
            // Bit by bit from the lowest: taking off one makes the rest.
            let rests = successors(Some(*bits), |rest| Some(rest & rest.wrapping_sub(1)));
            let rests = rests.take_while(|rest| *rest != 0);
            rests.map(move |rest| word * u32::BITS + rest.trailing_zeros())
        })
    }

    /// Whether a value goes left; as LightGBM decides it, to the last case.
    #[inline]
    pub(crate) fn goes_left(&self, value: f64) -> bool {
        match self {
            Self::Number {
                threshold,
                missing,
                default_left,
            } => {
                let absent = match missing {
                    Missing::None => false,
                    Missing::Zero => value.is_nan() || value.abs() <= ZERO_THRESHOLD,
                    Missing::Nan => value.is_nan(),
                };
                if absent {
                    return *default_left;
                }
                (if value.is_nan() { 0.0 } else { value }) <= *threshold
            }
            Self::Category { bits } => value > -1.0 && has_bit(bits, value),
        }
    }

    /// Puts the rows whose values go left before all others; returns how many. The order stays.
    pub(crate) fn part(&self, values: &[f64], rows: &mut [u32]) -> usize {
        match *self {
            Self::Number {
                threshold,
                missing: missing @ (Missing::None | Missing::Nan),
                default_left,
            } => {
                let nan_goes_left = match missing {
                    Missing::Nan => default_left,
                    _ => threshold >= 0.0,
                };
                match nan_goes_left {
                    true => part(rows, |row| values[row] <= threshold || values[row].is_nan()),
                    false => part(rows, |row| values[row] <= threshold),
                }
            }
            _ => part(rows, |row| self.goes_left(values[row])),
        }
    }
}

fn has_bit(bits: &[u32], category: f64) -> bool {
    let category = category as usize;
    let word = bits.get(category / 32);
    word.is_some_and(|word| word >> (category % 32) & 1 == 1)
}

/// A child, as LightGBM writes it: a node, or the complement of a leaf.
pub(crate) type Child = i32;

/// A split.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// The column that is split by.
    pub(crate) feature: usize,
    /// Who goes left.
    pub(crate) rule: Rule,
    /// By how much the split lowers the loss.
    pub(crate) gain: f64,
    /// Where to go.
    pub(crate) left: Child,
    /// Where to go else.
    pub(crate) right: Child,
    /// What the node would answer as a leaf.
    pub(crate) answer: Answer,
}

/// What a leaf answers, or a node would.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// The value.
    pub(crate) value: f64,
    /// The sum of second derivatives behind it.
    pub(crate) weight: f64,
    /// The rows behind it.
    pub(crate) count: u64,
}

/// One tree. Node 0 is the root; a tree without nodes is one leaf.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) leaves: Vec<Answer>,
    /// The share of the answers that was taken; 1 for a tree into which the starting value was folded.
    pub(crate) shrinkage: f64,
}

impl Tree {
    /// A tree that answers the same to all.
    pub(crate) fn constant(value: f64) -> Self {
        Self {
            nodes: Vec::new(),
            leaves: vec![Answer {
                value,
                ..Answer::default()
            }],
            shrinkage: 1.0,
        }
    }

    /// The gain of the least of its splits; infinite without any.
    pub(crate) fn least_gain(&self) -> f64 {
        let gains = self.nodes.iter().map(|node| node.gain);
        gains.fold(f64::INFINITY, f64::min)
    }

    /// Sends rows down the tree: `part` puts those of a node that go left before all others and tells how many; `take` gets
    /// the value of each leaf with all of its rows. Far faster than row by row, as no branch is guessed.
    pub(crate) fn run(
        &self,
        rows: &mut [u32],
        part: impl Fn(usize, &mut [u32]) -> usize,
        mut take: impl FnMut(&[u32], f64),
    ) {
        let root: Child = if self.nodes.is_empty() { !0 } else { 0 };
        let mut waiting = vec![(root, rows)];
        while let Some((child, rows)) = waiting.pop() {
            if rows.is_empty() {
                continue;
            }
            if child < 0 {
                take(rows, self.leaves[!child as usize].value);
                continue;
            }
            let number = child as usize;
            let left = part(number, rows);
            let (left, right) = rows.split_at_mut(left);
            let node = &self.nodes[number];
            waiting.extend([(node.left, left), (node.right, right)]);
        }
    }

    /// The value for a row, whose features are asked for one by one.
    #[cfg(test)]
    pub(crate) fn value(&self, feature: impl Fn(usize) -> f64) -> f64 {
        let mut child: Child = if self.nodes.is_empty() { !0 } else { 0 };
        while child >= 0 {
            let node = &self.nodes[child as usize];
            child = if node.rule.goes_left(feature(node.feature)) {
                node.left
            } else {
                node.right
            };
        }
        self.leaves[!child as usize].value
    }

    /// Takes only a share of the tree's answers.
    pub(crate) fn shrink(&mut self, rate: f64) {
        self.shrinkage *= rate;
        for answer in self.answers() {
            answer.value *= rate;
        }
    }

    /// Adds a starting value to all answers, so that a model needs no word for it.
    pub(crate) fn add(&mut self, start: f64) {
        self.shrinkage = 1.0;
        for answer in self.answers() {
            answer.value += start;
        }
    }

    fn answers(&mut self) -> impl Iterator<Item = &mut Answer> {
        let nodes = self.nodes.iter_mut().map(|node| &mut node.answer);
        self.leaves.iter_mut().chain(nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(missing: Missing, default_left: bool) -> Rule {
        Rule::Number {
            threshold: 1.5,
            missing,
            default_left,
        }
    }

    /// Each value by itself, and all of them together.
    #[track_caller]
    fn check(rule: &Rule, left: &[f64], right: &[f64]) {
        let values: Vec<f64> = right.iter().chain(left).copied().collect();
        let mut rows: Vec<u32> = (0..values.len() as u32).collect();
        assert_eq!(rule.part(&values, &mut rows), left.len());
        rows.rotate_left(left.len());
        assert!(rows.is_sorted());
        for value in left {
            assert!(rule.goes_left(*value), "{value} goes right");
        }
        for value in right {
            assert!(!rule.goes_left(*value), "{value} goes left");
        }
    }

    #[test]
    fn numbers_up_to_the_threshold_go_left() {
        let rule = number(Missing::None, false);
        check(&rule, &[1.5, 0.0, -9.0, f64::NAN], &[1.6, f64::INFINITY]);
        let below_zero = Rule::Number {
            threshold: -1.0,
            missing: Missing::None,
            default_left: true,
        };
        check(&below_zero, &[-1.0, -9.0], &[0.0, f64::NAN]);
    }

    #[test]
    fn missing_numbers_go_their_side() {
        check(&number(Missing::Nan, false), &[0.0], &[f64::NAN]);
        check(&number(Missing::Nan, true), &[f64::NAN], &[2.0]);
        check(
            &number(Missing::Zero, false),
            &[0.1],
            &[f64::NAN, 0.0, -0.0, 1e-36],
        );
    }

    #[test]
    fn categories_with_a_bit_go_left() {
        let rule = Rule::of_categories([1, 40]);
        check(
            &rule,
            &[1.0, 1.9, 40.0],
            &[0.0, 2.0, 8.0, 41.0, 72.0, 1e300],
        );
        check(
            &rule,
            &[],
            &[f64::NAN, -1.0, f64::NEG_INFINITY, f64::INFINITY],
        );
        check(&Rule::of_categories([0]), &[0.0, -0.5], &[32.0]);
    }

    #[test]
    fn a_tree_of_one_leaf_answers_the_same_to_all() {
        assert_eq!(Tree::constant(3.0).value(|_| f64::NAN), 3.0);
    }
}
