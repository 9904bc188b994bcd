//! A complete queue of any files, for tests of a single stage.

use std::path::Path;

use clap::Parser as _;
use stage::{Definition, Fault, Item, ItemStage, NoSettings, Options, Output, Reads};

#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Passes every item on as it is.
struct Copy;

impl ItemStage for Copy {
    fn process(&self, item: &Item, output: &Output) -> Result<(), Fault> {
        output.write(item.name(), &fs_err::read(item.path())?)
    }
}

/// Makes a complete queue of plain files.
#[track_caller]
pub fn complete(files: &Path, queue: &Path) {
    let arguments = [Path::new("copy"), files, queue, Path::new("--quiet")];
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => panic!("{error}"),
    };
    let definition = Definition::new("copy", Reads::Raw, &NoSettings {});
    if let Err(fault) = stage::items(&arguments.options, &definition, &Copy) {
        panic!("{fault:?}");
    }
}
