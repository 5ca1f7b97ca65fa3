//! Files with keys: read whole, if they are as short as keys are.

use std::fs::File;
use std::io::{Error, Read as _, Result};
use std::path::Path;
use zeroize::Zeroizing;

/// No key is longer, but much that is none, such as `/dev/urandom`.
const LONGEST: usize = 64 * 1024;

pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    // Allocated once: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST {
        return Err(Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(bytes)
}
