-- Keys that were destroyed: a wrap that comes again, from a station that still has one or from a
-- copy, is not taken back. What is left of a key here is its name.
-- +goose Up
CREATE TABLE destroyed (
  station TEXT NOT NULL,
  id      TEXT NOT NULL,
  PRIMARY KEY (station, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE destroyed;
