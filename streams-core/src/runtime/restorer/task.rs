//! One task on its way to the end of its changelogs.

use super::changelog::{Changelog, Read};
use super::source::{SourceRows, ranges};
use super::{OpenedStore, Parts, Reply, RestoredFrom, ask_again, timed_out};
use crate::cluster::Fetcher;
use crate::runtime::backoff::Backoff;
use crate::runtime::listener::RestoreListener;
use crate::{Error, ErrorKind, Result, TaskId};
use std::time::Duration;

/// After so many fresh starts the log or the disk is beyond help.
const FRESH_STARTS: u32 = 3;

/// How often a long restore says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Idle,
    Worked,
    Done,
}

pub(super) struct RestoringTask {
    pub id: TaskId,
    pub thread: usize,
    pub ticket: u64,
    pub reply: Reply,
    stores: Vec<OpenedStore>,
    /// `None` until the ends of the logs are known.
    logs: Option<Vec<Changelog>>,
    begun: Duration,
    told: Duration,
    /// Since when the cluster does not answer.
    trouble: Option<Duration>,
    retry_at: Duration,
    backoff: Backoff,
    fresh_starts: u32,
}

impl RestoringTask {
    pub fn new(id: TaskId, thread: usize, ticket: u64, reply: Reply, stores: Vec<OpenedStore>, now: Duration) -> Self {
        RestoringTask {
            id,
            thread,
            ticket,
            reply,
            stores,
            logs: None,
            begun: now,
            told: now,
            trouble: None,
            retry_at: now,
            backoff: ask_again(),
            fresh_starts: 0,
        }
    }

    pub fn reading(&self) -> usize {
        self.logs.iter().flatten().filter(|log| log.is_reading()).count()
    }

    pub fn is_reading(&self) -> bool {
        self.reading() > 0
    }

    pub fn is_complete(&self) -> bool {
        self.logs.as_ref().is_some_and(|logs| logs.iter().all(Changelog::is_done))
    }

    /// When it wants to be looked at again; what it reads wakes the fetcher.
    pub fn wait_until(&self, now: Duration) -> Duration {
        match &self.logs {
            None => self.retry_at,
            Some(_) => now + Duration::from_secs(1),
        }
    }

    /// Asks for the ends of the changelogs and decides where each begins; true when that is known.
    pub fn plan(&mut self, parts: &Parts, now: Duration) -> Result<bool> {
        if self.logs.is_some() {
            return Ok(true);
        }
        if now < self.retry_at {
            return Ok(false);
        }
        let logged: Vec<(usize, RestoredFrom)> =
            self.stores.iter().enumerate().filter_map(|(i, s)| Some((i, s.changelog.clone()?))).collect();
        let ranges = match ranges(&logged, parts) {
            Ok(ranges) => ranges,
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                let since = *self.trouble.get_or_insert(now);
                if now.saturating_sub(since) >= parts.task_timeout {
                    return Err(timed_out("asking for the ends of the task's changelogs", parts.task_timeout, error));
                }
                self.retry_at = now + self.backoff.next();
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let mut logs = Vec::with_capacity(logged.len());
        for ((store, from), range) in logged.into_iter().zip(ranges) {
            // an input that this task does not have
            let Some(range) = range else { continue };
            let opened = &mut *self.stores[store].store;
            let metrics = parts.metrics.restore(self.id, opened.name());
            let source = from.source.map(|source| SourceRows::new(source, parts));
            logs.push(Changelog::begin(store, from.partition, source, opened, range, parts.logs_last, metrics, parts.listener.as_ref())?);
        }
        self.trouble = None;
        self.logs = Some(logs);
        Ok(true)
    }

    /// Reads what the fetcher has. `room`: how many more logs may be opened; `hold`: bytes that each store may hold back.
    pub fn read(&mut self, fetcher: &mut dyn Fetcher, mut room: usize, hold: usize, parts: &Parts, now: Duration) -> Result<Progress> {
        let (mut worked, mut wiped) = (false, false);
        for log in self.logs.iter_mut().flatten() {
            let store = &mut *self.stores[log.store].store;
            match log.step(store, fetcher, &mut room, hold, parts)? {
                Read::Nothing => {}
                Read::Something => worked = true,
                Read::Wiped => wiped = true,
            }
        }
        if wiped {
            self.fresh_starts += 1;
            if self.fresh_starts > FRESH_STARTS {
                return Err(Error::new(
                    ErrorKind::Corrupted,
                    format!(
                        "the stores were wiped {FRESH_STARTS} times and could not be restored still: check the disk, and the changelog topics"
                    ),
                ));
            }
            self.stop_reading(fetcher, parts.listener.as_ref());
            self.logs = None;
            self.retry_at = now + self.backoff.next();
            return Ok(Progress::Worked);
        }
        self.tell_progress(now);
        Ok(match (self.is_complete(), worked) {
            (true, _) => Progress::Done,
            (false, true) => Progress::Worked,
            (false, false) => Progress::Idle,
        })
    }

    /// Gives the reader back; what was applied stays, so the next attempt goes on from there.
    pub fn stop_reading(&mut self, fetcher: &mut dyn Fetcher, listener: Option<&RestoreListener>) {
        for log in self.logs.iter_mut().flatten() {
            log.suspend(&mut *self.stores[log.store].store, fetcher, listener);
        }
    }

    fn tell_progress(&mut self, now: Duration) {
        if now.saturating_sub(self.told) < TELL_EVERY {
            return;
        }
        self.told = now;
        let seconds = now.saturating_sub(self.begun).as_secs_f64();
        for log in self.logs.iter_mut().flatten().filter(|log| !log.is_done()) {
            if let Some(offset) = log.stands_still() {
                tracing::warn!(
                    target: "streams::restore", task = %self.id, partition = %log.partition(), offset,
                    "nothing could be read of {} from offset {offset} on for {} s: either the brokers do not answer, or a transaction is open \
                     there, which readers of committed records wait for; `kafka-transactions.sh find-hanging` tells whether it will ever end",
                    log.partition(), TELL_EVERY.as_secs()
                );
            }
            let (restored, remaining, rate) = (log.restored(), log.remaining(), log.restored() as f64 / seconds);
            tracing::info!(
                target: "streams::restore", task = %self.id, partition = %log.partition(), restored, remaining,
                "restored {restored} records so far, {rate:.0} a second; {remaining} offsets are left"
            );
        }
    }

    pub fn log_summary(&self, now: Duration) {
        let took = now.saturating_sub(self.begun).as_millis();
        for log in self.logs.iter().flatten() {
            // the figure that says whether local state was of use
            tracing::info!(target: "streams::restore", task = %self.id, "restored {} records of {} in {took} ms", log.restored(), log.partition());
        }
    }

    pub fn take_stores(&mut self) -> Vec<OpenedStore> {
        std::mem::take(&mut self.stores)
    }
}
