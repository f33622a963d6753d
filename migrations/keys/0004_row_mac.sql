-- Each row bears a MAC over all of it, under a key derived from what wraps the data keys: a row that was
-- edited, or that a disk has changed, is found and not used. And a store that was made anew beside an old
-- journal knows that it has keys to ask the hub for.
-- +goose Up
ALTER TABLE data_key ADD COLUMN mac BLOB;

CREATE TABLE state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE state;
ALTER TABLE data_key DROP COLUMN mac;
