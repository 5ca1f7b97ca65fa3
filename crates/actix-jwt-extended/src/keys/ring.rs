//! The keys that are in force at some moment, found by algorithm and key ID. Never changed: another one takes its place.

use super::invalid::{PUBLIC_KEY, invalid};
use super::{SigningKey, VerifyingKey};
use crate::claims::Algorithm;
use crate::encoding::tagged::Tagged;
use crate::error::ConfigError;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// So many keys of one algorithm are tried for a token that names none: each costs a verification.
const TRIED: usize = 16;

/// At most one key signs, any number verify.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    pub(crate) signing: Option<SigningKey>,
    /// Looked up by what a header says, which anybody can write: but a look-up puts nothing in.
    named: HashMap<Arc<str>, Named, RandomState>,
    /// Those without a key ID, and behind them those with one, latest first.
    unnamed: Vec<VerifyingKey>,
    /// How many of `unnamed` have no key ID.
    without_id: usize,
    allowed: Vec<Algorithm>,
    /// From this second on, another ring is in force.
    pub(super) changes_at: i64,
    /// What others may verify with, the one that signs first.
    pub(super) published: Vec<VerifyingKey>,
    /// Made when somebody asks for it.
    jwks: OnceLock<Tagged>,
}

#[derive(Debug)]
enum Named {
    Key(VerifyingKey),
    /// So that its tokens are not taken for those of a key without an ID.
    Withdrawn,
}

impl KeyRing {
    /// `keys`: those that verify, latest first. `withdrawn`: the IDs of those that do not any more.
    pub(super) fn new(
        signing: Option<SigningKey>,
        keys: &[VerifyingKey],
        withdrawn: impl Iterator<Item = Arc<str>>,
        allowed: &[Algorithm],
        changes_at: i64,
    ) -> Self {
        let mut ring = Self { signing, changes_at, ..Self::default() };
        allowed.iter().copied().chain(keys.iter().flat_map(VerifyingKey::algorithms)).for_each(|a| ring.allow(a));
        ring.named.extend(withdrawn.map(|id| (id, Named::Withdrawn)));
        let (with_id, without_id): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.key_id.is_some());
        ring.without_id = without_id.len();
        ring.unnamed = without_id.into_iter().cloned().collect();
        let mut tried: HashMap<Algorithm, usize> = HashMap::new();
        for key in with_id {
            if let Some(id) = &key.key_id {
                ring.named.insert(Arc::clone(id), Named::Key(key.clone()));
            }
            let mut is_tried = false;
            for algorithm in key.algorithms() {
                let count = tried.entry(algorithm).or_default();
                *count += 1;
                is_tried |= *count <= TRIED;
            }
            if is_tried {
                ring.unnamed.push(key.clone());
            }
        }
        ring
    }

    /// The JWK Set (RFC 7517 §5) of the public keys: a secret has no place in it.
    pub(crate) fn jwks(&self) -> &Tagged {
        self.jwks.get_or_init(|| {
            #[cfg(feature = "asymmetric")]
            let keys = self.published.iter().filter_map(VerifyingKey::public_jwk);
            #[cfg(not(feature = "asymmetric"))]
            let keys = std::iter::empty::<String>();
            let keys: Vec<_> = keys.map(|key| key.to_string()).collect();
            Tagged::new(format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
        })
    }

    fn allow(&mut self, algorithm: Algorithm) {
        if !self.allows(algorithm) {
            self.allowed.push(algorithm);
        }
    }

    /// Whether any key may verify `algorithm`.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.allowed.iter().any(|allowed| allowed.is_same_as(algorithm))
    }

    /// Whether all that this ring verifies, `other` verifies too.
    pub(super) fn verifies_no_more_than(&self, other: &Self) -> bool {
        let has_named = |(id, named): (&Arc<str>, &Named)| match (named, other.named.get(id)) {
            (Named::Key(own), Some(Named::Key(others))) => own.is_same_as(others),
            (Named::Withdrawn, _) => true,
            _ => false,
        };
        let unnamed = |ring: &Self| ring.unnamed.iter().take(ring.without_id).cloned().collect::<Vec<_>>();
        let others = unnamed(other);
        self.named.iter().all(has_named) && unnamed(self).iter().all(|own| others.iter().any(|key| own.is_same_as(key)))
    }

    /// Signs and verifies once, so that a crypto library that does not work here, or a public key
    /// that is not the private key's, is found at start-up.
    pub(crate) fn self_test(&self) -> Result<(), ConfigError> {
        const PROBE: &[u8] = b"actix-jwt-extended self-test";
        // A remote signer is not waited for: each of its signatures is verified before it is used.
        let Some(key) = self.signing.as_ref().filter(|key| !key.is_remote()) else { return Ok(()) };
        let algorithm = key.algorithm();
        let broken = || ConfigError::SelfTest { algorithm: algorithm.to_string() };
        let signature = key.sign(PROBE).ok_or_else(broken)?;
        let signature = signature.as_slice();
        let own = key.verifying_key(&[algorithm])?;
        let altered = PROBE.get(1..).unwrap_or_default();
        if !own.verifies(algorithm, PROBE, signature) || own.verifies(algorithm, altered, signature) {
            return Err(broken());
        }
        if !self.verifies(algorithm, key.key_id(), PROBE, signature) {
            return Err(invalid(PUBLIC_KEY, "does not belong to JWT_PRIVATE_KEY; leave it out to have it derived"));
        }
        Ok(())
    }

    /// Whether some key accepts the signature. A `kid` that is known leaves only its key. One that is unknown leaves
    /// the keys without an ID; a token without `kid` may be of any.
    pub(crate) fn verifies(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let candidates = match key_id.map(|key_id| self.named.get(key_id)) {
            Some(Some(Named::Key(key))) => return key.verifies(algorithm, message, signature),
            Some(Some(Named::Withdrawn)) => return false,
            Some(None) => self.unnamed.get(..self.without_id).unwrap_or_default(),
            None => &self.unnamed,
        };
        candidates.iter().any(|key| key.verifies(algorithm, message, signature))
    }
}
