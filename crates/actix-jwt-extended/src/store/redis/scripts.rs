//! What Redis does in one step: each script touches keys of one hash slot only.

use crate::store::StoreError;
use redis::{Cmd, Script, ToRedisArgs, cmd};
use std::sync::LazyLock;

/// A script's text, and its hash, by which a server that has seen it knows it.
pub(super) struct Lua {
    text: &'static str,
    hash: String,
}

impl Lua {
    fn new(text: &'static str) -> Self {
        Self { text, hash: Script::new(text).get_hash().to_owned() }
    }

    pub(super) fn call(&self) -> Call<'_> {
        Call { script: self, keys: Vec::new(), values: Vec::new() }
    }
}

/// A script with its keys and values.
pub(super) struct Call<'a> {
    script: &'a Lua,
    keys: Vec<String>,
    values: Vec<Vec<u8>>,
}

impl Call<'_> {
    pub(super) fn key(mut self, key: &str) -> Self {
        self.keys.push(key.to_owned());
        self
    }

    pub(super) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.values.extend(value.to_redis_args());
        self
    }

    pub(super) fn by_hash(&self) -> Cmd {
        self.command("EVALSHA", &self.script.hash)
    }

    /// For a server that has not seen it: that one server then has. In a cluster the others need not be up.
    pub(super) fn by_text(&self) -> Cmd {
        self.command("EVAL", self.script.text)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys);
        for value in &self.values {
            command.arg(value.as_slice());
        }
        command
    }
}

/// Begins what only reads. Nothing is written, for no key of ours but a session's has a time to live; yet a replica
/// refuses it, and so does a primary that may not write: neither could tell what has been revoked by now.
macro_rules! on_the_primary {
    ($script:expr) => {
        concat!("redis.call('PERSIST', KEYS[1])", $script)
    };
}

/// The number and tag of the feed's last entry, by which the head is known again where the server has evicted it: what is
/// followed it evicts later.
macro_rules! with_last {
    ($script:literal) => {
        concat!(
            r"
        local function last(feed)
            local entry = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
            if not entry then return 0, '' end
            return tonumber(string.match(entry[1], '^%d+')), entry[2][2]
        end
        ",
            $script
        )
    };
}

/// After `make_whole`, what is revoked is known again from the feed, where the server has evicted that and kept the feed. It is
/// never empty otherwise: each entry of the feed has one of its own there, and only the next one sweeps. `cut_of` tells up to
/// when what is revoked by a time was issued; where the server has evicted the cut-offs alone, from the feed again.
macro_rules! with_index {
    ($script:expr) => {
        concat!(
            r"
        local function each_told(feed, take)
            local from, found = '-', false
            repeat
                local entries = redis.call('XRANGE', feed, from, '+', 'COUNT', 1000)
                for _, entry in ipairs(entries) do
                    take(entry[2][4], entry[2][6], entry[2][8])
                    from, found = '(' .. entry[1], true
                end
            until #entries < 1000
            return found
        end
        -- What is revoked by a time has one there, and what is not has none.
        local function is_by_time(key)
            local kind = string.match(key, '^@[^:]*:(..)') or string.sub(key, 1, 2)
            return kind ~= 't:' and kind ~= 's:'
        end
        local function keep_cut(cutoff, key, issued)
            if is_by_time(key) then redis.call('HSET', cutoff, key, issued) else redis.call('HDEL', cutoff, key) end
        end
        local function make_whole(ends, cutoff, feed)
            if redis.call('EXISTS', ends) == 1 then return true end
            return each_told(feed, function(key, issued, until_ms)
                redis.call('ZADD', ends, until_ms, key)
                keep_cut(cutoff, key, issued)
            end)
        end
        local looked = false
        local function cut_of(cutoff, feed, key)
            local cut = redis.call('HGET', cutoff, key)
            if cut or not is_by_time(key) then return cut or 'inf' end
            if not looked then
                looked = true
                local last = {}
                each_told(feed, function(told, issued) if is_by_time(told) then last[told] = issued end end)
                for told, issued in pairs(last) do
                    if not redis.call('HGET', cutoff, told) then redis.call('HSET', cutoff, told, issued) end
                end
                cut = redis.call('HGET', cutoff, key)
            end
            -- Up to when, nobody knows any more: so all of them.
            if not cut then
                cut = 'inf'
                redis.call('HSET', cutoff, key, cut)
            end
            return cut
        end
        ",
            $script
        )
    };
}

/// Widens a revocation, tells it in the feed if that says something new, and sweeps some that are over.
/// `inf` = forever. The feed first: a script that fails half-way is not taken back. It begins with a write that needs no
/// memory: a script that has written may go on where the server is full, so that logouts work where logins do not. That holds
/// for every version, and for scripts without flags only.
pub(super) static REVOKE: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(on_the_primary!(with_index!(with_last!(
        r"
        local key, issued, until_ms, over_by_ms, tag, longest = unpack(ARGV)
        make_whole(KEYS[1], KEYS[2], KEYS[3])
        local wider = false
        local known = redis.call('ZSCORE', KEYS[1], key)
        -- What has no cut-off concerns all, whenever they were issued.
        local cut = known and cut_of(KEYS[2], KEYS[3], key)
        if not known or tonumber(known) < tonumber(until_ms) then wider = true else until_ms = known end
        if not cut or tonumber(cut) < tonumber(issued) then wider = true else issued = cut end
        if not wider then return 0 end
        local seq = math.max(tonumber(redis.call('HGET', KEYS[4], 'seq') or 0), (last(KEYS[3]))) + 1
        redis.call('HSET', KEYS[4], 'seq', string.format('%.0f', seq), 'tag', tag)
        redis.call('XADD', KEYS[3], 'MAXLEN', '=', longest, string.format('%.0f-0', seq),
            't', tag, 'k', key, 'i', issued, 'u', until_ms)
        local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. over_by_ms, 'LIMIT', 0, 100)
        if #over > 0 then
            redis.call('ZREM', KEYS[1], unpack(over))
            redis.call('HDEL', KEYS[2], unpack(over))
        end
        redis.call('ZADD', KEYS[1], until_ms, key)
        keep_cut(KEYS[2], key, issued)
        return 1
        "
    ))))
});

