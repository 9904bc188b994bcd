//! The contract of a stage: a program that reads one queue and writes another, as one act.
//!
//! A queue is a directory of items. A stage gives this crate three things, its name, its settings and its work in
//! one of its forms ([`ItemStage`] or [`BatchStage`], [`FitStage`], [`QueueStage`]), and gets all the rest: restart, retries,
//! dead letters, locks, progress, exit statuses and an output that appears whole or not at all.
//!
//! ```no_run
//! use stage::{Definition, Fault, Item, ItemStage, Options, Output, Reads};
//!
//! /// Copies every item.
//! #[derive(clap::Parser)]
//! struct Arguments {
//!     #[command(flatten)]
//!     options: Options,
//! }
//!
//! impl AsRef<Options> for Arguments {
//!     fn as_ref(&self) -> &Options {
//!         &self.options
//!     }
//! }
//!
//! struct Copy;
//!
//! impl ItemStage for Copy {
//!     fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
//!         let content = std::fs::read(item.path())?;
//!         output.write(item.name(), &content)
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     stage::main(|arguments: &Arguments, settings: stage::NoSettings| {
//!         let definition = Definition::new("copy", Reads::Raw, &settings);
//!         stage::items(&arguments.options, &definition, &Copy)
//!     })
//! }
//! ```

mod allowance;
mod attempt;
mod clock;
mod commit;
mod digest;
mod durable;
mod entry;
mod fault;
mod forms;
#[doc(hidden)]
pub mod fuzz;
mod guard;
mod heartbeat;
mod history;
mod input;
pub mod inspect;
mod journal;
mod layout;
mod letters;
mod lock;
mod log;
mod manual;
mod options;
mod output;
mod parallel;
mod part;
mod partial;
mod plan;
mod progress;
mod receipt;
mod record;
mod run;
mod running;
mod scratch;
pub mod settings;
mod stat;
mod store;
mod sync;
mod syncing;
mod watch;
mod work;
mod workers;
mod working;
mod writeback;

pub use allowance::Allowance;
pub use digest::{Digest, Hasher};
pub use entry::{Definition, NoSettings, Reads, main, tool};
pub use fault::{Blame, Fault, OrBlame, status};
pub use forms::{batches, fitted, items, whole};
pub use log::Log;
pub use options::{LogFormat, Options};
pub use output::{Counts, Output, OutputFile, Written};
pub use part::{Part, PartReader};
pub use scratch::Scratch;
pub use watch::{STOP_SIGNALS, signal_name};
pub use work::{BatchStage, Finished, FitStage, Item, ItemStage, Queue, QueueStage};
