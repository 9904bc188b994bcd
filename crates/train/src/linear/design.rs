//! The rows to learn from, as blocks of standardised columns.

use rayon::prelude::*;
use serde::Serialize;
use stage::Fault;

use crate::columns::Feature;
use crate::linear::loss::Loss;

/// Rows of a block: two of its columns fit the first cache.
const BLOCK_ROWS: usize = 1024;

/// Newton's method solves for all coefficients at once, which takes their number to the third power.
const COEFFICIENTS_MAX: usize = 4096;

/// A column of the design: a feature of numbers, or one level of a categorical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The position of the feature.
    pub(crate) feature: usize,
    /// The level that the column is 1 for.
    pub(crate) level: Option<u32>,
}

impl Source {
    /// All columns of some features: one per number, one per level of a category.
    pub(crate) fn of(features: &[Feature]) -> Vec<Self> {
        let sources = features.iter().enumerate().flat_map(|(position, feature)| {
            let levels: Vec<Option<u32>> = match feature.levels {
                None => vec![None],
                Some(levels) => (0..levels).map(Some).collect(),
            };
            levels.into_iter().map(move |level| Self {
                feature: position,
                level,
            })
        });
        sources.collect()
    }

    /// The column's value where the feature has this one. A category that is missing is none of the levels.
    pub(crate) fn value(self, feature: f64) -> f64 {
        match self.level {
            None => feature,
            Some(level) => f64::from(u8::from(feature == f64::from(level))),
        }
    }
}

/// What was taken from a column and what it was divided by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Scaling {
    pub(crate) mean: f64,
    pub(crate) scale: f64,
}

/// Some rows: column after column, and last a column of ones for the intercept.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) values: Vec<f64>,
    pub(crate) labels: Vec<f64>,
    pub(crate) weights: Vec<f64>,
}

impl Block {
    pub(crate) fn rows(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn column(&self, column: usize) -> &[f64] {
        let rows = self.rows();
        &self.values[column * rows..(column + 1) * rows]
    }
}

/// All rows.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    pub(crate) blocks: Vec<Block>,
    sources: Vec<Source>,
    /// Rows that do not fill a block yet, column by column.
    rest: Vec<Vec<f64>>,
    labels: Vec<f64>,
    weights: Vec<f64>,
}

