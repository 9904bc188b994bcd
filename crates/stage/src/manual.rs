//! The manual page of a program, for `make install`.

use std::io::{self, Write};

use clap::Command;

/// What all stages share, and no `--help` has room for.
const EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
0 complete; 1 some items failed, or a check said no; 64 usage; 65 data; 66 no input, or input not complete; 73 and 74
cannot write; 75 temporary, run again; 78 settings; 130 and 143 stopped by a signal.
.SH \"SEE ALSO\"
.BR waystation (1)
";

/// Writes the page in roff.
pub(crate) fn write(command: Command, mut to: impl Write) -> io::Result<()> {
    // Both words, as they are typed; `wrap_help` must not cut lines that troff fills.
    let name = format!("waystation-{}", command.get_name());
    let invoked = format!("waystation {}", command.get_name());
    let command = command.bin_name(invoked).display_name(name);
    let page = clap_mangen::Man::new(command);
    page.render_title(&mut to)?;
    page.render_name_section(&mut to)?;
    page.render_synopsis_section(&mut to)?;
    page.render_description_section(&mut to)?;
    page.render_options_section(&mut to)?;
    to.write_all(EXIT_STATUS.as_bytes())?;
    page.render_version_section(&mut to)
}
