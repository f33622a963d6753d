package cases

import (
	"database/sql"
	"slices"
	"strconv"
	"time"

	"garita/border"
	"garita/border/watch"
)

// What the hub itself does to a case, as history names it beside what officers do.
const (
	didOpen         = "opened"
	didJoin         = "crossing_joined"
	didSee          = "crossing_seen_again" // another event about it: recorded after a referral, corrected
	didCorrect      = "crossing_corrected"  // as corrected it does not hit any more
	didEntryChange  = "entry_changed"
	didAlert        = "stations_told"
	didSupersede    = "stations_told_again"
	didWithdraw     = "alert_withdrawn"
	didAcknowledge  = "acknowledged"
	didChase        = "chased"
	didExpire       = "expired"
	didRemember     = "remembered"
	didForget       = "forgotten"
	didConfirmation = "confirmation"
	didCountersign  = "second_person_asked"
)

// caseRow is a row of case_file.
type caseRow struct {
	no                             int64
	id                             border.ID
	version                        int64
	state                          State
	handling                       watch.Handling
	highRisk, urgent, late         bool
	source                         string
	entry, fingerprint             border.BlindIndex
	openedAt, changedAt, enteredAt time.Time
	dueAt                          *time.Time
	assignee, proposedBy           string // pseudonyms
	crossings                      int
	lastAt                         time.Time
	lastPost                       border.PostID
	previous                       *border.ID
	kept                           keptCase

	steps int // of this change
}

// keptCase is what of a case is sealed.
type keptCase struct {
	Key      watch.Key    `json:"key"`
	Entry    *watch.Entry `json:"entry,omitempty"` // as it was when it hit last
	Score    float64      `json:"score"`           // the highest of its crossings
	Assignee string       `json:"assignee,omitempty"`
}

// keptSighting is what of a sighting is sealed.
type keptSighting struct {
	Score     float64            `json:"score"`
	Explained *watch.Explanation `json:"explained,omitempty"`
}

// keptStep is what of a step is sealed.
type keptStep struct {
	Badge string `json:"badge,omitempty"`
	To    string `json:"to,omitempty"`
	Note  string `json:"note,omitempty"`
}

const caseColumns = `no, id, version, state, handling, high_risk, urgent, late, source, entry, fingerprint, opened_at, changed_at, entered_at, due_at,
	assignee, proposed_by, crossings, last_at, last_post, previous, sealed`

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

func (s *Service) scanCase(r scanner) (*caseRow, error) {
	c := &caseRow{}
	var id, entry, fingerprint, previous, sealed []byte
	var opened, changed, entered, last int64
	var due sql.NullInt64
	err := r.Scan(&c.no, &id, &c.version, &c.state, &c.handling, &c.highRisk, &c.urgent, &c.late, &c.source, &entry, &fingerprint,
		&opened, &changed, &entered, &due, &c.assignee, &c.proposedBy, &c.crossings, &last, &c.lastPost, &previous, &sealed)
	if err != nil {
		return nil, err
	}
	copy(c.id[:], id)
	copy(c.entry[:], entry)
	copy(c.fingerprint[:], fingerprint)
	c.openedAt, c.changedAt, c.enteredAt, c.lastAt = fromMicros(opened), fromMicros(changed), fromMicros(entered), fromMicros(last)
	if due.Valid {
		at := fromMicros(due.Int64)
		c.dueAt = &at
	}
	if previous != nil {
		c.previous = new(border.ID)
		copy(c.previous[:], previous)
	}
	return c, s.vault.open("case/", id, sealed, &c.kept)
}

// find loads a case; nil if there is none.
func (t *tx) find(where string, args ...any) (*caseRow, error) {
	var c *caseRow
	err := t.rows(`SELECT `+caseColumns+` FROM case_file WHERE `+where, args, func(rs *sql.Rows) (err error) {
		c, err = t.s.scanCase(rs)
		return err
	})
	return c, err
}

// change begins a change of a case: what follows until it is saved is one version.
func (t *tx) change(c *caseRow) { c.version, c.steps, c.changedAt = c.version+1, 0, t.now }

// step adds to the history.
func (t *tx) step(c *caseRow, did, who string, from State, crossing *border.ID, kept keptStep) error {
	return t.stepAt(c, did, who, "", from, crossing, kept)
}

