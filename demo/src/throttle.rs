//! Guessing passwords is slowed down: for each account, and for each network that guesses.
//!
//! Only failures count. Whoever guesses at somebody's account does not lock them out: where they have logged in before, the
//! account's limit does not hold, and elsewhere it passes half a minute after the guessing ends.

use governor::clock::{Clock, DefaultClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many failures at once, then one in each such time.
struct Limit {
    burst: NonZeroU32,
    period: Duration,
}

/// Of an account, from everywhere that it is not known from: at most 2,910 guesses on the first day, 2,880 on the next.
const ACCOUNT: Limit = Limit { burst: at_least_one(30), period: Duration::from_secs(30) };

/// Of a network, whichever accounts it tries. More, because many people may share one address.
const NETWORK: Limit = Limit { burst: at_least_one(100), period: Duration::from_secs(5) };

/// So many accounts are remembered, so many networks, and so many pairs of both: about a megabyte.
const MAX_KEYS: usize = 10_000;

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

type Limiter<C> = RateLimiter<Question, Bounded, C, NoOpMiddleware<<C as Clock>::Instant>>;

pub struct Throttle<C: Clock = DefaultClock> {
    accounts: Limiter<C>,
    networks: Limiter<C>,
    /// Which accounts have logged in from which networks, and when last.
    known: Bounded,
    clock: C,
    begun: C::Instant,
    /// Keys are hashes, so that a long name takes no more memory than a short one; seeded, so that nobody finds two alike.
    hasher: RandomState,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(DefaultClock::default())
    }
}

/// One attempt to log in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    account: u64,
    network: u64,
    both: u64,
}

impl<C: Clock + Clone> Throttle<C> {
    fn new(clock: C) -> Self {
        Self {
            accounts: limiter(&ACCOUNT, &clock),
            networks: limiter(&NETWORK, &clock),
            known: Bounded::default(),
            begun: clock.now(),
            clock,
            hasher: RandomState::new(),
        }
    }

    pub fn attempt(&self, username: &str, client: Option<IpAddr>) -> Attempt {
        let network = client.map(network);
        Attempt {
            account: self.hasher.hash_one(username),
            network: self.hasher.hash_one(network),
            both: self.hasher.hash_one((username, network)),
        }
    }

    /// Whether it may go on; otherwise how long to wait. Counts nothing.
    pub fn check(&self, attempt: Attempt) -> Result<(), Duration> {
        self.ask(attempt, false)
    }

    /// Counts a failure: whether it may be told; otherwise how long to wait.
    pub fn failed(&self, attempt: Attempt) -> Result<(), Duration> {
        self.ask(attempt, true)
    }

    /// Remembers a success: whether it may be told. Of many guesses that were under way at once, no more are answered than
    /// of those that come one after the other.
    pub fn succeeded(&self, attempt: Attempt) -> Result<(), Duration> {
        self.check(attempt)?;
        let now = self.clock.now().duration_since(self.begun);
        self.known.with(|known| known.insert(attempt.both, now));
        Ok(())
    }

    fn ask(&self, attempt: Attempt, counts: bool) -> Result<(), Duration> {
        let network = self.ask_one(&self.networks, attempt.network, counts);
        if self.known.with(|known| known.contains_key(&attempt.both)) {
            return network;
        }
        match (network, self.ask_one(&self.accounts, attempt.account, counts)) {
            (Err(one), Err(other)) => Err(one.max(other)),
            (network, account) => network.and(account),
        }
    }

    fn ask_one(&self, limiter: &Limiter<C>, key: u64, counts: bool) -> Result<(), Duration> {
        limiter.check_key(&Question { key, counts }).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

fn limiter<C: Clock + Clone>(limit: &Limit, clock: &C) -> Limiter<C> {
    // A period of nothing would be no quota; ours are not.
    let quota = Quota::with_period(limit.period).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(limit.burst);
    RateLimiter::new(quota, Bounded::default(), clock.clone())
}

/// Whoever has one IPv6 address has the 2⁶⁴ of its network, too.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

/// What a limiter is asked about a key: whether one more would do, and whether it counts.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    key: u64,
    counts: bool,
}

/// A time for each key; when it is full, the half with the earlier times is forgotten. For a limiter, whose times tell when
/// all failures will be forgiven, those are the keys with the fewest failures.
#[derive(Default)]
struct Bounded(Mutex<HashMap<u64, Nanos>>);

impl Bounded {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<u64, Nanos>) -> T) -> T {
        // What is under the lock is whole at any time, so it does not matter if somebody panicked.
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let result = work(&mut times);
        if times.len() > MAX_KEYS {
            let mut sorted: Vec<_> = times.values().copied().collect();
            let (_, median, _) = sorted.select_nth_unstable(MAX_KEYS / 2);
            let median = *median;
            times.retain(|_, time| *time > median);
        }
        result
    }
}

impl StateStore for Bounded {
    type Key = Question;

