-- Keys of the installation that are made at their first use, and batch production: what a batch is to make and how far
-- it has come.

CREATE TABLE installation_secrets (
    name          TEXT    NOT NULL PRIMARY KEY,
    secret_sealed BLOB    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    -- AUTOINCREMENT: one of the compatible surfaces shows this number, so it never names another batch.
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    product    TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    creator    INTEGER NOT NULL,
    burn       TEXT    NOT NULL CHECK (burn IN ('direct', 'registration')),
    naming     TEXT    NOT NULL CHECK (naming IN ('generated', 'uploaded', 'prefixed')),
    -- Where the names came from, or what they start with.
    upload_url TEXT    NOT NULL DEFAULT '',
    prefix     TEXT    NOT NULL DEFAULT '',
    qr_codes   INTEGER NOT NULL CHECK (qr_codes IN (0, 1)),
    wanted     INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('created', 'running', 'finishing', 'done')),
    failure    TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- One at a time for each product.
CREATE UNIQUE INDEX batches_unfinished ON batches (product) WHERE state <> 'done';
CREATE INDEX batches_by_product ON batches (product, number);

-- One row for each device of a batch, from the start: 'waiting' until it was made or could not be.
CREATE TABLE batch_rows (
    batch       INTEGER NOT NULL REFERENCES batches (number) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'made', 'refused')),
    problem     TEXT    NOT NULL DEFAULT '',
    -- Empty again when the device is deleted later.
    device      INTEGER REFERENCES devices (id) ON DELETE SET NULL,
    -- Of a device that authenticates by certificate: which one was made here, and its private key.
    fingerprint BLOB,
    key_sealed  BLOB,
    PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_rows_by_device ON batch_rows (device) WHERE device IS NOT NULL;
