-- How far the history goes, with a MAC: whoever cuts off its end has no older head to put here,
-- unless they kept a copy.
-- +goose Up
CREATE TABLE head (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL,
  mac     BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

-- +goose Down
DROP TABLE head;
