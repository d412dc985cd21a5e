//! The windowed joins of two streams.

mod fallible;
mod inner;
mod join_side;
mod keep_side;
mod left;
mod outer;
mod stores;
mod unmatched;

use super::merge::PassThrough;
use super::self_join::SelfJoinSpec;
use super::{Added, KStream, RepartitionSpec, refuse_null_values, refuse_nullable};
use crate::Data;
use crate::dsl::folder::Made;
use crate::dsl::options::StreamJoined;
use crate::dsl::windows::JoinWindows;
use crate::exec::operator;
use crate::plan::{Plan, Role, Target};
use join_side::{JoinSide, LeftSide, RightSide, SideSpec};
pub(super) use keep_side::{JoinKey, KeyBytes};
use std::any::type_name;
use std::collections::BTreeSet;
use std::sync::Arc;
use stores::JoinStores;
use streams_state::WindowBytesStoreSupplier;
use streams_state::serde::Serde;
use unmatched::UnmatchedSpec;

/// Makes a result of key, left and right value, at least one of which is there. `None`: of this pair there is no result.
pub(super) type Joiner<K, L, R, VO> = Arc<dyn Fn(&K, Option<&L>, Option<&R>) -> Made<VO> + Send + Sync>;

/// Which records give a result without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Inner,
    Left,
    Outer,
}

impl Form {
    /// Whether records of the stream that the join was called on do.
    fn keeps_left(self) -> bool {
        self != Form::Inner
    }

    /// Whether those of the other one do.
    fn keeps_right(self) -> bool {
        self == Form::Outer
    }

    /// How the generated names of the two joining nodes begin, and what is behind given ones.
    fn names(self) -> [(&'static str, &'static str); 2] {
        let this = if self.keeps_right() { ("KSTREAM-OUTERTHIS-", "-outer-this-join") } else { ("KSTREAM-JOINTHIS-", "-this-join") };
        let other = if self.keeps_left() { ("KSTREAM-OUTEROTHER-", "-outer-other-join") } else { ("KSTREAM-JOINOTHER-", "-other-join") };
        [this, other]
    }

    /// The name of the store of records without a partner: it has no number of its own.
    fn unmatched_store(self, base: Option<&Arc<str>>, this_generated: &str) -> Arc<str> {
        match base {
            Some(base) => format!("{base}-{}-shared-join-store", if self.keeps_right() { "outer" } else { "left" }).into(),
            None => {
                let number = this_generated.trim_start_matches(self.names()[0].0);
                format!("KSTREAM-OUTERSHARED-{number}-store").into()
            }
        }
    }
}

