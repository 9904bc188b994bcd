//! The stage: from a queue of splits to a queue of models.

use stage::{Blame, Definition, Fault, Options, Output, Queue, QueueStage, Reads};

use crate::checkpoint::Pace;
use crate::columns::Columns;
use crate::model::{Model, Trained, json};
use crate::predictions::Source;
use crate::settings::{Kind, Settings};
use crate::survey::{PARTITIONS, Survey, TEST, TRAIN, VALIDATION, survey};
use crate::training::Training;
use crate::{linear, predictions, trees};

/// Trains on a queue of splits.
pub(crate) fn run(options: &Options, settings: Settings, pace: Pace) -> Result<(), Fault> {
    settings.check()?;
    let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Queue, &settings);
    stage::whole(options, &definition, &Train { settings, pace })
}

struct Train {
    settings: Settings,
    pace: Pace,
}

impl QueueStage for Train {
    fn run(&self, queue: &Queue, output: &Output) -> Result<(), Fault> {
        let columns = columns(queue)?;
        queue.step(0, 0, "reading labels");
        let survey = survey(queue, &columns, self.settings.task)?;
        let Trained {
            model,
            training,
            validation,
        } = self.train(queue, &columns, &survey)?;
        let predict = || {
            let predictor = model.predictor();
            for partition in [VALIDATION, TEST] {
                let source = match &validation {
                    Some(values) if partition == VALIDATION => Source::Known(values),
                    _ => Source::Model(&predictor),
                };
                if survey.rows[partition] > 0 {
                    predictions::write(queue, output, &columns, &survey, source, partition)?;
                }
            }
            Ok(())
        };
        let write = || {
            let (name, content) = model.file(&survey.target)?;
            output.write(name, &content)?;
            output.write("training.json", &json(&training)?)
        };
        // Digits of numbers are work for one thread alone.
        let (written, predicted) = table::both(queue.threads(), write, predict);
        written.and(predicted)
    }
}

impl Train {
    fn train(&self, queue: &Queue, columns: &Columns, survey: &Survey) -> Result<Trained, Fault> {
        match self.settings.model {
            Kind::Trees => trees::train(queue, columns, survey, &self.settings, self.pace),
            Kind::Linear => linear::train(queue, columns, survey, self.settings.linear),
            Kind::Baseline => {
                let told = Training::new("baseline", survey, &serde_json::json!({}));
                Ok(Trained::new(Model::Constant(survey.constant.clone()), told))
            }
        }
    }
}

/// What the columns are, as the first item of train says; the others are checked when they are read.
fn columns(queue: &Queue) -> Result<Columns, Fault> {
    let Some(first) = queue.in_folder(TRAIN).next() else {
        return Err(no_train(queue));
    };
    let reader = table::Reader::open(first.path())?;
    let place = |fault: Fault| fault.context(first.path().display().to_string());
    Columns::of(first.name(), reader.schema()).map_err(place)
}

fn no_train(queue: &Queue) -> Fault {
    let place = queue.directory().display();
    let fault = Fault::message(
        Blame::Data,
        format!("{place}: there is no item in `train/`"),
    );
    let known = |name: &str| {
        PARTITIONS.iter().any(|partition| {
            name.strip_prefix(partition)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    };
    if queue.items().iter().any(|item| known(item.name())) {
        fault.hint("look at the rule in `config/split.json`: it puts every row elsewhere")
    } else {
        fault.hint("is this a queue that `split` wrote?")
    }
}
