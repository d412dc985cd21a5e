//! Settings that are made from several of Java's: TLS stores and SASL credentials.

use super::{Setting, jaas};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// What stands in a store's `type` setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreType {
    Pem,
    Pkcs12,
}

/// Adds what these settings come to.
pub(super) fn add(values: &BTreeMap<String, String>, list: &mut Vec<Setting>) -> Result<()> {
    let get = |key: &str| values.get(key).map(|v| v.trim()).filter(|v| !v.is_empty());
    let mut push = |given: &str, key: &str, value: &str| {
        list.push(Setting { given: given.into(), key: key.into(), value: value.into() });
    };

    if let Some(text) = get("sasl.jaas.config") {
        let login = jaas::parse(text)?;
        push("sasl.jaas.config", "sasl.username", &login.username);
        push("sasl.jaas.config", "sasl.password", &login.password);
    }

    const TRUST: &str = "ssl.truststore.location";
    if let Some(path) = get(TRUST) {
        match store_type(TRUST, path, "ssl.truststore.type", get("ssl.truststore.type"))? {
            StoreType::Pem => push(TRUST, "ssl.ca.location", path),
            StoreType::Pkcs12 => {
                return Err(refuse(
                    TRUST,
                    format!(
                        "`{path}` is a PKCS#12 store; certificates of authorities are read as PEM: \
                         `openssl pkcs12 -in {path} -nokeys -out ca.pem`, then name `ca.pem` and set `ssl.truststore.type` to PEM"
                    ),
                ));
            }
        }
    }
    if let Some(pem) = get("ssl.truststore.certificates") {
        push("ssl.truststore.certificates", "ssl.ca.pem", pem);
    }

    const KEYS: &str = "ssl.keystore.location";
    if let Some(path) = get(KEYS) {
        match store_type(KEYS, path, "ssl.keystore.type", get("ssl.keystore.type"))? {
            // One file with the key and its chain, as Java's PEM stores.
            StoreType::Pem => {
                push(KEYS, "ssl.certificate.location", path);
                push(KEYS, "ssl.key.location", path);
            }
            StoreType::Pkcs12 => {
                push(KEYS, KEYS, path);
                if let Some(password) = get("ssl.keystore.password") {
                    push("ssl.keystore.password", "ssl.keystore.password", password);
                }
            }
        }
    }
    if let Some(pem) = get("ssl.keystore.certificate.chain") {
        push("ssl.keystore.certificate.chain", "ssl.certificate.pem", pem);
    }
    if let Some(pem) = get("ssl.keystore.key") {
        push("ssl.keystore.key", "ssl.key.pem", pem);
    }
    Ok(())
}

/// Java's default is JKS, which OpenSSL cannot read; where the type is not said, the file's name decides.
fn store_type(key: &str, path: &str, type_key: &str, said: Option<&str>) -> Result<StoreType> {
    let ends = |endings: &[&str]| endings.iter().any(|e| path.to_ascii_lowercase().ends_with(e));
    match said.map(str::to_ascii_uppercase).as_deref() {
        Some("PEM") => Ok(StoreType::Pem),
        Some("PKCS12") => Ok(StoreType::Pkcs12),
        Some("JKS") => Err(jks(key, path)),
        Some(other) => Err(refuse(type_key, format!("`{other}` is not a type of store that can be read; PEM and PKCS12 are"))),
        None if ends(&[".jks", ".keystore", ".truststore"]) => Err(jks(key, path)),
        None if ends(&[".p12", ".pfx", ".pkcs12"]) => Ok(StoreType::Pkcs12),
        None => Ok(StoreType::Pem),
    }
}

#[cold]
fn jks(key: &str, path: &str) -> Error {
    let how = if key.contains("truststore") {
        format!("`keytool -exportcert -rfc -keystore {path} -alias ALIAS -file ca.pem`, then name `ca.pem`")
    } else {
        format!("`keytool -importkeystore -srckeystore {path} -destkeystore client.p12 -deststoretype PKCS12`, then name `client.p12`")
    };
    refuse(key, format!("`{path}` is a Java key store (JKS), which cannot be read here; turn it into a file that can: {how}"))
}

#[cold]
fn refuse(key: &str, why: String) -> Error {
    Error::new(ErrorKind::Config, format!("`{key}`: {why}"))
}
