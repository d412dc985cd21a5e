//! The kinds of windows there are, as `windowed_by` takes them.

use super::TimeWindows;
use crate::Data;
use crate::dsl::grouped::KGroupedStream;
use crate::dsl::windowed::TimeWindowedKStream;

/// What [`KGroupedStream::windowed_by`] takes: [`TimeWindows`] and [`SessionWindows`](crate::SessionWindows).
pub trait WindowKind {
    /// The stream cut into these windows.
    type Windowed<K: Data, V: Data>;

    #[doc(hidden)]
    fn cut<K: Data, V: Data>(self, grouped: &KGroupedStream<K, V>) -> Self::Windowed<K, V>;
}

impl WindowKind for TimeWindows {
    type Windowed<K: Data, V: Data> = TimeWindowedKStream<K, V>;

    fn cut<K: Data, V: Data>(self, grouped: &KGroupedStream<K, V>) -> TimeWindowedKStream<K, V> {
        if let Err(reason) = self.check() {
            grouped.stream.plan.lock().error(format!("{}: {reason}", grouped.stream.name));
        }
        TimeWindowedKStream { grouped: grouped.clone(), windows: self }
    }
}
