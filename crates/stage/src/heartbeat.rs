//! A thread that tells, while a run is under way, that it still is: `_run.json` each second, the bar more often.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::journal::{Entry, Journal};
use crate::partial::Partial;
use crate::progress::Progress;
use crate::record::{RunRecord, RunState};
use crate::run::Run;
use crate::running::Running;
use crate::workers::lock;

const TICK: Duration = Duration::from_millis(100);
const BEAT: Duration = Duration::from_secs(1);

/// The thread; it ends with the run.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    pulse: Arc<Pulse>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Pulse {
    partial: PathBuf,
    record: Mutex<RunRecord>,
    progress: Arc<Progress>,
    running: Arc<Running>,
    ended: AtomicBool,
}

impl Heartbeat {
    /// Writes the first `_run.json` and starts the thread.
    pub(crate) fn start(
        run: &Run<'_>,
        partial: &Partial,
        running: &Arc<Running>,
    ) -> Result<Self, Fault> {
        let record = RunRecord::begin(run)?;
        let pulse = Arc::new(Pulse {
            partial: partial.path.clone(),
            record: Mutex::new(record),
            progress: Arc::clone(&run.progress),
            running: Arc::clone(running),
            ended: AtomicBool::new(false),
        });
        pulse.beat()?;
        let beating = Arc::clone(&pulse);
        let thread = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || beating.run())?;
        Ok(Self {
            pulse,
            thread: Some(thread),
        })
    }

    /// Ends the thread, enters how the run ended into the history, and writes the last `_run.json`. These are only
    /// for people, so a disk that takes them no more is no reason to fail.
    pub(crate) fn end(
        &mut self,
        state: RunState,
        reason: Option<String>,
        tell: impl FnOnce(&RunRecord) -> std::io::Result<()>,
    ) {
        self.pulse.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
        {
            let mut record = lock(&self.pulse.record);
            record.state = state;
            record.reason = reason;
            self.pulse.progress.enter(&mut record);
            let _ = tell(&record);
        }
        let _ = self.pulse.beat();
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.end(RunState::Stopped, None, |_| Ok(()));
        }
    }
}

impl Pulse {
    fn run(&self) {
        let mut beaten = Instant::now();
        loop {
            std::thread::park_timeout(TICK);
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            self.progress.tick();
            if beaten.elapsed() >= BEAT {
                beaten = Instant::now();
                let _ = self.beat();
            }
            if let Some((phase, item)) = self.running.overdue() {
                self.start_over(Entry::Hang { phase, item });
            }
        }
    }

    fn beat(&self) -> std::io::Result<()> {
        let mut record = lock(&self.record);
        self.progress.enter(&mut record);
        record.write(&self.partial)
    }

    /// A thread that hangs cannot be ended, but the process can be replaced by itself: the locks go and come back,
    /// and the new one resumes, knowing which item hung.
    fn start_over(&self, hang: Entry) {
        use std::os::unix::process::CommandExt;
        let Ok(program) = std::env::current_exe() else {
            return;
        };
        if let Entry::Hang { item, .. } = &hang {
            let reason = "hangs and does not hear its time limit; starting over without it";
            self.progress.note(item, reason);
        }
        self.progress.clear();
        {
            // The next one enters it into the history.
            let mut record = lock(&self.record);
            record.reason = Some("an item hung, and the run started over without it".to_owned());
            let _ = record.write(&self.partial);
        }
        let noted = Journal::open(&self.partial).and_then(|mut journal| journal.append([&hang]));
        if noted.is_ok() {
            let error = std::process::Command::new(program)
                .args(std::env::args_os().skip(1))
                .exec();
            self.progress.note("restart", &error.to_string());
        }
    }
}
