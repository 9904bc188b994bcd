//! Generated tables, and the way from a table to a model.

use boost::{
    Bins, Checked, Dataset, DatasetBuilder, Feature, Kind, Parameters, Pool, Sampler, Trainer,
};

/// A table with labels.
pub(crate) struct Table {
    pub(crate) features: Vec<Feature>,
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) label: Vec<f64>,
    pub(crate) weight: Option<Vec<f64>>,
}

/// A plain generator of numbers: what it draws needs to be unlike, not random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About a normal number.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.share() * limit as f64) as usize
    }

    /// A number of which the first quarter is more frequent.
    fn skewed(&mut self, limit: usize) -> usize {
        let all = self.share() < 0.5;
        self.below(if all { limit } else { limit.div_ceil(4) })
    }
}

/// Numbers with and without missing values, a column of small counts, a constant one, and categories of 3, 30 and
/// 600 levels; `classes` of the label, or 0 for a number.
pub(crate) fn table(rows: usize, classes: usize, seed: u64) -> Table {
    // Tables of any seed follow the same rule.
    let mut rule = Numbers::new(99);
    let levels = [3, 30, 600];
    let effects: Vec<Vec<f64>> = levels
        .iter()
        .map(|levels| (0..*levels).map(|_| rule.normal()).collect())
        .collect();
    let mut numbers = Numbers::new(seed);
    let mut columns = vec![Vec::new(); 8];
    let mut label = Vec::with_capacity(rows);
    for _ in 0..rows {
        let x: Vec<f64> = (0..3).map(|_| numbers.normal()).collect();
        let count = numbers.below(5) as f64;
        let codes = levels.map(|levels| numbers.skewed(levels));
        let effect: f64 = codes
            .iter()
            .zip(&effects)
            .map(|(code, effects)| effects[*code])
            .sum();
        let score = x[0] * x[1] + (2.0 * x[2]).sin() + 0.3 * count + 0.5 * effect - 0.6;
        let noisy = score + 0.5 * numbers.normal();
        label.push(match classes {
            0 => noisy,
            2 => f64::from(u8::from(noisy > 0.0)),
            _ => (noisy + classes as f64 / 2.0)
                .clamp(0.0, classes as f64 - 1.0)
                .floor(),
        });
        let missing = numbers.share() < 0.1;
        columns[0].push(if missing { f64::NAN } else { x[0] });
        columns[1].push(x[1]);
        columns[2].push(if x[2] > 1.5 { f64::NAN } else { x[2] });
        columns[3].push(count);
        columns[4].push(7.0);
        for (column, code) in codes.iter().enumerate() {
            let missing = column == 1 && numbers.share() < 0.05;
            columns[5 + column].push(if missing { f64::NAN } else { *code as f64 });
        }
    }
    let mut features: Vec<Feature> = (0..5).map(|f| Feature::number(format!("x {f}"))).collect();
    features.extend((0..3).map(|f| Feature::category(format!("c{f}"))));
    Table {
        features,
        columns,
        label,
        weight: None,
    }
}

impl Table {
    pub(crate) fn slices(&self) -> Vec<&[f64]> {
        self.columns.iter().map(Vec::as_slice).collect()
    }

    pub(crate) fn bins(&self, parameters: &Checked, pool: &Pool) -> Bins {
        let mut sampler = Sampler::new(
            self.features.clone(),
            parameters,
            self.columns[0].len() as u64,
        )
        .unwrap();
        sampler.push(0, &self.slices()).unwrap();
        sampler.bins(pool).unwrap()
    }

    pub(crate) fn dataset(&self, bins: &Bins, pool: &Pool) -> Dataset {
        let mut builder = DatasetBuilder::new(bins);
        let weight = self.weight.as_deref();
        builder
            .push(&self.slices(), &self.label, weight, pool)
            .unwrap();
        builder.finish().unwrap()
    }

    /// Values that training never saw: missing everywhere, infinite, tiny, categories out of range.
    pub(crate) fn strange(&self) -> Vec<Vec<f64>> {
        let values = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            1e-36,
            -1.0,
            -0.5,
            1e9,
            2.5,
            31.0,
            601.0,
        ];
        let mut columns = self.columns.clone();
        for (number, (column, feature)) in columns.iter_mut().zip(&self.features).enumerate() {
            for (row, value) in column.iter_mut().enumerate() {
                let strange = values[(row * 5 + number * 7 + row / 13) % values.len()];
                let fits = feature.kind == Kind::Number || strange.is_nan() || strange.abs() < 1e6;
                if row % 3 == number % 3 && fits {
                    *value = strange;
                }
            }
        }
        columns
    }
}

/// The classes of the label, or 0 for a number.
pub(crate) fn classes(parameters: &Checked) -> usize {
    match parameters.parameters().objective {
        boost::Objective::Binary => 2,
        boost::Objective::Multiclass => parameters.trees_per_round(),
        boost::Objective::Regression => 0,
    }
}

/// The table of validation that goes with one of so many rows.
pub(crate) fn validation(rows: usize, classes: usize) -> Table {
    table(rows / 4, classes, 2)
}

/// A training on the whole table, before its first round; validation, if wanted, is on another table.
pub(crate) fn trainer(
    parameters: &Parameters,
    threads: usize,
    rows: usize,
    validated: bool,
) -> Trainer {
    trainer_on(&Pool::new(threads).unwrap(), parameters, rows, validated)
}

/// The same on threads that there are.
pub(crate) fn trainer_on(
    pool: &Pool,
    parameters: &Parameters,
    rows: usize,
    validated: bool,
) -> Trainer {
    let parameters = parameters.check().unwrap();
    let classes = classes(&parameters);
    let train = table(rows, classes, 1);
    let bins = train.bins(&parameters, pool);
    let validation = validated.then(|| validation(rows, classes).dataset(&bins, pool));
    Trainer::new(&parameters, train.dataset(&bins, pool), validation, pool).unwrap()
}
