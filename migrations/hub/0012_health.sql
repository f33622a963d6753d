-- What a station says of its disk and scanners, as JSON; '' from one that does not say.
-- +goose Up
ALTER TABLE station ADD COLUMN health TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE station DROP COLUMN health;
