//! Where the library gets its time from: injected, so that tests move it instead of sleeping.

use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of the current time.
///
/// The manager asks it for each token that it issues or verifies.
/// [`SystemClock`] is the default; tests use `ManualClock` (feature `test-util`).
///
/// ```
/// use actix_jwt_extended::Clock;
/// use std::time::SystemTime;
///
/// #[derive(Debug)]
/// struct Fixed(SystemTime);
/// impl Clock for Fixed {
///     fn now(&self) -> SystemTime {
///         self.0
///     }
/// }
/// assert_eq!(Fixed(SystemTime::UNIX_EPOCH).now(), SystemTime::UNIX_EPOCH);
/// ```
pub trait Clock: Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> SystemTime;

    /// Whole seconds since the epoch, of a time that was current less than a second ago: from [`now`](Self::now),
    /// unless something is cheaper.
    ///
    /// A token that was verified before is first judged by it, and by the exact time as soon as a second could
    /// change the verdict: it is refused from the moment on that `exp` names, whatever this says.
    fn coarse_seconds(&self) -> i64 {
        unix_seconds(self.now())
    }
}

/// The operating system's clock.
///
/// ```
/// use actix_jwt_extended::{Clock, SystemClock};
/// assert!(SystemClock.now() > std::time::SystemTime::UNIX_EPOCH);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Of the kernel's last tick, at most some milliseconds ago: a fifth of what the exact time costs.
    #[cfg(target_os = "linux")]
    fn coarse_seconds(&self) -> i64 {
        use nix::time::{ClockId, clock_gettime};
        clock_gettime(ClockId::CLOCK_REALTIME_COARSE).map_or_else(|_| unix_seconds(self.now()), |time| time.tv_sec())
    }
}

/// Seconds since the epoch, rounded down: a NumericDate (RFC 7519 §2) as we issue it.
///
/// A clock before 1970 reads as 0, where every token that is valid today is "not yet valid".
pub(crate) fn unix_seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok()).unwrap_or(0)
}

/// Milliseconds since the epoch, likewise.
pub(crate) fn unix_millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(0)
}

#[cfg(any(test, feature = "test-util"))]
pub use manual::ManualClock;

#[cfg(any(test, feature = "test-util"))]
mod manual {
    use super::{Clock, SystemTime, UNIX_EPOCH};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// A clock that stands still until it is told otherwise (feature `test-util`).
    ///
    /// Clones share one time.
    ///
    /// ```
    /// use actix_jwt_extended::test_util::ManualClock;
    /// use actix_jwt_extended::Clock;
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// let clock = ManualClock::at(1_700_000_000);
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(1_700_000_005));
    /// ```
    #[derive(Debug, Clone)]
    pub struct ManualClock(Arc<AtomicU64>);

    impl ManualClock {
        /// A clock that shows `unix_seconds`.
        #[must_use]
        pub fn at(unix_seconds: u64) -> Self {
            Self(Arc::new(AtomicU64::new(unix_seconds.saturating_mul(1_000))))
        }

        /// Moves the time on; steps under a millisecond are dropped.
        pub fn advance(&self, by: Duration) {
            let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            self.0.fetch_add(millis, Ordering::SeqCst);
        }

        /// Sets the time, forwards or back.
        pub fn set(&self, unix_seconds: u64) {
            self.0.store(unix_seconds.saturating_mul(1_000), Ordering::SeqCst);
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> SystemTime {
            UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
        }
    }
}
