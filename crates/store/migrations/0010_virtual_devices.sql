-- Devices whose part the server plays: how each behaves (JSON), and whether it runs.
CREATE TABLE virtual_devices (
    device     INTEGER NOT NULL PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    behaviour  TEXT    NOT NULL,
    running    INTEGER NOT NULL CHECK (running IN (0, 1)),
    -- The account that changed it last.
    changed_by INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
