//! What becomes of a session when one of its refresh tokens is presented: the rules, and nothing else.
//!
//! RFC 9700 §4.14.2. Pure: a record, a token's ID and a time in, what to do out.

use crate::config::Lifetime;
use crate::store::{FOREVER, SessionRecord};
use std::time::Duration;

/// So often somebody else may be faster; each time the session has moved on, so the second time is the last.
pub(crate) const ATTEMPTS: u32 = 8;

/// The settings that decide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRules {
    pub(crate) lifetime: Lifetime,
    pub(crate) idle: Lifetime,
    pub(crate) grace: Duration,
    /// The longer of the lifetimes that tokens are made for.
    pub(crate) longest: Lifetime,
    /// For so long after its end a token is accepted yet.
    pub(crate) leeway: Duration,
}

/// A refresh token whose signature is genuine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) subject: &'a str,
    pub(crate) jwt_id: &'a str,
    pub(crate) rotation: u64,
}

/// What to do with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the current one: this record takes its session's place, if nobody else's does.
    Rotate(Box<SessionRecord>),
    /// It was the current one a moment ago, and its successor has not been used: the same successor again.
    Repeat,
    /// The session is over.
    Ended,
    /// It was used long ago, or its successor was: somebody has a copy of it.
    Reused,
    /// Not one of this session's tokens; or the store has forgotten a rotation.
    Unknown,
}

impl SessionRules {
    pub(crate) fn begin(&self, sid: String, subject: String, jwt_id: String, now_ms: i64) -> SessionRecord {
        let ends_at_ms = after(now_ms, self.lifetime);
        SessionRecord {
            sid,
            subject,
            realm: String::new(),
            label: None,
            created_at_ms: now_ms,
            ends_at_ms,
            expires_at_ms: self.expires_at_ms(ends_at_ms, now_ms),
            rotation: 0,
            current: jwt_id,
            previous: None,
            rotated_at_ms: now_ms,
            longest_ms: Some(after(0, self.longest)),
            claims: None,
        }
    }

    /// When a session ends that is used now: with the last of its tokens, if nothing else ends it before.
    fn expires_at_ms(&self, ends_at_ms: i64, now_ms: i64) -> i64 {
        let leeway_ms = i64::try_from(self.leeway.as_millis()).unwrap_or(FOREVER);
        let last_token_ms = after(now_ms, self.longest).saturating_add(leeway_ms);
        ends_at_ms.min(after(now_ms, self.idle)).min(last_token_ms)
    }

    /// `next_jwt_id` = the successor's, if there is to be one.
    pub(crate) fn present(
        &self,
        session: &SessionRecord,
        presented: Presented<'_>,
        next_jwt_id: impl FnOnce() -> String,
        now_ms: i64,
    ) -> Verdict {
        if session.owner() != presented.subject {
            return Verdict::Unknown;
        }
        if is_over(session, now_ms) {
            return Verdict::Ended;
        }
        if presented.rotation > session.rotation {
            return Verdict::Unknown;
        }
        if presented.rotation == session.rotation {
            if presented.jwt_id != session.current {
                return Verdict::Unknown;
            }
            let Some(rotation) = session.rotation.checked_add(1) else { return Verdict::Ended };
            return Verdict::Rotate(Box::new(SessionRecord {
                rotation,
                current: next_jwt_id(),
                previous: Some(session.current.clone()),
                rotated_at_ms: now_ms,
                expires_at_ms: self.expires_at_ms(session.ends_at_ms, now_ms),
                longest_ms: session.longest_ms.map(|longest| longest.max(after(0, self.longest))),
                ..session.clone()
            }));
        }
        let grace_ms = i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX);
        // A clock that was set back logs nobody out. It prolongs the grace by as much.
        let in_grace = (0..grace_ms).contains(&now_ms.saturating_sub(session.rotated_at_ms).max(0));
        let was_just_current = session.previous.as_deref() == Some(presented.jwt_id);
        if was_just_current && in_grace { Verdict::Repeat } else { Verdict::Reused }
    }
}

/// Whether its time is over, from that millisecond on.
pub(crate) fn is_over(session: &SessionRecord, now_ms: i64) -> bool {
    session.expires_at_ms <= now_ms
}

/// When the last token of a session has expired that is made now, or was made before.
pub(crate) fn tokens_end_ms(session: &SessionRecord, now_ms: i64) -> i64 {
    session.ends_at_ms.min(now_ms.saturating_add(session.longest_ms.unwrap_or(FOREVER)))
}

