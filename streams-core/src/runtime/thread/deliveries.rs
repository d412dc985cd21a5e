//! Records that the cluster, or the client, did not take.

use super::StreamThread;
use super::slots::Slot;
use crate::cluster::DeliveryFailure;
use crate::handlers::{ProductionContext, ProductionResponse, ProductionStage};
use crate::{Error, ErrorKind, Result, TaskId, TopicPartition};
use std::panic::{AssertUnwindSafe, catch_unwind};

impl StreamThread {
    /// Asks the handler about records that could not be written. `Some`: tasks went back to their last commit, to write them again.
    pub(super) fn check_deliveries(&mut self) -> Result<Option<Error>> {
        let failures = self.producer().take_failures();
        if failures.is_empty() {
            return Ok(None);
        }
        let mut again = None;
        for failure in failures {
            match self.on_delivery_failure(&failure) {
                ProductionResponse::Resume => self.metrics.deliveries_dropped.add(1),
                ProductionResponse::Retry => again = Some(failure.error.at(format!("output to {}", failure.partition))),
                _ => return Err(failure.error.at(self.delivery_place(&failure.partition))),
            }
        }
        let Some(error) = again else { return Ok(None) };
        if self.is_transactional() {
            self.undo(&error)?;
            return Ok(Some(error));
        }
        // the producer is the thread's: whose record it was cannot be told, so all tasks that have something under way go back
        let under_way = |slot: &Slot| matches!(slot, Slot::Running(r) if r.task.commit_needed());
        let ids: Vec<TaskId> = self.slots.iter().filter(|(_, slot)| under_way(slot)).map(|(id, _)| *id).collect();
        for id in ids {
            self.back_to_last_commit(id, Some(&error))?;
        }
        Ok(Some(error))
    }

    #[cold]
    fn delivery_place(&self, partition: &TopicPartition) -> String {
        match self.is_transactional() {
            true => format!("output to {partition} under exactly_once_v2, where a record that a broker refuses cannot be left out"),
            false => format!("output to {partition}"),
        }
    }

    /// A record that the client refused when what was held back was written: it is in no transaction, so one may go on without it.
    pub(super) fn refused(&self, failure: DeliveryFailure) -> Result<()> {
        match self.ask_production_handler(&failure) {
            ProductionResponse::Resume if !self.plan.is_changelog(&failure.partition.topic) => {
                self.metrics.deliveries_dropped.add(1);
                Ok(())
            }
            _ => Err(failure.error.at(format!("output to {}", failure.partition))),
        }
    }

    fn on_delivery_failure(&self, failure: &DeliveryFailure) -> ProductionResponse {
        match failure.error.kind() {
            // no matter of this record: its transaction failed, because the cluster did not answer or the producer was shut out
            ErrorKind::Fenced | ErrorKind::Unavailable if self.is_transactional() => return ProductionResponse::Retry,
            ErrorKind::Rejected | ErrorKind::Unavailable | ErrorKind::Topology => {}
            _ => return ProductionResponse::Fail,
        }
        match self.ask_production_handler(failure) {
            ProductionResponse::Retry if failure.retriable => ProductionResponse::Retry,
            // a transaction with a record that was refused cannot be committed without it
            ProductionResponse::Resume if self.is_transactional() => ProductionResponse::Fail,
            // state without its log could not be restored
            ProductionResponse::Resume if !self.plan.is_changelog(&failure.partition.topic) => ProductionResponse::Resume,
            _ => ProductionResponse::Fail,
        }
    }

    fn ask_production_handler(&self, failure: &DeliveryFailure) -> ProductionResponse {
        let context = ProductionContext {
            topic: &failure.partition.topic,
            partition: Some(failure.partition.partition),
            stage: ProductionStage::Send,
            retriable: failure.retriable,
            task: None,
            node: None,
            source: None,
        };
        let handler = &self.shared.handlers.production;
        catch_unwind(AssertUnwindSafe(|| handler.handle(&context, &failure.error))).unwrap_or_else(|_| {
            tracing::error!(target: "streams::thread", "the production exception handler panicked on {context}; taken as FAIL");
            ProductionResponse::Fail
        })
    }
}
