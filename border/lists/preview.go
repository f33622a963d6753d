package lists

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"garita/border"
	"garita/border/watch"
	"garita/border/watch/source"
)

// ImportOptions say how a file is read as a source.
type ImportOptions struct {
	Terms  source.Terms  // what the file does not say of its entries
	MaxAge time.Duration // of the source before a clear answer is stale; 0: as the file says, or never
	// Version and Issued are what the source is called and when it was issued, where the file
	// says neither; "" and zero: the moment of the import.
	Version    string
	Issued     time.Time
	MaxBytes   int64 // 0: as package source has it, like the next
	MaxEntries int
	By         string // badge of who reads the file; another person confirms
}

// The reasons for which an import asks to be looked at with care.
const (
	AsksFirst   = "first"   // there was nothing of the source yet
	AsksShrinks = "shrinks" // more is missing than the share that needs no asking
	AsksGrows   = "grows"   // more is new
	AsksChanges = "changes" // more has changed
	AsksSkipped = "skipped" // entries are missing, and rows could not be read: they may be the same
)

// The states of a preview.
const (
	PreviewReading   = "reading"
	PreviewOpen      = "open"
	PreviewConfirmed = "confirmed"
	PreviewDiscarded = "discarded"
	PreviewExpired   = "expired"
)

// Preview is what an import would do. It holds no personal data; [Keeper.PreviewLines] and
// [Keeper.PreviewEntry] show whom it is about.
type Preview struct {
	ID      border.ID
	Source  string
	Kind    source.Kind
	State   string
	Made    time.Time
	Expires time.Time
	Summary
}

// Summary counts what an import would do.
type Summary struct {
	Held      int `json:"held"` // entries of the source in force
	Added     int `json:"added"`
	Removed   int `json:"removed"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	// Kept are entries that were decided by hand: the import leaves them alone, whatever the
	// file says.
	Kept int `json:"kept"`
	// TooLarge are entries that no release can carry; they are left out.
	TooLarge int `json:"too_large,omitempty"`
	// NoIssuer are documents whose row does not say who issued them: nobody could find them, so
	// they are left out.
	NoIssuer int `json:"no_issuer,omitempty"`
	// Unread are entries in force that are in the file and could not be read: they stay as they are.
	Unread int `json:"unread,omitempty"`
	// Fields counts in how many entries each field has changed.
	Fields map[string]int `json:"fields,omitempty"`
	// Share is the largest of added, removed and changed as a share of Held; 1 where nothing is held.
	Share float64 `json:"share"`
	// NeedsConfirmation says that a share is beyond what is usual, and Asks why.
	NeedsConfirmation bool          `json:"needs_confirmation"`
	Asks              []string      `json:"asks,omitempty"`
	Version           string        `json:"version"`
	Issued            time.Time     `json:"issued"`
	MaxAge            time.Duration `json:"max_age,omitempty"`
	// Report says what of the file was read and what was skipped, and why.
	Report source.Report `json:"report"`
	// By is the badge of who read the file, "" if a program did.
	By string `json:"by,omitempty"`
}

var (
	sourceName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	entryID    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
)

const (
	maxEntry     = 128 << 10 // bytes of an entry's JSON; a delta's change holds twice that
	previewBatch = 2000      // rows written at once, so that others are not kept waiting
)

// Preview reads the file or folder at path as a source and keeps what an import of it would
// change. Nothing holds before [Keeper.Confirm]. If the file cannot be read as a whole, the
// error says why, and the preview's report how far it went; nothing is kept then.
func (k *Keeper) Preview(ctx context.Context, name string, kind source.Kind, path string, o ImportOptions) (Preview, error) {
	const op = "preview an import"
	if !sourceName.MatchString(name) {
		return Preview{}, &border.Error{Code: border.Invalid, Op: op, Message: "A source's name has 1 to 32 characters of a–z, 0–9, - and _, beginning with a letter."}
	}
	id, err := k.ids.New()
	if err != nil {
		return Preview{}, err
	}
	files, err := source.Dir(path)
	if err != nil {
		return Preview{}, err
	}
	now := k.clock.Now()
	p := &reading{k: k, ctx: ctx, preview: Preview{ID: id, Source: name, Kind: kind, State: PreviewReading, Made: now, Expires: now.Add(k.rules.Preview), Summary: Summary{By: o.By}}}
	if err := k.oneKind(ctx, name, kind); err != nil {
		return Preview{}, err
	}
	if kind == source.Documents {
		return k.previewDocuments(ctx, p, files, o)
	}
	if err := p.begin(); err != nil {
		return Preview{}, err
	}
	report, err := source.Read(ctx, kind, files, source.Options{Source: name, Terms: o.Terms, MaxBytes: o.MaxBytes, MaxEntries: o.MaxEntries, Unread: p.unread}, p.take)
	p.preview.Report = report
	if err == nil {
		err = p.finish(o)
	}
	if err != nil {
		return p.preview, errors.Join(err, k.dropPreview(id))
	}
	return p.preview, nil
}

// oneKind refuses documents for a source of entries, and entries for one of documents.
func (k *Keeper) oneKind(ctx context.Context, name string, kind source.Kind) error {
	const op = "preview an import"
	var other bool
	err := k.store.read(ctx, op, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM source WHERE name = ?1 AND (kind = ?2) <> ?3`, name, string(source.Documents), kind == source.Documents).Scan(&other)
	})
	if err == nil && other {
		return &border.Error{Code: border.Conflict, Op: op, Message: "A source holds entries or documents, not both. Choose another name."}
	}
	return err
}

