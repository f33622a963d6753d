-- In which state the counts of a day or a month are, so that what was read of them once need not be read again. The
-- number says only that it is another one: after a rebuild none comes twice.
-- +goose Up
CREATE TABLE flow_version (
  period  INTEGER NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE flow_version;
