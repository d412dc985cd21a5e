//! Free ports of 127.0.0.1.

use std::net::TcpListener;

use crate::error::{Error, Result};

/// The three ports of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    pub plain: u16,
    pub sasl_ssl: u16,
    pub controller: u16,
}

impl Ports {
    /// Ports that are free now; `plain` as asked for, where it was asked for.
    ///
    /// They are held until all three are known, so they differ. Somebody may still take one before the broker does: the caller tries again then.
    pub fn free(plain: Option<u16>) -> Result<Self> {
        let wanted = plain.unwrap_or(0);
        let plain = bind(wanted).map_err(|e| match wanted {
            0 => e,
            port => Error::new(format!("port {port} of 127.0.0.1 is not free ({e}): choose another, or leave the choice to the system")),
        })?;
        let sasl_ssl = bind(0)?;
        let controller = bind(0)?;
        Ok(Ports { plain: port_of(&plain)?, sasl_ssl: port_of(&sasl_ssl)?, controller: port_of(&controller)? })
    }
}

fn bind(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).map_err(|e| Error::new(format!("cannot listen on 127.0.0.1:{port}: {e}")))
}

fn port_of(listener: &TcpListener) -> Result<u16> {
    listener.local_addr().map(|a| a.port()).map_err(|e| Error::new(format!("a listening socket without an address: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ() {
        let ports = Ports::free(None).unwrap();
        assert!(ports.plain != ports.sasl_ssl && ports.sasl_ssl != ports.controller && ports.plain != ports.controller, "{ports:?}");
    }

    #[test]
    fn a_port_in_use_is_refused_by_name() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let error = Ports::free(Some(port)).unwrap_err().to_string();
        assert!(error.contains(&format!("port {port} of 127.0.0.1 is not free")), "{error}");
    }
}
