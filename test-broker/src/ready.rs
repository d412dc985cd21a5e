//! Whether a broker serves: it is asked for its metadata, in Kafka's own protocol, and must name at least one broker.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const METADATA: u16 = 3;
const VERSION: u16 = 1;
const CORRELATION: u32 = 0x5EED;
const CLIENT_ID: &[u8] = b"ready";

/// True once the node behind this port answers a Metadata request with itself in the list of brokers.
pub(crate) fn serves(port: u16) -> bool {
    brokers(port).is_ok_and(|count| count > 0)
}

fn brokers(port: u16) -> io::Result<i32> {
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(&request())?;
    let mut head = [0; 12]; // size, correlation id, number of brokers
    stream.read_exact(&mut head)?;
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if number(4) != CORRELATION {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is not one to this question"));
    }
    Ok(number(8).cast_signed())
}

/// Metadata, version 1, for no topic at all.
fn request() -> Vec<u8> {
    let parts: [&[u8]; 6] = [
        &METADATA.to_be_bytes(),
        &VERSION.to_be_bytes(),
        &CORRELATION.to_be_bytes(),
        &(CLIENT_ID.len() as u16).to_be_bytes(),
        CLIENT_ID,
        &0u32.to_be_bytes(), // number of topics
    ];
    let body = parts.concat();
    [&(body.len() as u32).to_be_bytes(), body.as_slice()].concat()
}
