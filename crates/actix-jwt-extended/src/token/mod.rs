//! One token: its compact form, the verdict on it, what was verified before.

pub(crate) mod cache;
pub(crate) mod codec;
pub(crate) mod verify;
