//! What Redis does in one step: each script touches keys of one hash slot only.

use redis::Script;
use std::sync::LazyLock;

/// Widens a revocation, tells it in the feed if that says something new, and sweeps some that are over.
/// `inf` = forever. The feed first: a script that fails half-way is not taken back.
pub(super) static REVOKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local key, issued, until_ms, now_ms, tag, longest = unpack(ARGV)
        local wider = false
        local known = redis.call('ZSCORE', KEYS[1], key)
        if not known or tonumber(known) < tonumber(until_ms) then wider = true else until_ms = known end
        if issued ~= 'inf' then
            local cut = redis.call('HGET', KEYS[2], key)
            if not cut or tonumber(cut) < tonumber(issued) then wider = true else issued = cut end
        end
        if not wider then return 0 end
        local seq = redis.call('HINCRBY', KEYS[4], 'seq', 1)
        redis.call('HSET', KEYS[4], 'tag', tag)
        redis.call('XADD', KEYS[3], 'MAXLEN', '=', longest, string.format('%.0f-0', seq),
            't', tag, 'k', key, 'i', issued, 'u', until_ms)
        local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now_ms, 'LIMIT', 0, 100)
        if #over > 0 then
            redis.call('ZREM', KEYS[1], unpack(over))
            redis.call('HDEL', KEYS[2], unpack(over))
        end
        redis.call('ZADD', KEYS[1], until_ms, key)
        if issued ~= 'inf' then redis.call('HSET', KEYS[2], key, issued) end
        return 1
        ",
    )
});

/// Whether one of a token's keys is there, and was revoked up to the token's time or later.
pub(super) static IS_REVOKED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local scores = redis.call('ZMSCORE', KEYS[1], unpack(ARGV, 2))
        for at = 1, #ARGV - 1 do
            if scores[at] then
                local cut = redis.call('HGET', KEYS[2], ARGV[at + 1])
                if not cut or tonumber(cut) >= tonumber(ARGV[1]) then return 1 end
            end
        end
        return 0
        ",
    )
});

/// A new session, for so many milliseconds; empty = for ever.
pub(super) static INSERT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'r', ARGV[1], 'd', ARGV[2])
        if ARGV[3] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
        return 1
        ",
    )
});

/// Adds a session to its subject's; the list lives as long as the longest of them.
pub(super) static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local sid, ends, now_ms = unpack(ARGV)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now_ms)
        redis.call('ZADD', KEYS[1], ends, sid)
        local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
        if last == 'inf' then
            redis.call('PERSIST', KEYS[1])
        else
            redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1, tonumber(last) - tonumber(now_ms))))
        end
        return 1
        ",
    )
});

/// Puts a session in the place of its predecessor, if that is what is there.
pub(super) static REPLACE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('HGET', KEYS[1], 'r') ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'r', ARGV[2], 'd', ARGV[3])
        if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        return 1
        ",
    )
});

/// A page of the live revocations, with their cut-offs.
pub(super) static PAGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
        local rows = {}
        for at = 1, #found[2], 2 do
            local key, issued = found[2][at], 'inf'
            -- Of single tokens and sessions there is no cut-off.
            if string.find(key, '^[ts]:') == nil then issued = redis.call('HGET', KEYS[2], key) or 'inf' end
            rows[#rows + 1] = { key, issued, found[2][at + 1] }
        end
        return { found[1], rows }
        ",
    )
});
