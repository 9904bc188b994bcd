//! The labels that go with each category, by fold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::categories::{Categories, Levels};
use super::entries::Merge;
use super::tally::Tally;
use crate::kind::Kind;

/// The labels of some train rows, and the fold that each row is in.
#[derive(Clone, Debug)]
pub(crate) struct TargetRows {
    /// One digest for each row; its remainder is the row's fold.
    pub(crate) digests: Vec<u64>,
    pub(crate) labels: Labels,
}

/// Labels as target encoding takes them.
#[derive(Clone, Debug)]
pub(crate) enum Labels {
    /// Numbers: values, or 0 and 1.
    Numbers(Vec<Option<f64>>),
    /// For each class its name and whether a row is of it.
    Classes(Vec<Option<String>>),
}

/// The fold of a row.
pub(crate) fn fold(digest: u64, cv: u32) -> usize {
    (digest % u64::from(cv)) as usize
}

/// Count, mean and sum of squared distances, for any rows: Welford's update, merged as Chan, Golub and LeVeque do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Labelled(pub(crate) u64, pub(crate) f64, pub(crate) f64);

impl Labelled {
    pub(crate) fn add(&mut self, label: f64) {
        self.0 += 1;
        let distance = label - self.1;
        self.1 += distance / self.0 as f64;
        self.2 += distance * (label - self.1);
    }

    /// So many rows of a class among so many rows.
    pub(crate) fn of_class(of_class: u64, rows: u64) -> Self {
        if rows == 0 {
            return Self::default();
        }
        let share = of_class as f64 / rows as f64;
        Self(rows, share, share * (rows - of_class) as f64)
    }
}

impl Merge for Labelled {
    fn merge(&mut self, other: &Self) {
        let rows = self.0 + other.0;
        if rows == 0 {
            return;
        }
        let (own, more, all) = (self.0 as f64, other.0 as f64, rows as f64);
        let distance = other.1 - self.1;
        self.2 += other.2 + distance * distance * own * more / all;
        self.1 = (self.1 * own + other.1 * more) / all;
        self.0 = rows;
    }
}

/// What is known of some rows, by fold.
pub(crate) type Folds = Vec<Labelled>;

impl Merge for Folds {
    fn merge(&mut self, other: &Self) {
        for (fold, other) in self.iter_mut().zip(other) {
            fold.merge(other);
        }
    }
}

/// The labels of each category, by class (numbers are one class without a name).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Targets {
    kind: Kind,
    cv: u32,
    classes: BTreeMap<String, Target>,
}

/// The labels of each category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    tally: Tally<Folds>,
    missing: Folds,
}

impl Targets {
    pub(crate) fn new(kind: Kind, cv: u32) -> Self {
        Self {
            kind,
            cv,
            classes: BTreeMap::new(),
        }
    }

    fn empty(&self) -> Folds {
        vec![Labelled::default(); self.cv as usize]
    }

    fn target(&mut self, class: &str) -> &mut Target {
        let (kind, missing) = (self.kind, self.empty());
        let new = || Target {
            tally: Tally::new(kind),
            missing,
        };
        self.classes.entry(class.to_owned()).or_insert_with(new)
    }

    pub(crate) fn add(&mut self, categories: &Categories, rows: &TargetRows) {
        let cv = self.cv;
        let empty = self.empty();
        let mut add = |class: &str, label: &dyn Fn(usize) -> Option<f64>| {
            let add = |folds: &mut Folds, row: usize| {
                if let Some(label) = label(row) {
                    folds[fold(rows.digests[row], cv)].add(label);
                }
            };
            let target = self.target(class);
            let missing = &mut target.missing;
            target
                .tally
                .visit(categories, &empty, add, |row| add(missing, row));
        };
        match &rows.labels {
            Labels::Numbers(labels) => add("", &|row| labels[row]),
            Labels::Classes(labels) => {
                let mut classes: Vec<&str> = labels.iter().flatten().map(String::as_str).collect();
                classes.sort_unstable();
                classes.dedup();
                for class in classes {
                    let of_class =
                        |row: usize| (labels[row].as_deref() == Some(class)).then_some(1.0);
                    add(class, &of_class);
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (class, target) in other.classes {
            match self.classes.get_mut(&class) {
                Some(own) => {
                    own.tally.merge(target.tally);
                    own.missing.merge(&target.missing);
                }
                None => {
                    self.classes.insert(class, target);
                }
            }
        }
    }

    /// All categories in order, the missing one last, and what is known of each, for one target: the numbers, or the rows of this class among those of all. `None` when there are too many categories.
    pub(crate) fn sorted(&self, class: Option<&str>) -> Option<(Levels, Vec<Folds>)> {
        let mut all = self.gather(|_| true)?;
        if let Some(class) = class {
            let of_class = self.gather(|name| name == class)?;
            let (levels, own) = of_class.tally.sorted()?;
            let own: BTreeMap<String, Folds> = levels.texts().into_iter().zip(own).collect();
            let none = self.empty();
            let (levels, mut folds) = all.tally.sorted()?;
            for (text, folds) in levels.texts().iter().zip(&mut folds) {
                among(folds, own.get(text).unwrap_or(&none));
            }
            among(&mut all.missing, &of_class.missing);
            folds.push(all.missing);
            return Some((levels, folds));
        }
        let (levels, mut folds) = all.tally.sorted()?;
        folds.push(all.missing);
        Some((levels, folds))
    }

    fn gather(&self, keep: impl Fn(&str) -> bool) -> Option<Target> {
        let mut sum = Target {
            tally: Tally::new(self.kind),
            missing: self.empty(),
        };
        for (class, target) in &self.classes {
            if target.tally == Tally::Overflow {
                return None;
            }
            if keep(class) {
                sum.tally.merge(target.tally.clone());
                sum.missing.merge(&target.missing);
            }
        }
        (sum.tally != Tally::Overflow).then_some(sum)
    }
}

/// Turns rows of all classes into rows of one class among all.
fn among(all: &mut Folds, of_class: &Folds) {
    for (all, of_class) in all.iter_mut().zip(of_class) {
        *all = Labelled::of_class(of_class.0, all.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_add_up_in_any_cut() {
        let labels = [3.0, 1.5, -2.0, 8.25, 0.0, 0.1];
        let mut whole = Labelled::default();
        labels.iter().for_each(|label| whole.add(*label));
        let (mut first, mut second) = (Labelled::default(), Labelled::default());
        labels[..2].iter().for_each(|label| first.add(*label));
        labels[2..].iter().for_each(|label| second.add(*label));
        first.merge(&second);
        assert_eq!(first.0, 6);
        assert!((first.1 - whole.1).abs() < 1e-15);
        assert!((first.2 - whole.2).abs() < 1e-13);
    }

    #[test]
    fn a_share_of_a_class_has_the_variance_of_zeros_and_ones() {
        let mut rows = Labelled::default();
        [1.0, 0.0, 0.0, 1.0, 1.0]
            .iter()
            .for_each(|label| rows.add(*label));
        let share = Labelled::of_class(3, 5);
        assert_eq!(share.0, rows.0);
        assert!((share.1 - rows.1).abs() < 1e-15);
        assert!((share.2 - rows.2).abs() < 1e-15);
    }
}
