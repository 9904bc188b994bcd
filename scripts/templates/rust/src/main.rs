//! Drops rows with an empty cell.
//!
//! `template [OPTIONS] INPUT OUTPUT`
//!
//! Reads CSV files and writes CSV files of the same names. A row whose cells are not as many as the header's makes the
//! item a dead letter.

mod work;

use std::process::ExitCode;

use stage::{Definition, Options, Reads};

/// Drops rows with an empty cell.
#[derive(Debug, clap::Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

impl AsRef<Options> for Arguments {
    fn as_ref(&self) -> &Options {
        &self.options
    }
}

fn main() -> ExitCode {
    stage::main(|arguments: &Arguments, settings: work::Settings| {
        // `Reads::Queue` where it is to stand behind another stage and refuse what is not complete.
        let definition = Definition::new(env!("CARGO_BIN_NAME"), Reads::Raw, &settings);
        stage::items(&arguments.options, &definition, &work::Work { settings })
    })
}