impl Design {
    pub(crate) fn new(features: &[Feature]) -> Self {
        let sources = Source::of(features);
        Self {
            blocks: Vec::new(),
            rest: vec![Vec::new(); sources.len()],
            sources,
            labels: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Columns, with that of the intercept.
    pub(crate) fn width(&self) -> usize {
        self.sources.len() + 1
    }

    /// Takes in rows. Blocks are cut by the number of rows alone, not by how the rows arrive.
    pub(crate) fn push(&mut self, features: &[&[f64]], labels: &[f64], weights: Option<&[f64]>) {
        let mut from = 0;
        while from < labels.len() {
            let to = labels.len().min(from + BLOCK_ROWS - self.labels.len());
            for (source, rest) in self.sources.iter().zip(&mut self.rest) {
                let values = &features[source.feature][from..to];
                rest.extend(values.iter().map(|value| source.value(*value)));
            }
            self.labels.extend_from_slice(&labels[from..to]);
            match weights {
                Some(weights) => self.weights.extend_from_slice(&weights[from..to]),
                None => self.weights.resize(self.labels.len(), 1.0),
            }
            if self.labels.len() == BLOCK_ROWS {
                self.cut();
            }
            from = to;
        }
    }

    fn cut(&mut self) {
        if self.labels.is_empty() {
            return;
        }
        let mut values = Vec::with_capacity(self.width() * self.labels.len());
        for rest in &mut self.rest {
            values.append(rest);
        }
        values.resize(values.len() + self.labels.len(), 1.0);
        self.blocks.push(Block {
            values,
            labels: std::mem::take(&mut self.labels),
            weights: std::mem::take(&mut self.weights),
        });
    }

    /// Brings every column to mean 0 and variance 1, and says how. A column of one value becomes 0.
    pub(crate) fn standardise(mut self) -> (Self, Vec<Scaling>) {
        self.cut();
        let rows: usize = self.blocks.iter().map(Block::rows).sum();
        let blocks = &self.blocks;
        let scalings: Vec<Scaling> = (0..self.sources.len())
            .into_par_iter()
            .map(|column| scaling(blocks, column, rows as f64))
            .collect();
        self.blocks.par_iter_mut().for_each(|block| {
            let rows = block.labels.len();
            for (column, scaling) in block.values.chunks_exact_mut(rows).zip(&scalings) {
                column
                    .iter_mut()
                    .for_each(|value| *value = (*value - scaling.mean) / scaling.scale);
            }
        });
        (self, scalings)
    }
}

fn scaling(blocks: &[Block], column: usize, rows: f64) -> Scaling {
    let sum = |term: &dyn Fn(f64) -> f64| -> f64 {
        let of_block = |block: &Block| {
            block
                .column(column)
                .iter()
                .map(|value| term(*value))
                .sum::<f64>()
        };
        blocks.iter().map(of_block).sum()
    };
    let mean = sum(&|value| value) / rows;
    let variance = sum(&|value| (value - mean).powi(2)) / rows;
    // Rounding leaves a trace of variance even in a column of one value.
    let constant = variance.sqrt() <= mean.abs() * 1e-12;
    Scaling {
        mean,
        scale: if constant { 1.0 } else { variance.sqrt() },
    }
}

/// Refuses a model of too many coefficients.
pub(crate) fn check_size(design: &Design, loss: Loss) -> Result<(), Fault> {
    let coefficients = design.width() * loss.outputs();
    if coefficients <= COEFFICIENTS_MAX {
        return Ok(());
    }
    let message = format!(
        "`model`: `linear` takes at most {COEFFICIENTS_MAX} coefficients, and here are {coefficients}"
    );
    Err(Fault::settings(message).hint("use `trees`, or have fewer categories in `featurize`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features() -> Vec<Feature> {
        let feature = |name: &str, levels| Feature {
            name: name.to_owned(),
            levels,
        };
        vec![feature("x", None), feature("city", Some(2))]
    }

    #[test]
    fn a_category_has_a_column_per_level_and_none_where_it_is_missing() {
        let mut design = Design::new(&features());
        design.push(&[&[1.0, 2.0, 3.0], &[0.0, 1.0, f64::NAN]], &[0.0; 3], None);
        design.cut();
        let block = &design.blocks[0];
        assert_eq!(block.column(1), [1.0, 0.0, 0.0]);
        assert_eq!(block.column(2), [0.0, 1.0, 0.0]);
        assert_eq!(block.column(3), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn blocks_do_not_depend_on_how_rows_arrive() {
        let x: Vec<f64> = (0..3000).map(f64::from).collect();
        let city = vec![0.0; 3000];
        let mut whole = Design::new(&features());
        whole.push(&[&x, &city], &x, None);
        let mut pieces = Design::new(&features());
        for at in (0..3000).step_by(700) {
            let to = (at + 700).min(3000);
            pieces.push(&[&x[at..to], &city[at..to]], &x[at..to], None);
        }
        let sizes = |design: &Design| design.blocks.iter().map(Block::rows).collect::<Vec<_>>();
        assert_eq!(sizes(&whole), [1024, 1024]);
        assert_eq!(sizes(&whole), sizes(&pieces));
        assert_eq!(whole.blocks[1].values, pieces.blocks[1].values);
    }

    #[test]
    fn columns_are_standardised_and_a_constant_one_is_zero() {
        let mut design = Design::new(&features());
        design.push(&[&[1.0, 3.0], &[0.0, 0.0]], &[0.0; 2], None);
        let (design, scalings) = design.standardise();
        assert_eq!(
            scalings[0],
            Scaling {
                mean: 2.0,
                scale: 1.0
            }
        );
        assert_eq!(design.blocks[0].column(0), [-1.0, 1.0]);
        assert_eq!(design.blocks[0].column(1), [0.0, 0.0]);
    }
}
