package cases

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/release"
)

// How an alert ended.
const (
	endAcknowledged = "acknowledged"
	endWithdrawn    = "withdrawn"  // the case was closed otherwise than with "confirmed", or became silent
	endSuperseded   = "superseded" // by one about a later crossing
)

// alert tells stations of a late hit: those of the post of passage, and those where the
// traveller is expected. Of a silent case nobody is ever told: this is the one place where
// notices are made.
func (t *tx) alert(c *caseRow, f *finding) error {
	if c.handling != watch.Open && c.handling != watch.Refer {
		return nil
	}
	var newest sql.NullInt64
	if _, err := t.row(`SELECT max(occurred_at) FROM alert WHERE case_no = ?`, []any{c.no}, &newest); err != nil {
		return err
	}
	if newest.Valid && newest.Int64 >= micros(f.at) {
		return nil // they know of this person by a later crossing
	}
	t.change(c)
	did := didAlert
	if newest.Valid {
		did = didSupersede
	}
	if err := t.endAlert(c, endSuperseded, "", ""); err != nil {
		return err
	}
	var no int64
	if _, err := t.row(`INSERT INTO alert (case_no, crossing, occurred_at, raised_at, due_at, chased, ended, officer, station)
		VALUES (?, ?, ?, ?, ?, 0, '', '', '') RETURNING no`, []any{c.no, f.crossing[:], micros(f.at), micros(t.now),
		micros(t.now.Add(t.s.cfg.Limits.Acknowledge))}, &no); err != nil {
		return err
	}
	if err := t.notice(c, f, no, release.Passage, f.passage); err != nil {
		return err
	}
	exits := slices.DeleteFunc(slices.Clone(f.expected), func(p border.PostID) bool { return slices.Contains(f.passage, p) })
	if len(exits) > 0 {
		if err := t.notice(c, f, no, release.ExpectedExit, exits); err != nil {
			return err
		}
	}
	if err := t.step(c, did, "", c.state, &f.crossing, keptStep{}); err != nil {
		return err
	}
	return t.save(c)
}

// notice makes one notice for posts. It says as much as the handling of the case allows.
func (t *tx) notice(c *caseRow, f *finding, alert int64, role string, posts []border.PostID) error {
	id, err := t.s.cfg.IDs.New()
	if err != nil {
		return err
	}
	body := release.NoticeBody{Case: c.id, Handling: c.handling, Role: role, Urgent: c.urgent, Crossing: f.crossing, Station: f.key.Station,
		Post: f.post, At: f.at, Direction: f.direction, Traveller: f.traveller}
	if e := c.kept.Entry; e != nil {
		body.Action, body.Instruction = e.Action, e.Instruction
		if c.handling == watch.Open && e.Distribution != watch.HubOnly {
			body.Entry = e
		}
	}
	sealed, err := t.s.cfg.Notices.SealNotice(id, &body)
	if border.CodeOf(err) == border.TooLarge && body.Entry != nil { // without what can be looked up
		short := *body.Entry
		short.Names, short.Documents = short.Names[:min(8, len(short.Names))], short.Documents[:min(8, len(short.Documents))]
		short.Instruction, body.Entry = nil, &short
		sealed, err = t.s.cfg.Notices.SealNotice(id, &body)
	}
	if border.CodeOf(err) == border.TooLarge { // whom to look for is what must arrive
		body.Entry, body.Instruction = nil, nil
		sealed, err = t.s.cfg.Notices.SealNotice(id, &body)
	}
	if border.CodeOf(err) == border.TooLarge { // of a header beyond all measure: it must not hold up everything behind it
		t.s.log.Error("a notice is too large for stations; the alert is on the hub's pages only", "case", c.id)
		return nil
	}
	if err != nil {
		return err
	}
	ord, err := t.order()
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO notice (id, alert, role, ord, body) VALUES (?, ?, ?, ?, ?)`, id[:], alert, role, ord, sealed); err != nil {
		return err
	}
	for _, p := range posts {
		if _, err := t.exec(`INSERT INTO notice_post (notice, post) VALUES (?, ?) ON CONFLICT DO NOTHING`, id[:], string(p)); err != nil {
			return err
		}
	}
	return nil
}

// order gives the next place in the order of changes. It follows the clock, so that a database
// that came back from a copy goes on above what stations hold.
func (t *tx) order() (ord int64, err error) {
	t.told = true
	_, err = t.row(`UPDATE meta SET value = max(value + 1, ?) WHERE name = 'ord' RETURNING value`, []any{micros(t.now)}, &ord)
	return ord, err
}

// sendAgain gives the notices of an alert new places in the order.
func (t *tx) sendAgain(alert int64) error {
	var ids [][]byte
	if err := t.rows(`SELECT id FROM notice WHERE alert = ? ORDER BY ord`, []any{alert}, func(rs *sql.Rows) error {
		var id []byte
		err := rs.Scan(&id)
		ids = append(ids, id)
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		ord, err := t.order()
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE notice SET ord = ? WHERE id = ?`, ord, id); err != nil {
			return err
		}
	}
	return nil
}

