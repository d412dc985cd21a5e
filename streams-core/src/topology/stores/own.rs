//! Stores of the user's own kind as processors use them.

use super::{StateStoreBuilder, StoreSet, add};
use crate::exec::GraphEnv;
use crate::plan::SharedPlan;
use crate::topology::ProcessingContext;
use crate::{BoxError, Error, Result};
use std::cell::{RefCell, RefMut};
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use streams_state::{OwnState, OwnStore, OwnStoreBuilder, StoreChange};

/// A store of your own kind opened in a processor: see [`OwnStore`].
///
/// ```
/// # use std::collections::BTreeMap;
/// # use streams_core::{Record, StreamsBuilder};
/// use streams_core::BoxError;
/// use streams_core::processor::{Context, Own, OwnStore, Processor, StoreChange};
/// use streams_core::state::Stores;
/// use streams_core::testing::TopologyTestDriver;
///
/// /// Places on a grid of one degree, to be found by where they are.
/// #[derive(Default)]
/// struct Places {
///     by_name: BTreeMap<String, (i16, i16)>,
///     by_cell: BTreeMap<(i16, i16), Vec<String>>,
/// }
///
/// impl OwnStore for Places {
///     fn apply(&mut self, change: &StoreChange<'_>) -> Result<(), BoxError> {
///         let name = String::from_utf8(change.key.to_vec())?;
///         let cell: Option<[u8; 4]> = change.value.map(TryInto::try_into).transpose()?;
///         if let Some(before) = self.by_name.remove(&name) {
///             self.by_cell.entry(before).or_default().retain(|other| *other != name);
///         }
///         if let Some([a, b, c, d]) = cell {
///             let cell = (i16::from_be_bytes([a, b]), i16::from_be_bytes([c, d]));
///             self.by_name.insert(name.clone(), cell);
///             self.by_cell.entry(cell).or_default().push(name);
///         }
///         Ok(())
///     }
///
///     fn num_entries(&self) -> u64 {
///         self.by_name.len() as u64
///     }
/// }
///
/// /// Tells for each place those that are near it.
/// struct Neighbours { places: Own<Places> }
///
/// impl Processor<String, (i16, i16), String, String> for Neighbours {
///     fn process(&mut self, ctx: &mut Context<'_, String, String>, place: Record<String, (i16, i16)>) -> Result<(), BoxError> {
///         let near = self.places.read(|places| places.by_cell.get(&place.value).map(|names| names.join(", ")))?;
///         let cell = [place.value.0.to_be_bytes(), place.value.1.to_be_bytes()].concat();
///         self.places.put(ctx, &place.key, cell)?;
///         ctx.forward(place.with_value(near.unwrap_or_default()))
///     }
/// }
///
/// let builder = StreamsBuilder::new();
/// let places = builder.add_state_store(Stores::own("places", |_| Ok(Places::default())));
/// let cells = builder.stream::<String, i64>("places").map_values(|degrees| ((degrees / 1_000) as i16, (degrees % 1_000) as i16));
/// cells.process(places, |_, places| Neighbours { places }).to("near");
///
/// let driver = TopologyTestDriver::new(&builder.build()?)?;
/// for (name, cell) in [("museum", 48_002), ("lake", 46_006), ("cafe", 48_002)] {
///     driver.input::<String, i64>("places").pipe(name.to_string(), cell)?;
/// }
/// assert_eq!(driver.output::<String, String>("near").read_values()?, ["", "", "museum"]);
/// assert_eq!(driver.own_store::<Places>("places").expect("a store").read(|places| places.num_entries())?, 3);
/// # Ok::<(), BoxError>(())
/// ```
pub struct Own<S> {
    state: Rc<RefCell<OwnState<S>>>,
    name: Arc<str>,
}

impl<S: OwnStore> Own<S> {
    /// Looks at the store.
    ///
    /// # Errors
    /// When the store is being looked at already: `look` must neither use it another time nor forward records to nodes that do. And when it could
    /// not be made.
    pub fn read<R>(&self, look: impl FnOnce(&S) -> R) -> Result<R, BoxError> {
        Ok(look(self.state()?.store().map_err(Error::from)?))
    }

