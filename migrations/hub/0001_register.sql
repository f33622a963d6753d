-- The national register at the hub. epoch, raw_event, quarantine, station, meta and the
-- intake's alarms are the record; every table below the line further down is a projection of
-- raw_event and can be rebuilt from it. Times are microseconds since 1970 in UTC.
-- No table holds what identifies a person: documents are keyed hashes (16 bytes).
-- +goose Up
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES
  ('generation', 1), ('projection_version', 0), ('projection_cursor', 0),
  ('duplicates', 0), ('crossings', 0);

CREATE TABLE epoch (
  no        INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which the hub got to know them
  station   TEXT NOT NULL,
  epoch     BLOB NOT NULL CHECK (length(epoch) = 16),
  held      INTEGER NOT NULL DEFAULT 0,         -- 1 to held are here without a gap
  highest   INTEGER NOT NULL DEFAULT 0,
  announced INTEGER NOT NULL DEFAULT 0,
  UNIQUE (station, epoch)
) STRICT;

-- AUTOINCREMENT: an arrival number is never given twice, or a cursor could pass one over.
CREATE TABLE raw_event (
  arrival     INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch_no    INTEGER NOT NULL REFERENCES epoch (no),
  seq         INTEGER NOT NULL CHECK (seq > 0),
  state       TEXT NOT NULL CHECK (state IN ('ok', 'unknown_type', 'malformed')),
  digest      BLOB NOT NULL CHECK (length(digest) = 32),  -- SHA-256 of bytes
  hash        BLOB,                                       -- of a verified event
  prev        BLOB,
  received_at INTEGER NOT NULL,
  bytes       BLOB NOT NULL,
  UNIQUE (epoch_no, seq)
) STRICT;
CREATE INDEX raw_event_not_ok ON raw_event (state) WHERE state <> 'ok';

CREATE TABLE quarantine (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  station     TEXT NOT NULL,  -- '' where the claim cannot be read
  epoch       BLOB NOT NULL,
  seq         INTEGER NOT NULL,
  digest      BLOB NOT NULL CHECK (length(digest) = 32),
  reason      TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  bytes       BLOB NOT NULL,
  UNIQUE (station, epoch, seq, digest)
) STRICT;

CREATE TABLE quarantine_size (
  station  TEXT PRIMARY KEY,
  messages INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  beyond   INTEGER NOT NULL  -- messages counted only, because the bound was reached
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  kind            TEXT NOT NULL,
  station         TEXT NOT NULL,
  subject         TEXT NOT NULL,  -- what it is about, so that it is raised once
  detail          TEXT NOT NULL,
  count           INTEGER NOT NULL,
  opened_at       INTEGER NOT NULL,
  last_at         INTEGER NOT NULL,
  acknowledged_at INTEGER,
  UNIQUE (kind, station, subject)
) STRICT;
CREATE INDEX alarm_station ON alarm (station) WHERE acknowledged_at IS NULL;

CREATE TABLE station (
  station         TEXT PRIMARY KEY,
  post            TEXT NOT NULL DEFAULT '',
  zone            TEXT NOT NULL DEFAULT '',
  software        TEXT NOT NULL DEFAULT '',
  greeted_at      INTEGER,  -- hub time of the last hello
  event_at        INTEGER,  -- hub time of the last message
  offset_ms       INTEGER NOT NULL DEFAULT 0,  -- hub time less station time at the last hello
  clock_state     TEXT NOT NULL DEFAULT '',
  clock_age_s     INTEGER NOT NULL DEFAULT 0,
  clock_offset_ms INTEGER NOT NULL DEFAULT 0,
  clock_reason    TEXT NOT NULL DEFAULT '',
  head_epoch      BLOB,
  head_seq        INTEGER NOT NULL DEFAULT 0,
  backlog         INTEGER NOT NULL DEFAULT 0,
  generation      INTEGER NOT NULL DEFAULT 0   -- that the station last saw
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------------------------------

CREATE TABLE lineage (
  station      TEXT NOT NULL,
  epoch        BLOB NOT NULL,
  parent_epoch BLOB NOT NULL,
  parent_seq   INTEGER NOT NULL,
  parent_hash  BLOB NOT NULL,
  PRIMARY KEY (station, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX lineage_parent ON lineage (station, parent_epoch);

CREATE TABLE crossing (
  crossing        BLOB NOT NULL PRIMARY KEY CHECK (length(crossing) = 16),
  arrival         INTEGER NOT NULL,
  station         TEXT NOT NULL,
  epoch           BLOB NOT NULL,
  seq             INTEGER NOT NULL,
  post            TEXT NOT NULL,
  counter         TEXT NOT NULL,
  occurred_at     INTEGER NOT NULL,
  recorded_at     INTEGER NOT NULL,
  received_at     INTEGER NOT NULL,
  direction       TEXT NOT NULL,
  outcome         TEXT NOT NULL,
  nationality     TEXT NOT NULL,
  sex             TEXT NOT NULL,
  birth_year      INTEGER NOT NULL,
  document_kind   TEXT NOT NULL,
  document_issuer TEXT NOT NULL,
  verdict         TEXT NOT NULL,
  clock_state     TEXT NOT NULL,
  part            TEXT NOT NULL CHECK (part IN ('open', 'no_key', 'damaged', 'none')),
  document        BLOB  -- blind index, NULL while unknown
) STRICT;
CREATE UNIQUE INDEX crossing_arrival ON crossing (arrival);
-- Not partial: a predicate document IS NOT NULL makes SQLite prepare every question about
-- a document anew, which costs more than the question.
CREATE INDEX crossing_document ON crossing (document, occurred_at, station, epoch, seq);

-- Movements of a document by a clock that cannot be trusted.
CREATE TABLE doubtful (
  document BLOB NOT NULL,
  crossing BLOB NOT NULL,
  PRIMARY KEY (document, crossing)
) STRICT, WITHOUT ROWID;

-- Crossings whose personal part waits for its key.
CREATE TABLE pending (
  crossing BLOB PRIMARY KEY,
  station  TEXT NOT NULL,
  key_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_key ON pending (station, key_id, crossing);

-- One stay per row, found by its first crossing: the entry, or the exit if no entry is known.
CREATE TABLE stay (
  document       BLOB NOT NULL,
  at             INTEGER NOT NULL,  -- place of the first crossing in the document's order
  station        TEXT NOT NULL,
  epoch          BLOB NOT NULL,
  seq            INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('inside', 'closed', 'exit_unknown', 'entry_unknown')),
  certain        INTEGER NOT NULL,  -- 0: rests on a clock that cannot be trusted
  entry_crossing BLOB,
  exit_crossing  BLOB,
  paired         TEXT NOT NULL,     -- 'same_document' or ''
  PRIMARY KEY (document, at, station, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_inside ON stay (certain) WHERE state = 'inside';

-- Crossings counted by quarter of an hour in UTC, the finest step of any time zone's
-- offset, so that a day of any post is a sum of whole buckets.
CREATE TABLE flow (
  bucket    INTEGER NOT NULL,  -- occurred_at / 15 min
  post      TEXT NOT NULL,
  direction TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  trusted   INTEGER NOT NULL,  -- 0: by a clock that cannot be trusted
  n         INTEGER NOT NULL,
  PRIMARY KEY (bucket, post, direction, outcome, trusted)
) STRICT, WITHOUT ROWID;
