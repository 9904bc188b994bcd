//! Gradient-boosted trees over histograms, written as LightGBM text models.
//!
//! The way of a training, each step a type:
//!
//! ```no_run
//! use boost::{DatasetBuilder, Feature, Parameters, Pool, Sampler, Trainer};
//!
//! # fn main() -> Result<(), boost::Error> {
//! let parameters = Parameters { num_iterations: 10, ..Parameters::default() }.check()?;
//! let pool = Pool::new(2)?;
//! let features = vec![Feature::number("age"), Feature::category("city")];
//! let (age, city) = ([31.0, 64.0, f64::NAN], [0.0, 2.0, 1.0]); // NaN is missing, categories are codes
//!
//! let mut sampler = Sampler::new(features, &parameters, 3)?; // first pass: find the bins of 3 rows
//! sampler.push(0, &[&age, &city])?;
//! let bins = sampler.bins(&pool)?;
//!
//! let mut train = DatasetBuilder::new(&bins); // second pass: a byte per value
//! train.push(&[&age, &city], &[0.0, 1.0, 1.0], None, &pool)?;
//!
//! let mut trainer = Trainer::new(&parameters, train.finish()?, None, &pool)?;
//! while !trainer.is_finished() {
//!     let round = trainer.step()?;
//!     let checkpoint = trainer.state(); // `trainer.resume(&checkpoint)` in another process goes on from here
//!     # let _ = (round, checkpoint);
//! }
//! let text = trainer.model().to_text();
//! # let _ = text;
//! # Ok(())
//! # }
//! ```
//!
//! What holds, always: the same rows, parameters and seed give the same bits, for any number of threads, any cut into
//! batches, and however often the training was stopped and resumed. Nothing here reads a clock or a file.

mod bag;
mod bins;
mod bits;
mod blocks;
mod boosting;
mod code_set;
mod coded;
mod codes;
mod dataset;
mod error;
mod feature;
mod gradient;
mod grow;
mod histogram;
mod index;
mod lanes;
mod leaf_digits;
mod masks;
mod math;
mod metric;
mod model;
mod objective;
mod order;
mod parameters;
mod part;
mod pool;
mod prefetch;
mod random;
mod rows;
mod scores;
mod sides;
mod split;
mod state;
#[cfg(test)]
mod testing;
mod trainer;
mod tree;
mod validation;

pub use bins::{Bins, Sampler};
pub use dataset::{Dataset, DatasetBuilder};
pub use error::Error;
pub use feature::{Feature, Kind};
pub use model::{Importance, Model, Predictor};
pub use parameters::{Checked, Metric, Objective, Parameters};
pub use pool::Pool;
pub use trainer::{Round, Trainer};
