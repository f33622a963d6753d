package training

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"garita/border"
	"garita/border/counter"
	"garita/border/journal"
	"garita/border/manifest"
	"garita/border/mrz"
	"garita/border/seal"
	"garita/border/watch"
)

// stationName is the station of a training's journal. No key and no hub knows it.
const stationName border.StationID = "TRAINING"

// Desk is the service of the training counters: a station's, that takes only invented documents.
type Desk struct {
	*counter.Service

	room    *Room
	folder  *folder
	keys    *seal.StationKeys
	journal *journal.Journal
	shelf   []Specimen

	mu   sync.Mutex // guards over, and that nobody comes after it
	over bool
	here sync.WaitGroup // requests within
}

// open opens a desk in a new folder.
func (r *Room) open(ctx context.Context) (*Desk, error) {
	d := &Desk{room: r, shelf: r.specimens()}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *Desk) open(ctx context.Context) (err error) {
	cfg := &d.room.cfg
	if d.folder, err = newFolder(cfg.Folder); err != nil {
		return err
	}
	// The keys are in memory only: what a power cut leaves of the folder, nobody opens any more.
	private, err := seal.NewHubPrivate(string(stationName))
	if err != nil {
		return err
	}
	prov, err := private.Provisioning()
	if err != nil {
		return err
	}
	national := make([]byte, 32)
	_, _ = rand.Read(national) // never fails
	blinder, err := seal.NewBlinder(national)
	if err != nil {
		return err
	}
	if d.keys, err = seal.OpenStationKeys(ctx, filepath.Join(d.folder.path, "keys.db"), stationName, seal.NewStationSecret(), prov); err != nil {
		return err
	}
	if d.journal, err = journal.Open(ctx, journal.Config{Dir: d.folder.path, Station: stationName, Post: cfg.Post, Zone: cfg.Zone, Clock: cfg.Clock,
		Keys: d.keys, Log: cfg.Log, Reserve: -1}); err != nil {
		return err
	}
	attachments, err := seal.OpenAttachments(d.folder.path, d.keys)
	if err != nil {
		return err
	}
	list, err := d.room.list()
	if err != nil {
		return err
	}
	ids := border.NewIDs(cfg.Clock, nil)
	told, err := d.room.history(blinder, ids, d.shelf)
	if err != nil {
		return err
	}
	places := make([]counter.Place, len(cfg.Places))
	readers := make([]border.ScannerStatus, len(cfg.Places))
	for i, p := range cfg.Places {
		places[i] = counter.Place{ID: p.ID.Training(), Direction: p.Direction}
		readers[i] = border.ScannerStatus{ID: "training", Counter: p.ID.Training(), Kind: "mrz", State: "ready", Since: cfg.Clock.Now()}
	}
	d.Service, err = counter.New(ctx, counter.Config{Places: places, Zone: cfg.Zone, Journal: d.journal, Keys: d.keys, Blinder: blinder,
		Policy: cfg.Policy, Form: cfg.Form, Lists: func() []counter.List { return list }, Clock: cfg.Clock, Mono: cfg.Mono, IDs: ids,
		Officers: cfg.Officers, Log: cfg.Log, Hub: told, HubState: func() border.HubStatus { return border.HubStatus{Connected: true} },
		Scanners: func() []border.ScannerStatus { return readers }, Attachments: attachments, Station: stationName, Post: cfg.Post})
	return err
}

// list is the one that travellers are looked for on in training.
func (r *Room) list() ([]counter.List, error) {
	entries := r.listed()
	now := r.cfg.Clock.Now()
	base, err := watch.Compile(watch.Description{Name: listName, Sources: []watch.Source{{Name: listName, Version: "1", Issued: now, Entries: len(entries)}}}, entries)
	if err != nil {
		return nil, err
	}
	return []counter.List{{Name: listName, Version: "1", Issued: now, Watch: watch.New(base)}}, nil
}

// Stay keeps the desk open until leave is called. It does not count as use. [border.Unavailable]: it is closed.
func (d *Desk) Stay() (leave func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return nil, over
	}
	d.here.Add(1)
	return sync.OnceFunc(d.here.Done), nil
}

