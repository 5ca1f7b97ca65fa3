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

/// Whether the token's key must be waited for.
pub(super) fn is_wanted(manager: &JwtManager, request: &HttpRequest, token: &[u8]) -> bool {
    manager.waits_for_keys() && find(manager, request, token, |_| ()).is_none()
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

/// The key that was loaded, if there is one.
pub(super) fn key_of(manager: &JwtManager, request: &HttpRequest, token: &[u8]) -> Option<VerifyingKey> {
    find(manager, request, token, |loaded| loaded.key.clone())?
}

fn find<T>(manager: &JwtManager, request: &HttpRequest, token: &[u8], read: impl FnOnce(&Loaded) -> T) -> Option<T> {
    let extensions = request.extensions();
    let LoadedKeys(keys) = extensions.get()?;
    keys.iter().find(|loaded| loaded.by == manager.id() && *loaded.token == *token).map(read)
}
