-- Long work that goes on in the background: what it is, how far it has come and what came of it.
CREATE TABLE jobs (
    -- AUTOINCREMENT: the order of starting stays the order of numbers, whatever is removed.
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    -- The root account whose objects are concerned, and the account that started it.
    owner      INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    actor      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    -- What it works on, JSON.
    title      TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
    done       INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    failed     INTEGER NOT NULL,
    -- The first of what failed, with reasons, JSON.
    failures   TEXT    NOT NULL,
    -- What came of it, JSON.
    result     TEXT    NOT NULL,
    -- The code and the text of what ended it; empty unless it failed.
    code       TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;

CREATE INDEX jobs_by_owner ON jobs (owner, number);
CREATE INDEX jobs_running ON jobs (state) WHERE state = 'running';