    /// Makes a change: the store [applies](OwnStore::apply) it, and it is written to the changelog, with the time of the record being processed.
    ///
    /// # Errors
    /// The store's, and then nothing is written; the changelog's; and as [`read`](Self::read).
    pub fn put(&self, ctx: &mut impl ProcessingContext, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), BoxError> {
        self.change(ctx, key.as_ref(), Some(value.as_ref()))
    }

    /// Makes a change to nothing: the store applies one without a value, and a tombstone is written to the changelog.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, ctx: &mut impl ProcessingContext, key: impl AsRef<[u8]>) -> Result<(), BoxError> {
        self.change(ctx, key.as_ref(), None)
    }

    fn change(&self, ctx: &mut impl ProcessingContext, key: &[u8], value: Option<&[u8]>) -> Result<(), BoxError> {
        let (cx, mut state) = (ctx.cx(), self.state()?);
        let change = StoreChange::new(key, value, cx.timestamp);
        state.apply(&change)?;
        // no error of the processor's: it must not be passed over
        Ok(state.log(&change, &mut *cx.out).map_err(Error::from)?)
    }

    fn state(&self) -> Result<RefMut<'_, OwnState<S>>, BoxError> {
        self.state.try_borrow_mut().map_err(|_| {
            format!("store {} is used while it is looked at: leave `read` before you use it again, or forward a record", self.name).into()
        })
    }
}

impl<S> fmt::Debug for Own<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Own({})", self.name)
    }
}

/// A store of your own kind opened for reading in a processor.
pub struct ReadOnlyOwn<S>(Own<S>);

impl<S: OwnStore> ReadOnlyOwn<S> {
    /// As [`Own::read`].
    ///
    /// # Errors
    /// As [`Own::read`].
    pub fn read<R>(&self, look: impl FnOnce(&S) -> R) -> Result<R, BoxError> {
        self.0.read(look)
    }
}

impl<S> fmt::Debug for ReadOnlyOwn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadOnlyOwn({})", self.0.name)
    }
}

/// A store of your own kind in a topology: pass it to `.process(..)` to use it there. Nothing else can reach the store.
pub struct OwnStoreHandle<S> {
    pub(in crate::topology) name: Arc<str>,
    plan: SharedPlan,
    store: PhantomData<fn() -> S>,
}

/// The same of a store that is filled from its topic by a processor of its own (KIP-813): pass it to `.process(..)` to look at it there. Any number of
/// processors may, in one sub-topology with it; none of them can change it.
pub struct ReadOnlyOwnHandle<S>(pub(in crate::topology) OwnStoreHandle<S>);

impl<S> Clone for OwnStoreHandle<S> {
    fn clone(&self) -> Self {
        OwnStoreHandle { name: self.name.clone(), plan: self.plan.clone(), store: PhantomData }
    }
}

impl<S> Clone for ReadOnlyOwnHandle<S> {
    fn clone(&self) -> Self {
        ReadOnlyOwnHandle(self.0.clone())
    }
}

impl<S> fmt::Debug for OwnStoreHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnStoreHandle({})", self.name)
    }
}

impl<S> fmt::Debug for ReadOnlyOwnHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadOnlyOwnHandle({})", self.0.name)
    }
}

impl<S: OwnStore> StoreSet for OwnStoreHandle<S> {
    type Open = Own<S>;
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
        out.push((self.name.clone(), self.plan.clone()));
    }
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<Own<S>> {
        Ok(Own { state: env.store(&self.name)?, name: self.name.clone() })
    }
}

impl<S: OwnStore> StoreSet for ReadOnlyOwnHandle<S> {
    type Open = ReadOnlyOwn<S>;
    fn names(&self, out: &mut Vec<(Arc<str>, SharedPlan)>) {
        self.0.names(out);
    }
    fn open(&self, env: &mut GraphEnv<'_>) -> Result<ReadOnlyOwn<S>> {
        Ok(ReadOnlyOwn(self.0.open(env)?))
    }
}

impl<S: OwnStore> StateStoreBuilder for OwnStoreBuilder<S> {
    type Handle = OwnStoreHandle<S>;
    fn add_to(self, plan: &SharedPlan) -> Self::Handle {
        let name = self.name().to_owned();
        add(plan, &name, self.build(), |name, plan| OwnStoreHandle { name, plan, store: PhantomData })
    }
}
