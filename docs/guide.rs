//! The guide, as doc tests.
