//! A real Apache Kafka broker for tests and for a person at a terminal.
//!
//! The jars of Apache Kafka come once from Maven Central into the user's cache folder. A broker is one KRaft node in a folder of its own, on free ports of
//! 127.0.0.1, with two listeners: a plain one and one that wants SASL over TLS. A broker that a program holds ([`Broker`]) ends with that program, also when
//! the program is killed; one that was [detached](Options::detached) stays until [`Running::stop`].
//!
//! ```no_run
//! use test_broker::{Broker, Options};
//!
//! let mut broker = Broker::start(&Options::default())?;
//! println!("bootstrap.servers={}", broker.bootstrap());
//! broker.kill()?; // as kill -9 would
//! broker.restart()?; // the same ports, the same log folder
//! # Ok::<(), test_broker::Error>(())
//! ```

#![warn(missing_docs)]

mod broker;
mod error;
mod jars;
mod java;
mod ports;
mod ready;
mod running;
mod settings;
pub mod sys;
mod tls;
mod watch;

pub use broker::{Broker, Options};
pub use error::{Error, Result};
pub use jars::{cache_dir, kafka_libs};
pub use java::{MIN_JAVA, java_program, java_version};
pub use running::Running;
pub use settings::{KAFKA_VERSION, PASSWORD, USER};
pub use watch::Watcher;
