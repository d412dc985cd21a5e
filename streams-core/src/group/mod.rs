//! Who runs which task: partition counts and the mapping between the group's partitions and tasks.

#![allow(dead_code, unused_imports)]

mod mapping;
mod partitions;

pub(crate) use mapping::TaskMap;
pub(crate) use partitions::resolve_partitions;
