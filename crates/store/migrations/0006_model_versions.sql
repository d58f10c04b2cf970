-- The thing models that products had, so that a change can be undone; and what the video API says about a product
-- beyond what every product has.

CREATE TABLE model_versions (
    product  TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    -- Counts from 1 for each product; the newest is the model in use.
    version  INTEGER NOT NULL,
    -- Empty when the model was removed.
    model    TEXT,
    origin   TEXT    NOT NULL CHECK (origin IN ('created', 'changed', 'imported', 'restored')),
    -- Who saved it; empty when it was done on the machine itself.
    account  INTEGER,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (product, version)
) STRICT;

INSERT INTO model_versions (product, version, model, origin, account, saved_at)
    SELECT id, 1, model, 'created', creator, created_at FROM products WHERE model IS NOT NULL;

CREATE TABLE video_products (
    product        TEXT    NOT NULL PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    device_type    INTEGER NOT NULL,
    -- A JSON array of texts.
    features       TEXT    NOT NULL,
    chip_os        TEXT    NOT NULL,
    chip_maker     TEXT    NOT NULL,
    chip           TEXT    NOT NULL,
    valid_years    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