// endAlert closes the open alert of a case, if there is one: its notices go off all screens.
func (t *tx) endAlert(c *caseRow, ended, officer string, station border.StationID) error {
	var no int64
	ok, err := t.row(`UPDATE alert SET closed_at = ?, ended = ?, officer = ?, station = ? WHERE case_no = ? AND closed_at IS NULL RETURNING no`,
		[]any{micros(t.now), ended, officer, string(station), c.no}, &no)
	if err != nil || !ok {
		return err
	}
	if ended == endWithdrawn {
		if err := t.step(c, didWithdraw, "", c.state, nil, keptStep{}); err != nil {
			return err
		}
	}
	return t.sendAgain(no)
}

// raiseAgain opens the last alert of a case again if it was withdrawn: the case was closed by
// mistake, and nobody has acknowledged it.
func (t *tx) raiseAgain(c *caseRow) error {
	if c.handling == watch.Silent {
		return nil
	}
	var no int64
	ok, err := t.row(`UPDATE alert SET closed_at = NULL, ended = '', due_at = ? WHERE no = (SELECT max(no) FROM alert WHERE case_no = ?)
		AND ended = ? RETURNING no`, []any{micros(t.now.Add(t.s.cfg.Limits.Acknowledge)), c.no, endWithdrawn}, &no)
	if err != nil || !ok {
		return err
	}
	if err := t.step(c, didSupersede, "", c.state, nil, keptStep{}); err != nil {
		return err
	}
	return t.sendAgain(no)
}

// chase sends what nobody acknowledged in time once more.
func (s *Service) chase(ctx context.Context) error {
	return s.each(ctx, "chase acknowledgements", `SELECT case_no FROM alert WHERE closed_at IS NULL AND due_at <= ? LIMIT 100`, func(t *tx, c *caseRow) error {
		var no int64
		ok, err := t.row(`UPDATE alert SET chased = chased + 1, due_at = ? WHERE case_no = ? AND closed_at IS NULL RETURNING no`,
			[]any{micros(t.now.Add(s.cfg.Limits.Acknowledge)), c.no}, &no)
		if err != nil || !ok {
			return err
		}
		t.change(c)
		if err := t.step(c, didChase, "", c.state, nil, keptStep{}); err != nil {
			return err
		}
		return t.sendAgain(no)
	})
}

// expire gives up the cases that an owner has not answered.
func (s *Service) expire(ctx context.Context) error {
	return s.each(ctx, "expire cases", `SELECT no FROM case_file WHERE due_at IS NOT NULL AND state = 'owner_asked' AND entered_at <= ? LIMIT 100`,
		func(t *tx, c *caseRow) error {
			t.change(c)
			from := c.state
			t.enter(c, Expired)
			if err := t.step(c, didExpire, "", from, nil, keptStep{}); err != nil {
				return err
			}
			return t.endAlert(c, endWithdrawn, "", "")
		})
}

