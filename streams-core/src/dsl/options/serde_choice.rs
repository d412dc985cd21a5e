//! Which serde an operator uses: the one given, else the one that came with the stream, else the type's default.

use crate::plan::Plan;
use crate::{BoxError, Data};
use std::sync::Arc;
use streams_state::serde::{DefaultSerde, ListSerde, Serde, SerdeContext, Wrote};

/// A serde given, and the one to fall back on.
pub(crate) struct SerdeChoice<T> {
    given: Option<Arc<dyn Serde<T>>>,
    fallback: Option<Arc<dyn Serde<T>>>,
}

impl<T> Clone for SerdeChoice<T> {
    fn clone(&self) -> Self {
        SerdeChoice { given: self.given.clone(), fallback: self.fallback.clone() }
    }
}

impl<T> Default for SerdeChoice<T> {
    fn default() -> Self {
        SerdeChoice { given: None, fallback: None }
    }
}

impl<T: Data> SerdeChoice<T> {
    pub fn given(serde: impl Serde<T>) -> Self {
        SerdeChoice { given: Some(Arc::new(serde)), fallback: None }
    }

    /// Nothing given; the type has a default.
    pub fn by_type() -> Self
    where
        T: DefaultSerde,
    {
        SerdeChoice { given: None, fallback: Some(T::default_serde()) }
    }

    /// The serde given, or the carried one, if any: the type's default is not carried on.
    pub fn given_or(&self, carried: &Option<Arc<dyn Serde<T>>>) -> Option<Arc<dyn Serde<T>>> {
        self.given.clone().or_else(|| carried.clone())
    }

    /// A fallback for where the options have none.
    pub fn with_fallback(mut self, fallback: &SerdeChoice<T>) -> Self {
        self.given = self.given.or_else(|| fallback.given.clone());
        self.fallback = self.fallback.or_else(|| fallback.fallback.clone());
        self
    }

    /// The serde of lists of such values.
    pub fn listed(&self) -> SerdeChoice<Vec<T>> {
        let list = |serde: &Arc<dyn Serde<T>>| Arc::new(ListSerde::new(serde.clone())) as Arc<dyn Serde<Vec<T>>>;
        SerdeChoice { given: self.given.as_ref().map(list), fallback: self.fallback.as_ref().map(list) }
    }

    /// Decides for something that may turn out not to be needed; `Err` holds a serde that fails, where there is none.
    pub fn resolve_late(&self, carried: &Option<Arc<dyn Serde<T>>>) -> Result<Arc<dyn Serde<T>>, Arc<dyn Serde<T>>> {
        self.given_or(carried).or_else(|| self.fallback.clone()).ok_or_else(|| Arc::new(NoSerde) as Arc<dyn Serde<T>>)
    }

    /// Decides. Where there is none at all, the plan remembers an error that names the node.
    pub fn resolve(&self, carried: &Option<Arc<dyn Serde<T>>>, plan: &mut Plan, node: &str, what: &str) -> Arc<dyn Serde<T>> {
        self.given_or(carried).or_else(|| self.fallback.clone()).unwrap_or_else(|| {
            plan.error(format!(
                "{node} needs a serde for its {what} of type {}: give one in the options of the operator (for example `Produced::with(..)`)",
                std::any::type_name::<T>()
            ));
            Arc::new(NoSerde)
        })
    }
}

/// Stands where a serde is missing, until `build()` tells so.
struct NoSerde;

impl<T> Serde<T> for NoSerde {
    fn deserialize(&self, _: &SerdeContext<'_>, _: Option<&[u8]>) -> Result<T, BoxError> {
        Err("no serde was given".into())
    }
    fn serialize(&self, _: &SerdeContext<'_>, _: &T, _: &mut Vec<u8>) -> Result<Wrote, BoxError> {
        Err("no serde was given".into())
    }
}
