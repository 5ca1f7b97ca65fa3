//! What each request costs: benchmarks, beside jsonwebtoken's, and the counts that CI guards.
//!
//! A crate of its own, so that it is built without the stores, which no hot path waits for.