/// Whether one of a token's keys is there, and was revoked up to the token's time or later.
pub(super) static IS_REVOKED: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(on_the_primary!(with_index!(
        r"
        if not make_whole(KEYS[1], KEYS[2], KEYS[3]) then return 0 end
        local scores = redis.call('ZMSCORE', KEYS[1], unpack(ARGV, 2))
        for at = 1, #ARGV - 1 do
            if scores[at] then
                if tonumber(cut_of(KEYS[2], KEYS[3], ARGV[at + 1])) >= tonumber(ARGV[1]) then return 1 end
            end
        end
        return 0
        "
    )))
});

/// The number and tag of the last revocation; nothing where none of what was revoked is known any more, so that followers
/// notice.
pub(super) static POSITION: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(on_the_primary!(with_index!(with_last!(
        r"
        if not make_whole(KEYS[3], KEYS[4], KEYS[2]) then return { false, false } end
        local head, seq, tag = redis.call('HMGET', KEYS[1], 'seq', 'tag'), last(KEYS[2])
        if tonumber(head[1] or 0) >= seq then return head end
        return { string.format('%.0f', seq), tag }
        "
    ))))
});

/// Some entries of the feed, from this one on.
pub(super) static CHANGES: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(on_the_primary!(
        r"
        return redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
        "
    ))
});

/// A new session, for so many milliseconds; empty = for ever. One that is there stays: this may be sent again.
pub(super) static INSERT: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        r"
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[1], 'r', ARGV[1], 'd', ARGV[2])
        if ARGV[3] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
        return 1
        ",
    )
});

/// Adds a session to its subject's, or moves its end; the list lives as long as the longest of them. Some of a list
/// that is longer than it should be are given, so that it is seen whether they are still there.
pub(super) static LIST: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        r"
        local sid, ends, now_ms, short = unpack(ARGV)
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now_ms)
        redis.call('ZADD', KEYS[1], ends, sid)
        local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
        if last == 'inf' then
            redis.call('PERSIST', KEYS[1])
        else
            redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1, tonumber(last) - tonumber(now_ms))))
        end
        if redis.call('ZCARD', KEYS[1]) <= tonumber(short) then return {} end
        return redis.call('ZRANDMEMBER', KEYS[1], 4)
        ",
    )
});

/// Puts a session in the place of its predecessor, if that is what is there. A call that is sent again, because
/// its answer was lost, gets the same answer: it is known by its number, at random.
pub(super) static REPLACE: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        r"
        local found = redis.call('HMGET', KEYS[1], 'r', 'n')
        if found[1] == ARGV[2] and found[2] == ARGV[5] then return 1 end
        if found[1] ~= ARGV[1] then return 0 end
        redis.call('HSET', KEYS[1], 'r', ARGV[2], 'd', ARGV[3], 'n', ARGV[5])
        if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
        return 1
        ",
    )
});

/// Removes a session; for a while it is known which call did it, as above.
pub(super) static REMOVE: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(
        r"
        if redis.call('DEL', KEYS[1]) == 1 then
            redis.call('SET', KEYS[2], ARGV[1], 'PX', 60000)
            return 1
        end
        return redis.call('GET', KEYS[2]) == ARGV[1] and 1 or 0
        ",
    )
});

/// Which process of the server gave a page: to another one its cursor means nothing. A login that may not ask gets no
/// name, and no protection from a restart in between.
macro_rules! with_server {
    ($script:literal) => {
        concat!(
            r"
        local info = redis.pcall('INFO', 'server')
        local server = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
        ",
            $script
        )
    };
}

/// A page of the live revocations, with their cut-offs.
pub(super) static PAGE: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(on_the_primary!(with_index!(with_server!(
        r"
        local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
        local rows = {}
        for at = 1, #found[2], 2 do
            local key = found[2][at]
            rows[#rows + 1] = { key, cut_of(KEYS[2], KEYS[3], key), found[2][at + 1] }
        end
        return { server, found[1], rows }
        "
    ))))
});

/// A page of a subject's sessions.
pub(super) static LISTED: LazyLock<Lua> = LazyLock::new(|| {
    Lua::new(with_server!(
        r"
        local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
        local ids = {}
        for at = 1, #found[2], 2 do ids[#ids + 1] = found[2][at] end
        return { server, found[1], ids }
        "
    ))
});

/// The server that gave the page before, and where in it the next begins.
pub(super) fn cursor(after: Option<&str>) -> (&str, &str) {
    after.and_then(|after| after.split_once(' ')).unwrap_or(("", "0"))
}

/// What the next page is asked for by; `None` = this was the last.
pub(super) fn next(asked: &str, server: &str, cursor: &str) -> Result<Option<String>, StoreError> {
    if !asked.is_empty() && asked != server {
        return Err(StoreError::new("the server was restarted or replaced between two pages"));
    }
    Ok((cursor != "0").then(|| format!("{server} {cursor}")))
}
