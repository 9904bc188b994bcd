//! Linear models: logistic, softmax and ridge regression by Newton's method.
//!
//! Rows are held in blocks of a fixed size. Threads share the blocks, but what the blocks come to is summed in their
//! order, so the bits of a model do not depend on the number of threads.

mod design;
mod gram;
mod loss;
mod model;
mod newton;

pub(crate) use model::Model;

use stage::{Blame, Fault, Queue};

use crate::columns::Columns;
use crate::linear::design::Design;
use crate::linear::loss::Loss;
use crate::linear::newton::{Fit, Penalty, fit};
use crate::model::Trained;
use crate::rows;
use crate::settings::Linear;
use crate::survey::{Survey, TRAIN};
use crate::training::{Curve, Importance, Training};

/// Trains a linear model.
pub(crate) fn train(
    queue: &Queue,
    columns: &Columns,
    survey: &Survey,
    parameters: Linear,
) -> Result<Trained, Fault> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(queue.threads())
        .build();
    let threads = threads.map_err(|error| Fault::new(Blame::Machine, error))?;
    queue.step(0, 0, "reading train");
    let design = read(queue, columns)?;
    let loss = Loss::new(&survey.target);
    design::check_size(&design, loss)?;
    let (design, scaling) = threads.install(|| design.standardise());
    let penalty = Penalty {
        l1: parameters.lambda_l1,
        l2: parameters.lambda_l2,
    };
    let mut rows_weight = 0.0;
    design
        .blocks
        .iter()
        .for_each(|block| rows_weight += block.weights.iter().sum::<f64>());
    let total = u64::from(parameters.max_iterations);
    let step = |iteration: u32, objective: f64| {
        queue.step(
            u64::from(iteration),
            total,
            &format!("train loss {:.6}", objective / rows_weight),
        );
        queue.check()
    };
    let found = threads.install(|| {
        fit(
            &design,
            loss,
            penalty,
            parameters.max_iterations,
            parameters.tolerance,
            step,
        )
    })?;
    let model = Model::new(columns, survey, &scaling, &found);
    let told = tell(&model, survey, parameters, &found, rows_weight);
    Ok(Trained::new(crate::model::Model::Linear(model), told))
}

fn read(queue: &Queue, columns: &Columns) -> Result<Design, Fault> {
    let mut design = Design::new(&columns.features);
    table::ordered_map(
        rows::stream(
            queue,
            columns,
            TRAIN,
            &columns.training_names(),
            table::BATCH_ROWS,
        ),
        queue.threads(),
        |(item, batch)| {
            let features = batch.features(columns)?;
            model::check(
                &columns.features,
                item,
                batch.first,
                &rows::slices(&features),
            )?;
            let labels = batch.numbers(columns.label.name())?;
            Ok((features, labels, batch.weights(columns)?))
        },
        |(features, labels, weights)| {
            let weights = weights.as_ref().map(|weights| weights.values().as_ref());
            design.push(&rows::slices(&features), labels.values(), weights);
            Ok(())
        },
    )?;
    Ok(design)
}

fn tell(
    model: &Model,
    survey: &Survey,
    parameters: Linear,
    found: &Fit,
    rows_weight: f64,
) -> Training {
    let values = found
        .objectives
        .iter()
        .map(|objective| objective / rows_weight)
        .collect();
    Training {
        rounds: Some(found.objectives.len() as u32),
        best_round: Some(found.objectives.len() as u32),
        curves: vec![Curve {
            partition: TRAIN.to_owned(),
            metric: "loss".to_owned(),
            values,
        }],
        importance: model
            .importance()
            .into_iter()
            .map(|(feature, gain)| Importance {
                feature,
                gain,
                split: None,
            })
            .collect(),
        ..Training::new("linear", survey, &parameters)
    }
}
