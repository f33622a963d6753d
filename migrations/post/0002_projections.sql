-- More projections of the events. Three columns take on a wider meaning:
-- crossing.id is the id by which an event is recorded once: of a crossing or an abandoned
-- encounter its own, of a correction or an extension that of the change. document.blind
-- is the blind index of a document or a person that any event is about, two key spaces
-- that do not meet. draft.counter may be '': the encounter is on the post's list.
-- +goose Up

-- The last event that says how something stands: "shift", "holder/<counter>". Written in
-- the transaction of the event, like crossing; events of restored epochs do not count.
CREATE TABLE state (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
  pos  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Corrections and extensions of a crossing, oldest first. Written in the transaction of
-- the event; they are rare.
CREATE TABLE change (
  crossing BLOB NOT NULL CHECK (length(crossing) = 16),
  pos      INTEGER NOT NULL,
  PRIMARY KEY (crossing, pos)
) STRICT, WITHOUT ROWID;

-- From now on document follows by cursor; so far it was written in the transaction of the
-- event, so it has reached the end of every epoch.
INSERT INTO cursor (projection, ordinal, seq)
SELECT 'document.v1', ordinal, last & ((1 << 40) - 1) FROM (
  SELECT ordinal, (SELECT max(pos) FROM event WHERE pos > ordinal << 40 AND pos < (ordinal + 1) << 40) AS last FROM epoch
) WHERE last IS NOT NULL;

-- +goose Down
DELETE FROM cursor WHERE projection = 'document.v1';
DROP TABLE change;
DROP TABLE state;
