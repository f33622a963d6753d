-- Which raw events tell of acts, for the auditor's page; a projection. What the act was stands in
-- the event.
-- +goose Up
CREATE TABLE act (
  arrival     INTEGER PRIMARY KEY,
  station     TEXT NOT NULL,
  action      TEXT NOT NULL,
  result      TEXT NOT NULL,
  officer     TEXT NOT NULL,  -- pseudonym
  second      TEXT NOT NULL,  -- pseudonym
  occurred_at INTEGER NOT NULL
) STRICT;
CREATE INDEX act_action ON act (action, arrival);
CREATE INDEX act_officer ON act (officer, arrival);
CREATE INDEX act_second ON act (second, arrival) WHERE second <> '';

-- When a log was cosigned last, by the hub's clock.
ALTER TABLE log ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE log DROP COLUMN at;
DROP TABLE act;
