//! The stage: the rule carried out on each item.

use std::path::{Path, PathBuf};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::SchemaRef;
use partition::{Bound, Checked, Partition, Rule};
use stage::{Counts, Definition, Fault, Item, ItemStage, Options, Output, OutputFile, Reads};
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
        let reader = Reader::open(item.path())?.threads(item.threads());
        let bound = self.rule.bind(reader.schema());
        let bound = bound.map_err(|fault| at(&self.config, fault))?;
        let read = reader.num_rows();
        let mut files = Files::new(item, output, reader.schema());
        let cut = |batch: RecordBatch| {
            item.check()?;
            cut(&bound, batch)
        };
        ordered_map(reader, item.threads(), cut, |cut| files.write(cut))?;
        let written = files.finish()?;
        output.count(Counts {
            read,
            written,
            ..Counts::default()
        })
    }
}

/// A batch, and the numbers of its rows in each partition.
struct Cut {
    batch: RecordBatch,
    rows: [Vec<u32>; 3],
}

fn cut(bound: &Bound, batch: RecordBatch) -> Result<Cut, Fault> {
    let mut rows = [const { Vec::new() }; 3];
    for (row, partition) in (0..).zip(bound.assign(&batch)?) {
        rows[partition as usize].push(row);
    }
    Ok(Cut { batch, rows })
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

    fn write(&mut self, cut: Cut) -> Result<(), Fault> {
        for (partition, rows) in Partition::ALL.into_iter().zip(cut.rows) {
            if rows.is_empty() {
                continue;
            }
            self.rows += rows.len() as u64;
            let writer = self.writer(partition)?;
            // Most items of a cut in time go to one partition as they are.
            if rows.len() == cut.batch.num_rows() {
                return writer.write(&cut.batch);
            }
            writer.write_rows(&cut.batch, UInt32Array::from(rows))?;
        }
        Ok(())
    }

    fn writer(&mut self, partition: Partition) -> Result<&mut Writer<OutputFile>, Fault> {
        let slot = &mut self.writers[partition as usize];
        match slot {
            Some(writer) => Ok(writer),
            None => {
                let name = format!("{partition}/{}.parquet", self.item.stem());
                let writer = Writer::new(self.output.create(&name)?, &self.schema);
                Ok(slot.insert(writer.threads(self.item.threads())))
            }
        }
    }

    /// How many rows were written.
    fn finish(self) -> Result<u64, Fault> {
        for writer in self.writers.into_iter().flatten() {
            writer.finish()?.finish()?;
        }
        Ok(self.rows)
    }
}
