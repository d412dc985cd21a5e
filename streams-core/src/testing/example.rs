//! One line to show an operator: used by the examples of the documentation.

use super::TopologyTestDriver;
use crate::{Data, KStream, StreamsBuilder};
use streams_state::serde::DefaultSerde;

/// The owned form of what an example writes down: `String` for `"a"`.
pub trait Owned {
    /// What travels in the stream.
    type Owned: Data + DefaultSerde;
    /// Makes it.
    fn owned(self) -> Self::Owned;
}

impl Owned for &str {
    type Owned = String;
    fn owned(self) -> String {
        self.to_owned()
    }
}

impl<T: Owned> Owned for Option<T> {
    type Owned = Option<T::Owned>;
    fn owned(self) -> Option<T::Owned> {
        self.map(Owned::owned)
    }
}

macro_rules! itself {
    ($($type:ty),*) => { $(impl Owned for $type {
        type Owned = $type;
        fn owned(self) -> $type {
            self
        }
    })* };
}
itself!(String, i32, i64, u64, f64, bool, ());

/// Runs records through a piece of a topology and gives what comes out.
///
/// ```
/// use streams_core::testing::through;
/// let out = through([("a", 1_i64)], |stream| stream.map_values(|value| value + 1));
/// assert_eq!(out, [("a".to_string(), 2)]);
/// ```
///
/// # Panics
/// When the topology cannot be built or fails: it is meant for examples and tests.
pub fn through<K: Owned, V: Owned, KO: Data + DefaultSerde, VO: Data + DefaultSerde>(
    input: impl IntoIterator<Item = (K, V)>,
    piece: impl FnOnce(KStream<K::Owned, V::Owned>) -> KStream<KO, VO>,
) -> Vec<(KO, VO)> {
    let builder = StreamsBuilder::new();
    piece(builder.stream("in")).to("out");
    let run = || -> Result<Vec<(KO, VO)>, Box<dyn std::error::Error>> {
        let driver = TopologyTestDriver::new(&builder.build()?)?;
        let mut topic = driver.input("in");
        input.into_iter().try_for_each(|(key, value)| topic.pipe(key.owned(), value.owned()))?;
        Ok(driver.output("out").read_all()?)
    };
    run().unwrap_or_else(|e| panic!("{e}"))
}
