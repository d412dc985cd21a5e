//! What travels: payments, profiles, alerts.

use serde::{Deserialize, Serialize};

/// A payment by card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id, unique.
    pub id: String,
    /// The card that paid.
    pub card: String,
    /// The customer who holds the card.
    pub customer: String,
    /// How much, in one currency. A refund is negative.
    pub amount: f64,
    /// Where, as two letters.
    pub country: String,
    /// When, in milliseconds since 1970.
    pub ts: i64,
}

/// The profile of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Who it is.
    pub name: String,
    /// Where the customer lives, as two letters.
    pub country: String,
    /// The greatest single payment that the customer has agreed to.
    pub limit: f64,
}

/// A payment that looks wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The payment.
    pub payment: Payment,
    /// The customer's name, where there is a profile.
    pub customer_name: Option<String>,
    /// Everything that speaks against it, at least one thing.
    pub reasons: Vec<Reason>,
}

/// Something that speaks against a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Reason {
    /// Too many payments of the card in one window.
    Velocity {
        /// How many so far.
        payments: u64,
        /// In a window of this length.
        window_ms: u64,
    },
    /// The amount is far above the card's mean.
    Amount {
        /// The card's mean so far.
        mean: f64,
        /// How far above it, in standard deviations.
        deviations: f64,
    },
    /// The amount is above the customer's limit.
    Limit {
        /// The limit.
        limit: f64,
    },
    /// The payment was made abroad, and is above the card's mean.
    Country {
        /// Where the customer lives.
        home: String,
    },
}

/// A payment and, where there is one, the profile of its customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KnownPayment {
    pub payment: Payment,
    pub customer: Option<Customer>,
}

/// A window of a card's payments.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Velocity {
    /// How many so far.
    pub payments: u64,
    /// The one that came last.
    pub latest: Option<KnownPayment>,
}