impl<K: Data, V: Data> KStream<K, V> {
    fn join_streams<V2: Data, VO: Data>(
        &self,
        other: &KStream<K, V2>,
        form: Form,
        joiner: Joiner<K, V, V2, VO>,
        windows: JoinWindows,
        options: StreamJoined<K, V, V2>,
    ) -> KStream<K, VO> {
        let mut plan = self.plan.lock();
        if !self.plan.is(&other.plan) {
            plan.error(format!("{} is joined with {}, a stream of another builder: make both with one builder", self.name, other.name));
            return self.same_key(Added { node: self.node, name: self.name.clone() });
        }
        self.check_join(&mut plan, other, form);
        let given = options.named.get().cloned();
        let side_name = |suffix: &str| given.as_ref().map(|name| format!("{name}-{suffix}"));
        // its own name is not known before those of its repartitions are
        let the_join = format!("the join of {} with {}", self.name, other.name);
        if let Err(why) = windows.check() {
            plan.error(format!("{the_join}: {why}"));
        }
        let key_serde = options.key.resolve(&self.key_serde.clone().or_else(|| other.key_serde.clone()), &mut plan, &the_join, "key");
        let this_serde = options.this_value.resolve(&self.value_serde, &mut plan, &the_join, "left value");
        let other_serde = options.other_value.resolve(&other.value_serde, &mut plan, &the_join, "right value");
        let this = partitioned(self, &mut plan, side_name("left").as_deref(), &key_serde, &this_serde);
        let other = partitioned(other, &mut plan, side_name("right").as_deref(), &key_serde, &other_serde);
        let sources: BTreeSet<Arc<str>> = this.sources.union(&other.sources).cloned().collect();

        let this_windowed = plan.processor_name_suffixed(&options.named, "-this-windowed", "KSTREAM-WINDOWED-");
        let other_windowed = plan.processor_name_suffixed(&options.named, "-other-windowed", "KSTREAM-WINDOWED-");
        let [(this_prefix, this_suffix), (other_prefix, other_suffix)] = form.names();
        let this_generated = plan.names.processor(this_prefix);
        let other_generated = plan.names.processor(other_prefix);
        let join_name =
            |suffix: &str, generated: &Arc<str>| given.as_ref().map_or_else(|| generated.clone(), |n| format!("{n}{suffix}").into());
        let (this_join, other_join) = (join_name(this_suffix, &this_generated), join_name(other_suffix, &other_generated));
        let merge = plan.processor_name_suffixed(&options.named, "-merge", "KSTREAM-MERGE-");
        plan.copartition(&merge, &sources);
        let store_name = |suffix: &str, generated: &Arc<str>| -> Arc<str> {
            match &options.store_name {
                Some(base) => format!("{base}{suffix}-store").into(),
                None => format!("{generated}-store").into(),
            }
        };
        let stores = JoinStores { windows, logging: &options.logging, store_type: options.store_type };
        let (this_given, other_given) = (options.this_store.as_ref(), options.other_store.as_ref());
        stores.check_given(&mut plan, &merge, this_given, other_given);
        let this_store = stores.window(&mut plan, (&merge, store_name(this_suffix, &this_generated)), this_given, &key_serde, &this_serde);
        let other_store =
            stores.window(&mut plan, (&merge, store_name(other_suffix, &other_generated)), other_given, &key_serde, &other_serde);
        let unmatched_store = form.keeps_left().then(|| {
            let base = this_given.map(WindowBytesStoreSupplier::name).or(options.store_name.as_ref());
            let name = form.unmatched_store(base, &this_generated);
            stores.unmatched(&mut plan, (&merge, name), this_given, &key_serde, &this_serde, &other_serde)
        });

        for (store, supplier) in [(&this_store, this_given), (&other_store, other_given)] {
            plan.note_generated(store.name(), supplier.is_some() || options.store_name.is_some());
        }
        if let Some(store) = &unmatched_store {
            plan.note_generated(store.name(), this_given.is_some() || options.store_name.is_some());
        }

        let this_window = keep_side::add::<K, V>(&mut plan, this_windowed.clone(), this.node, this_store.clone(), this.key_bytes);
        let other_window = keep_side::add::<K, V2>(&mut plan, other_windowed.clone(), other.node, other_store.clone(), other.key_bytes);

        let unmatched =
            unmatched_store.as_ref().map(|store| UnmatchedSpec { store: store.name().clone(), windows, both_sides: form.keeps_right() });
        let this_factory = JoinSide::<LeftSide, K, V, V2, VO>::factory(SideSpec {
            other_store: other_store.name().clone(),
            before_ms: windows.before_ms,
            after_ms: windows.after_ms,
            key_bytes: this.key_bytes,
            outer: form.keeps_left(),
            unmatched: unmatched.clone(),
            joiner: joiner.clone(),
        });
        let other_factory = JoinSide::<RightSide, K, V, V2, VO>::factory(SideSpec {
            other_store: this_store.name().clone(),
            before_ms: windows.after_ms,
            after_ms: windows.before_ms,
            key_bytes: other.key_bytes,
            outer: form.keeps_right(),
            unmatched,
            joiner: joiner.clone(),
        });
        let (itself, kept, behind) = (joiner, this_store.clone(), this_windowed.clone());
        let (this_store, other_store) = (this_store.name().clone(), other_store.name().clone());
        let write = move |target: &mut Target<'_>| {
            let builder = &mut *target.builder;
            builder.add_processor(&this_join, std::slice::from_ref(&this_windowed), this_factory.clone())?;
            builder.add_processor(&other_join, std::slice::from_ref(&other_windowed), other_factory.clone())?;
            let merge = operator::<K, VO, K, VO>(Box::new(|_, next| Ok(Box::new(PassThrough(next)))));
            builder.add_processor(&target.name, &[this_join.clone(), other_join.clone()], merge)?;
            builder.connect_store(&this_join, &other_store)?;
            builder.connect_store(&other_join, &this_store)?;
            if let Some(unmatched) = &unmatched_store {
                builder.add_store_of(&this_join, unmatched)?;
                builder.connect_store(&other_join, unmatched.name())?;
            }
            Ok(())
        };
        let role = if form.keeps_left() { Role::NullKeyRelaxedJoin } else { Role::Other };
        let node = plan.add(merge.clone(), &[this.node, other.node], role, Arc::new(write));
        // every record meets itself, so left and outer joins have no others than the inner one
        let (this_windowed, store, key_bytes) = (&behind, &kept, this.key_bytes);
        let spec = SelfJoinSpec { join: node, this_window, other_window, this_windowed, store, windows, key_bytes, joiner: itself };
        spec.offer(&mut plan);
        drop(plan);
        let key_bytes = this.key_bytes.filter(|_| this.key_bytes == other.key_bytes);
        let stream = this.same_key(Added { node, name: merge });
        KStream { key_serde: options.key.given_or(&None), key_bytes, sources: Arc::new(sources), repartition_required: false, ..stream }
    }

    fn check_join<V2: Data>(&self, plan: &mut Plan, other: &KStream<K, V2>, form: Form) {
        match form {
            Form::Inner => {
                refuse_nullable::<K, V>(plan, &self.name, "a join");
                refuse_nullable::<K, V2>(plan, &other.name, "a join");
            }
            // records without a key are part of these: they give a result at once
            Form::Left | Form::Outer => {
                if type_name::<K>() == "()" {
                    plan.error(format!("{}: a join needs keys, but `()` is none: call `select_key(..)` on both streams first", self.name));
                }
                refuse_null_values::<V>(plan, &self.name, "a join");
                refuse_null_values::<V2>(plan, &other.name, "a join");
            }
        }
    }
}

fn partitioned<K: Data, V: Data>(
    stream: &KStream<K, V>,
    plan: &mut Plan,
    given: Option<&str>,
    key_serde: &Arc<dyn Serde<K>>,
    value_serde: &Arc<dyn Serde<V>>,
) -> KStream<K, V> {
    if !stream.repartition_required {
        return stream.clone();
    }
    let spec = RepartitionSpec {
        key_serde: key_serde.clone(),
        value_serde: value_serde.clone(),
        key_bytes: stream.key_bytes,
        partitions: None,
        partitioner: None,
    };
    stream.repartitioned_for_join(plan, given, spec)
}
