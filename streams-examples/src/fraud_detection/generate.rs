//! Made-up customers and payments, with frauds among them that are labelled as such: what the demo measures itself on.

use super::model::{Customer, Payment};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;

const CUSTOMERS: usize = 200;
const DAYS: i64 = 30;
/// 2026-01-01.
const BEGIN_MS: i64 = 1_767_225_600_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const COUNTRIES: [&str; 6] = ["DE", "FR", "ES", "IT", "PL", "NL"];
/// Where stolen cards are used.
const ABROAD: [&str; 3] = ["US", "BR", "TH"];
/// One card in so many is defrauded.
const CARDS_PER_FRAUD: u32 = 4;

/// A kind of fraud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fraud {
    /// Many small payments within a minute, to find out whether the card works.
    Burst,
    /// A few payments far above what the card usually pays.
    Large,
    /// A few raised amounts, paid in another country.
    Abroad,
    /// A few payments like any other of the card, which no rule on a single card can see.
    Quiet,
}

impl Fraud {
    /// All kinds.
    pub const ALL: [Fraud; 4] = [Fraud::Burst, Fraud::Large, Fraud::Abroad, Fraud::Quiet];

    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Fraud::Burst => "burst of small payments",
            Fraud::Large => "large amounts",
            Fraud::Abroad => "raised amounts abroad",
            Fraud::Quiet => "inconspicuous payments",
        }
    }
}

/// Made-up data and the truth about it.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// Profiles by the customers' ids.
    pub customers: Vec<(String, Customer)>,
    /// Payments in the order of their times.
    pub payments: Vec<Payment>,
    /// The frauds: kind and number of the incident, by the payment's id.
    pub frauds: HashMap<String, (Fraud, usize)>,
}

impl Labelled {
    /// A time before every payment.
    pub fn before_all(&self) -> i64 {
        BEGIN_MS - DAY_MS
    }
}

/// Makes 200 customers with their cards and a month of payments. The same seed makes the same data.
pub fn generate(seed: u64) -> Labelled {
    let mut maker = Maker {
        random: Xoshiro256PlusPlus::seed_from_u64(seed),
        data: Labelled { customers: Vec::new(), payments: Vec::new(), frauds: HashMap::new() },
        incidents: 0,
    };
    for number in 0..CUSTOMERS {
        maker.customer(number);
    }
    let mut data = maker.data;
    data.payments.sort_by(|a, b| (a.ts, &a.id).cmp(&(b.ts, &b.id)));
    data
}

struct Maker {
    random: Xoshiro256PlusPlus,
    data: Labelled,
    incidents: usize,
}

/// How a card is used.
struct Habit {
    card: String,
    customer: String,
    country: &'static str,
    median: f64,
    /// Spread of the amounts' logarithms.
    spread: f64,
    per_day: u32,
}

impl Maker {
    fn customer(&mut self, number: usize) {
        let id = format!("customer-{number:03}");
        let country = self.one_of(&COUNTRIES);
        let median = self.amount(35.0, 0.6);
        let profile = Customer { name: format!("Customer {number}"), country: country.into(), limit: (median * 20.0).round() };
        self.data.customers.push((id.clone(), profile));
        // now and then somebody spends a week abroad
        let holiday = self.random.random_bool(0.05).then(|| (self.one_of(&ABROAD), self.random.random_range(0..DAYS - 7)));
        for card in 0..self.random.random_range(1..=2) {
            let habit = Habit {
                card: format!("card-{number:03}-{card}"),
                customer: id.clone(),
                country,
                median,
                spread: self.random.random_range(0.35..0.6),
                per_day: self.random.random_range(1..=5),
            };
            self.ordinary(&habit, holiday);
            if self.random.random_ratio(1, CARDS_PER_FRAUD) {
                self.fraud(&habit);
            }
        }
    }

    /// A month of honest payments.
    fn ordinary(&mut self, habit: &Habit, holiday: Option<(&'static str, i64)>) {
        for day in 0..DAYS {
            let country = match holiday {
                Some((abroad, first)) if (first..first + 7).contains(&day) => abroad,
                _ => habit.country,
            };
            for _ in 0..self.random.random_range(0..=habit.per_day) {
                // one in a few hundred is a piece of furniture, or a flight
                let factor = if self.random.random_ratio(1, 300) { self.random.random_range(3.0..12.0) } else { 1.0 };
                let amount = self.amount(habit.median, habit.spread) * factor;
                let ts = self.time_of(day);
                self.pay(habit, amount, country, ts, None);
            }
            // and sometimes a family feeds a ticket machine
            if self.random.random_ratio(1, 500) {
                let begin = self.time_of(day);
                for payment in 0..self.random.random_range(3..=7) {
                    let amount = self.amount(habit.median / 4.0, habit.spread);
                    self.pay(habit, amount, country, begin + payment * 8_000, None);
                }
            }
        }
    }

    /// One incident, some time after the first week.
    fn fraud(&mut self, habit: &Habit) {
        let kind = self.one_of(&Fraud::ALL);
        let incident = Some((kind, self.incidents));
        self.incidents += 1;
        let begin = {
            let day = self.random.random_range(8..DAYS);
            self.time_of(day)
        };
        let payments = if kind == Fraud::Burst { self.random.random_range(8..=14) } else { self.random.random_range(1..=4) };
        let mut ts = begin;
        for _ in 0..payments {
            let (amount, country, gap) = match kind {
                Fraud::Burst => (self.random.random_range(1.0..5.0), habit.country, self.random.random_range(2_000..6_000)),
                Fraud::Large => (habit.median * self.random.random_range(6.0..25.0), habit.country, 20 * MINUTE_MS),
                Fraud::Abroad => (habit.median * self.random.random_range(1.5..6.0), self.one_of(&ABROAD), 30 * MINUTE_MS),
                Fraud::Quiet => (self.amount(habit.median, habit.spread), habit.country, 40 * MINUTE_MS),
            };
            self.pay(habit, amount, country, ts, incident);
            ts += gap;
        }
    }

    fn pay(&mut self, habit: &Habit, amount: f64, country: &str, ts: i64, fraud: Option<(Fraud, usize)>) {
        let id = format!("payment-{:06}", self.data.payments.len());
        if let Some(fraud) = fraud {
            self.data.frauds.insert(id.clone(), fraud);
        }
        let amount = (amount * 100.0).round() / 100.0;
        let (card, customer) = (habit.card.clone(), habit.customer.clone());
        self.data.payments.push(Payment { id, card, customer, amount, country: country.into(), ts });
    }

    /// Between seven in the morning and eleven in the evening.
    fn time_of(&mut self, day: i64) -> i64 {
        BEGIN_MS + day * DAY_MS + self.random.random_range(7 * 60 * MINUTE_MS..23 * 60 * MINUTE_MS)
    }

    /// An amount around `median` whose logarithm is normally distributed, as those of payments are.
    fn amount(&mut self, median: f64, spread: f64) -> f64 {
        // Box and Muller's way to a normal distribution; 1 - u, since u can be 0
        let (u, v) = (self.random.random::<f64>(), self.random.random::<f64>());
        let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        median * (spread * normal).exp()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }
}
