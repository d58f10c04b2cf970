-- Certificate authorities that accounts bring with them, and which products trust them; and pools of activation codes.

CREATE TABLE private_authorities (
    -- AUTOINCREMENT: a number is never another authority's.
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    owner       INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    certificate BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (owner, name),
    UNIQUE (owner, fingerprint)
) STRICT;

-- At most one for each product; the devices of a product that is not here have certificates of the installation only.
CREATE TABLE product_authorities (
    product   TEXT    NOT NULL PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    authority INTEGER NOT NULL REFERENCES private_authorities (id) ON DELETE RESTRICT
) STRICT, WITHOUT ROWID;

CREATE INDEX product_authorities_by_authority ON product_authorities (authority);

-- An instance without a pool of a kind is not limited in that kind.
CREATE TABLE licence_pools (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    instance   TEXT    NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    -- 'normal', 'bluetooth', 'free', 'video', or the name of an added service.
    kind       TEXT    NOT NULL,
    -- How long each code holds, as the vendor words it: '5_year'.
    period     TEXT    NOT NULL DEFAULT '',
    total      INTEGER NOT NULL CHECK (total > 0),
    created_at INTEGER NOT NULL,
    -- After this the pool counts no more; empty for ever.
    expires_at INTEGER
) STRICT;

CREATE INDEX licence_pools_by_instance ON licence_pools (instance, kind);
