package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"garita/border/lists"
	"garita/border/watch"
	"garita/border/watch/source"
	"garita/cmd/internal/hub"
)

// courts is the source of the invented national list, registrar and deputy the badges of those
// who decide on it at the hub.
const (
	courts    = "courts"
	registrar = "3001"
	deputy    = "3002"
)

// others is how many people are on the national list besides those who come.
const others = 40

// wall is the demo's clock as the hub's rooms take it.
func (f *folder) wall() wallClock { return wallClock{f.opt.Now} }

// keeper opens the lists of the hub, which must not run.
func (f *folder) keeper(ctx context.Context) (*lists.Keeper, error) {
	private, err := hub.Private(ctx, f.hub())
	if err != nil {
		return nil, err
	}
	return lists.Open(ctx, lists.Config{Dir: f.path("hub"), Clock: f.wall(), Log: slog.New(slog.DiscardHandler),
		ListKey: private.ListKey, ListSeed: private.ListSeed})
}

// importList gives a hub that has none its national list, as two people would on its pages.
func (f *folder) importList(ctx context.Context, listed []Specimen) (err error) {
	k, err := f.keeper(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	if k.Current() != nil {
		return nil
	}
	entries := nationalEntries(listed, f.opt.Seed, f.opt.Now())
	dir, err := os.MkdirTemp(f.path("hub"), "import-")
	if err != nil {
		return failed("write the national list", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var b bytes.Buffer
	issued := f.opt.Now().UTC().Truncate(time.Hour)
	if err := source.Export(&b, source.Head{List: courts, Version: issued.Format("2006-01-02"), Issued: issued, MaxAge: 30 * 24 * time.Hour}, slices.Values(entries)); err != nil {
		return err
	}
	path := filepath.Join(dir, "courts.csv")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return failed("write the national list", err)
	}
	p, err := k.Preview(ctx, courts, source.CSV, path, lists.ImportOptions{})
	if err != nil {
		return err
	}
	if p.Added != len(entries) {
		return fmt.Errorf("the import would add %d entries of %d", p.Added, len(entries))
	}
	_, err = k.Confirm(ctx, p.ID, registrar, deputy)
	return err
}

// addByHand lists somebody who has passed. The hub must not run.
func (f *folder) addByHand(ctx context.Context, s *Specimen) (err error) {
	k, err := f.keeper(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	e := s.entry("H-1", watch.Open)
	e.Urgent = true
	id, err := k.Propose(ctx, lists.Proposal{Op: lists.Add, Entry: e, Urgent: true, By: registrar, Reason: "warrant of today"})
	if err != nil {
		return err
	}
	_, err = k.Approve(ctx, id, deputy, "seen")
	return err
}

// nationalEntries are those of the specimens that are on the national list, and invented others.
func nationalEntries(listed []Specimen, seed uint64, today time.Time) (out []*watch.Entry) {
	for i := range listed {
		if handling, ok := strings.CutPrefix(listed[i].listed, "national "); ok {
			out = append(out, listed[i].entry(fmt.Sprintf("C-%d", i+1), watch.Handling(handling)))
		}
	}
	f := newPeople(seed+2, today)
	for i := range others {
		p := f.next()
		s := p.specimen("", "", nil)
		out = append(out, s.entry(fmt.Sprintf("D-%d", i+1), []watch.Handling{watch.Refer, watch.Open, watch.Silent}[i%3]))
	}
	return out
}

// entry is how the national list names the holder of a specimen.
func (s *Specimen) entry(id string, handling watch.Handling) *watch.Entry {
	e := &watch.Entry{Source: courts, ID: id, Handling: handling, Names: []watch.Name{{Surname: s.surname, GivenNames: s.given, Quality: watch.Primary}},
		BirthDates: []string{s.born}, Nationalities: []string{s.state}, LegalBasis: "Order " + id + " of the court of Utopia", Owner: "Court registry, Port of Utopia"}
	if handling == watch.Refer {
		e.Action, e.Instruction = "refer", map[string]string{"es": "Lleve a la persona a la oficina del supervisor. No diga por qué.",
			"en": "Take the person to the supervisor's office. Do not say why.", "fr": "Conduisez la personne au bureau du superviseur. Ne dites pas pourquoi."}
	} else if handling == watch.Open {
		e.Action, e.Instruction = "inform", map[string]string{"es": "Hay una orden judicial. Llame al supervisor y compare con el documento.",
			"en": "There is a court order. Call the supervisor and compare with the document.", "fr": "Il y a une ordonnance. Appelez le superviseur et comparez avec le document."}
	}
	return e
}
