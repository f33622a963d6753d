-- The transparency log of each epoch (RFC 6962). Its leaves are the hashes of the events; tree
-- holds the inner nodes that this event completes, lowest first, 32 bytes each: none for every
-- second event. In the event's own row they cost no page of their own. NULL: written before
-- there was a log; they are made at the next opening.
-- +goose Up
ALTER TABLE event ADD COLUMN tree BLOB CHECK (tree IS NULL OR length(tree) % 32 = 0);

-- Checkpoints of the log as the hub has cosigned them, and the hub's own newest checkpoint that
-- came with each. Evidence, not part of the record.
CREATE TABLE checkpoint (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  ordinal INTEGER NOT NULL,  -- of the epoch
  size    INTEGER NOT NULL,
  note    BLOB NOT NULL,
  hub     BLOB NOT NULL,     -- empty: none came
  kept_at INTEGER NOT NULL,  -- Unix seconds by the station's clock
  UNIQUE (ordinal, size)
) STRICT;

-- +goose Down
DROP TABLE checkpoint;
ALTER TABLE event DROP COLUMN tree;