pub(crate) fn after(now_ms: i64, lifetime: Lifetime) -> i64 {
    match lifetime {
        Lifetime::After(duration) => now_ms.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(FOREVER)),
        Lifetime::Never => FOREVER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const RULES: SessionRules = SessionRules {
        lifetime: Lifetime::After(Duration::from_secs(1000)),
        idle: Lifetime::After(Duration::from_secs(100)),
        grace: Duration::from_secs(10),
        longest: Lifetime::After(Duration::from_secs(300)),
        leeway: Duration::from_secs(5),
    };

    fn session() -> SessionRecord {
        RULES.begin("sid".into(), "ada".into(), "r0".into(), NOW)
    }

    fn present_at(session: &SessionRecord, jwt_id: &str, rotation: u64, now_ms: i64) -> Verdict {
        let presented = Presented { subject: &session.subject, jwt_id, rotation };
        RULES.present(session, presented, || format!("r{}", rotation + 1), now_ms)
    }

    fn rotated(session: &SessionRecord, now_ms: i64) -> SessionRecord {
        match present_at(session, &session.current, session.rotation, now_ms) {
            Verdict::Rotate(next) => *next,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_current_token_is_replaced() {
        let next = rotated(&session(), NOW + 5_000);
        assert_eq!((next.rotation, &*next.current, next.previous.as_deref()), (1, "r1", Some("r0")));
        assert_eq!((next.rotated_at_ms, next.created_at_ms), (NOW + 5_000, NOW));
        assert_eq!((next.expires_at_ms, next.ends_at_ms), (NOW + 105_000, NOW + 1_000_000));
    }

    #[test]
    fn the_one_before_gets_the_same_successor_for_a_while() {
        let next = rotated(&session(), NOW);
        assert_eq!(present_at(&next, "r0", 0, NOW), Verdict::Repeat);
        assert_eq!(present_at(&next, "r0", 0, NOW + 9_999), Verdict::Repeat);
        assert_eq!(present_at(&next, "r0", 0, NOW + 10_000), Verdict::Reused);
        // A clock that goes back is no reason to log anybody out.
        assert_eq!(present_at(&next, "r0", 0, NOW - 5_000), Verdict::Repeat);
    }

    #[test]
    fn once_the_successor_is_used_the_one_before_is_stolen() {
        let next = rotated(&rotated(&session(), NOW), NOW + 1);
        assert_eq!(present_at(&next, "r0", 0, NOW + 2), Verdict::Reused);
        assert_eq!(present_at(&next, "r1", 1, NOW + 2), Verdict::Repeat);
    }

    #[test]
    fn without_grace_any_second_use_is_theft() {
        let strict = SessionRules { grace: Duration::ZERO, ..RULES };
        let next = rotated(&session(), NOW);
        let again = Presented { subject: "ada", jwt_id: "r0", rotation: 0 };
        assert_eq!(strict.present(&next, again, String::new, NOW), Verdict::Reused);
        assert_eq!(strict.present(&next, again, String::new, NOW - 1), Verdict::Reused);
    }

    #[test]
    fn what_is_not_of_this_session_changes_nothing() {
        let next = rotated(&session(), NOW);
        // The right number, another token; one that the store has not seen yet; another's.
        assert_eq!(present_at(&next, "other", 1, NOW), Verdict::Unknown);
        assert_eq!(present_at(&next, "r2", 2, NOW), Verdict::Unknown);
        let of_another = Presented { subject: "bob", jwt_id: "r1", rotation: 1 };
        assert_eq!(RULES.present(&next, of_another, String::new, NOW), Verdict::Unknown);
    }

    #[test]
    fn it_ends_when_it_is_idle_and_at_its_end() {
        let mut session = session();
        assert!(matches!(present_at(&session, "r0", 0, NOW + 99_999), Verdict::Rotate(_)));
        assert_eq!(present_at(&session, "r0", 0, NOW + 100_000), Verdict::Ended);
        for step in 1..=10 {
            session = rotated(&session, NOW + step * 99_000);
        }
        assert_eq!(session.expires_at_ms, NOW + 1_000_000);
        assert_eq!(present_at(&session, "r10", 10, NOW + 1_000_000), Verdict::Ended);
    }

    #[test]
    fn it_ends_with_the_last_of_its_tokens() {
        let rules = SessionRules { idle: Lifetime::Never, ..RULES };
        let session = rules.begin("sid".into(), "ada".into(), "r0".into(), NOW);
        assert_eq!((session.expires_at_ms, session.ends_at_ms), (NOW + 305_000, NOW + 1_000_000));
        let presented = Presented { subject: "ada", jwt_id: "r0", rotation: 0 };
        match rules.present(&session, presented, || "r1".into(), NOW + 304_999) {
            Verdict::Rotate(next) => assert_eq!(next.expires_at_ms, NOW + 609_999),
            other => panic!("{other:?}"),
        }
        let endless = SessionRules { longest: Lifetime::Never, ..rules };
        assert_eq!(endless.begin("sid".into(), "ada".into(), "r0".into(), NOW).expires_at_ms, NOW + 1_000_000);
    }

    #[test]
    fn it_is_known_how_long_its_tokens_live_whatever_the_settings_say_by_now() {
        let first = session();
        assert_eq!(tokens_end_ms(&first, NOW + 50), NOW + 300_050);
        assert_eq!(tokens_end_ms(&first, NOW + 900_000), NOW + 1_000_000, "no longer than the session could");
        let with = |longest, session: &SessionRecord| {
            let presented = Presented { subject: "ada", jwt_id: &session.current, rotation: session.rotation };
            match (SessionRules { longest, ..RULES }).present(session, presented, String::new, NOW) {
                Verdict::Rotate(next) => tokens_end_ms(&next, NOW),
                other => panic!("{other:?}"),
            }
        };
        let seconds = |seconds| Lifetime::After(Duration::from_secs(seconds));
        assert_eq!(with(seconds(60), &first), NOW + 300_000, "its first tokens live yet");
        assert_eq!(with(seconds(600), &first), NOW + 600_000);
        assert_eq!(with(Lifetime::Never, &first), NOW + 1_000_000);
        let of_before = SessionRecord { longest_ms: None, ..first };
        assert_eq!(with(seconds(60), &of_before), NOW + 1_000_000);
        let endless = SessionRecord { ends_at_ms: FOREVER, longest_ms: Some(FOREVER), ..session() };
        assert_eq!(tokens_end_ms(&endless, NOW), FOREVER);
    }

    #[test]
    fn a_session_may_live_forever() {
        let never = Lifetime::Never;
        let rules = SessionRules { lifetime: never, idle: never, longest: never, ..RULES };
        let session = rules.begin("sid".into(), "ada".into(), "r0".into(), NOW);
        assert!(!is_over(&session, FOREVER - 1));
    }
}
