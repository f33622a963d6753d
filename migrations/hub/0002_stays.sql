-- Crossings as they stand after corrections, and stays that say how far they are certain.
-- Projections only: a register of another projection version is rebuilt when it is opened.
-- +goose Up
DROP TABLE stay;
DROP TABLE crossing;

CREATE TABLE crossing (
  crossing        BLOB NOT NULL PRIMARY KEY CHECK (length(crossing) = 16),
  arrival         INTEGER NOT NULL,  -- of the event that recorded it, like the next four
  station         TEXT NOT NULL,
  epoch           BLOB NOT NULL,
  seq             INTEGER NOT NULL,
  recorded_at     INTEGER NOT NULL,
  received_at     INTEGER NOT NULL,
  change          BLOB,              -- the correction in force; NULL: as it was recorded
  post            TEXT NOT NULL,     -- from here on as it stands
  counter         TEXT NOT NULL,
  occurred_at     INTEGER NOT NULL,
  local_date      TEXT NOT NULL,     -- '' from a station that did not write it
  direction       TEXT NOT NULL,
  outcome         TEXT NOT NULL,
  ground          TEXT NOT NULL,
  category        TEXT NOT NULL,
  purpose         TEXT NOT NULL,
  residence       TEXT NOT NULL,
  nationality     TEXT NOT NULL,
  sex             TEXT NOT NULL,
  birth_year      INTEGER NOT NULL,
  document_kind   TEXT NOT NULL,
  document_issuer TEXT NOT NULL,
  days_granted    INTEGER NOT NULL,
  permitted_until TEXT NOT NULL,     -- of an entry: the latest day that it or an extension grants
  late            INTEGER NOT NULL,  -- 1: entered from paper
  verdict         TEXT NOT NULL,
  clock_state     TEXT NOT NULL,
  part            TEXT NOT NULL CHECK (part IN ('open', 'no_key', 'damaged', 'none')),
  document        BLOB,  -- blind index; the crossing's own id for somebody without a document; NULL while unknown
  born            BLOB,  -- blind index of the birth date
  full_date       INTEGER NOT NULL,  -- 1: no part of the birth date is unknown
  person          BLOB   -- blind index of name and full birth date
) STRICT;
CREATE UNIQUE INDEX crossing_arrival ON crossing (arrival);
-- Not partial: a predicate document IS NOT NULL makes SQLite prepare every question about
-- a document anew, which costs more than the question.
CREATE INDEX crossing_document ON crossing (document, occurred_at, station, epoch, seq);
CREATE INDEX crossing_person ON crossing (person, occurred_at);
CREATE INDEX crossing_unread ON crossing (occurred_at) WHERE part <> 'open';

-- Corrections of crossings and extensions of stays, whether the crossing has arrived or not.
CREATE TABLE amendment (
  change          BLOB NOT NULL PRIMARY KEY,
  crossing        BLOB NOT NULL,
  kind            TEXT NOT NULL CHECK (kind IN ('correction', 'extension')),
  recorded_at     INTEGER NOT NULL,
  station         TEXT NOT NULL,
  epoch           BLOB NOT NULL,
  seq             INTEGER NOT NULL,
  permitted_until TEXT NOT NULL,     -- extensions only, like the next
  days_granted    INTEGER NOT NULL
) STRICT;
CREATE INDEX amendment_crossing ON amendment (crossing, kind, recorded_at, station, epoch, seq);

-- Exits that an officer says end the stay of an entry on another document.
CREATE TABLE link (
  exit_crossing  BLOB NOT NULL PRIMARY KEY,
  entry_crossing BLOB NOT NULL,
  exit_document  BLOB,  -- NULL while unknown, like the next
  entry_document BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX link_entry ON link (entry_crossing);
CREATE INDEX link_exit_document ON link (exit_document);
CREATE INDEX link_entry_document ON link (entry_document);

-- One stay per row, found by its first crossing: the entry, or the exit if no entry is known.
CREATE TABLE stay (
  document       BLOB NOT NULL,
  at             INTEGER NOT NULL,  -- place of the first crossing in the document's order
  station        TEXT NOT NULL,
  epoch          BLOB NOT NULL,
  seq            INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('inside', 'closed', 'exit_unknown', 'entry_unknown')),
  certain        INTEGER NOT NULL,  -- 0: a clock of this document cannot be trusted, or a link does not fit
  doubt          TEXT NOT NULL,     -- what it is then: clock, link, both with a space between
  entry_crossing BLOB,
  exit_crossing  BLOB,
  exit_at        INTEGER,
  paired         TEXT NOT NULL,     -- 'same_document', 'confirmed' or ''
  until          TEXT NOT NULL,     -- last day permitted; '' if none is known
  born           BLOB,              -- of the entry, or of the exit if no entry is known
  full_date      INTEGER NOT NULL,  -- 1: no part of the birth date is unknown
  birth_year     INTEGER NOT NULL,  -- 0: unknown
  sex            TEXT NOT NULL,
  PRIMARY KEY (document, at, station, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_inside ON stay (certain) WHERE state = 'inside';
CREATE INDEX stay_until ON stay (until) WHERE state = 'inside';
CREATE INDEX stay_born ON stay (born, state, at);
CREATE INDEX stay_year ON stay (birth_year, full_date, state, at);
CREATE INDEX stay_entry ON stay (entry_crossing);
CREATE INDEX stay_exit ON stay (exit_crossing);

-- An entry without exit and an exit without entry that may be of one person: for people to
-- judge, never merged.
CREATE TABLE proposal (
  entry_crossing BLOB NOT NULL,
  exit_crossing  BLOB NOT NULL,
  entry_document BLOB NOT NULL,
  exit_document  BLOB NOT NULL,
  score          INTEGER NOT NULL,  -- 1 to 100
  PRIMARY KEY (entry_crossing, exit_crossing)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_exit ON proposal (exit_document);
CREATE INDEX proposal_entry ON proposal (entry_document);

-- Until when everything is here that the station had: hub time of the last hello with no
-- backlog while nothing was missing.
ALTER TABLE station ADD COLUMN complete_at INTEGER;

-- +goose Down
DROP TABLE proposal;
DROP TABLE link;
DROP TABLE amendment;
