-- What an account does not want to be told again of what should be looked at.
CREATE TABLE ignored_attention (
    -- The root account.
    owner      INTEGER NOT NULL REFERENCES accounts (uin) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    -- The account that said so.
    ignored_by INTEGER NOT NULL,
    ignored_at INTEGER NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;

-- Certificates that end soon are looked for often.
CREATE INDEX device_certificates_by_end ON device_certificates (not_after) WHERE revoked_at IS NULL;