// reading is a preview being made.
type reading struct {
	k       *Keeper
	ctx     context.Context
	preview Preview
	against int64
	held    map[string]*heldEntry // by ID
	rows    []previewRow
	n       int
}

// heldEntry is what is known of an entry in force without opening it.
type heldEntry struct {
	revision   int64
	digest     [digestSize]byte
	hand, gone bool
	seen       bool
	unread     bool // in the file, as far as could be read
}

// previewRow is a row of preview_change.
type previewRow struct {
	id, op string
	fields []string
	urgent bool
	*entryRow
}

func (p *reading) begin() error {
	p.held = make(map[string]*heldEntry)
	err := p.k.store.read(p.ctx, "read the source's entries", func(tx *sql.Tx) error {
		var err error
		if p.against, err = lastChange(p.ctx, tx, p.preview.Source); err != nil {
			return err
		}
		rows, err := tx.QueryContext(p.ctx, `SELECT e.id, e.revision, e.gone, r.hand, r.digest FROM entry e
			JOIN entry_revision r ON r.revision = e.revision WHERE e.source = ?`, p.preview.Source)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var h heldEntry
			var digest sql.RawBytes
			if err := rows.Scan(&id, &h.revision, &h.gone, &h.hand, &digest); err != nil {
				return err
			}
			copy(h.digest[:], digest)
			if !h.gone {
				p.preview.Held++
			}
			if !h.gone || h.hand {
				p.held[id] = &h
			}
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	return p.k.store.write(p.ctx, "keep a preview", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.ctx, `INSERT INTO preview (id, source, kind, made_at, expires_at, against, state, summary) VALUES (?, ?, ?, ?, ?, ?, ?, '{}')`,
			p.preview.ID.String(), p.preview.Source, string(p.preview.Kind), micros(p.preview.Made), micros(p.preview.Expires), p.against, PreviewReading)
		return err
	})
}

