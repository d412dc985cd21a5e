//! Makes the internal topics ready, however long the cluster takes to answer.

use super::Message;
use crate::config::Bootstrap;
use crate::runtime::app_plan::Plan;
use crate::runtime::backoff::Backoff;
use crate::runtime::internal_topics::{other_sources, prepare};
use crate::runtime::shared::Shared;
use crate::runtime::stores::StateFiles;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often "the cluster cannot be reached" is said.
const SAY_AGAIN: Duration = Duration::from_secs(30);
/// How often topics are looked for until two looks agree.
const LOOKS: u32 = 10;

/// `None`: the application is closing.
pub(super) fn prepare_until_it_works(shared: &Shared, files: &StateFiles) -> Option<Result<Plan>> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    let mut said: Option<Duration> = None;
    loop {
        if !shared.state.get().is_alive() {
            return None;
        }
        let error = match prepare_topics(shared, files) {
            Err(error) if error.kind() == ErrorKind::Unavailable => error,
            result => return Some(result),
        };
        let now = shared.clock.monotonic();
        if said.is_none_or(|at| now.saturating_sub(at) >= SAY_AGAIN) {
            said = Some(now);
            let servers = match &shared.settings.bootstrap {
                Bootstrap::Servers(servers) => servers.clone(),
                Bootstrap::Embedded(name) => format!("embedded://{name}"),
            };
            tracing::warn!(target: "streams::app", "no answer from the cluster at bootstrap.servers={servers}, trying again: {error}");
        }
        let _ = shared.supervisor.post(Message::Unreachable);
        shared.state.wait(backoff.next(), |state| !state.is_alive());
    }
}

/// A plan for what patterns match by now, where that is other topics.
pub(super) fn look_again(shared: &Shared, files: &StateFiles, present: &Plan) -> Result<Option<Plan>> {
    for _ in 0..LOOKS {
        let Some(sources) = other_sources(present, &shared.topology, &shared.settings, &*shared.admin)? else { return Ok(None) };
        let plan = prepare_topics(shared, files)?;
        // else a topic that one broker does not know would be taken for deleted
        if plan.sources == sources {
            return Ok(Some(plan));
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "topics come and go, or brokers do not agree which there are"))
}

/// Once. What was seen in a cluster that ends with its process is not expected again.
fn prepare_topics(shared: &Shared, files: &StateFiles) -> Result<Plan> {
    let lasts = shared.cluster.lasts();
    let seen = if lasts { files.repartition_topics()? } else { BTreeMap::new() };
    let plan = prepare(&shared.topology, &shared.settings, &*shared.admin, &seen)?;
    if lasts && plan.repartition_ids != seen {
        files.remember_repartition_topics(&plan.repartition_ids)?;
    }
    Ok(plan)
}
