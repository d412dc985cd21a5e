//! How good the alerts are, where the truth is known.

use super::generate::{Fraud, Labelled};
use super::model::Alert;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// So many out of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that count.
    pub of: usize,
    /// All.
    pub all: usize,
}

impl Share {
    fn add(&mut self, counts: bool) {
        self.all += 1;
        self.of += usize::from(counts);
    }

    /// As a number from 0 to 1; 1 where there are none at all.
    pub fn ratio(self) -> f64 {
        if self.all == 0 { 1.0 } else { self.of as f64 / self.all as f64 }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({} of {})", self.ratio(), self.of, self.all)
    }
}

/// How good a run's alerts are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Of the payments with an alert, those that are frauds.
    pub precision: Share,
    /// Of the payments that are frauds, those with an alert.
    pub recall: Share,
    /// Of the incidents, which may be several payments, those with an alert for at least one.
    pub incidents: Share,
    /// Recall by the kind of fraud.
    pub by_kind: BTreeMap<Fraud, Share>,
}

impl Evaluation {
    /// Holds alerts against the truth.
    pub fn of<'a>(alerts: impl IntoIterator<Item = &'a Alert>, truth: &Labelled) -> Evaluation {
        let flagged: HashSet<&str> = alerts.into_iter().map(|alert| alert.payment.id.as_str()).collect();
        let mut result = Evaluation::default();
        flagged.iter().for_each(|id| result.precision.add(truth.frauds.contains_key(*id)));
        let mut incidents = BTreeMap::<usize, bool>::new();
        for (id, (kind, incident)) in &truth.frauds {
            let found = flagged.contains(id.as_str());
            result.recall.add(found);
            result.by_kind.entry(*kind).or_default().add(found);
            *incidents.entry(*incident).or_default() |= found;
        }
        incidents.values().for_each(|found| result.incidents.add(*found));
        result
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "precision: {}, of the payments with an alert those that are frauds", self.precision)?;
        writeln!(f, "recall: {}, of the payments that are frauds those with an alert", self.recall)?;
        writeln!(f, "incidents found: {}, a burst of payments being one", self.incidents)?;
        for (kind, share) in &self.by_kind {
            writeln!(f, "  recall of {}: {share}", kind.label())?;
        }
        Ok(())
    }
}
