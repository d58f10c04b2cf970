-- Version 1: the registry as first released. Times are milliseconds since the epoch; *_sealed columns hold
-- nothing but sealed bytes (crates/store/src/seal.rs); a name that is part of a key never changes.

CREATE TABLE products (
    id                   TEXT    NOT NULL PRIMARY KEY,
    name                 TEXT    NOT NULL,
    node                 TEXT    NOT NULL CHECK (node IN ('device', 'gateway', 'sub_device')),
    auth                 TEXT    NOT NULL CHECK (auth IN ('key', 'certificate')),
    secret_sealed        BLOB    NOT NULL,
    dynamic_registration TEXT    NOT NULL CHECK (dynamic_registration IN ('off', 'known', 'auto_create')),
    auto_create_quota    INTEGER NOT NULL DEFAULT 0,
    enabled              INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    model                TEXT,
    created_at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The number of a property in the journal: given once, never given to another identifier of the product.
CREATE TABLE property_numbers (
    product    TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    identifier TEXT    NOT NULL,
    number     INTEGER NOT NULL CHECK (number BETWEEN 1 AND 65535),
    PRIMARY KEY (product, identifier),
    UNIQUE (product, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE custom_topics (
    product TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    suffix  TEXT NOT NULL,
    rights  TEXT NOT NULL CHECK (rights IN ('publish', 'subscribe', 'both')),
    PRIMARY KEY (product, suffix)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the id also names the device's stream in the journal, so it must never be used again.
CREATE TABLE devices (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    product       TEXT    NOT NULL REFERENCES products (id) ON DELETE RESTRICT,
    name          TEXT    NOT NULL,
    secret_sealed BLOB    NOT NULL,
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    auto_created  INTEGER NOT NULL CHECK (auto_created IN (0, 1)),
    nickname      TEXT,
    created_at    INTEGER NOT NULL,
    activated_at  INTEGER,
    UNIQUE (product, name)
) STRICT;

CREATE TABLE device_certificates (
    fingerprint BLOB    NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 32),
    device      INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    serial      TEXT    NOT NULL,
    certificate BLOB    NOT NULL,
    not_before  INTEGER NOT NULL,
    not_after   INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX device_certificates_by_device ON device_certificates (device);

CREATE TABLE mqtt_users (
    name          TEXT    NOT NULL PRIMARY KEY,
    salt          BLOB    NOT NULL CHECK (length(salt) = 16),
    password_hash BLOB    NOT NULL CHECK (length(password_hash) = 32),
    publish       TEXT    NOT NULL,
    subscribe     TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_tokens (
    name         TEXT    NOT NULL PRIMARY KEY,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE authority (
    id                 INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    ca_certificate     TEXT    NOT NULL,
    ca_key_sealed      BLOB    NOT NULL,
    server_certificate TEXT    NOT NULL,
    server_key_sealed  BLOB    NOT NULL,
    server_names       TEXT    NOT NULL
) STRICT;

CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One sealed known text: it tells a wrong key file from a damaged database.
CREATE TABLE key_proof (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed BLOB    NOT NULL
) STRICT;
