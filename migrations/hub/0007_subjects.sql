-- One traveller's rights: the record of what is not opened any more, and of who posts are told nothing of.
-- +goose Up
CREATE TABLE erased (
  crossing BLOB NOT NULL PRIMARY KEY CHECK (length(crossing) = 16),  -- or another encounter
  at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE restricted (
  blind BLOB NOT NULL PRIMARY KEY CHECK (length(blind) = 16),  -- of a document or of a person
  at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE restricted;
DROP TABLE erased;
