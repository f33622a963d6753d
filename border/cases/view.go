package cases

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
)

// Summary is a case as a list of cases shows it.
type Summary struct {
	ID       border.ID      `json:"id"`
	Version  int64          `json:"version"` // counts every change: an action names the one that was seen
	State    State          `json:"state"`
	Handling watch.Handling `json:"handling"`
	HighRisk bool           `json:"high_risk"`
	Urgent   bool           `json:"urgent"`
	Source   string         `json:"source"` // of the entry
	Entry    string         `json:"entry"`  // source/id
	Score    float64        `json:"score"`  // the highest of its crossings
	Late     bool           `json:"late"`   // some hit came after the traveller had passed

	OpenedAt  time.Time `json:"opened_at"`
	ChangedAt time.Time `json:"changed_at"`
	Since     time.Time `json:"since"` // in its state
	// Due is when something must have happened; zero: closed. Overdue says that it has not.
	Due     time.Time `json:"due,omitzero"`
	Overdue bool      `json:"overdue"`

	Assignee string `json:"assignee"` // badge, "" if nobody
	// SecondPerson says that somebody has found that it is not this person, and another one has
	// to agree.
	SecondPerson bool          `json:"second_person"`
	Crossings    int           `json:"crossings"`
	LastAt       time.Time     `json:"last_at"` // of the latest crossing
	LastPost     border.PostID `json:"last_post"`
	Previous     *border.ID    `json:"previous,omitempty"` // an earlier case of the same person and entry
}

// Case is one case in full.
type Case struct {
	Summary
	// Listed is the entry as it is on the list now; nil: it is not there any more. Kept is what
	// it was when it hit last; Changed says that its identifying fields differ.
	Listed  *watch.Entry `json:"listed"`
	Kept    *watch.Entry `json:"kept"`
	Changed bool         `json:"changed"`

	Sightings     []Sighting  `json:"sightings"` // the latest first
	Alerts        []Alert     `json:"alerts"`    // the latest first
	History       []Step      `json:"history"`   // the latest first
	Confirmations []Attested  `json:"confirmations"`
	Allowed       map[Do]bool `json:"allowed"` // what the state allows
}

// Sighting is a crossing of a case, or an encounter that ended in none.
type Sighting struct {
	Crossing  border.ID          `json:"crossing"`
	Event     border.Key         `json:"event"`
	Type      string             `json:"type"` // of the event
	Station   border.StationID   `json:"station"`
	Post      border.PostID      `json:"post"`
	At        time.Time          `json:"at"`
	Direction string             `json:"direction"`
	Outcome   string             `json:"outcome"`
	Named     bool               `json:"named"` // by the station, when the traveller was there
	Late      string             `json:"late"`  // why the station did not know, see LateGrown; "" if it did
	FoundAt   time.Time          `json:"found_at"`
	Score     float64            `json:"score"`
	Explained *watch.Explanation `json:"explained"` // nil: the list could not say

	// Person and Header are those of the event; nil if the register cannot open it (any more).
	Person     *border.Personal `json:"person"`
	Header     *border.Header   `json:"header"`     // route, purpose, transport
	Group      *border.ID       `json:"group"`      // crossed together
	Companions []Companion      `json:"companions"` // others of the group, at most 100
}

// Companion is somebody who crossed together with the person of a case.
type Companion struct {
	Crossing border.ID        `json:"crossing"`
	Person   *border.Personal `json:"person"` // nil if it cannot be opened
}

// Alert is what stations are told of a case, and how it went on.
type Alert struct {
	Crossing border.ID        `json:"crossing"`
	RaisedAt time.Time        `json:"raised_at"`
	Due      time.Time        `json:"due"` // then it is chased
	Chased   int              `json:"chased"`
	Overdue  bool             `json:"overdue"` // open, and chased at least once
	ClosedAt time.Time        `json:"closed_at,omitzero"`
	Ended    string           `json:"ended"`   // acknowledged, withdrawn, superseded; "" while it is open
	Officer  string           `json:"officer"` // pseudonym of who acknowledged
	Station  border.StationID `json:"station"` // and where
	Posts    []border.PostID  `json:"posts"`   // that were told
}

