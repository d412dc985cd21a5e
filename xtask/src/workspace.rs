//! Where things are.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// The root of the checkout.
pub fn root() -> PathBuf {
    // cargo sets it for what it runs; the value from build time serves a binary that is run by hand.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// cargo's target folder: this program lies in its `debug`.
pub fn target_dir() -> Outcome<PathBuf> {
    let exe = std::env::current_exe().map_err(|e| Failure::failed(format!("cannot tell where this program lies: {e}")))?;
    exe.ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::failed(format!("{} does not lie in a target folder of cargo", exe.display())))
}
