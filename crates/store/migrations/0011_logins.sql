-- How people log in to the console: passwords, second factors, sessions; and which preset policies they have.

CREATE TABLE logins (
    account         INTEGER PRIMARY KEY REFERENCES accounts (uin) ON DELETE CASCADE,
    -- The slow hash of the password, sealed: who steals this file alone cannot even try passwords.
    password_sealed BLOB    NOT NULL,
    must_change     INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    changed_at      INTEGER NOT NULL,
    last_login_at   INTEGER,
    last_login_from TEXT,
    -- The secret of the second factor; empty without one.
    totp_sealed     BLOB,
    -- The step of the last code that was taken: no code is taken twice.
    totp_step       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE recovery_codes (
    account INTEGER NOT NULL REFERENCES logins (account) ON DELETE CASCADE,
    hash    BLOB    NOT NULL,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE console_sessions (
    -- The hash of what the browser holds.
    hash         BLOB    NOT NULL PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES logins (account) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    address      TEXT    NOT NULL,
    agent        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX console_sessions_by_account ON console_sessions (account);

-- Preset policies are in the program; only who has which is kept.
CREATE TABLE preset_attachments (
    account INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    preset  TEXT    NOT NULL,
    PRIMARY KEY (account, preset)
) STRICT, WITHOUT ROWID;
