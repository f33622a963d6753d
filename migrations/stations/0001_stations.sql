-- Who belongs to the hub. Every table is the record itself: nothing here can be made again. Rows are
-- sealed JSON (AES-256-GCM under a key that lies sealed in meta), bound to their table and name, so
-- that a row that was changed or moved does not open. meta.state is a sealed digest over all rows of
-- station and code: one that was taken out or put back is found.
-- +goose Up
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE station (
  name   TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One-time codes; of a code only what both ends derive from it, sealed once more by the root key.
CREATE TABLE code (
  name   TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What was done, until the running hub has it in its audit.
CREATE TABLE act (
  no     INTEGER PRIMARY KEY AUTOINCREMENT,
  sealed BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE act;
DROP TABLE code;
DROP TABLE station;
DROP TABLE meta;
