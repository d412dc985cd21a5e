//! Results told once, when their windows close.
//!
//! A window closes when a record moves stream time past its end and the grace. Java writes that record before it looks for closed windows,
//! and by then its stores hide rows that are older than the retention: what a jump in time closes is lost. Here closed windows are told first.

use crate::Result;
use crate::exec::{Cx, GraphEnv, Meta};

/// A store whose rows lie by the times at which they are told.
pub(crate) trait Closing {
    /// Forwards the rows of the times `[from, to]`, in the order in which they lie.
    fn forward_closed(&mut self, cx: &mut Cx, range: (i64, i64), meta: &Meta<'_>) -> Result<()>;

    /// The time of the first row from `from` on.
    fn first_from(&mut self, from: i64) -> Result<Option<i64>>;
}

/// How far the results of one aggregation have been told.
pub(crate) struct Finals {
    /// Where the number below is kept.
    index: usize,
    /// Windows that had ended by then are told; -1 before the first.
    told: i64,
    /// No row that is still to be told lies before this.
    earliest: i64,
}

impl Finals {
    pub fn new(env: &mut GraphEnv<'_>, store: &str) -> Self {
        let (index, told) = env.kept_number(store);
        Finals { index, told: told.unwrap_or(-1), earliest: i64::MIN }
    }

    /// Until which end windows have been told; `None` where there is nothing new at `closed`.
    pub fn told_before(&self, closed: i64) -> Option<i64> {
        (self.told == -1 || self.told < closed).then_some(self.told)
    }

    /// A row was changed.
    #[inline]
    pub fn changed(&mut self, time: i64) {
        self.earliest = self.earliest.min(time);
    }

    /// Forwards the rows of the times `[from, to]`.
    pub fn tell(&mut self, cx: &mut Cx, writer: &mut impl Closing, (from, to): (i64, i64), closed: i64, meta: &Meta<'_>) -> Result<()> {
        // a walk is made only where it finds something
        if self.earliest <= to {
            writer.forward_closed(cx, (from, to), meta)?;
            self.earliest = writer.first_from(to.saturating_add(1))?.unwrap_or(i64::MAX);
        }
        self.told = closed;
        cx.kept.set(self.index, closed);
        Ok(())
    }
}
