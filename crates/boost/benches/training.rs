//! How fast a table becomes bins, and how fast trees grow, which is mostly histograms: `cargo bench --package boost`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run may panic")]

use boost::{Bins, Dataset, DatasetBuilder, Feature, Parameters, Pool, Sampler, Trainer};
use divan::Bencher;
use divan::counter::ItemsCount;

const ROWS: usize = 200_000;
const COLUMNS: usize = 28;
/// How many threads work together.
const THREADS: [usize; 2] = [1, 2];

fn main() {
    divan::main();
}

/// Columns of numbers that need to be unlike, not random, and a label that follows some of them.
struct Table {
    columns: Vec<Vec<f64>>,
    label: Vec<f64>,
}

impl Table {
    fn new() -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut share = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let column = |_| (0..ROWS).map(|_| share()).collect();
        let columns: Vec<Vec<f64>> = (0..COLUMNS).map(column).collect();
        let label = |row: usize| {
            let [a, b, c] = [0, 1, 2].map(|column: usize| columns[column][row]);
            f64::from(u8::from(a * b + 0.3 * c > 0.4))
        };
        let label = (0..ROWS).map(label).collect();
        Self { columns, label }
    }

    fn slices(&self) -> Vec<&[f64]> {
        self.columns.iter().map(Vec::as_slice).collect()
    }

    fn bins(&self, parameters: &boost::Checked, pool: &Pool) -> Bins {
        let features = (0..COLUMNS).map(|column| Feature::number(format!("x{column}")));
        let mut sampler = Sampler::new(features.collect(), parameters, ROWS as u64).unwrap();
        sampler.push(0, &self.slices()).unwrap();
        sampler.bins(pool).unwrap()
    }

    fn dataset(&self, bins: &Bins, pool: &Pool) -> Dataset {
        let mut builder = DatasetBuilder::with_capacity(bins, ROWS);
        let pushed = builder.push(&self.slices(), &self.label, None, pool);
        pushed.unwrap();
        builder.finish().unwrap()
    }
}

fn parameters() -> boost::Checked {
    let parameters = Parameters {
        // More rounds than are measured.
        num_iterations: 100_000,
        num_leaves: 63,
        early_stopping_round: 0,
        ..Parameters::default()
    };
    parameters.check().unwrap()
}

/// Values into bins, a byte each.
#[divan::bench(args = THREADS, sample_count = 20)]
fn binning(bencher: Bencher, threads: usize) {
    let (table, parameters) = (Table::new(), parameters());
    let pool = Pool::new(threads).unwrap();
    let bins = table.bins(&parameters, &pool);
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| table.dataset(&bins, &pool));
}

/// One tree of 63 leaves: gradients, histograms, splits, scores.
#[divan::bench(args = THREADS, sample_count = 20, sample_size = 1)]
fn round(bencher: Bencher, threads: usize) {
    let (table, parameters) = (Table::new(), parameters());
    let pool = Pool::new(threads).unwrap();
    let bins = table.bins(&parameters, &pool);
    let dataset = table.dataset(&bins, &pool);
    let mut trainer = Trainer::new(&parameters, dataset, None, &pool).unwrap();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| trainer.step().unwrap());
}
