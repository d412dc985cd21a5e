//! Fraud detection: judges card payments as they come in.
//!
//! Each payment is joined with the profile of the customer who holds the card, counted in its card's window of time, and held against what
//! this card usually pays. What looks wrong goes out as an alert with its reasons:
//!
//! - `velocity`: too many payments of one card in one window;
//! - `amount`: an amount far above the card's running mean;
//! - `limit`: an amount above what the customer has agreed to;
//! - `country`: a payment outside the customer's country, and above the card's mean.
//!
//! A payment without a profile is judged by the first two. One that comes later than its window's grace is left out and counted as late.

mod evaluate;
mod generate;
mod judge;
mod model;
mod statistics;

pub use evaluate::{Evaluation, Share};
pub use generate::{Fraud, Labelled, generate};
pub use judge::Rules;
pub use model::{Alert, Customer, Payment, Reason};
pub use statistics::Statistics;

use judge::Judge;
use model::{KnownPayment, Velocity};
use std::time::Duration;
use streams_core::handlers::timestamp_of_value;
use streams_core::serde::{Bincode, Json};
use streams_core::state::Stores;
use streams_core::{Consumed, Materialized, StreamsBuilder, TimeWindows, Topology, TopologyError};

/// The store of the customers' profiles.
pub const CUSTOMERS: &str = "customers";
/// The store of the payments' windows.
pub const VELOCITY: &str = "velocity";
/// The store of what each card usually pays.
pub const STATISTICS: &str = "card-statistics";

/// The topics it runs between, and when it raises an alert.
#[derive(Clone, Debug)]
pub struct Options {
    /// Payments as JSON; keys are not looked at.
    pub payments: String,
    /// Profiles of customers as JSON, by the customer's id.
    pub customers: String,
    /// Alerts as JSON, by card.
    pub alerts: String,
    /// How late a payment may come.
    pub grace: Duration,
    /// When a payment is suspicious.
    pub rules: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            payments: "transactions".into(),
            customers: "customers".into(),
            alerts: "fraud-alerts".into(),
            grace: Duration::from_secs(60),
            rules: Rules::default(),
        }
    }
}

/// Builds it.
///
/// # Errors
/// When a topic has no name, or the window no length.
pub fn topology(options: &Options) -> Result<Topology, TopologyError> {
    let builder = StreamsBuilder::new();
    let customers = builder.table_with::<String, Json<Customer>>(&options.customers, Consumed::default(), CUSTOMERS);
    let statistics = builder.add_state_store(Stores::key_value::<String, Bincode<Statistics>>(STATISTICS));
    let event_time = timestamp_of_value::<Json<Payment>, _>(|payment| payment.ts);
    let rules = options.rules;
    builder
        .stream_with::<(), Json<Payment>>(&options.payments, Consumed::default().timestamp_extractor(event_time))
        .select_key(|_, payment| payment.customer.clone())
        .left_join_table_with(
            &customers,
            |payment, customer| Json(KnownPayment { payment: payment.0, customer: customer.map(|customer| customer.0.clone()) }),
            "with-customer",
        )
        .group_by(|_, known| known.payment.card.clone())
        .windowed_by(TimeWindows::tumbling(rules.window).grace(options.grace))
        .aggregate_with(
            Bincode::<Velocity>::default,
            |_, known, velocity| {
                velocity.payments += 1;
                velocity.latest = Some(known.0);
            },
            // every payment must come out, not only the last one before a commit
            Materialized::from(VELOCITY).caching_disabled(),
        )
        .to_stream()
        .skip_null_values()
        .map(|windowed, velocity| (windowed.key, velocity))
        .process_values(statistics, move |_, statistics| Judge { rules, statistics })
        .to(&options.alerts);
    builder.build()
}
