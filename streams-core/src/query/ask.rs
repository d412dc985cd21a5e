//! How the threads that own a store are asked.

use super::IsolationLevel;
use crate::error::panic_text;
use crate::exec::StoreSlots;
use crate::runtime::{Query, Shared, ThreadMessage};
use crate::{Error, ErrorKind, Result, TaskId};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::any::type_name;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use streams_state::store::StateStore;
use streams_state::{ReadCommitted, StoreReader};

/// How long a stream thread may take for an answer; user code can hold it up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store of an application by its name.
pub(super) struct Asked {
    pub shared: Arc<Shared>,
    pub name: Arc<str>,
    /// Whether every instance has it whole.
    pub global: bool,
    pub isolation: IsolationLevel,
}

impl Clone for Asked {
    fn clone(&self) -> Self {
        Asked { shared: self.shared.clone(), name: self.name.clone(), global: self.global, isolation: self.isolation }
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.isolation)
    }
}

struct Question<F, R> {
    store: Arc<str>,
    read: F,
    answers: Sender<(TaskId, Result<R>)>,
}

impl<F: FnMut(&mut StoreSlots, usize) -> Result<R> + Send, R: Send> Query for Question<F, R> {
    fn store(&self) -> &str {
        &self.store
    }

    fn running(&mut self, task: TaskId, stores: &mut StoreSlots, index: usize) {
        // whoever asks must not end the thread
        let answer = guarded(|| (self.read)(stores, index));
        self.answer(task, answer);
    }

    fn restoring(&mut self, task: TaskId) {
        self.answer(task, Err(Error::new(ErrorKind::Unavailable, "it is being restored; ask again later")));
    }
}

/// Serdes are user code.
fn guarded<R>(read: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|panic| Err(Error::new(ErrorKind::UserCode, format!("a serde panicked: {}", panic_text(&*panic)))))
}

impl<F, R> Question<F, R> {
    fn answer(&self, task: TaskId, answer: Result<R>) {
        // whoever asked may have given up
        let _ = self.answers.send((task, answer.map_err(|e| e.at(format!("store {} of task {task}", self.store)))));
    }
}

impl Asked {
    /// Reads the store in each task of this instance that has it; the answers in the order of the tasks.
    ///
    /// # Errors
    /// `Closed`: the application does not run. `Unavailable`: no task of this instance has the store, one is being restored, or a thread does not answer in
    /// time. Otherwise what `read` says.
    pub fn of_each<S: StateStore + ReadCommitted, R: Send + 'static>(
        &self,
        read: impl Fn(&mut S) -> Result<R> + Clone + Send + 'static,
    ) -> Result<Vec<R>> {
        self.shared.must_be_alive("a query")?;
        if self.global {
            let reader = self.global_reader::<StoreReader<S>>()?;
            return guarded(|| read(&mut reader.open()))
                .map(|answer| vec![answer])
                .map_err(|e| e.at(format!("global store {}", self.name)));
        }
        let (answers, answered) = crossbeam_channel::unbounded();
        let isolation = self.isolation;
        for thread in self.shared.threads() {
            let read = read.clone();
            let read = move |stores: &mut StoreSlots, index: usize| {
                let store = stores.typed::<S>(index)?;
                let mut store = store.borrow_mut();
                match isolation {
                    IsolationLevel::ReadUncommitted => read(&mut store),
                    IsolationLevel::ReadCommitted => store.read_committed(|store| read(store)),
                }
            };
            let question = Question { store: self.name.clone(), read, answers: answers.clone() };
            // one that ends has no tasks
            let _ = thread.mailbox.post(ThreadMessage::Query(Box::new(question)));
        }
        drop(answers);
        let mut answers = self.collect(&answered)?;
        answers.sort_by_key(|(task, _)| *task);
        if answers.is_empty() {
            return Err(self.not_here());
        }
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// The reader of a global store.
    pub fn global_reader<R: Send + Sync + 'static>(&self) -> Result<Arc<R>> {
        match self.shared.global_reader(&self.name) {
            Some(reader) => reader.downcast::<R>().map_err(|_| {
                let text =
                    format!("global store {} is of another kind or has other types: it is not read by a {}", self.name, type_name::<R>());
                Error::new(ErrorKind::Topology, text)
            }),
            None => {
                let text = format!("global store {} is not yet read to the end of its topic; ask again later", self.name);
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }

    /// Until every thread has answered or ended.
    fn collect<R>(&self, answered: &Receiver<(TaskId, Result<R>)>) -> Result<Vec<(TaskId, Result<R>)>> {
        let (deadline, mut answers) = (Instant::now() + PATIENCE, Vec::new());
        loop {
            match answered.recv_deadline(deadline) {
                Ok(answer) => answers.push(answer),
                Err(RecvTimeoutError::Disconnected) => return Ok(answers),
                Err(RecvTimeoutError::Timeout) => {
                    let text = format!("a stream thread did not answer within {} s: user code holds it up", PATIENCE.as_secs());
                    return Err(Error::new(ErrorKind::Unavailable, text).at(format!("store {}", self.name)));
                }
            }
        }
    }

    #[cold]
    pub fn not_here(&self) -> Error {
        Error::new(
            ErrorKind::Unavailable,
            format!("no task of store {} runs on this instance: it may be on its way here, or on other instances", self.name),
        )
    }
}