// each does something with the cases whose numbers a query gives for the present time, or for
// that of an owner's silence.
func (s *Service) each(ctx context.Context, op, query string, do func(*tx, *caseRow) error) error {
	at := s.now()
	if op == "expire cases" {
		at = at.Add(-s.cfg.Limits.Expire)
	}
	var nos []int64
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		return rows(ctx, q, query, []any{micros(at)}, func(rs *sql.Rows) error {
			var no int64
			err := rs.Scan(&no)
			nos = append(nos, no)
			return err
		})
	})
	if err != nil || len(nos) == 0 {
		return err
	}
	return s.write(ctx, op, func(t *tx) error {
		for _, no := range nos {
			c, err := t.find(`no = ?`, no)
			if err != nil {
				return err
			}
			if err := do(t, c); err != nil {
				return err
			}
			if err := t.save(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Notices implements [border.NoticeSource]. Which notices are for a station is its post's
// matter, as it says in its hello. A station that holds none is not told of closed ones.
func (s *Service) Notices(ctx context.Context, station border.StationID, after uint64, limit int) ([]border.Notice, error) {
	post, err := s.cfg.Register.PostOf(ctx, station)
	if err != nil || post == "" {
		return nil, err
	}
	var out []border.Notice
	err = s.store.read(ctx, "list notices", func(q *sql.Tx) error {
		return rows(ctx, q, `SELECT n.id, n.ord, n.body, a.closed_at IS NOT NULL OR c.handling = 'silent'
			FROM notice_post p JOIN notice n ON n.id = p.notice JOIN alert a ON a.no = n.alert JOIN case_file c ON c.no = a.case_no
			WHERE p.post = ?1 AND n.ord > ?2 AND (?2 > 0 OR a.closed_at IS NULL) ORDER BY n.ord LIMIT ?3`,
			[]any{string(post), int64(min(after, 1<<62)), max(1, min(limit, 1000))}, func(rs *sql.Rows) error {
				var n border.Notice
				var id []byte
				if err := rs.Scan(&id, &n.Order, &n.Body, &n.Closed); err != nil {
					return err
				}
				copy(n.ID[:], id)
				if n.Closed {
					n.Body = nil
				}
				out = append(out, n)
				return nil
			})
	})
	return out, err
}

// Noticed implements [border.NoticeSource].
func (s *Service) Noticed() <-chan struct{} { return s.noticed }

// Acknowledge implements [border.NoticeSource]. The first acknowledgement by a station whose
// post was told closes the alert everywhere; later ones are kept in the history. One of a
// notice that is not known here, or not for that station, is kept and changes nothing: this
// database may have come back from a copy.
func (s *Service) Acknowledge(ctx context.Context, ack border.NoticeAck) error {
	const op = "acknowledge a notice"
	if ack.Station.Validate() != nil || ack.ID.IsZero() || len(ack.Officer) > 64 {
		return &border.Error{Code: border.Invalid, Op: op, Message: "The acknowledgement is malformed."}
	}
	post, err := s.cfg.Register.PostOf(ctx, ack.Station)
	if err != nil {
		return err
	}
	at := min(max(ack.At.UnixMicro(), 0), micros(s.now().Add(24*time.Hour))) // whatever the station's clock says
	return s.write(ctx, op, func(t *tx) error {
		n, err := t.exec(`INSERT INTO acknowledgement (notice, station, officer, at, came_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			ack.ID[:], string(ack.Station), ack.Officer, at, micros(t.now))
		if err != nil {
			return err
		}
		if n == 0 { // the same once more, or another one: of an alert that was opened again
			n, err = t.exec(`UPDATE acknowledgement SET officer = ?1, at = ?2, came_at = ?3 WHERE notice = ?4 AND station = ?5 AND at <> ?2`,
				ack.Officer, at, micros(t.now), ack.ID[:], string(ack.Station))
		}
		if err != nil || n == 0 {
			return err
		}
		c, err := t.find(`no = (SELECT a.case_no FROM notice n JOIN alert a ON a.no = n.alert JOIN notice_post p ON p.notice = n.id
			WHERE n.id = ? AND p.post = ?)`, ack.ID[:], string(post))
		if err != nil || c == nil {
			return err
		}
		t.change(c)
		if err := t.stepAt(c, didAcknowledge, ack.Officer, ack.Station, c.state, nil, keptStep{}); err != nil {
			return err
		}
		open := 0
		if _, err := t.row(`SELECT count(*) FROM notice n JOIN alert a ON a.no = n.alert WHERE n.id = ? AND a.closed_at IS NULL`,
			[]any{ack.ID[:]}, &open); err != nil {
			return err
		}
		if open > 0 {
			if err := t.endAlert(c, endAcknowledged, ack.Officer, ack.Station); err != nil {
				return err
			}
		}
		return t.save(c)
	})
}
