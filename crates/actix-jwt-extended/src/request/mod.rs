//! The way of a request: locate → verify → check → load → extract; the wrap; refusals.

pub(crate) mod caches;
pub(crate) mod check;
mod client_address;
pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod identity;
mod loaded_keys;
pub(crate) mod locate;
pub(crate) mod middleware;
pub(crate) mod pipeline;
pub(crate) mod required;
pub(crate) mod respond;
pub(crate) mod scope;
pub(crate) mod verdict;