// close waits for the requests within, closes all that is open and removes the folder.
func (d *Desk) close() error {
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.here.Wait()
	var errs []error
	if d.Service != nil {
		d.Service.Close()
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	if d.keys != nil {
		errs = append(errs, d.keys.Close())
	}
	if d.folder != nil {
		errs = append(errs, d.folder.remove())
	}
	return errors.Join(errs...)
}

// Present puts a specimen on a counter's reader. [border.NotFound]: there is none with that index;
// [border.Invalid]: it has no zone that a reader could read.
func (d *Desk) Present(ctx context.Context, c border.CounterID, index int) error {
	const op = "present an invented document"
	if index < 0 || index >= len(d.shelf) {
		return &border.Error{Code: border.NotFound, Op: op}
	}
	s := &d.shelf[index]
	if len(s.Lines) == 0 {
		return &border.Error{Code: border.Invalid, Op: op, Message: "This paper has no zone that a reader could read. Press F6 and type what stands on it."}
	}
	return d.Scan(ctx, border.Scan{Counter: c, Source: border.SourceReader, Scanner: "training", Lines: s.Lines, ReceivedAt: d.room.cfg.Clock.Now()})
}

// real is the answer to a document that is not invented. It was looked at, and nothing of it was kept.
func real(op string) error {
	return &border.Error{Code: border.Invalid, Op: op,
		Message: "Not taken: in training only the invented documents are. Nothing of this one was kept. A real traveller is registered at a real counter."}
}

// takes reports whether somebody of these states can be an invented traveller. What is not stated is nobody's.
func (d *Desk) takes(states ...string) bool {
	for _, s := range states {
		if s != "" && !d.room.invented[s] {
			return false
		}
	}
	return true
}

// Scan takes an invented document, as [counter.Service.Scan] does.
func (d *Desk) Scan(ctx context.Context, scan border.Scan) error {
	doc, err := mrz.Parse(scan.Lines, d.room.cfg.Clock.Today().In(d.room.cfg.Zone))
	if err == nil && (doc.IssuingState == "" || !d.takes(doc.IssuingState, doc.Nationality)) {
		return real("take a scan in training")
	}
	return d.Service.Scan(ctx, scan) // of what cannot be read it keeps nothing either
}

// keyed checks what an officer typed of a document.
func (d *Desk) keyed(op string, k *counter.Particulars) error {
	if k != nil && !d.takes(k.IssuingState, k.Nationality) {
		return real(op)
	}
	return nil
}

// Open opens an encounter of an invented traveller, as [counter.Service.Open] does.
func (d *Desk) Open(ctx context.Context, o counter.Opening) (border.ID, error) {
	if err := d.keyed("open an encounter in training", &o.Particulars); err != nil {
		return border.ID{}, err
	}
	return d.Service.Open(ctx, o)
}

// Rekey replaces what was typed, as [counter.Service.Rekey] does.
func (d *Desk) Rekey(ctx context.Context, at counter.At, encounter border.ID, k counter.Particulars) error {
	if err := d.keyed("type a document in training", &k); err != nil {
		return err
	}
	return d.Service.Rekey(ctx, at, encounter, k)
}

// Attach adds an invented document, as [counter.Service.Attach] does.
func (d *Desk) Attach(ctx context.Context, at counter.At, encounter border.ID, k counter.Particulars) error {
	if err := d.keyed("add a document in training", &k); err != nil {
		return err
	}
	return d.Service.Attach(ctx, at, encounter, k)
}

// Correct corrects, as [counter.Service.Correct] does.
func (d *Desk) Correct(ctx context.Context, c counter.Correction) (counter.Recorded, error) {
	if err := d.keyed("correct in training", c.Particulars); err != nil {
		return counter.Recorded{}, err
	}
	return d.Service.Correct(ctx, c)
}

// List takes a list of invented people, as [counter.Service.List] does.
func (d *Desk) List(ctx context.Context, at counter.At, list *manifest.List) error {
	for i := range list.People {
		if p := &list.People[i]; !d.takes(p.DocumentIssuer, p.Nationality) {
			return real("take a list in training")
		}
	}
	return d.Service.List(ctx, at, list)
}

// Keep keeps a portrait within the training, as [counter.Service.Keep] does. Papers of real people are what there
// is to attach at a counter, so none is taken.
func (d *Desk) Keep(ctx context.Context, k counter.KeepIn, content []byte) (border.Attachment, error) {
	if k.Kind == border.KindPaper {
		return border.Attachment{}, &border.Error{Code: border.Invalid, Op: "attach a paper in training",
			Message: "No paper can be attached in training."}
	}
	return d.Service.Keep(ctx, k, content)
}

// today is the day at the post.
func (r *Room) today() time.Time { return r.cfg.Clock.Today().In(r.cfg.Zone) }
