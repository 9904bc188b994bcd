//! The stage: the rule carried out on each item.

use std::path::{Path, PathBuf};

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::SchemaRef;
use arrow_select::filter::filter_record_batch;
use partition::{Bound, Checked, Partition, Rule};
use stage::{
    Counts, Definition, Fault, Item, ItemStage, Options, OrBlame, Output, OutputFile, Reads,
};
use table::{Reader, Writer, ordered_map};

/// Runs the stage.
pub(crate) fn run(options: &Options, rule: &Rule) -> Result<(), Fault> {
    let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Queue, rule);
    let config = options.config.clone().unwrap_or_default();
    let rule = rule.check().map_err(|fault| at(&config, fault))?;
    stage::items(options, &definition, &Split { rule, config })
}

struct Split {
    rule: Checked,
    /// Where the rule stands.
    config: PathBuf,
}

/// Names the file in which the rule is wrong.
fn at(config: &Path, fault: Fault) -> Fault {
    fault.context(config.display().to_string())
}

impl ItemStage for Split {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        let reader = Reader::open(item.path())?;
        let bound = self.rule.bind(reader.schema());
        let bound = bound.map_err(|fault| at(&self.config, fault))?;
        let read = reader.num_rows();
        let mut files = Files::new(item, output, reader.schema());
        let cut = |batch: RecordBatch| {
            item.check()?;
            cut(&bound, &batch)
        };
        ordered_map(reader, item.threads(), cut, |parts| files.write(&parts))?;
        let written = files.finish()?;
        output.count(Counts {
            read,
            written,
            ..Counts::default()
        })
    }
}

/// A batch's rows of each partition that has some.
fn cut(bound: &Bound, batch: &RecordBatch) -> Result<Vec<(Partition, RecordBatch)>, Fault> {
    let mut parts = Vec::new();
    if batch.num_rows() == 0 {
        return Ok(parts);
    }
    let partitions = bound.assign(batch)?;
    for partition in Partition::ALL {
        let rows: Vec<bool> = partitions.iter().map(|found| *found == partition).collect();
        let count = rows.iter().filter(|row| **row).count();
        if count == batch.num_rows() {
            // Most items of a cut in time go to one partition as they are.
            return Ok(vec![(partition, batch.clone())]);
        }
        if count > 0 {
            let rows = filter_record_batch(batch, &BooleanArray::from(rows)).or_item()?;
            parts.push((partition, rows));
        }
    }
    Ok(parts)
}

/// The item's files, each created when its first row comes.
struct Files<'a> {
    item: &'a Item,
    output: &'a Output,
    schema: SchemaRef,
    writers: [Option<Writer<OutputFile>>; 3],
    rows: u64,
}

impl<'a> Files<'a> {
    fn new(item: &'a Item, output: &'a Output, schema: &SchemaRef) -> Self {
        Self {
            item,
            output,
            schema: schema.clone(),
            writers: [None, None, None],
            rows: 0,
        }
    }

    fn write(&mut self, parts: &[(Partition, RecordBatch)]) -> Result<(), Fault> {
        for (partition, rows) in parts {
            let slot = &mut self.writers[*partition as usize];
            let writer = match slot {
                Some(writer) => writer,
                None => {
                    let name = format!("{partition}/{}.parquet", self.item.stem());
                    slot.insert(Writer::new(self.output.create(&name)?, &self.schema)?)
                }
            };
            writer.write(rows)?;
            self.rows += rows.num_rows() as u64;
        }
        Ok(())
    }

    /// How many rows were written.
    fn finish(self) -> Result<u64, Fault> {
        for writer in self.writers.into_iter().flatten() {
            writer.finish()?.finish()?;
        }
        Ok(self.rows)
    }
}
