-- Accounts, what they may do, what they did; and what products sit in: instances and projects.

-- AUTOINCREMENT: a number that stands in somebody's policy or log is never given to another account.
CREATE TABLE accounts (
    uin        INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The root account of a sub-account; empty for a root account.
    owner      INTEGER REFERENCES accounts (uin) ON DELETE RESTRICT,
    name       TEXT    NOT NULL,
    remark     TEXT    NOT NULL DEFAULT '',
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX accounts_by_name ON accounts (coalesce(owner, 0), name);

CREATE TABLE api_keys (
    secret_id         TEXT    NOT NULL PRIMARY KEY,
    account           INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    secret_key_sealed BLOB    NOT NULL,
    remark            TEXT    NOT NULL DEFAULT '',
    enabled           INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at        INTEGER NOT NULL,
    last_used_at      INTEGER,
    last_used_from    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_account ON api_keys (account);

CREATE TABLE policies (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    owner       INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL DEFAULT '',
    document    TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE policy_attachments (
    account INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    policy  INTEGER NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
    PRIMARY KEY (account, policy)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_entries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    -- The root account whose objects were concerned.
    owner      INTEGER NOT NULL,
    -- Who did it: an account, and by which means (the id of a key, the name of a token, local).
    actor      INTEGER NOT NULL,
    means      TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    operation  TEXT    NOT NULL,
    resource   TEXT    NOT NULL,
    -- 'ok' or the code of the error.
    outcome    TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    before     TEXT,
    after      TEXT,
    request_id TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_entries_by_owner ON audit_entries (owner, at);

CREATE TABLE instances (
    id           TEXT    NOT NULL PRIMARY KEY,
    owner        INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE RESTRICT,
    kind         TEXT    NOT NULL CHECK (kind IN ('public', 'enterprise')),
    description  TEXT    NOT NULL DEFAULT '',
    -- Devices it may hold; empty means as many as the installation.
    device_limit INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id          TEXT    NOT NULL PRIMARY KEY,
    instance    TEXT    NOT NULL REFERENCES instances (id) ON DELETE RESTRICT,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (instance, name)
) STRICT, WITHOUT ROWID;

-- Each move of a product from one instance to another.
CREATE TABLE product_moves (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    at            INTEGER NOT NULL,
    owner         INTEGER NOT NULL,
    product       TEXT    NOT NULL,
    from_instance TEXT    NOT NULL,
    to_instance   TEXT    NOT NULL,
    devices       INTEGER NOT NULL
) STRICT;

-- The first account, its public instance and its default project: everything made so far belongs there.
INSERT INTO accounts (uin, owner, name, enabled, created_at)
    VALUES (100000000001, NULL, 'root', 1, CAST(strftime('%s', 'now') AS INTEGER) * 1000);
INSERT INTO instances (id, owner, kind, description, created_at, updated_at)
    SELECT 'iot-public01', uin, 'public', '', created_at, created_at FROM accounts;
INSERT INTO projects (id, instance, name, description, created_at, updated_at)
    SELECT 'prj-default1', id, 'default', '', created_at, created_at FROM instances;

ALTER TABLE products ADD COLUMN project TEXT NOT NULL DEFAULT 'prj-default1';
ALTER TABLE products ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN category_id INTEGER NOT NULL DEFAULT 1;
ALTER TABLE products ADD COLUMN net_type TEXT NOT NULL DEFAULT 'else';
ALTER TABLE products ADD COLUMN data_protocol INTEGER NOT NULL DEFAULT 1;
ALTER TABLE products ADD COLUMN module_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN script_enabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN bind_strategy INTEGER NOT NULL DEFAULT 1;
ALTER TABLE products ADD COLUMN status TEXT NOT NULL DEFAULT 'dev' CHECK (status IN ('dev', 'audit', 'released'));
ALTER TABLE products ADD COLUMN creator INTEGER NOT NULL DEFAULT 100000000001;
ALTER TABLE products ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE products SET updated_at = created_at;

CREATE INDEX products_by_project ON products (project);

CREATE TABLE product_tags (
    product TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (product, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_tags (
    device INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    key    TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    PRIMARY KEY (device, key)
) STRICT, WITHOUT ROWID;

ALTER TABLE devices ADD COLUMN log_level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN creator INTEGER NOT NULL DEFAULT 100000000001;
