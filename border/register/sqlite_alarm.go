package register

import (
	"encoding/json"
	"strings"
	"time"

	"garita/border"
)

func (t *sqliteTx) raise(a alarmRow) error {
	q := `INSERT INTO alarm (kind, station, subject, detail, count, opened_at, last_at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)
		ON CONFLICT (kind, station, subject) DO UPDATE SET count = count + 1, last_at = max(last_at, ?5), detail = ?4,
		opened_at = CASE WHEN acknowledged_at IS NULL THEN opened_at ELSE ?5 END, acknowledged_at = NULL`
	switch {
	case a.fact:
		q = `INSERT INTO alarm (kind, station, subject, detail, count, opened_at, last_at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)
			ON CONFLICT (kind, station, subject) DO UPDATE SET detail = ?4 WHERE detail <> ?4`
	case a.quiet:
		q = `INSERT INTO alarm (kind, station, subject, detail, count, opened_at, last_at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)
			ON CONFLICT (kind, station, subject) DO UPDATE SET count = count + 1`
	}
	_, err := t.exec(q, string(a.kind), string(a.station), a.subject, a.detail, micros(a.at))
	return err
}

func (t *sqliteTx) alarmKnown(kind AlarmKind, station border.StationID, subject string) (bool, error) {
	var n int
	_, err := t.row(`SELECT count(*) FROM alarm WHERE kind = ? AND station = ? AND subject = ?`,
		[]any{string(kind), string(station), subject}, &n)
	return n > 0, err
}

func (t *sqliteTx) alarmCount(kind AlarmKind, station border.StationID) (n int64, err error) {
	_, err = t.row(`SELECT count(*) FROM alarm WHERE kind = ? AND station = ?`, []any{string(kind), string(station)}, &n)
	return n, err
}

func (t *sqliteTx) acknowledge(id int64, at time.Time) (bool, error) {
	n, err := t.exec(`UPDATE alarm SET acknowledged_at = coalesce(acknowledged_at, ?2) WHERE id = ?1`, id, micros(at))
	return n == 1, err
}

func (t *sqliteTx) saw(station border.StationID, at time.Time) error {
	_, err := t.exec(`INSERT INTO station (station, event_at) VALUES (?1, ?2)
		ON CONFLICT (station) DO UPDATE SET event_at = max(coalesce(event_at, ?2), ?2)`, string(station), micros(at))
	return err
}

func (t *sqliteTx) greeted(h border.Hello, at time.Time) error {
	_, err := t.exec(`INSERT INTO station (station, post, zone, software, greeted_at, offset_ms, clock_state, clock_age_s,
			clock_offset_ms, clock_reason, head_epoch, head_seq, backlog, generation, health)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
		ON CONFLICT (station) DO UPDATE SET post = ?2, zone = ?3, software = ?4, greeted_at = ?5, offset_ms = ?6,
			clock_state = ?7, clock_age_s = ?8, clock_offset_ms = ?9, clock_reason = ?10,
			head_epoch = ?11, head_seq = ?12, backlog = ?13, generation = ?14, health = ?15`,
		string(h.Station), text(string(h.Post)), text(h.Zone), text(h.Software), micros(at),
		at.Sub(h.Now).Milliseconds(), text(string(h.Clock.State)), h.Clock.AgeS, h.Clock.OffsetMS, text(h.Clock.Reason),
		h.Head.Epoch[:], number(h.Head.Seq), number(h.Backlog), number(h.Generation), healthText(h.Health))
	return err
}

// healthText is what is kept of a station's word about its machine.
func healthText(h *border.StationHealth) string {
	if h == nil {
		return ""
	}
	b, err := json.Marshal(h)
	if err != nil {
		return "" // a time beyond year 9999
	}
	return string(b)
}

func healthOf(s string) *border.StationHealth {
	h := new(border.StationHealth)
	if s == "" || json.Unmarshal([]byte(s), h) != nil {
		return nil
	}
	return h
}

// text bounds a field of outside input to 128 bytes of valid UTF-8: it is shown on screens.
func text(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), 128)], "")
}

func (t *sqliteTx) complete(station border.StationID, at time.Time) error {
	_, err := t.exec(`UPDATE station SET complete_at = ?2 WHERE station = ?1
		AND NOT EXISTS (SELECT 1 FROM epoch WHERE station = ?1 AND held < max(highest, announced))`, string(station), micros(at))
	return err
}
