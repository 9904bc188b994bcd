//! Boosted trees: from batches to bins, round by round, with checkpoints.

use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use boost::{Bins, Checked, Dataset, DatasetBuilder, Importance, Pool, Round, Sampler, Trainer};
use stage::{Blame, Fault, Queue};

use crate::checkpoint::Pace;
use crate::columns::{Columns, Feature};
use crate::model::{Model, Trained};
use crate::rows::{self, slices};
use crate::settings::Settings;
use crate::survey::{Survey, TRAIN, VALIDATION};
use crate::training::{self, Curve, Training};

const CHECKPOINT: &str = "trainer";

/// Rows that are read at a time: they are soon a byte a value, so few are enough to have work for all threads.
const BATCH_ROWS: usize = 1 << 13;

/// Trains boosted trees.
pub(crate) fn train(
    queue: &Queue,
    columns: &Columns,
    survey: &Survey,
    settings: &Settings,
    pace: Pace,
) -> Result<Trained, Fault> {
    let parameters = settings.trees(&survey.target)?;
    check_stopping(&parameters, survey)?;
    let pool = Pool::new(queue.threads()).map_err(refused)?;
    queue.step(0, 0, "finding bins");
    let bins = bins(queue, columns, (survey, &parameters), &pool)?;
    queue.step(0, 0, "reading train");
    let train = dataset(queue, columns, &bins, (TRAIN, survey), &pool)?;
    queue.step(0, 0, "reading validation");
    let validation = match survey.rows[VALIDATION] {
        0 => None,
        _ => Some(dataset(queue, columns, &bins, (VALIDATION, survey), &pool)?),
    };
    let mut trainer = Trainer::new(&parameters, train, validation, &pool).map_err(refused)?;
    run(queue, &mut trainer, &parameters, pace)?;
    let told = tell(&trainer, &parameters, columns, survey);
    let model = trainer.model();
    let validation = trainer.validation_raw().map(|mut values| {
        model.convert(&mut values);
        values
    });
    let model = Model::Trees(Box::new(model));
    Ok(Trained {
        validation,
        ..Trained::new(model, told)
    })
}

fn check_stopping(parameters: &Checked, survey: &Survey) -> Result<(), Fault> {
    let rounds = parameters.parameters().early_stopping_round;
    if rounds == 0 || survey.rows[VALIDATION] > 0 {
        return Ok(());
    }
    let message = format!(
        "`trees.early_stopping_round`: expected 0, since there is no row in `validation/`, found `{rounds}`"
    );
    Err(Fault::settings(message)
        .hint("give the rule in `config/split.json` a share for validation"))
}

fn bins(
    queue: &Queue,
    columns: &Columns,
    (survey, parameters): (&Survey, &Checked),
    pool: &Pool,
) -> Result<Bins, Fault> {
    let features = columns.features.iter().map(feature).collect();
    let mut sampler = Sampler::new(features, parameters, survey.rows[TRAIN]).map_err(refused)?;
    let names: Vec<&str> = columns.feature_names().collect();
    let batches = rows::stream(queue, columns, TRAIN, &names, BATCH_ROWS);
    table::ordered_map(
        batches,
        queue.threads(),
        |(_, batch)| Ok((batch.before as u64, batch.features(columns)?)),
        |(first_row, features)| {
            let pushed = sampler.push(first_row, &slices(&features));
            pushed.map_err(refused)
        },
    )?;
    sampler.bins(pool).map_err(refused)
}

fn feature(feature: &Feature) -> boost::Feature {
    if feature.levels.is_some() {
        boost::Feature::category(&feature.name)
    } else {
        boost::Feature::number(&feature.name)
    }
}

fn dataset(
    queue: &Queue,
    columns: &Columns,
    bins: &Bins,
    (partition, survey): (&str, &Survey),
    pool: &Pool,
) -> Result<Dataset, Fault> {
    // Had it to grow, it would be there twice at times.
    let rows = survey.rows[partition] as usize;
    let mut builder = DatasetBuilder::with_capacity(bins, rows);
    table::ordered_map(
        rows::stream(
            queue,
            columns,
            partition,
            &columns.training_names(),
            BATCH_ROWS,
        ),
        queue.threads(),
        |(_, batch)| {
            let labels = batch.numbers(columns.label.name())?;
            Ok((batch.features(columns)?, labels, batch.weights(columns)?))
        },
        |(features, labels, weights)| {
            let weights = weights.as_ref().map(|weights| weights.values().as_ref());
            builder
                .push(&slices(&features), labels.values(), weights, pool)
                .map_err(refused)
        },
    )?;
    builder.finish().map_err(refused)
}

