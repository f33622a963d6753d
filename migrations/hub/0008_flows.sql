-- Crossings counted as they are projected, so that no picture of flows has to look at crossings.
-- Projections only: a register of another projection version is rebuilt when it is opened.
-- +goose Up

-- What a crossing is counted under besides its other columns; it is taken from there again when the
-- crossing is corrected.
ALTER TABLE crossing ADD COLUMN flow_day INTEGER NOT NULL DEFAULT 0;   -- 20261122: the calendar day at the post
ALTER TABLE crossing ADD COLUMN transport TEXT NOT NULL DEFAULT '';
ALTER TABLE crossing ADD COLUMN visa_issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE crossing ADD COLUMN fingers TEXT NOT NULL DEFAULT '';

-- Crossings by one dimension at a time. period is a day, 20261122, a month, 202611, or 0 for ever; for
-- ever there is only dimension ''. That one is all crossings: its code is '' or, of a clock that could not be
-- trusted, 'untrusted'. A post's day lies together, a few pages that its next crossing changes again.
CREATE TABLE flow_count (
  period    INTEGER NOT NULL,
  post      TEXT NOT NULL,
  dimension TEXT NOT NULL,
  direction TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  code      TEXT NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (period, post, dimension, direction, outcome, code)
) STRICT, WITHOUT ROWID;

-- The same of all posts together, but for ever.
CREATE TABLE flow_country (
  period    INTEGER NOT NULL,
  dimension TEXT NOT NULL,
  direction TEXT NOT NULL,
  outcome   TEXT NOT NULL,
  code      TEXT NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (period, dimension, direction, outcome, code)
) STRICT, WITHOUT ROWID;

-- Crossings of a month by several dimensions together; '' where one is not known.
CREATE TABLE flow_cross (
  month       INTEGER NOT NULL,
  post        TEXT NOT NULL,
  direction   TEXT NOT NULL,
  outcome     TEXT NOT NULL,
  nationality TEXT NOT NULL,
  sex         TEXT NOT NULL,
  age         TEXT NOT NULL,
  category    TEXT NOT NULL,
  n           INTEGER NOT NULL,
  PRIMARY KEY (month, post, direction, outcome, nationality, sex, age, category)
) STRICT, WITHOUT ROWID;

-- Overstays are counted without looking at their stays, and exits without entry without looking for them.
DROP INDEX stay_until;
CREATE INDEX stay_until ON stay (until, certain) WHERE state = 'inside';
CREATE INDEX stay_loose ON stay (born, at, document) WHERE state = 'entry_unknown';

-- +goose Down
DROP INDEX stay_loose;
DROP INDEX stay_until;
CREATE INDEX stay_until ON stay (until) WHERE state = 'inside';
DROP TABLE flow_cross;
DROP TABLE flow_country;
DROP TABLE flow_count;
ALTER TABLE crossing DROP COLUMN fingers;
ALTER TABLE crossing DROP COLUMN visa_issuer;
ALTER TABLE crossing DROP COLUMN transport;
ALTER TABLE crossing DROP COLUMN flow_day;
