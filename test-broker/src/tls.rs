//! The key and the self-signed certificate of the TLS listener, made with the JDK's keytool.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::java::java_program;
use crate::settings::STORE_PASSWORD;

/// Writes `broker.p12` (key and certificate, for the broker) and `ca.pem` (the certificate, for clients) into `dir`.
pub(crate) fn make_certificate(dir: &Path) -> Result<()> {
    let store = dir.join("broker.p12");
    let store = store.to_string_lossy();
    keytool(&[
        "-genkeypair",
        "-alias",
        "broker",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-validity",
        "3650",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-ext",
        "bc=ca:true",
        "-storetype",
        "PKCS12",
        "-keystore",
        &store,
        "-storepass",
        STORE_PASSWORD,
    ])?;
    let ca = dir.join("ca.pem");
    keytool(&["-exportcert", "-rfc", "-alias", "broker", "-keystore", &store, "-storepass", STORE_PASSWORD, "-file", &ca.to_string_lossy()])
}

fn keytool(args: &[&str]) -> Result<()> {
    let out = Command::new(java_program("keytool"))
        .args(args)
        .arg("-J-XX:TieredStopAtLevel=1")
        .output()
        .map_err(|e| Error::new(format!("cannot run the JDK's keytool ({e}): install a JDK, or set JAVA_HOME")))?;
    if out.status.success() {
        return Ok(());
    }
    Err(Error::new(format!("keytool could not make the certificate of the test broker: {}", String::from_utf8_lossy(&out.stdout).trim())))
}
