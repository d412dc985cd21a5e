//! The rules.

use super::model::{Alert, KnownPayment, Reason, Velocity};
use super::statistics::Statistics;
use std::time::Duration;
use streams_core::BoxError;
use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, FixedKeyRecord, KeyValueStore};
use streams_core::serde::{Bincode, Json};

/// Abroad, so many standard deviations above the card's mean are too many.
const ABROAD: f64 = 1.5;

/// When a payment is suspicious.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Length of the windows in which a card's payments are counted.
    pub window: Duration,
    /// So many payments in a window are fine.
    pub payments_per_window: u64,
    /// So many standard deviations above the card's mean are fine.
    pub deviations: f64,
    /// So many payments are learnt from before the card's mean is relied on.
    pub learn: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Rules { window: Duration::from_secs(60), payments_per_window: 4, deviations: 5.0, learn: 10 }
    }
}

/// Holds each payment against its card's past.
pub(super) struct Judge {
    pub rules: Rules,
    pub statistics: KeyValueStore<String, Bincode<Statistics>>,
}

impl FixedKeyProcessor<String, Bincode<Velocity>, Json<Alert>> for Judge {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, String, Json<Alert>>,
        record: FixedKeyRecord<'_, String, Bincode<Velocity>>,
    ) -> Result<(), BoxError> {
        let Some(known) = &record.value().latest else { return Ok(()) };
        let mut statistics = self.statistics.get(record.key())?.unwrap_or_default();
        let reasons = self.rules.judge(known, record.value().payments, &statistics);
        if known.payment.amount > 0.0 {
            statistics.0.add(self.rules.learnt(known.payment.amount, &statistics));
            self.statistics.put(ctx, record.key(), statistics)?;
        }
        if reasons.is_empty() {
            return Ok(());
        }
        let KnownPayment { payment, customer } = known.clone();
        ctx.forward(record.with_value(Json(Alert { payment, customer_name: customer.map(|customer| customer.name), reasons })))
    }
}

impl Rules {
    /// Everything that speaks against a payment, the `payments`th of its card in its window.
    fn judge(&self, known: &KnownPayment, payments: u64, past: &Statistics) -> Vec<Reason> {
        let KnownPayment { payment, customer } = known;
        let mut reasons = Vec::new();
        if payments > self.payments_per_window {
            let window_ms = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
            reasons.push(Reason::Velocity { payments, window_ms });
        }
        let deviations = self.deviations_above(payment.amount, past);
        if deviations.is_some_and(|above| above > self.deviations) {
            reasons.push(Reason::Amount { mean: past.mean(), deviations: deviations.unwrap_or_default() });
        }
        if let Some(customer) = customer {
            if payment.amount > customer.limit {
                reasons.push(Reason::Limit { limit: customer.limit });
            }
            if payment.country != customer.country && deviations.is_some_and(|above| above > ABROAD) {
                reasons.push(Reason::Country { home: customer.country.clone() });
            }
        }
        reasons
    }

    /// How far above the card's mean, in standard deviations; `None` while too little was learnt.
    fn deviations_above(&self, amount: f64, past: &Statistics) -> Option<f64> {
        (past.count() >= self.learn).then(|| (amount - past.mean()) / least_deviation(past))
    }

    /// What is learnt from an amount: one far off moves the mean no further than the rule allows, or a fraud would teach that it is usual.
    fn learnt(&self, amount: f64, past: &Statistics) -> f64 {
        if past.count() < self.learn { amount } else { amount.min(past.mean() + self.deviations * least_deviation(past)) }
    }
}

/// A card that always pays the same has no deviation, and yet a cent more is no fraud.
fn least_deviation(past: &Statistics) -> f64 {
    past.deviation().max(past.mean() / 10.0).max(f64::MIN_POSITIVE)
}