/// All rounds that are left, from the last checkpoint on if there is one.
fn run(
    queue: &Queue,
    trainer: &mut Trainer,
    parameters: &Checked,
    pace: Pace,
) -> Result<(), Fault> {
    let total = u64::from(parameters.parameters().num_iterations);
    if let Some(state) = queue.load_checkpoint(CHECKPOINT)? {
        // What cannot be resumed is done again: the result is the same, only later.
        if trainer.resume(&state).is_ok() {
            let round = trainer.rounds().len();
            queue.step(round as u64, total, "resumed");
        }
    }
    let mut clock = pace.start(trainer.rounds().len() as u32);
    let save = |state: Vec<u8>| queue.save_checkpoint(CHECKPOINT, &state);
    std::thread::scope(|scope| {
        let mut saving = None;
        while !trainer.is_finished() {
            if let Err(stopped) = queue.check() {
                saved(saving)?;
                save(trainer.state())?;
                return Err(stopped);
            }
            let round = trainer.step().map_err(refused)?;
            queue.step(u64::from(round.number), total, &message(&round, parameters));
            if clock.is_due(round.number) {
                saved(saving.take())?;
                let state = trainer.state();
                // Rounds go on while the disk is waited for.
                let thread = std::thread::Builder::new().name("checkpoint".to_owned());
                saving = Some(thread.spawn_scoped(scope, move || save(state))?);
            }
        }
        saved(saving)
    })
}

/// Waits until a checkpoint is saved, if one is on its way.
fn saved(saving: Option<ScopedJoinHandle<'_, Result<(), Fault>>>) -> Result<(), Fault> {
    let saved = saving.map(ScopedJoinHandle::join);
    saved
        .unwrap_or(Ok(Ok(())))
        .unwrap_or_else(|panic| resume_unwind(panic))
}

fn message(round: &Round, parameters: &Checked) -> String {
    let metric = parameters.metric().name();
    match (round.validation, round.train) {
        (Some(value), _) => format!("validation {metric} {value:.4}"),
        (None, Some(value)) => format!("train {metric} {value:.4}"),
        (None, None) => "training".to_owned(),
    }
}

fn tell(trainer: &Trainer, parameters: &Checked, columns: &Columns, survey: &Survey) -> Training {
    let rounds = trainer.rounds();
    let curve = |partition: &str, value: fn(&Round) -> Option<f64>| {
        let values: Option<Vec<f64>> = rounds.iter().map(value).collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| Curve {
                partition: partition.to_owned(),
                metric: parameters.metric().name().to_owned(),
                values,
            })
    };
    let curves = [
        curve(TRAIN, |round| round.train),
        curve(VALIDATION, |round| round.validation),
    ];
    let model = trainer.model();
    let (gain, split) = (
        model.importance(Importance::Gain),
        model.importance(Importance::Split),
    );
    let importance = columns.feature_names().zip(gain).zip(split);
    Training {
        rounds: Some(rounds.len() as u32),
        best_round: Some(trainer.best_round()),
        curves: curves.into_iter().flatten().collect(),
        importance: importance
            .map(|((feature, gain), split)| training::Importance {
                feature: feature.to_owned(),
                gain,
                split: Some(split),
            })
            .collect(),
        ..Training::new("trees", survey, parameters.parameters())
    }
}

/// What the trainer refuses of data that was checked before.
pub(crate) fn refused(error: boost::Error) -> Fault {
    match error {
        boost::Error::Parameter {
            name,
            expected,
            found,
        } => Fault::settings(format!(
            "`trees.{name}`: expected {expected}, found `{found}`"
        )),
        boost::Error::Data(message) => Fault::message(Blame::Data, message),
        other => Fault::message(Blame::Program, other),
    }
}