    fn measure_and_replace<T, F, E>(&self, question: &Question, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.with(|times| {
            let (answer, time) = decide(times.get(&question.key).copied())?;
            if question.counts {
                times.insert(question.key, time);
            }
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn throttle() -> (Throttle<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Throttle::new(clock.clone()), clock)
    }

    fn from<C: Clock + Clone>(throttle: &Throttle<C>, username: &str, client: &str) -> Attempt {
        throttle.attempt(username, Some(client.parse().unwrap()))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_account_is_guessed_thirty_times_and_then_twice_a_minute() {
        let (throttle, clock) = throttle();
        for index in 0..30 {
            let attempt = from(&throttle, "ada", &format!("192.0.2.{index}"));
            assert_eq!((throttle.check(attempt), throttle.failed(attempt)), (Ok(()), Ok(())), "{index}");
        }
        let next = from(&throttle, "ada", "192.0.2.99");
        assert_eq!(throttle.check(next), Err(seconds(30)));
        // Not even the right password, and those that are refused do not prolong it.
        assert_eq!((throttle.succeeded(next), throttle.failed(next)), (Err(seconds(30)), Err(seconds(30))));
        clock.advance(seconds(20));
        assert_eq!(throttle.check(next), Err(seconds(10)));
        clock.advance(seconds(10));
        assert_eq!((throttle.failed(next), throttle.failed(next)), (Ok(()), Err(seconds(30))));
        // Others are not concerned.
        assert_eq!(throttle.check(from(&throttle, "bob", "192.0.2.99")), Ok(()));
        clock.advance(seconds(30 * 30));
        assert!((0..30).all(|_| throttle.failed(next).is_ok()));
    }

    #[test]
    fn who_guesses_at_an_account_does_not_lock_its_user_out() {
        let (throttle, clock) = throttle();
        let home = from(&throttle, "ada", "192.0.2.1");
        throttle.succeeded(home).unwrap();
        let attacker = from(&throttle, "ada", "198.51.100.1");
        while throttle.failed(attacker).is_ok() {}
        assert_eq!(throttle.succeeded(home), Ok(()));
        // Somewhere new: until the guessing has paused for half a minute.
        let travelling = from(&throttle, "ada", "203.0.113.1");
        assert_eq!(throttle.succeeded(travelling), Err(seconds(30)));
        clock.advance(seconds(30));
        assert_eq!(throttle.succeeded(travelling), Ok(()));
    }

    #[test]
    fn a_network_fails_a_hundred_times_and_then_every_five_seconds() {
        let (throttle, clock) = throttle();
        // Where the account has logged in from, too.
        throttle.succeeded(from(&throttle, "ada", "2001:db8::1")).unwrap();
        for index in 0..100 {
            assert_eq!(
                throttle.failed(from(&throttle, &format!("user{index}"), &format!("2001:db8::{index}"))),
                Ok(())
            );
        }
        assert_eq!(throttle.check(from(&throttle, "ada", "2001:db8::1")), Err(seconds(5)));
        assert_eq!(throttle.check(from(&throttle, "ada", "2001:db8:0:1::1")), Ok(()));
        clock.advance(seconds(5));
        assert_eq!(throttle.check(from(&throttle, "ada", "2001:db8::1")), Ok(()));
    }

    #[test]
    fn successes_do_not_count() {
        let (throttle, _) = throttle();
        let attempt = from(&throttle, "ada", "192.0.2.1");
        assert!((0..1000).all(|_| throttle.check(attempt).is_ok() && throttle.succeeded(attempt).is_ok()));
        assert!((0..100).all(|_| throttle.failed(attempt).is_ok()));
    }

    #[test]
    fn an_ipv6_network_is_one_client_and_an_ipv4_address_another() {
        for (address, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:3::", "2001:db8:1:3::"),
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        }
    }

    #[test]
    fn memory_is_bounded_and_who_failed_most_is_remembered_longest() {
        let (throttle, clock) = throttle();
        let attacked = from(&throttle, "ada", "192.0.2.1");
        while throttle.failed(attacked).is_ok() {}
        for index in 0..3 * MAX_KEYS {
            let client = Some(Ipv6Addr::from_bits((index as u128) << 64).into());
            let attempt = throttle.attempt(&format!("user{index}"), client);
            throttle.failed(attempt).unwrap();
            throttle.succeeded(attempt).unwrap();
            clock.advance(Duration::from_nanos(1));
        }
        let waits = [("ada", "203.0.113.1", Err(())), ("user0", "203.0.113.1", Ok(()))];
        for (username, client, expected) in waits {
            let waits = throttle.check(from(&throttle, username, client)).map_err(drop);
            assert_eq!(waits, expected, "{username}");
        }
        for times in [throttle.accounts.into_state_store(), throttle.networks.into_state_store(), throttle.known] {
            let kept = times.with(|times| times.len());
            assert!((MAX_KEYS / 3..=MAX_KEYS).contains(&kept), "{kept}");
        }
    }
}