// Step is one line of a case's history.
type Step struct {
	At       time.Time        `json:"at"`
	Version  int64            `json:"version"`
	Did      string           `json:"did"` // a Do, or what the hub did: opened, crossing_joined, acknowledged, ... (append-only)
	Who      string           `json:"who"` // badge; the pseudonym of a station's officer; "" the hub itself
	To       string           `json:"to,omitempty"`
	Note     string           `json:"note,omitempty"`
	Station  border.StationID `json:"station,omitempty"`
	From     State            `json:"from"`
	State    State            `json:"state"`
	Crossing *border.ID       `json:"crossing,omitempty"`
}

// Attested is a confirmation with its time.
type Attested struct {
	At time.Time `json:"at"`
	Confirmation
}

// Filter chooses cases; the zero value chooses all that are open.
type Filter struct {
	State    State          // "": all open ones
	Closed   bool           // all closed ones, if State is ""
	Handling watch.Handling // "": all
	Source   string         // "": all
	Assignee string         // badge; "" all, "-" nobody
	Post     border.PostID  // of the latest crossing
	Late     bool           // only those with a late hit
	Overdue  bool           // only overdue ones
	Alerted  bool           // only those with an alert that nobody has acknowledged
	Second   bool           // only those that await a second person
}

// Counts are the open cases.
type Counts struct {
	Open         int           `json:"open"`
	ByState      map[State]int `json:"by_state"`
	Overdue      int           `json:"overdue"`
	SecondPerson int           `json:"second_person"`
	Alerts       int           `json:"alerts"`          // that nobody has acknowledged
	AlertsLate   int           `json:"alerts_overdue"`  // and that were chased
	Oldest       time.Time     `json:"oldest,omitzero"` // opening of the oldest open case
}

func (s *Service) summary(c *caseRow) Summary {
	v := Summary{ID: c.id, Version: c.version, State: c.state, Handling: c.handling, HighRisk: c.highRisk, Urgent: c.urgent, Source: c.source,
		Entry: c.kept.Key.String(), Score: c.kept.Score, Late: c.late, OpenedAt: c.openedAt, ChangedAt: c.changedAt, Since: c.enteredAt,
		Assignee: c.kept.Assignee, SecondPerson: c.proposedBy != "", Crossings: c.crossings, LastAt: c.lastAt, LastPost: c.lastPost, Previous: c.previous}
	if c.dueAt != nil {
		v.Due = *c.dueAt
		v.Overdue = !s.now().Before(v.Due)
	}
	return v
}

// Inbox lists cases, at most limit (100 if below 1, never over 1000) from offset: open ones by
// when they are due, the urgent first; others the last changed first. total counts all that
// the filter chooses.
func (s *Service) Inbox(ctx context.Context, f Filter, offset, limit int) (out []Summary, total int, err error) {
	out = []Summary{}
	var where []string
	var args []any
	also := func(on bool, what string, with ...any) {
		if on {
			where, args = append(where, what), append(args, with...)
		}
	}
	closed := f.Closed && f.State == "" || f.State != "" && !f.State.Open()
	also(!closed, `due_at IS NOT NULL`)
	also(closed, `due_at IS NULL`)
	also(f.State != "", `state = ?`, string(f.State))
	also(f.Handling != "", `handling = ?`, string(f.Handling))
	also(f.Source != "", `source = ?`, f.Source)
	also(f.Assignee == "-", `assignee = ''`)
	also(f.Assignee != "" && f.Assignee != "-", `assignee = ?`, s.cfg.Blinder.Officer(named(f.Assignee)))
	also(f.Post != "", `last_post = ?`, string(f.Post))
	also(f.Late, `late`)
	also(f.Overdue, `due_at <= ?`, micros(s.now()))
	also(f.Alerted, `no IN (SELECT case_no FROM alert WHERE closed_at IS NULL)`)
	also(f.Second, `proposed_by <> ''`)
	order := ` ORDER BY urgent DESC, due_at, no`
	if closed {
		order = ` ORDER BY changed_at DESC, no DESC`
	}
	if limit < 1 {
		limit = 100
	}
	condition := strings.Join(where, ` AND `) // constants; what is asked for is bound
	err = s.store.read(ctx, "list cases", func(q *sql.Tx) error {
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM case_file WHERE `+condition, args...).Scan(&total); err != nil {
			return err
		}
		return rows(ctx, q, `SELECT `+caseColumns+` FROM case_file WHERE `+condition+order+` LIMIT ? OFFSET ?`,
			append(args, min(limit, 1000), max(0, offset)), func(rs *sql.Rows) error {
				c, err := s.scanCase(rs)
				if err == nil {
					out = append(out, s.summary(c))
				}
				return err
			})
	})
	return out, total, err
}

// Counts counts the open cases.
func (s *Service) Counts(ctx context.Context) (n Counts, err error) {
	n.ByState = map[State]int{}
	err = s.store.read(ctx, "count cases", func(q *sql.Tx) error {
		var oldest sql.NullInt64
		err := rows(ctx, q, `SELECT state, count(*), sum(due_at <= ?), sum(proposed_by <> ''), min(opened_at) FROM case_file
			WHERE due_at IS NOT NULL GROUP BY state`, []any{micros(s.now())}, func(rs *sql.Rows) error {
			var state State
			var count, overdue, second int
			var first int64
			err := rs.Scan(&state, &count, &overdue, &second, &first)
			n.ByState[state], n.Open, n.Overdue, n.SecondPerson = count, n.Open+count, n.Overdue+overdue, n.SecondPerson+second
			if !oldest.Valid || first < oldest.Int64 {
				oldest = sql.NullInt64{Int64: first, Valid: true}
			}
			return err
		})
		if err != nil {
			return err
		}
		if oldest.Valid {
			n.Oldest = fromMicros(oldest.Int64)
		}
		return q.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN chased > 0 THEN 1 END) FROM alert WHERE closed_at IS NULL`).
			Scan(&n.Alerts, &n.AlertsLate)
	})
	return n, err
}

