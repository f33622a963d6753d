-- Data keys live in a database of their own, never in the journal or a backup of it:
-- erasure destroys the wraps here, and what they opened is gone everywhere.
-- +goose Up
CREATE TABLE data_key (
  id           TEXT NOT NULL,
  station      TEXT NOT NULL,    -- a key counts for its own station only, whatever others call theirs
  part         TEXT NOT NULL CHECK (part IN ('personal', 'protection', 'hub')),
  bucket       TEXT NOT NULL,
  station_wrap BLOB,             -- at a station; NULL for part hub, which only the hub opens
  hub_wrap     BLOB NOT NULL,
  PRIMARY KEY (station, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX data_key_by_bucket ON data_key (station, bucket, part);

-- +goose Down
DROP TABLE data_key;