func (t *tx) stepAt(c *caseRow, did, who string, station border.StationID, from State, crossing *border.ID, kept keptStep) error {
	var sealed, id []byte
	if kept != (keptStep{}) {
		var err error
		if sealed, err = t.s.vault.seal(stepName(c.version, c.steps), c.id[:], kept); err != nil {
			return err
		}
	}
	if crossing != nil {
		id = crossing[:]
	}
	_, err := t.exec(`INSERT INTO step (case_no, version, n, at, did, who, station, from_state, to_state, crossing, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.no, c.version, c.steps, micros(t.now), did, who, string(station), string(from), string(c.state), id, sealed)
	c.steps++
	return err
}

func stepName(version int64, n int) string {
	return "step/" + strconv.FormatInt(version, 10) + "/" + strconv.Itoa(n) + "/"
}

// enter puts a case in a state, and sets when it is overdue there.
func (t *tx) enter(c *caseRow, to State) {
	if c.state == to && c.dueAt != nil {
		return
	}
	c.state, c.enteredAt, c.dueAt = to, t.now, nil
	var within time.Duration
	switch to {
	case Possible:
		if within = t.s.cfg.Limits.Possible; c.urgent {
			within /= 4
		}
	case UnderReview:
		within = t.s.cfg.Limits.Review
	case OwnerAsked:
		within = t.s.cfg.Limits.Owner
	default:
		c.proposedBy = ""
		return
	}
	at := t.now.Add(within)
	c.dueAt = &at
}

// save writes a case; one with no number is new.
func (t *tx) save(c *caseRow) error {
	sealed, err := t.s.vault.seal("case/", c.id[:], c.kept)
	if err != nil {
		return err
	}
	var due any
	if c.dueAt != nil {
		due = micros(*c.dueAt)
	}
	var previous []byte
	if c.previous != nil {
		previous = c.previous[:]
	}
	args := []any{c.id[:], c.version, string(c.state), string(c.handling), c.highRisk, c.urgent, c.late, c.source, c.entry[:], c.fingerprint[:],
		micros(c.openedAt), micros(c.changedAt), micros(c.enteredAt), due, c.assignee, c.proposedBy, c.crossings, micros(c.lastAt),
		string(c.lastPost), previous, sealed}
	if c.no == 0 {
		_, err = t.row(`INSERT INTO case_file (id, version, state, handling, high_risk, urgent, late, source, entry, fingerprint, opened_at, changed_at,
			entered_at, due_at, assignee, proposed_by, crossings, last_at, last_post, previous, sealed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no`, args, &c.no)
		return err
	}
	_, err = t.exec(`UPDATE case_file SET id = ?, version = ?, state = ?, handling = ?, high_risk = ?, urgent = ?, late = ?, source = ?, entry = ?,
		fingerprint = ?, opened_at = ?, changed_at = ?, entered_at = ?, due_at = ?, assignee = ?, proposed_by = ?, crossings = ?, last_at = ?,
		last_post = ?, previous = ?, sealed = ? WHERE no = ?`, append(args, c.no)...)
	return err
}

// stricter is the handling that tells less. What is not known tells nothing.
func stricter(a, b watch.Handling) watch.Handling {
	rank := func(h watch.Handling) int {
		return max(0, slices.Index([]watch.Handling{watch.Silent, watch.Refer, watch.Open}, h))
	}
	h := a
	if rank(b) < rank(a) {
		h = b
	}
	return []watch.Handling{watch.Silent, watch.Refer, watch.Open}[rank(h)]
}

// take puts a finding where it belongs: into the case that has it already, into one of the same
// person and entry, or into a new one. Taken twice it changes nothing.
func (t *tx) take(f *finding) error {
	entry, print := t.s.vault.entry(f.entry), t.s.vault.fingerprint(f.listed)
	c, err := t.find(`no = (SELECT max(case_no) FROM sighting WHERE crossing = ? AND entry = ?)`, f.crossing[:], entry[:])
	if err != nil {
		return err
	}
	var previous *border.ID
	if c != nil {
		if c.state != NotThisPerson || t.same(c, print) {
			return t.again(c, f, print)
		}
		previous = &c.id // judged by fields that the entry does not have any more
	}
	c, last, err := t.belongs(f, entry, print)
	if err != nil {
		return err
	}
	if last != nil {
		previous = last
	}
	if c != nil {
		has := 0
		if _, err := t.row(`SELECT count(*) FROM sighting WHERE case_no = ? AND crossing = ?`, []any{c.no, f.crossing[:]}, &has); err != nil {
			return err
		}
		if has > 0 { // opened again after a later case of the crossing was closed
			return t.again(c, f, print)
		}
		return t.join(c, f, print)
	}
	return t.open(f, entry, print, previous)
}

// same reports whether a case is about the entry as it is now, as far as that is known.
func (t *tx) same(c *caseRow, print border.BlindIndex) bool {
	return c.fingerprint == print || print == border.BlindIndex{} || c.fingerprint == border.BlindIndex{}
}

// belongs finds the case of the same person and entry: one that is open, or one that people
// closed with "not this person" about this very document while the entry is what it was. Else
// it names the last one, if there is any.
func (t *tx) belongs(f *finding, entry, print border.BlindIndex) (c *caseRow, previous *border.ID, err error) {
	var judged *caseRow
	var last *caseRow
	for _, who := range f.subjects {
		err := t.rows(`SELECT `+caseColumns+` FROM case_file WHERE entry = ? AND no IN (SELECT case_no FROM subject WHERE kind = ? AND blind = ?)
			ORDER BY no`, []any{entry[:], who.kind, who.blind[:]}, func(rs *sql.Rows) error {
			k, err := t.s.scanCase(rs)
			if err != nil {
				return err
			}
			if last == nil || k.no > last.no {
				last = k
			}
			switch {
			case k.state.Open():
				if c == nil || k.no > c.no {
					c = k
				}
			case k.state == NotThisPerson && who.kind != byPerson && t.same(k, print):
				judged = k
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	switch {
	case c != nil:
		return c, nil, nil
	case judged != nil && judged.no == last.no:
		return judged, nil, nil
	case last != nil:
		return nil, &last.id, nil
	}
	return nil, nil, nil
}

// open makes a new case.
func (t *tx) open(f *finding, entry, print border.BlindIndex, previous *border.ID) error {
	id, err := t.s.cfg.IDs.New()
	if err != nil {
		return err
	}
	c := &caseRow{id: id, version: 1, handling: stricter(f.handling, f.handling), source: f.entry.Source, entry: entry, fingerprint: print,
		openedAt: t.now, changedAt: t.now, previous: previous, kept: keptCase{Key: f.entry}}
	c.follow(f)
	t.enter(c, Possible)
	if err := t.save(c); err != nil {
		return err
	}
	if err := t.step(c, didOpen, "", "", &f.crossing, keptStep{}); err != nil {
		return err
	}
	return t.sight(c, f)
}

// follow takes from a finding what the whole case is.
func (c *caseRow) follow(f *finding) {
	c.crossings++
	c.late = c.late || f.late != ""
	c.meets(f)
	if c.lastAt.Before(f.at) {
		c.lastAt, c.lastPost = f.at, f.post
	}
}

func (c *caseRow) meets(f *finding) {
	c.kept.Score = max(c.kept.Score, f.score)
	if f.listed != nil {
		c.kept.Entry, c.highRisk, c.urgent = f.listed, c.highRisk || f.listed.HighRisk, c.urgent || f.listed.Urgent
	}
}

// join adds another crossing to a case.
func (t *tx) join(c *caseRow, f *finding, print border.BlindIndex) error {
	t.change(c)
	c.follow(f)
	if err := t.step(c, didJoin, "", c.state, &f.crossing, keptStep{}); err != nil {
		return err
	}
	if err := t.entryIs(c, f, print); err != nil {
		return err
	}
	if err := t.save(c); err != nil {
		return err
	}
	return t.sight(c, f)
}

// entryIs follows the entry where it has changed since the case began.
func (t *tx) entryIs(c *caseRow, f *finding, print border.BlindIndex) error {
	if handling := stricter(c.handling, f.handling); handling != c.handling {
		c.handling = handling
		if handling == watch.Silent {
			if err := t.endAlert(c, endWithdrawn, "", ""); err != nil {
				return err
			}
		}
	}
	if print == (border.BlindIndex{}) || print == c.fingerprint {
		return nil
	}
	known := c.fingerprint != border.BlindIndex{}
	c.fingerprint = print
	if !known {
		return nil
	}
	return t.step(c, didEntryChange, "", c.state, nil, keptStep{})
}

// sight writes a crossing into a case that does not have it, and tells stations of a late one.
func (t *tx) sight(c *caseRow, f *finding) error {
	sealed, err := t.s.vault.seal("sighting/", append(c.id[:], f.crossing[:]...), keptSighting{f.score, f.explained})
	if err != nil {
		return err
	}
	var party []byte
	if f.party != nil {
		party = f.party[:]
	}
	_, err = t.exec(`INSERT INTO sighting (case_no, crossing, entry, station, epoch, seq, type, post, occurred_at, direction, outcome, party, named, late,
		found_at, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.no, f.crossing[:], c.entry[:], string(f.key.Station), f.key.Epoch[:],
		int64(f.key.Seq), f.kind, string(f.post), micros(f.at), f.direction, f.outcome, party, f.named, f.late, micros(t.now), sealed)
	if err != nil {
		return err
	}
	if _, err := t.sees(c, f); err != nil {
		return err
	}
	if f.late == "" || !c.state.Open() {
		return nil
	}
	return t.alert(c, f)
}

// sees notes the event and who it is about, and reports whether the event is new to the case.
func (t *tx) sees(c *caseRow, f *finding) (bool, error) {
	n, err := t.exec(`INSERT INTO sighting_event (case_no, crossing, station, epoch, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		c.no, f.crossing[:], string(f.key.Station), f.key.Epoch[:], int64(f.key.Seq))
	if err != nil {
		return false, err
	}
	added := false
	for _, who := range f.subjects {
		m, err := t.exec(`INSERT INTO subject (case_no, kind, blind) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, c.no, who.kind, who.blind[:])
		if err != nil {
			return false, err
		}
		added = added || m > 0
	}
	return n > 0 || added, nil
}

// again follows another event about a crossing that the case has, or an entry that has changed
// since: an open case is to be judged by what the entry is now, and of one that has become silent
// stations learn no more.
func (t *tx) again(c *caseRow, f *finding, print border.BlindIndex) error {
	fresh, err := t.sees(c, f)
	if err != nil || !fresh && stricter(c.handling, f.handling) == c.handling && (!c.state.Open() || t.same(c, print)) {
		return err
	}
	t.change(c)
	c.meets(f)
	if fresh {
		if err := t.step(c, didSee, "", c.state, &f.crossing, keptStep{}); err != nil {
			return err
		}
	}
	if err := t.entryIs(c, f, print); err != nil {
		return err
	}
	if c.lastAt.Before(f.at) {
		c.lastAt, c.lastPost = f.at, f.post
	}
	if err := t.save(c); err != nil {
		return err
	}
	sealed, err := t.s.vault.seal("sighting/", append(c.id[:], f.crossing[:]...), keptSighting{f.score, f.explained})
	if err != nil {
		return err
	}
	var party []byte
	if f.party != nil {
		party = f.party[:]
	}
	_, err = t.exec(`UPDATE sighting SET station = ?, epoch = ?, seq = ?, type = ?, post = ?, occurred_at = ?, direction = ?, outcome = ?, party = ?,
		named = max(named, ?), sealed = ? WHERE case_no = ? AND crossing = ?`, string(f.key.Station), f.key.Epoch[:], int64(f.key.Seq), f.kind,
		string(f.post), micros(f.at), f.direction, f.outcome, party, f.named, sealed, c.no, f.crossing[:])
	return err
}

// corrected notes in open cases that a crossing of theirs, as it stands now, does not hit any more:
// people decide what follows.
func (t *tx) corrected(crossing border.ID, key border.Key, still []*finding) error {
	var nos []int64
	if err := t.rows(`SELECT case_no FROM sighting WHERE crossing = ?`, []any{crossing[:]}, func(rs *sql.Rows) error {
		var no int64
		err := rs.Scan(&no)
		nos = append(nos, no)
		return err
	}); err != nil {
		return err
	}
	for _, no := range nos {
		c, err := t.find(`no = ?`, no)
		if err != nil {
			return err
		}
		if !c.state.Open() || slices.ContainsFunc(still, func(f *finding) bool { return t.s.vault.entry(f.entry) == c.entry }) {
			continue
		}
		n, err := t.exec(`INSERT INTO sighting_event (case_no, crossing, station, epoch, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			c.no, crossing[:], string(key.Station), key.Epoch[:], int64(key.Seq))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		t.change(c)
		if err := t.step(c, didCorrect, "", c.state, &crossing, keptStep{}); err != nil {
			return err
		}
		if err := t.save(c); err != nil {
			return err
		}
	}
	return nil
}
