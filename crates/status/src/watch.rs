//! `--watch`: the screen, drawn again each second until `q` or a signal.

use std::io::{IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use signal_hook::consts::SIGWINCH;
use stage::{Fault, STOP_SIGNALS};

/// How often it is drawn.
const INTERVAL: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// Draws again and again until the user has seen enough.
pub(crate) fn run(mut draw: impl FnMut() -> Result<String, Fault>) -> Result<(), Fault> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in STOP_SIGNALS {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    // Only so that it wakes us: a window of another size is drawn at once.
    signal_hook::flag::register(SIGWINCH, Arc::new(AtomicBool::new(false)))?;
    // What is wrong with the project is told on the screen one has, not on the one that goes away.
    let mut text = draw()?;
    let _terminal = Terminal::take()?;
    loop {
        show(&text)?;
        if wants_to_quit()? || ended.load(Ordering::SeqCst) {
            return Ok(());
        }
        text = draw()?;
    }
}

/// Draws over what is there, so that nothing flickers, and no more lines than there are.
fn show(text: &str) -> Result<(), Fault> {
    let rows = tcgetwinsize(rustix::stdio::stdout()).map_or(24, |size| usize::from(size.ws_row));
    let mut screen = String::from("\u{1b}[H");
    let lines: Vec<&str> = text.lines().take(rows.max(4) - 3).collect();
    screen += &lines.join("\u{1b}[K\r\n");
    screen += "\u{1b}[K\r\n\u{1b}[K\r\nq: quit\u{1b}[K\u{1b}[J";
    let mut out = std::io::stdout().lock();
    out.write_all(screen.as_bytes())?;
    Ok(out.flush()?)
}

/// Waits for a key, a signal or the next time to draw.
fn wants_to_quit() -> Result<bool, Fault> {
    let stdin = rustix::stdio::stdin();
    let mut files = [PollFd::new(&stdin, PollFlags::IN)];
    let waited = if std::io::stdin().is_terminal() {
        poll(&mut files, Some(&INTERVAL))
    } else {
        poll(&mut [], Some(&INTERVAL))
    };
    match waited {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ok(false),
        Ok(_) => {
            let mut keys = [0; 16];
            let read = std::io::stdin().lock().read(&mut keys)?;
            // At its end, stdin has no more keys to wait for.
            Ok(read == 0 || keys[..read].iter().any(|key| matches!(key, b'q' | b'Q')))
        }
        Err(error) => Err(std::io::Error::from(error).into()),
    }
}

/// The terminal with a screen of its own and keys that come at once; given back when it is dropped.
struct Terminal(Option<Termios>);

impl Terminal {
    fn take() -> Result<Self, Fault> {
        let before = tcgetattr(rustix::stdio::stdin()).ok();
        if let Some(before) = &before {
            let mut modes = before.clone();
            modes
                .local_modes
                .remove(LocalModes::ICANON | LocalModes::ECHO);
            tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &modes)
                .map_err(std::io::Error::from)?;
        }
        let terminal = Self(before);
        let mut out = std::io::stdout().lock();
        out.write_all(b"\x1b[?1049h\x1b[?25l")?;
        out.flush()?;
        Ok(terminal)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut out = std::io::stdout().lock();
        // Nobody is left to hear of a failure.
        let _ = out.write_all(b"\x1b[?25h\x1b[?1049l");
        let _ = out.flush();
        if let Some(before) = &self.0 {
            let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
        }
    }
}
