//! Hashing and verifying passwords, so that neither a flood of logins nor a stolen hash gets far.

use actix_web::error::BlockingError;
use actix_web::web;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::password_hash::{self, PasswordHasher as _};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::Semaphore;

/// A longer password is wrong, whoever sent it.
pub const MAX_LENGTH: usize = 1024;

/// OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;

/// So many may wait: on two cores half a second. Whoever comes then is told to come again.
const WAITING: usize = 64;

/// Why a password was not verified.
#[derive(Debug)]
pub enum Unverified {
    /// Too many wait already.
    Busy,
    Stopped(BlockingError),
}

pub struct Passwords {
    argon2: Argon2<'static>,
    /// One turn for each core: more at once would not be faster. Who comes later waits, if there is room.
    turns: Arc<Semaphore>,
    /// Room for those who compute and those who wait.
    room: Arc<Semaphore>,
    memory: Arc<Memory>,
    #[cfg(test)]
    pub verifications: std::sync::atomic::AtomicUsize,
}

impl Passwords {
    pub fn new() -> Result<Self, password_hash::Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            turns: Arc::new(Semaphore::new(cores)),
            room: Arc::new(Semaphore::new(cores + WAITING)),
            memory: Arc::default(),
            #[cfg(test)]
            verifications: std::sync::atomic::AtomicUsize::new(0),
        })
    }

    pub fn hash(&self, password: &[u8]) -> Result<PasswordHash, password_hash::Error> {
        self.argon2.hash_password(password)
    }

    /// Whether `hash` was made of this password. Waits for its turn, and leaves the worker free meanwhile.
    pub async fn verify(&self, password: String, hash: &PasswordHash) -> Result<bool, Unverified> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Unverified::Busy)?;
        #[cfg(test)]
        self.verifications.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (argon2, memory, hash) = (self.argon2.clone(), Arc::clone(&self.memory), hash.clone());
        // An error would mean that the semaphore was closed, which nobody does.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        web::block(move || {
            let verified = memory
                .lend(argon2.params().block_count(), |blocks| is_hash_of(password.as_bytes(), &hash, &argon2, blocks));
            // Given back only here: a client that has gone away does not stop the computation.
            drop((turn, room));
            verified
        })
        .await
        .map_err(Unverified::Stopped)
    }
}

/// `PasswordVerifier` in memory of our own. The hash is one of ours, so it has our parameters.
fn is_hash_of(password: &[u8], hash: &PasswordHash, argon2: &Argon2<'_>, memory: &mut [Block]) -> bool {
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    let mut output = [0; OUTPUT_BYTES];
    argon2.hash_password_into_with_memory(password, salt, &mut output, memory).is_ok()
        // `Output` is compared in constant time.
        && Output::new(&output).is_ok_and(|output| output == *expected)
}

/// The memory that Argon2 works in, kept from one use to the next: there is never more than one
/// piece for each turn. Allocated anew each time, it fragments the heap: with glibc 2.36, 300
/// logins at once left more than a gigabyte behind.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn lend<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        // What is under the lock is whole at any time, so it does not matter if somebody panicked.
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_else(|| vec![Block::default(); blocks]);
        let result = work(&mut memory);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier as _;

    #[actix_web::test]
    async fn it_agrees_with_argon2s_own_verifier_in_memory_that_was_used_before() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(b"one").unwrap();
        for (password, expected) in [("other", false), ("one", true), ("", false), ("one", true)] {
            assert_eq!(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(), expected);
            assert_eq!(passwords.verify(password.to_owned(), &hash).await.unwrap(), expected);
        }
        assert_eq!(passwords.memory.0.lock().unwrap().len(), 1);
    }

    #[actix_web::test]
    async fn a_flood_takes_no_more_memory_than_there_are_cores() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(b"one").unwrap();
        let cores = thread::available_parallelism().unwrap().get();
        let verifying = (0..4 * cores).map(|_| passwords.verify("one".to_owned(), &hash));
        for verified in futures_util::future::join_all(verifying).await {
            assert!(verified.unwrap());
        }
        assert!(passwords.memory.0.lock().unwrap().len() <= cores);
        assert_eq!(passwords.turns.available_permits(), cores);
    }

    #[actix_web::test]
    async fn whoever_finds_no_room_is_told_so_at_once() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(b"one").unwrap();
        let room = passwords.room.available_permits();
        let verifying = (0..3 * room).map(|_| passwords.verify("one".to_owned(), &hash));
        let verified = futures_util::future::join_all(verifying).await;
        assert!(verified[..room].iter().all(|verified| matches!(verified, Ok(true))), "the first ones find room");
        assert!(verified[room..].iter().all(|verified| matches!(verified, Err(Unverified::Busy))));
        // Afterwards there is room again.
        assert!(passwords.verify("one".to_owned(), &hash).await.unwrap());
        assert_eq!(passwords.room.available_permits(), room);
    }

    #[actix_web::test]
    async fn a_login_that_is_given_up_gives_its_turn_back() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(b"one").unwrap();
        let cores = thread::available_parallelism().unwrap().get();
        let mut given_up: Vec<_> =
            (0..2 * cores).map(|_| Box::pin(passwords.verify("one".to_owned(), &hash))).collect();
        for verifying in &mut given_up {
            assert!(futures_util::poll!(verifying).is_pending());
        }
        drop(given_up);
        assert!(passwords.verify("one".to_owned(), &hash).await.unwrap());
    }
}
