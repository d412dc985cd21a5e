//! Fraud detection through the test driver.

use streams_core::config::{DeserializationPolicy, StreamsConfig};
use streams_core::serde::{Bincode, Json};
use streams_core::testing::TopologyTestDriver;
use streams_core::{ErrorKind, Headers};
use streams_examples::fraud_detection::{
    Alert, Customer, Evaluation, Fraud, Options, Payment, Reason, STATISTICS, Statistics, generate, topology,
};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const T: i64 = 1_767_225_600_000;
const HOUR: i64 = 3_600_000;

fn driver() -> TopologyTestDriver {
    TopologyTestDriver::new(&topology(&Options::default()).unwrap()).unwrap()
}

fn customer(driver: &TopologyTestDriver, id: &str, country: &str, limit: f64) {
    let profile = Customer { name: format!("Name of {id}"), country: country.into(), limit };
    driver.input::<String, Json<Customer>>("customers").pipe_at(id.into(), Json(profile), T - HOUR).unwrap();
}

fn payment(amount: f64, ts: i64) -> Payment {
    Payment { id: format!("p-{ts}"), card: "card-1".into(), customer: "c-1".into(), amount, country: "DE".into(), ts }
}

fn pay(driver: &TopologyTestDriver, payment: Payment) {
    driver.input::<(), Json<Payment>>("transactions").pipe_at((), Json(payment), 1).unwrap();
}

/// Twenty payments around 20, an hour apart.
fn learn(driver: &TopologyTestDriver) -> i64 {
    for n in 0..20 {
        pay(driver, payment(18.0 + (n % 5) as f64, T + n * HOUR));
    }
    assert_eq!(alerts(driver), []);
    T + 20 * HOUR
}

fn alerts(driver: &TopologyTestDriver) -> Vec<Alert> {
    let mut topic = driver.output::<String, Json<Alert>>("fraud-alerts");
    topic.read_all().unwrap().into_iter().map(|(_, alert)| alert.0).collect()
}

fn only_reasons(driver: &TopologyTestDriver) -> Vec<Reason> {
    match alerts(driver).as_slice() {
        [alert] => alert.reasons.clone(),
        others => panic!("one alert was expected, not {others:?}"),
    }
}

#[test]
fn too_many_payments_in_a_window() {
    let driver = driver();
    customer(&driver, "c-1", "DE", 1000.0);
    (0..4).for_each(|n| pay(&driver, payment(5.0, T + n * 1_000)));
    // another card does not count, nor does the next window
    pay(&driver, Payment { card: "card-2".into(), ..payment(5.0, T + 5_000) });
    pay(&driver, payment(5.0, T + 60_000));
    assert_eq!(alerts(&driver), []);
    pay(&driver, payment(5.0, T + 59_999));
    assert_eq!(only_reasons(&driver), [Reason::Velocity { payments: 5, window_ms: 60_000 }]);
}

#[test]
fn an_amount_far_above_the_cards_mean() {
    let driver = driver();
    customer(&driver, "c-1", "DE", 1000.0);
    let now = learn(&driver);
    pay(&driver, payment(24.0, now));
    assert_eq!(alerts(&driver), []);
    pay(&driver, payment(300.0, now + HOUR));
    let reasons = only_reasons(&driver);
    let [Reason::Amount { mean, deviations }] = reasons.as_slice() else { panic!("{reasons:?}") };
    assert!((mean - 20.2).abs() < 0.1 && *deviations > 100.0, "{reasons:?}");
}

#[test]
fn a_fraud_does_not_teach_that_it_is_usual() -> Outcome {
    let driver = driver();
    let now = learn(&driver);
    pay(&driver, payment(10_000.0, now));
    let store = driver.key_value_store::<String, Bincode<Statistics>>(STATISTICS).expect("the store has a name");
    let learnt = store.get(&"card-1".into())?.expect("the card has paid").0;
    assert_eq!(learnt.count(), 21);
    assert!(learnt.mean() < 21.0, "{learnt:?}");
    pay(&driver, payment(10_000.0, now + HOUR));
    assert_eq!(alerts(&driver).len(), 2);
    Ok(())
}

#[test]
fn a_new_card_is_not_judged_by_its_mean() {
    let driver = driver();
    (0..9).for_each(|n| pay(&driver, payment(1.0, T + n * HOUR)));
    pay(&driver, payment(5_000.0, T + 9 * HOUR));
    assert_eq!(alerts(&driver), []);
}

#[test]
fn above_the_customers_limit() {
    let driver = driver();
    customer(&driver, "c-1", "DE", 100.0);
    pay(&driver, payment(100.0, T));
    pay(&driver, payment(100.01, T + HOUR));
    assert_eq!(only_reasons(&driver), [Reason::Limit { limit: 100.0 }]);
}

#[test]
fn abroad_and_above_the_mean() {
    let driver = driver();
    customer(&driver, "c-1", "DE", 1000.0);
    let now = learn(&driver);
    let abroad = |amount, ts| Payment { country: "BR".into(), ..payment(amount, ts) };
    pay(&driver, abroad(20.0, now));
    assert_eq!(alerts(&driver), []);
    pay(&driver, abroad(25.0, now + HOUR));
    assert_eq!(only_reasons(&driver), [Reason::Country { home: "DE".into() }]);
}

