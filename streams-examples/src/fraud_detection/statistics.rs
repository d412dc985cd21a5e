//! What a card usually pays.

use serde::{Deserialize, Serialize};

/// Mean and variance of a sequence of numbers, one number at a time, in constant space (Welford's method, which does not lose precision as
/// sums of squares do).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    count: u64,
    mean: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
}

impl Statistics {
    /// Adds a number.
    pub fn add(&mut self, x: f64) {
        self.count += 1;
        let from_old_mean = x - self.mean;
        self.mean += from_old_mean / self.count as f64;
        self.squares += from_old_mean * (x - self.mean);
    }

    /// How many numbers there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 while there are none.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their standard deviation, as of a sample; 0 for less than two.
    pub fn deviation(&self) -> f64 {
        if self.count < 2 { 0.0 } else { (self.squares / (self.count - 1) as f64).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_two_pass_formulas() {
        let numbers = [12.5, 3.0, 1e6, 44.0, 44.0, 0.01];
        let mut statistics = Statistics::default();
        assert_eq!((statistics.mean(), statistics.deviation()), (0.0, 0.0));
        numbers.into_iter().for_each(|x| statistics.add(x));
        let mean = numbers.iter().sum::<f64>() / 6.0;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5.0;
        assert!((statistics.mean() - mean).abs() < 1e-6);
        assert!((statistics.deviation() - variance.sqrt()).abs() < 1e-6);
        assert_eq!(statistics.count(), 6);
    }

    #[test]
    fn keeps_its_precision_far_from_zero() {
        let mut statistics = Statistics::default();
        [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter().for_each(|x| statistics.add(x));
        assert!((statistics.deviation() - 30f64.sqrt()).abs() < 1e-6);
    }
}