// Case returns one case in full. The error is [border.NotFound] if there is none. What the
// register cannot open any more is left out of its crossings.
func (s *Service) Case(ctx context.Context, id border.ID) (Case, error) {
	const op = "open a case"
	v := Case{Sightings: []Sighting{}, Alerts: []Alert{}, History: []Step{}, Confirmations: []Attested{}, Allowed: map[Do]bool{}}
	var row *caseRow
	err := s.store.read(ctx, op, func(q *sql.Tx) error {
		var c *caseRow
		err := rows(ctx, q, `SELECT `+caseColumns+` FROM case_file WHERE id = ?`, []any{id[:]}, func(rs *sql.Rows) (err error) {
			c, err = s.scanCase(rs)
			return err
		})
		if err != nil {
			return err
		}
		if c == nil {
			return &border.Error{Code: border.NotFound, Op: op, Message: "There is no such case."}
		}
		v.Summary, v.Kept = s.summary(c), c.kept.Entry
		row = c
		for _, do := range Dos {
			_, err := standing{c.state, c.highRisk, c.proposedBy}.after(do, "")
			v.Allowed[do] = err == nil
		}
		return s.parts(ctx, q, c, &v)
	})
	if err != nil {
		return Case{}, err
	}
	list, _ := s.cfg.List()
	if v.Listed, err = s.entry(ctx, list, row.kept.Key); err != nil {
		return Case{}, err
	}
	v.Changed = v.Listed != nil && s.vault.fingerprint(v.Listed) != row.fingerprint
	for i := range v.Sightings {
		if err := s.fill(ctx, &v.Sightings[i]); err != nil {
			return Case{}, err
		}
	}
	return v, nil
}