#[test]
fn several_reasons_are_one_alert() -> Outcome {
    let driver = driver();
    customer(&driver, "c-1", "DE", 100.0);
    let now = learn(&driver);
    pay(&driver, Payment { country: "BR".into(), ..payment(500.0, now) });
    let json = driver.output::<String, String>("fraud-alerts").read()?.expect("an alert");
    assert_eq!(json.0, "card-1");
    let alert: Alert = serde_json::from_str(&json.1)?;
    assert_eq!(alert.customer_name.as_deref(), Some("Name of c-1"));
    let rules: Vec<serde_json::Value> = serde_json::from_str::<serde_json::Value>(&json.1)?["reasons"].as_array().unwrap().clone();
    assert_eq!(rules.iter().map(|reason| reason["rule"].as_str().unwrap()).collect::<Vec<_>>(), ["amount", "limit", "country"]);
    assert!(driver.output::<String, String>("fraud-alerts").is_empty());
    Ok(())
}

#[test]
fn without_a_profile_the_card_alone_is_judged() {
    let driver = driver();
    let now = learn(&driver);
    pay(&driver, Payment { country: "BR".into(), ..payment(500.0, now) });
    let found = alerts(&driver);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].customer_name, None);
    assert!(matches!(found[0].reasons.as_slice(), [Reason::Amount { .. }]), "{found:?}");
}

#[test]
fn a_profile_counts_from_when_it_comes() -> Outcome {
    let driver = driver();
    pay(&driver, payment(500.0, T));
    customer(&driver, "c-1", "DE", 100.0);
    assert_eq!(alerts(&driver), []);
    pay(&driver, payment(500.0, T + HOUR));
    assert_eq!(only_reasons(&driver), [Reason::Limit { limit: 100.0 }]);
    // and until it is deleted
    driver.input::<String, Option<Json<Customer>>>("customers").pipe("c-1".into(), None)?;
    pay(&driver, payment(500.0, T + 2 * HOUR));
    assert_eq!(alerts(&driver), []);
    Ok(())
}

#[test]
fn a_late_payment_is_judged_within_the_grace() {
    let driver = driver();
    customer(&driver, "c-1", "DE", 100.0);
    pay(&driver, payment(1.0, T + 119_999));
    pay(&driver, payment(500.0, T + 1));
    assert_eq!(alerts(&driver).len(), 1);
    pay(&driver, payment(1.0, T + 120_000));
    pay(&driver, payment(500.0, T + 2));
    assert_eq!(alerts(&driver), []);
}

#[test]
fn a_refund_is_neither_judged_nor_learnt_from() -> Outcome {
    let driver = driver();
    let now = learn(&driver);
    pay(&driver, payment(-900.0, now));
    assert_eq!(alerts(&driver), []);
    let store = driver.key_value_store::<String, Bincode<Statistics>>(STATISTICS).expect("the store has a name");
    assert_eq!(store.get(&"card-1".into())?.map(|s| s.count()), Some(20));
    Ok(())
}

#[test]
fn bad_json_fails_or_is_left_out() -> Outcome {
    let topology = topology(&Options::default())?;
    let bad = || Some(br#"{"id": "p", "card": "card-1", "amount": "much"}"#.to_vec());
    let driver = TopologyTestDriver::new(&topology)?;
    let error = driver.input::<(), String>("transactions").pipe_bytes(None, bad(), T, Headers::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serde);
    assert!(error.to_string().contains("transactions"), "{error}");
    let error = driver.input::<String, String>("customers").pipe("c-1".into(), "{}".into()).unwrap_err();
    assert!(error.to_string().contains("customers"), "{error}");

    let config = StreamsConfig::new("test", "embedded").deserialization_exception_handler(DeserializationPolicy::LogAndContinue);
    let driver = TopologyTestDriver::builder(&topology).config(config).build()?;
    driver.input::<(), String>("transactions").pipe_bytes(None, bad(), T, Headers::new())?;
    driver.input::<String, String>("customers").pipe("c-1".into(), "{}".into())?;
    customer(&driver, "c-1", "DE", 100.0);
    pay(&driver, payment(500.0, T));
    assert_eq!(alerts(&driver).len(), 1);
    Ok(())
}

#[test]
fn made_up_data_is_the_same_for_the_same_seed() {
    let (a, b, c) = (generate(1), generate(1), generate(2));
    assert_eq!(a.payments, b.payments);
    assert_eq!(a.frauds, b.frauds);
    assert_ne!(a.payments, c.payments);
    assert!(a.payments.is_sorted_by_key(|payment| payment.ts));
    assert!(a.payments.iter().all(|payment| payment.ts > a.before_all()));
    let known: std::collections::HashSet<&str> = a.payments.iter().map(|payment| payment.id.as_str()).collect();
    assert_eq!(known.len(), a.payments.len(), "ids are unique");
    assert!(a.frauds.keys().all(|id| known.contains(id.as_str())));
}

/// Whatever the seed: the rules find what they are made for, and no data is so clean that nothing is missed.
#[test]
fn finds_most_frauds_and_raises_few_false_alarms() {
    for seed in [3, 4, 5] {
        let data = generate(seed);
        let driver = driver();
        let mut customers = driver.input::<String, Json<Customer>>("customers");
        data.customers.iter().for_each(|(id, profile)| customers.pipe_at(id.clone(), Json(profile.clone()), data.before_all()).unwrap());
        data.payments.iter().for_each(|payment| pay(&driver, payment.clone()));
        let found = alerts(&driver);
        let result = Evaluation::of(&found, &data);
        println!("seed {seed}, {} payments, {} frauds\n{result}", data.payments.len(), data.frauds.len());
        assert!(result.precision.ratio() > 0.5, "{result}");
        assert!(result.recall.ratio() > 0.4 && result.recall.ratio() < 1.0, "{result}");
        assert!(result.by_kind[&Fraud::Large].ratio() > 0.8, "{result}");
    }
}
