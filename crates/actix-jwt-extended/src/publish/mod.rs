//! What others need to verify tokens of this application, and to find out where to get some: its public keys as a
//! JWK Set, and metadata documents.

mod answer;
mod authorization_server;
mod document;
mod jwks;
mod members;
mod protected_resource;

pub use authorization_server::AuthorizationServerMetadata;
pub use document::MetadataEndpoint;
pub use jwks::{JwksEndpoint, jwks_endpoint};
pub use protected_resource::ProtectedResourceMetadata;
