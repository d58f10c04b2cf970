-- The server's certificate with a key on an elliptic curve, beside the one with an RSA key. Empty until the next start
-- has issued it.
ALTER TABLE authority ADD COLUMN server_ec_certificate TEXT;
ALTER TABLE authority ADD COLUMN server_ec_key_sealed BLOB;