// lastChange gives the serial of the last change of a source's entries, 0 if there was none.
func lastChange(ctx context.Context, tx *sql.Tx, name string) (serial int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT serial FROM source WHERE name = ?`, name).Scan(&serial)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return serial, err
}

// take compares one entry of the file with what is held.
func (p *reading) take(e *watch.Entry) error {
	tidy(e)
	plain, err := json.Marshal(e)
	if err != nil {
		return &border.Error{Code: border.Invalid, Op: "read an entry"} // its text could repeat the entry
	}
	if len(plain) > maxEntry {
		p.preview.TooLarge++
		if h := p.held[e.ID]; h != nil { // not missing, though it cannot be taken
			h.seen = true
		}
		return nil
	}
	h := p.held[e.ID]
	switch {
	case h == nil:
		p.preview.Added++
		return p.add(previewRow{id: e.ID, op: opAdd, urgent: e.Urgent, entryRow: p.k.recordPlain(e, plain, nil, false)})
	case h.hand:
		h.seen = true
		p.preview.Kept++
		return nil
	}
	h.seen = true
	if h.digest == p.k.vault.same(plain) {
		p.preview.Unchanged++
		return nil
	}
	old, err := p.k.revision(p.ctx, watch.Key{Source: e.Source, ID: e.ID}, h.revision)
	if err != nil {
		return err
	}
	d := source.Compare([]*watch.Entry{old}, []*watch.Entry{e})
	if d.Empty() { // aliases in another order
		p.preview.Unchanged++
		return nil
	}
	fields := d.Changed[0].Fields
	if p.preview.Fields == nil {
		p.preview.Fields = make(map[string]int)
	}
	for _, f := range fields {
		p.preview.Fields[f]++
	}
	p.preview.Changed++
	return p.add(previewRow{id: e.ID, op: opChange, fields: fields, urgent: e.Urgent, entryRow: p.k.recordPlain(e, plain, old, false)})
}

// unread keeps an entry that the file has, though it cannot be read, from being withdrawn.
func (p *reading) unread(id string) {
	if h := p.held[id]; h != nil {
		h.unread = true
	}
}

// finish adds what is missing from the file, and opens the preview.
func (p *reading) finish(o ImportOptions) error {
	for _, id := range slices.Sorted(maps.Keys(p.held)) {
		h := p.held[id]
		switch {
		case h.seen:
		case h.hand:
			p.preview.Kept++
		case h.unread:
			p.preview.Unread++
		default:
			old, err := p.k.revision(p.ctx, watch.Key{Source: p.preview.Source, ID: id}, h.revision)
			if err != nil {
				return err
			}
			p.preview.Removed++
			if err := p.add(previewRow{id: id, op: opRemove, entryRow: gone(old, false)}); err != nil {
				return err
			}
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.judge(o)
	p.preview.State = PreviewOpen
	summary, err := json.Marshal(p.preview.Summary)
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "keep a preview", Err: err}
	}
	return p.k.store.write(p.ctx, "keep a preview", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(p.ctx, `UPDATE preview SET state = ?, summary = ? WHERE id = ?`, PreviewOpen, string(summary), p.preview.ID.String())
		return err
	})
}

// judge says whether the import is unusual, and what the source is called from then on.
func (p *reading) judge(o ImportOptions) {
	s := &p.preview.Summary
	if s.Held == 0 {
		s.Share, s.Asks = 1, []string{AsksFirst}
	} else {
		for why, n := range map[string]int{AsksShrinks: s.Removed, AsksGrows: s.Added, AsksChanges: s.Changed} {
			share := float64(n) / float64(s.Held)
			s.Share = max(s.Share, share)
			if share > p.k.rules.AskShare {
				s.Asks = append(s.Asks, why)
			}
		}
		if s.Removed > 0 && s.Report.Skipped > 0 {
			s.Asks = append(s.Asks, AsksSkipped)
		}
		slices.Sort(s.Asks)
	}
	s.NeedsConfirmation = len(s.Asks) > 0
	if s.Issued = s.Report.Issued; s.Issued.IsZero() {
		s.Issued = o.Issued
	}
	if s.Issued.IsZero() {
		s.Issued = p.preview.Made
	}
	s.Issued = s.Issued.UTC().Truncate(time.Millisecond)
	if s.Version = s.Report.Version; s.Version == "" {
		s.Version = o.Version
	}
	if s.Version == "" || len(s.Version) > 128 {
		s.Version = s.Issued.Format("2006-01-02T15:04Z")
	}
	if s.MaxAge = o.MaxAge; s.MaxAge == 0 {
		s.MaxAge = s.Report.MaxAge
	}
	s.MaxAge = s.MaxAge.Truncate(time.Second)
}

func (p *reading) add(r previewRow) error {
	p.rows = append(p.rows, r)
	if len(p.rows) < previewBatch {
		return nil
	}
	return p.flush()
}

func (p *reading) flush() error {
	err := p.k.store.write(p.ctx, "keep a preview", func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(p.ctx, `INSERT INTO preview_change
			(preview, n, id, op, identifies, fields, fingerprint, handling, hub_only, urgent, digest, sealed)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i, r := range p.rows {
			if _, err := insert.ExecContext(p.ctx, p.preview.ID.String(), p.n+i, r.id, r.op, r.identifies, strings.Join(r.fields, ","),
				r.fingerprint[:], string(r.handling), r.hubOnly, r.urgent, r.digest[:], r.sealed); err != nil {
				return err
			}
		}
		return nil
	})
	p.n, p.rows = p.n+len(p.rows), p.rows[:0]
	return err
}

// tidy makes what means the same the same: an empty list in an entry is none.
func tidy(e *watch.Entry) {
	none := func(s *[]string) {
		if len(*s) == 0 {
			*s = nil
		}
	}
	none(&e.BirthDates)
	none(&e.Nationalities)
	none(&e.BirthPlaces)
	none(&e.Residences)
	if len(e.Names) == 0 {
		e.Names = nil
	}
	if len(e.Documents) == 0 {
		e.Documents = nil
	}
	if len(e.Instruction) == 0 {
		e.Instruction = nil
	}
}
