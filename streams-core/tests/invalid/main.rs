//! What cannot work is refused when it is built: the error names the node, store or topic, and the way out.

mod generated_names;
mod globals;
mod own_stores;
mod tables;
mod texts;
mod topology;
mod versioned;
