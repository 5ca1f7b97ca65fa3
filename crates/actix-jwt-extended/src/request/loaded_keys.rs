//! The keys that `decode_key_loader_async` gave for a request's tokens: they are waited for first, and what looks at the
//! tokens need not wait.

use crate::error::JwtError;
use crate::keys::VerifyingKey;
use crate::manager::{JwtManager, ManagerId};
use actix_web::{HttpMessage as _, HttpRequest};

struct LoadedKeys(Vec<Loaded>);

struct Loaded {
    by: ManagerId,
    token: Box<[u8]>,
    key: Option<VerifyingKey>,
}

pub(super) async fn load(manager: &JwtManager, request: &HttpRequest, token: Box<[u8]>) -> Result<(), JwtError> {
    let key = manager.load_key(&token).await?;
    let loaded = Loaded { by: manager.id(), token, key };
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<LoadedKeys>() {
        Some(LoadedKeys(keys)) => keys.push(loaded),
        None => drop(extensions.insert(LoadedKeys(vec![loaded]))),
    }
    Ok(())
}

/// What was loaded for a token, which may be no key; `None` = nothing yet.
pub(super) fn find(manager: &JwtManager, request: &HttpRequest, token: &[u8]) -> Option<Option<VerifyingKey>> {
    let extensions = request.extensions();
    let LoadedKeys(keys) = extensions.get()?;
    let loaded = keys.iter().find(|loaded| loaded.by == manager.id() && *loaded.token == *token)?;
    Some(loaded.key.clone())
}
