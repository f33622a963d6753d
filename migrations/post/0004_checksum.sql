-- The sum of a projection that only the keys could make again, so that a bit that turns in it is
-- found without them: the exclusive or of SHA-256 over each row. It is written with the rows. Of a
-- journal that has none it is made at the next opening.
-- +goose Up
CREATE TABLE checksum (
  projection TEXT PRIMARY KEY,
  sum        BLOB NOT NULL CHECK (length(sum) = 32)
) STRICT, WITHOUT ROWID;

-- Nobody needs it, and nothing vouches for it.
ALTER TABLE checkpoint DROP COLUMN kept_at;

-- +goose Down
ALTER TABLE checkpoint ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0;
DROP TABLE checksum;
