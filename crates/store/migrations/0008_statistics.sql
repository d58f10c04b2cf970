-- What was counted of a product on one day of the statistics' time zone (days since 1970-01-01).
CREATE TABLE product_days (
    product       TEXT    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    day           INTEGER NOT NULL,
    messages_up   INTEGER NOT NULL DEFAULT 0,
    messages_down INTEGER NOT NULL DEFAULT 0,
    failed_up     INTEGER NOT NULL DEFAULT 0,
    failed_down   INTEGER NOT NULL DEFAULT 0,
    time_requests INTEGER NOT NULL DEFAULT 0,
    registered    INTEGER NOT NULL DEFAULT 0,
    activated     INTEGER NOT NULL DEFAULT 0,
    active        INTEGER NOT NULL DEFAULT 0,
    online_peak   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (product, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX product_days_by_day ON product_days (day);
