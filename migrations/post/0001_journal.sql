-- The journal of a station: append-only, hash-chained. event.pos is the ordinal of the
-- epoch times 2^40 plus seq, so the primary key alone keeps every epoch gapless and in
-- order, and needs no second index. All else is a projection of the events.
-- +goose Up
CREATE TABLE station (
  id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
  ordinal     INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  parent_id   BLOB NOT NULL CHECK (length(parent_id) = 16),
  parent_seq  INTEGER NOT NULL,
  parent_hash BLOB NOT NULL CHECK (length(parent_hash) = 32),
  restored    INTEGER NOT NULL DEFAULT 0  -- 1: opened by a lost copy, given back by the hub
) STRICT;

CREATE TABLE event (
  pos    INTEGER PRIMARY KEY,
  record BLOB NOT NULL
) STRICT;

-- Written in the transaction of the event: a crossing exists once, and the document is
-- found by the next check.
CREATE TABLE crossing (
  id  BLOB PRIMARY KEY CHECK (length(id) = 16),
  pos INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  blind BLOB NOT NULL CHECK (length(blind) = 16),
  pos   INTEGER NOT NULL,
  PRIMARY KEY (blind, pos)
) STRICT, WITHOUT ROWID;

-- Open encounters, sealed; not part of the record.
CREATE TABLE draft (
  encounter BLOB PRIMARY KEY CHECK (length(encounter) = 16),
  counter   TEXT NOT NULL,
  key_id    TEXT NOT NULL,
  sealed    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Projections that follow by cursor: one row per projection and epoch.
CREATE TABLE cursor (
  projection TEXT NOT NULL,
  ordinal    INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (projection, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE crossing_count (
  day       TEXT NOT NULL,  -- UTC date of occurred_at
  counter   TEXT NOT NULL,
  direction TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (day, counter, direction, outcome)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE crossing_count;
DROP TABLE cursor;
DROP TABLE draft;
DROP TABLE document;
DROP TABLE crossing;
DROP TABLE event;
DROP TABLE epoch;
DROP TABLE station;
