-- A station's copy of the lists: what is in force, what has been, and notices. The lists
-- themselves are sealed files beside it. Nothing here is part of the record of crossings.
-- +goose Up
CREATE TABLE station (id TEXT NOT NULL) STRICT;

-- Every release that was put in force, and those that it names as its past: a release that
-- contradicts one of them is a fork, one of an epoch that is over a rollback.
CREATE TABLE release (
  list     TEXT NOT NULL,
  epoch    BLOB NOT NULL CHECK (length(epoch) = 16),
  version  INTEGER NOT NULL,
  hash     BLOB NOT NULL CHECK (length(hash) = 32),  -- of the signed manifest
  manifest BLOB,              -- signed; NULL: not needed to open what is in force
  PRIMARY KEY (list, epoch, version)
) STRICT;

-- The release in force of each list.
CREATE TABLE in_force (
  list    TEXT NOT NULL PRIMARY KEY,
  epoch   BLOB NOT NULL,
  version INTEGER NOT NULL,
  since   INTEGER NOT NULL,   -- ms since 1970, as all times here
  FOREIGN KEY (list, epoch, version) REFERENCES release
) STRICT, WITHOUT ROWID;

-- Why a release was refused, until another is put in force.
CREATE TABLE refusal (
  list   TEXT NOT NULL PRIMARY KEY,
  reason TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Large files that are being received, and how much of each is known to be on the disk.
CREATE TABLE part (
  digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
  list   TEXT NOT NULL,
  size   INTEGER NOT NULL,
  synced INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Notices that are open.
CREATE TABLE notice (
  id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  ord          INTEGER NOT NULL,
  received_at  INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,  -- 1: here, and not shown any more
  body         BLOB NOT NULL      -- sealed
) STRICT;
CREATE INDEX notice_ord ON notice (ord);
CREATE TABLE notices_held (highest INTEGER NOT NULL) STRICT;
INSERT INTO notices_held VALUES (0);

-- Acknowledgements that the hub has not confirmed.
CREATE TABLE acknowledgement (
  no      INTEGER NOT NULL PRIMARY KEY,
  id      BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  officer TEXT NOT NULL,
  at      INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE acknowledgement;
DROP TABLE notices_held;
DROP TABLE notice;
DROP TABLE part;
DROP TABLE refusal;
DROP TABLE in_force;
DROP TABLE release;
DROP TABLE station;
