//! Values as codes of their bins, column by column.

use crate::bins::{Bins, FeatureBins, GROUP, Layout, Place};

/// The codes of all features that can be split.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    /// Of a byte.
    pub(crate) narrow: Vec<Vec<u8>>,
    /// Of 16 bits.
    pub(crate) wide: Vec<Vec<u16>>,
}

impl Codes {
    /// Room for so many rows.
    pub(crate) fn with_capacity(layout: &Layout, rows: usize) -> Self {
        let narrow = (0..layout.narrow).map(|_| Vec::with_capacity(rows));
        let wide = layout.wide.iter().map(|_| Vec::with_capacity(rows));
        Self {
            narrow: narrow.collect(),
            wide: wide.collect(),
        }
    }

    /// The codes of rows: a column of values per feature.
    pub(crate) fn of(bins: &Bins, columns: &[&[f64]]) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut codes = Self::with_capacity(bins.layout(), rows);
        for &(feature, place) in &bins.layout().used {
            let (bins, values) = (bins.of(feature), columns[feature]);
            match place {
                Place::Narrow { group, lane } => {
                    bins.encode(values, &mut codes.narrow[group * GROUP + lane]);
                }
                Place::Wide { column } => encode_wide(bins, values, &mut codes.wide[column]),
            }
        }
        codes
    }
}

/// Appends the bins of values, of which there are more than fit into a byte.
pub(crate) fn encode_wide(bins: &FeatureBins, values: &[f64], into: &mut Vec<u16>) {
    into.extend(values.iter().map(|value| bins.code(*value) as u16));
}
