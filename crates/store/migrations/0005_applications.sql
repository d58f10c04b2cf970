-- Applications, their users, families and rooms, and the devices that are bound and shared. A device is in at most one
-- family; what is shared hangs on the binding and goes with it.

CREATE TABLE applications (
    id          TEXT    NOT NULL PRIMARY KEY,
    project     TEXT    NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL DEFAULT '',
    -- Whether the ready-made mini program is hosted for it.
    turn_key    INTEGER NOT NULL DEFAULT 0 CHECK (turn_key IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (project, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE application_keys (
    app_key           TEXT NOT NULL PRIMARY KEY,
    application       TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    platform          TEXT NOT NULL CHECK (platform IN ('ios', 'android', 'mini_program')),
    app_secret_sealed BLOB NOT NULL,
    UNIQUE (application, platform)
) STRICT, WITHOUT ROWID;

-- The push services that an application's owner has set up, with the credentials there.
CREATE TABLE application_push (
    application   TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    service       TEXT NOT NULL CHECK (service IN ('xinge', 'tpns_ios', 'tpns_android')),
    access_id     TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    environment   TEXT NOT NULL,
    region        TEXT NOT NULL,
    PRIMARY KEY (application, service)
) STRICT, WITHOUT ROWID;

-- The products whose devices an application's users may bind and use.
CREATE TABLE application_products (
    application TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    product     TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    PRIMARY KEY (application, product)
) STRICT, WITHOUT ROWID;

CREATE INDEX application_products_by_product ON application_products (product);

CREATE TABLE app_users (
    id          INTEGER NOT NULL PRIMARY KEY,
    application TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    -- How the application's owner names the user; empty for users that only registered by other means.
    open_id     TEXT,
    nick_name   TEXT    NOT NULL DEFAULT '',
    avatar      TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (application, open_id)
) STRICT;

CREATE TABLE families (
    id          TEXT    NOT NULL PRIMARY KEY,
    application TEXT    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    address     TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX families_by_application ON families (application);

CREATE TABLE family_members (
    family    TEXT    NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    user      INTEGER NOT NULL REFERENCES app_users (id) ON DELETE CASCADE,
    role      TEXT    NOT NULL CHECK (role IN ('owner', 'member')),
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (family, user)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX family_owner ON family_members (family) WHERE role = 'owner';
CREATE INDEX family_members_by_user ON family_members (user);

-- Every family has the room '0' without a row here.
CREATE TABLE rooms (
    id         TEXT    NOT NULL PRIMARY KEY,
    family     TEXT    NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_by_family ON rooms (family);

CREATE TABLE device_bindings (
    device     INTEGER NOT NULL PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    family     TEXT    NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    room       TEXT    NOT NULL DEFAULT '0',
    -- Who bound it; empty again when that user is gone.
    user       INTEGER REFERENCES app_users (id) ON DELETE SET NULL,
    alias      TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX device_bindings_by_family ON device_bindings (family);
CREATE INDEX device_bindings_by_user ON device_bindings (user) WHERE user IS NOT NULL;

CREATE TABLE device_shares (
    device     INTEGER NOT NULL REFERENCES device_bindings (device) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES app_users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (device, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_shares_by_user ON device_shares (user);
