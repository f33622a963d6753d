package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"garita/border"
	"garita/sync/link"
	"garita/sync/wire"
)

// session publishes until the broker fails or ctx ends. It calls
// settled when all is published.
func (p *Publisher) session(ctx context.Context, settled func()) error {
	st, err := p.ensure(ctx)
	if err != nil {
		var api *jetstream.APIError
		if errors.As(err, &api) {
			p.alarm(" stream", "The broker has no room for the stream of lists, or refuses it; stations keep what they have.", err)
		}
		return err
	}
	p.over(" stream")
	s := &shelf{js: p.js, st: st, timeout: p.c.RequestTimeout}
	out := map[string]wire.Head{} // heads that this session has published
	compare := time.NewTicker(p.c.Compare)
	defer compare.Stop()
	trouble := link.Backoff{Min: time.Second, Max: p.c.RetryMax}
	all := true
	for {
		done, full, err := p.pass(ctx, s, out, all)
		if err != nil {
			return err
		}
		if full && !all { // prune, and try again
			all = true
			continue
		}
		settled()
		var retry <-chan time.Time
		if done {
			trouble.Reset()
			all = false
		} else {
			retry = time.After(trouble.Next())
		}
		select {
		case <-p.c.Lists.Published():
		case <-retry:
		case <-compare.C:
			all = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass publishes what is new, or, if all is set, whatever is named and not there, and then
// prunes what is not named. Done reports that nothing was left out, full that the stream took
// no more. Only the broker's errors end a pass: a list that cannot be read keeps nothing back
// of the others.
func (p *Publisher) pass(ctx context.Context, s *shelf, out map[string]wire.Head, all bool) (done, full bool, err error) {
	if all {
		if err := s.look(ctx); err != nil {
			return false, false, err
		}
	}
	plans, complete, err := p.plan(ctx, out, all)
	if err != nil {
		return false, false, err
	}
	done = complete
	try := func(pl *plan) error {
		err := p.publish(ctx, s, pl, out)
		switch {
		case err == nil:
			p.over(pl.list)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case border.CodeOf(err) == border.Unavailable:
			return err
		case border.CodeOf(err) == border.StorageFull:
			full, pl.full = true, true
		}
		done = false
		p.alarm(pl.list, "List "+pl.list+" cannot be published; stations keep what they have.", err)
		return nil
	}
	for _, pl := range plans {
		if err := try(pl); err != nil {
			return false, false, err
		}
	}
	if !all || !complete {
		return done, full, nil
	}
	if err := p.prune(ctx, s, plans); err != nil {
		return false, false, err
	}
	for _, pl := range plans {
		if pl.full { // there may be room now; if so, the next pass says that all is done
			if err := try(pl); err != nil {
				return false, false, err
			}
		}
	}
	return done, full, nil
}

// publish publishes the releases of one list, and its head when they are there.
func (p *Publisher) publish(ctx context.Context, s *shelf, pl *plan, out map[string]wire.Head) error {
	s.healed = false
	for _, r := range pl.need {
		if err := p.release(ctx, s, r); err != nil {
			return err
		}
	}
	body, err := wire.Encode(pl.head)
	if err != nil {
		return err
	}
	old, err := s.get(ctx, wire.HeadSubject(pl.list))
	if err != nil {
		return err
	}
	// A head that is sent again makes stations try again what they had to refuse.
	if !bytes.Equal(old, body) || s.healed {
		if err := s.put(ctx, wire.HeadSubject(pl.list), body); err != nil {
			return err
		}
		p.c.Log.Info("list published", "list", pl.list, "version", pl.head.Position.Version)
	}
	out[pl.list] = pl.head
	for _, r := range pl.older {
		err := p.release(ctx, s, r)
		if err != nil && (ctx.Err() != nil || border.CodeOf(err) == border.Unavailable) {
			return err
		}
		if err != nil { // nobody is held up by it
			p.c.Log.Warn("an older release is left out", "list", pl.list, "version", r.Position.Version, "err", err)
		}
	}
	return nil
}

// unreadable keeps a source that is unavailable apart from a broker that is.
func unreadable(err error) error {
	if border.CodeOf(err) == border.Unavailable {
		return &border.Error{Code: border.Internal, Op: "read a list", Err: err}
	}
	return err
}

// release publishes one release: its files, and its manifest when they are whole.
func (p *Publisher) release(ctx context.Context, s *shelf, r planned) error {
	for _, f := range r.files {
		if err := p.file(ctx, s, f); err != nil {
			return err
		}
	}
	return p.keep(ctx, s, wire.ManifestSubject(r.Position), r.Manifest)
}

// keep makes b what stands at a subject.
func (p *Publisher) keep(ctx context.Context, s *shelf, subject string, b []byte) error {
	if s.have[subject] {
		old, err := s.get(ctx, subject)
		if err != nil || bytes.Equal(old, b) {
			return err
		}
		if old != nil {
			s.healed = true
			p.c.Log.Warn("the stream held something else; replaced", "subject", subject)
		}
	}
	return s.put(ctx, subject, b)
}

// file brings the stream what it lacks of a file: chunks that are there stay, so that an
// upload goes on where it was cut off. The first time in the life of this process they are
// compared.
func (p *Publisher) file(ctx context.Context, s *shelf, f border.ListFile) error {
	if p.whole[f.Digest] {
		there := true
		for n := range wire.Chunks(f.Size) {
			there = there && s.have[wire.ChunkSubject(f.Digest, n)]
		}
		if there {
			return nil
		}
	}
	in, err := p.c.Lists.Open(ctx, f.Digest)
	if err != nil {
		return unreadable(err)
	}
	defer in.Close()
	sum := sha256.New()
	b := make([]byte, wire.ChunkSize)
	for n := range wire.Chunks(f.Size) {
		b := b[:wire.ChunkLen(f.Size, n)]
		if _, err := io.ReadFull(in, b); err != nil {
			return p.spoiled(ctx, s, f, err)
		}
		sum.Write(b)
		if err := p.keep(ctx, s, wire.ChunkSubject(f.Digest, n), b); err != nil {
			return err
		}
	}
	if border.Digest(sum.Sum(nil)) != f.Digest {
		return p.spoiled(ctx, s, f, errors.New("its digest is another"))
	}
	p.whole[f.Digest] = true
	return nil
}

// spoiled removes what was published of a file that is not what it should be at the hub.
func (p *Publisher) spoiled(ctx context.Context, s *shelf, f border.ListFile, why error) error {
	if err := s.drop(ctx, wire.FileSubjects(f.Digest)+">"); err != nil {
		return err
	}
	for n := range wire.Chunks(f.Size) {
		delete(s.have, wire.ChunkSubject(f.Digest, n))
	}
	return &border.Error{Code: border.Internal, Op: "read a file of a list", Err: why}
}

// prune removes what the source does not name any more, files as wholes.
func (p *Publisher) prune(ctx context.Context, s *shelf, plans []*plan) error {
	named, kept := map[string]bool{}, map[string]bool{} // subjects; files of which something is named
	for _, pl := range plans {
		named[wire.HeadSubject(pl.list)] = true
		for _, rs := range [][]planned{pl.need, pl.older} {
			for _, r := range rs {
				named[wire.ManifestSubject(r.Position)] = true
				for _, f := range r.files {
					kept[wire.FileSubjects(f.Digest)] = true
					for n := range wire.Chunks(f.Size) {
						named[wire.ChunkSubject(f.Digest, n)] = true
					}
				}
			}
		}
	}
	gone := map[string]bool{}
	for subject := range s.have {
		f, ok := fileOf(subject)
		switch {
		case named[subject] || ok && gone[f]:
			continue
		case ok && !kept[f]:
			gone[f] = true
			subject = f + ">"
		}
		if err := s.drop(ctx, subject); err != nil {
			return err
		}
	}
	for subject := range s.have {
		if !named[subject] {
			delete(s.have, subject)
		}
	}
	for d := range p.whole {
		if gone[wire.FileSubjects(d)] {
			delete(p.whole, d)
		}
	}
	return nil
}

// fileOf gives what the subjects of a chunk's file begin with.
func fileOf(subject string) (string, bool) {
	if !strings.HasPrefix(subject, "lists.file.") {
		return "", false
	}
	return subject[:strings.LastIndexByte(subject, '.')+1], true
}
