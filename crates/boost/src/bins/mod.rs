//! From values to at most 255 bins (categories: as many as it takes).

pub(crate) mod category;
mod cells;
pub(crate) mod number;
mod sample;

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::feature::Feature;
use crate::tree::Rule;

pub(crate) use category::CategoryBins;
pub(crate) use number::NumberBins;
pub use sample::Sampler;

/// Where the values of every feature are cut into bins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bins {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    features: Vec<Feature>,
    bins: Vec<FeatureBins>,
    layout: Layout,
}

/// The bins of one feature.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FeatureBins {
    /// Of a feature whose values have an order.
    Number(NumberBins),
    /// Of a feature whose values are categories.
    Category(CategoryBins),
}

impl FeatureBins {
    /// The number of bins.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Number(bins) => bins.count(),
            Self::Category(bins) => bins.count(),
        }
    }

    /// Appends the bins of values; there are at most [`NARROW_BINS`].
    pub(crate) fn encode(&self, values: &[f64], into: &mut Vec<u8>) {
        match self {
            Self::Number(bins) => bins.encode(values, into),
            Self::Category(bins) => into.extend(values.iter().map(|value| bins.code(*value) as u8)),
        }
    }

    /// The bin of a value.
    #[inline]
    pub(crate) fn code(&self, value: f64) -> usize {
        match self {
            Self::Number(bins) => bins.code(value),
            Self::Category(bins) => bins.code(value),
        }
    }

    /// The bins whose values go left.
    pub(crate) fn left_codes(&self, rule: &Rule) -> Vec<usize> {
        match self {
            // Of many categories few go left. What has no bin of its own goes right.
            Self::Category(of) => {
                let codes = rule
                    .categories()
                    .map(|category| of.code(f64::from(category)));
                codes.filter(|code| *code != category::OTHER).collect()
            }
            Self::Number(_) => (0..self.count())
                .filter(|code| rule.goes_left(self.value(*code)))
                .collect(),
        }
    }

    /// A value of a bin, that goes the same way as all others of it.
    pub(crate) fn value(&self, code: usize) -> f64 {
        match self {
            Self::Number(bins) => bins.bounds.get(code).copied().unwrap_or(f64::NAN),
            Self::Category(bins) => match code {
                category::OTHER => f64::NAN,
                _ => f64::from(bins.categories[code - 1]),
            },
        }
    }
}

/// Bytes of a word, and the features of a group: their codes lie side by side, one word per row.
pub(crate) const GROUP: usize = 8;

/// Features whose codes of 16 bits fit into a word.
pub(crate) const WIDE_GROUP: usize = GROUP / 2;

/// Bins whose code fits into a byte.
pub(crate) const NARROW_BINS: usize = 256;

/// Where the codes of a feature lie. Features of a single bin have none: they cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A byte of the row's words.
    Narrow {
        /// Which word.
        group: usize,
        /// Which byte of it.
        lane: usize,
    },
    /// A column of 16-bit codes, which are also in the row's last words.
    Wide {
        /// Which column.
        column: usize,
    },
}

/// Where the codes of all features lie.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// The features that can be split, ascending, with the place of their codes.
    pub(crate) used: Vec<(usize, Place)>,
    /// The place of each feature.
    pub(crate) places: Vec<Option<Place>>,
    /// Features whose codes are bytes.
    pub(crate) narrow: usize,
    /// The number of bins of each feature whose codes have 16 bits.
    pub(crate) wide: Vec<usize>,
}

impl Layout {
    fn of(bins: &[FeatureBins]) -> Self {
        let mut layout = Self::default();
        for (feature, bins) in bins.iter().enumerate() {
            let place = match bins.count() {
                0 | 1 => None,
                2..=NARROW_BINS => {
                    let (group, lane) = (layout.narrow / GROUP, layout.narrow % GROUP);
                    layout.narrow += 1;
                    Some(Place::Narrow { group, lane })
                }
                count => {
                    layout.wide.push(count);
                    let column = layout.wide.len() - 1;
                    Some(Place::Wide { column })
                }
            };
            layout.places.push(place);
            layout.used.extend(place.map(|place| (feature, place)));
        }
        layout
    }

    /// The bins of all features, as many as a histogram has.
    pub(crate) fn bins(&self) -> usize {
        self.groups() * GROUP * NARROW_BINS + self.wide.iter().sum::<usize>()
    }

    /// The features whose codes are bytes.
    pub(crate) fn narrow_features(&self) -> Vec<usize> {
        let narrow = |place: &Place| matches!(place, Place::Narrow { .. });
        let used = self.used.iter();
        used.filter(|(_, place)| narrow(place))
            .map(|(feature, _)| *feature)
            .collect()
    }

    /// Words of codes of a byte per row.
    pub(crate) fn groups(&self) -> usize {
        self.narrow.div_ceil(GROUP)
    }

    /// All words of codes per row.
    pub(crate) fn words(&self) -> usize {
        self.groups() + self.wide.len().div_ceil(WIDE_GROUP)
    }
}

impl Bins {
    pub(crate) fn new(features: Vec<Feature>, bins: Vec<FeatureBins>) -> Self {
        let layout = Layout::of(&bins);
        Self {
            inner: Arc::new(Inner {
                features,
                bins,
                layout,
            }),
        }
    }

    /// The features, in the order of the columns.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.inner.features
    }

    /// Whether these are the same bins: clones of one another.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The bins of a feature.
    pub(crate) fn of(&self, feature: usize) -> &FeatureBins {
        &self.inner.bins[feature]
    }

    /// The bins of all features.
    pub(crate) fn all(&self) -> &[FeatureBins] {
        &self.inner.bins
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    /// Takes features and bounds into a digest.
    pub(crate) fn digest(&self, digest: &mut Xxh3) {
        for (feature, bins) in self.features().iter().zip(self.all()) {
            digest.update(&(feature.name.len() as u64).to_le_bytes());
            digest.update(feature.name.as_bytes());
            match bins {
                FeatureBins::Number(bins) => {
                    digest.update(&[0, u8::from(bins.missing)]);
                    digest.update(&(bins.bounds.len() as u64).to_le_bytes());
                    for bound in &bins.bounds {
                        digest.update(&bound.to_bits().to_le_bytes());
                    }
                }
                FeatureBins::Category(bins) => {
                    digest.update(&[1, 0]);
                    digest.update(&(bins.categories.len() as u64).to_le_bytes());
                    for category in &bins.categories {
                        digest.update(&category.to_le_bytes());
                    }
                }
            }
        }
    }
}
