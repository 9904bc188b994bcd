//! From a hash to a partition, in shares.

use stage::Fault;

use crate::{Partition, Shares};

/// The number of possible hashes.
const HASHES: f64 = 18_446_744_073_709_551_616.0;

/// Hashes below the first bound are train, below the second validation, the rest test.
///
/// The order is fixed, so that a greater share of train takes rows from validation first and leaves test alone
/// as long as test's own share stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    train: u128,
    validation: u128,
}

impl Bounds {
    pub(crate) fn new(shares: &Shares) -> Result<Self, Fault> {
        let named = [
            ("train", shares.train),
            ("validation", shares.validation),
            ("test", shares.test),
        ];
        for (name, share) in named {
            if !(0.0..=1.0).contains(&share) {
                return Err(Fault::settings(format!(
                    "`shares.{name}`: expected a number from 0 to 1, found {share}"
                )));
            }
        }
        let sum: f64 = named.iter().map(|(_, share)| share).sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(
                Fault::settings(format!("`shares`: expected a sum of 1, found {sum}"))
                    .hint("name a share for each partition that is to have rows"),
            );
        }
        if shares.train == 0.0 {
            return Err(Fault::settings(
                "`shares.train`: expected more than 0, found 0",
            ));
        }
        // Counted from the end, so that a partition without a share gets no row for a rounding error.
        let all = HASHES as u128;
        let validation = all - (shares.test * HASHES) as u128;
        let train = if shares.validation == 0.0 {
            validation
        } else {
            (shares.train * HASHES) as u128
        };
        Ok(Self { train, validation })
    }

    pub(crate) fn partition(self, hash: u64) -> Partition {
        let hash = u128::from(hash);
        if hash < self.train {
            Partition::Train
        } else if hash < self.validation {
            Partition::Validation
        } else {
            Partition::Test
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(train: f64, validation: f64, test: f64) -> Result<Bounds, Fault> {
        Bounds::new(&Shares {
            train,
            validation,
            test,
        })
    }

    #[test]
    fn a_partition_without_a_share_gets_no_row() {
        assert_eq!(
            bounds(1.0, 0.0, 0.0).unwrap().partition(u64::MAX),
            Partition::Train
        );
        assert_eq!(
            bounds(0.9, 0.1, 0.0).unwrap().partition(u64::MAX),
            Partition::Validation
        );
        let none_to_validation = bounds(0.7, 0.0, 0.3).unwrap();
        assert_eq!(none_to_validation.train, none_to_validation.validation);
    }

    #[test]
    fn more_for_train_at_the_cost_of_validation_leaves_test_alone() {
        let narrow = bounds(0.6, 0.3, 0.1).unwrap();
        let wide = bounds(0.8, 0.1, 0.1).unwrap();
        assert_eq!(narrow.validation, wide.validation);
    }

    #[test]
    fn shares_that_are_not_a_whole_are_refused() {
        let check = |shares: Result<Bounds, Fault>, expected: &str| {
            assert_eq!(shares.unwrap_err().to_string(), expected);
        };
        check(
            bounds(0.5, 0.25, 0.0),
            "`shares`: expected a sum of 1, found 0.75",
        );
        check(
            bounds(70.0, 15.0, 15.0),
            "`shares.train`: expected a number from 0 to 1, found 70",
        );
        check(
            bounds(0.0, 0.5, 0.5),
            "`shares.train`: expected more than 0, found 0",
        );
    }
}