// parts reads what belongs to a case.
func (s *Service) parts(ctx context.Context, q *sql.Tx, c *caseRow, v *Case) error {
	err := rows(ctx, q, `SELECT crossing, station, epoch, seq, type, post, occurred_at, direction, outcome, party, named, late, found_at, sealed
		FROM sighting WHERE case_no = ? ORDER BY occurred_at DESC, crossing LIMIT 200`, []any{c.no}, func(rs *sql.Rows) error {
		var x Sighting
		var crossing, epoch, party, sealed []byte
		var at, foundAt int64
		if err := rs.Scan(&crossing, &x.Station, &epoch, &x.Event.Seq, &x.Type, &x.Post, &at, &x.Direction, &x.Outcome, &party, &x.Named, &x.Late,
			&foundAt, &sealed); err != nil {
			return err
		}
		copy(x.Crossing[:], crossing)
		copy(x.Event.Epoch[:], epoch)
		x.Event.Station, x.At, x.FoundAt = x.Station, fromMicros(at), fromMicros(foundAt)
		if party != nil {
			x.Group = new(border.ID)
			copy(x.Group[:], party)
		}
		var kept keptSighting
		err := s.vault.open("sighting/", append(c.id[:], crossing...), sealed, &kept)
		x.Score, x.Explained = kept.Score, kept.Explained
		v.Sightings = append(v.Sightings, x)
		return err
	})
	if err != nil {
		return err
	}
	err = rows(ctx, q, `SELECT at, version, n, did, who, station, from_state, to_state, crossing, sealed FROM step WHERE case_no = ?
		ORDER BY version DESC, n DESC LIMIT 1000`, []any{c.no}, func(rs *sql.Rows) error {
		var x Step
		var at int64
		var n int
		var crossing, sealed []byte
		if err := rs.Scan(&at, &x.Version, &n, &x.Did, &x.Who, &x.Station, &x.From, &x.State, &crossing, &sealed); err != nil {
			return err
		}
		x.At = fromMicros(at)
		if crossing != nil {
			x.Crossing = new(border.ID)
			copy(x.Crossing[:], crossing)
		}
		if sealed != nil {
			var kept keptStep
			if err := s.vault.open(stepName(x.Version, n), c.id[:], sealed, &kept); err != nil {
				return err
			}
			x.Who, x.To, x.Note = kept.Badge, kept.To, kept.Note
		}
		v.History = append(v.History, x)
		return nil
	})
	if err != nil {
		return err
	}
	err = rows(ctx, q, `SELECT a.crossing, a.raised_at, a.due_at, a.chased, a.closed_at, a.ended, a.officer, a.station,
			(SELECT json_group_array(DISTINCT p.post) FROM notice n JOIN notice_post p ON p.notice = n.id WHERE n.alert = a.no)
		FROM alert a WHERE a.case_no = ? ORDER BY a.no DESC LIMIT 100`, []any{c.no}, func(rs *sql.Rows) error {
		var x Alert
		var crossing []byte
		var raised, due int64
		var closed sql.NullInt64
		var posts string
		if err := rs.Scan(&crossing, &raised, &due, &x.Chased, &closed, &x.Ended, &x.Officer, &x.Station, &posts); err != nil {
			return err
		}
		copy(x.Crossing[:], crossing)
		x.RaisedAt, x.Due = fromMicros(raised), fromMicros(due)
		if closed.Valid {
			x.ClosedAt = fromMicros(closed.Int64)
		}
		x.Overdue = !closed.Valid && (x.Chased > 0 || !s.now().Before(x.Due))
		v.Alerts = append(v.Alerts, x)
		return json.Unmarshal([]byte(posts), &v.Alerts[len(v.Alerts)-1].Posts)
	})
	if err != nil {
		return err
	}
	return rows(ctx, q, `SELECT at, service, outcome, reason, sealed FROM confirmation WHERE case_no = ? ORDER BY no DESC LIMIT 100`, []any{c.no},
		func(rs *sql.Rows) error {
			var x Attested
			var at int64
			var sealed []byte
			if err := rs.Scan(&at, &x.Service, &x.Outcome, &x.Reason, &sealed); err != nil {
				return err
			}
			x.At = fromMicros(at)
			v.Confirmations = append(v.Confirmations, x)
			return s.vault.open("confirmation/", c.id[:], sealed, &v.Confirmations[len(v.Confirmations)-1].Detail)
		})
}

// fill asks the register who the person was, on what way, and in whose company.
func (s *Service) fill(ctx context.Context, x *Sighting) error {
	x.Companions = []Companion{}
	a, err := s.cfg.Register.Arrived(ctx, x.Event)
	if border.CodeOf(err) == border.NotFound {
		return nil // the register came back from a copy: it will come again
	}
	if err != nil {
		return err
	}
	x.Person, x.Header = a.Personal, &a.Header
	if restricted, err := s.cfg.Register.Restricted(ctx, x.Crossing); err != nil || restricted {
		x.Person = nil
		return err
	}
	if x.Group == nil {
		return nil
	}
	party, err := s.cfg.Register.Party(ctx, x.Event, *x.Group)
	for i := 0; err == nil && i < len(party); i++ {
		h := party[i].Header
		if h.Crossing == nil || *h.Crossing == x.Crossing {
			continue
		}
		var restricted bool
		if restricted, err = s.cfg.Register.Restricted(ctx, *h.Crossing); restricted || err != nil {
			party[i].Personal = nil
		}
		x.Companions = append(x.Companions, Companion{*h.Crossing, party[i].Personal})
	}
	return err
}
