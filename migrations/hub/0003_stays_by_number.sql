-- Stays in the order in which they were written: an index that ends with a row's number is a
-- third of one that ends with document and place, and a backlog changes fewer pages of it.
-- A projection only: a register of another projection version is rebuilt when it is opened.
-- +goose Up
DROP TABLE stay;

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
) STRICT;
CREATE INDEX stay_until ON stay (until) WHERE state = 'inside';
CREATE INDEX stay_born ON stay (born, state, at);
CREATE INDEX stay_year ON stay (birth_year, full_date, state, at);

-- How many stays are open, certain or not: counted as they are written, because to count them
-- when somebody looks takes longer with each year.
INSERT INTO meta (name, value) VALUES ('inside', 0), ('inside_uncertain', 0);

-- +goose Down
DELETE FROM meta WHERE name IN ('inside', 'inside_uncertain');
