package counter

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"garita/border"
	"garita/border/journal"
)

// Bounds of what is attached to one encounter.
const (
	filesLimit = 16  // portrait, data page and papers together
	labelLimit = 120 // bytes
)

// KeepIn says what is attached, and to whom.
type KeepIn struct {
	At
	Encounter border.ID // open at the counter, or a member of its group
	Kind      string    // border.KindPortrait, KindDataPage or KindPaper
	Label     string    // which paper it is, at most 120 bytes on one line
	Media     string    // media type of a paper, as its bytes were found to be; of pictures it is known
	Pages     int       // of a paper; 0: not counted
}

// FileView is an attached file as a screen names it. Its bytes come from [Service.Attached].
type FileView struct {
	Kind    string        `json:"kind"` // portrait, data_page or paper
	Hash    border.Digest `json:"hash"` // of the sealed file: names it, says nothing of its content
	Label   string        `json:"label"`
	Media   string        `json:"media"`
	Bytes   int           `json:"bytes"`
	Pages   int           `json:"pages"`
	TakenAt time.Time     `json:"taken_at"`
}

// File is an attached file with its content. It is personal data.
type File struct {
	border.Attachment
	Content  []byte
	Recorded bool // of a crossing, not of an encounter that is open, waits or is on the post's list
}

// Keep attaches a file to the encounter: sealed and synced, then named in the draft, and later in the
// record. A portrait or a picture of the data page takes the place of the one before, and is drawn
// anew: of what was sent the pixels are kept and nothing else.
//
// [border.Invalid], [border.TooLarge]: it is not what it should be. [border.Conflict]: there are 16 already.
// [border.StorageFull], [border.NotDurable]: the disk did not keep it; nothing has changed.
func (s *Service) Keep(ctx context.Context, k KeepIn, content []byte) (border.Attachment, error) {
	const op = "attach a file"
	if err := k.valid(op); err != nil {
		return border.Attachment{}, err
	}
	if s.cfg.Attachments == nil {
		return border.Attachment{}, &border.Error{Code: border.NotFound, Op: op, Message: "This station keeps no files."}
	}
	a := border.Attachment{Label: k.Label, Media: k.Media, Pages: k.Pages, TakenAt: s.now().UTC()}
	if k.Kind != border.KindPaper {
		drawn, size, err := redraw(k.Kind, content)
		if err != nil {
			return border.Attachment{}, err
		}
		defer clear(drawn)
		content, a.Media, a.Width, a.Height = drawn, "image/jpeg", size.X, size.Y
	}
	err := s.work(ctx, op, k.At, func(ctx context.Context, p *place, _ Officer) error {
		e, err := p.inHand(op, k.Encounter)
		if err != nil {
			return err
		}
		next := e.copy()
		var replaced []border.Digest
		if k.Kind != border.KindPaper {
			next.files, replaced = without(next.files, func(f *border.Attachment) bool { return f.Kind == k.Kind })
		}
		switch st := s.cfg.Journal.Storage().State; {
		case e.paper != nil && k.Kind == border.KindPortrait: // who stands there now need not be who crossed then
			return &border.Error{Code: border.Conflict, Op: op, Message: "A paper sheet is entered later: no portrait is taken for it."}
		case len(next.files) >= filesLimit:
			return &border.Error{Code: border.Conflict, Op: op, Message: "Sixteen files are attached to this person already. Remove one first."}
		case st != journal.StorageOK && st != journal.StorageLow:
			return &border.Error{Code: border.StorageFull, Op: op, Message: "The disk keeps no files now. Go on without, and call the technician."}
		}
		kept, err := s.cfg.Attachments.Put(ctx, s.bucket(), e.id, k.Kind, content)
		if err != nil {
			return err
		}
		a.Kind, a.Hash, a.Bytes = kept.Kind, kept.Hash, kept.Bytes
		next.files = append(next.files, a)
		if err := s.replace(ctx, p, e, next); err != nil {
			return err
		}
		if next.durable {
			s.release(ctx, e.id, replaced)
		}
		return nil
	})
	return a, err
}

// valid checks what is said of a file.
func (k *KeepIn) valid(op string) error {
	invalid := func(message string) error { return &border.Error{Code: border.Invalid, Op: op, Message: message} }
	k.Label = strings.TrimSpace(k.Label)
	switch {
	case !slices.Contains([]string{border.KindPortrait, border.KindDataPage, border.KindPaper}, k.Kind):
		return invalid("What is attached is a portrait, a data page or a paper.")
	case len(k.Label) > labelLimit || !utf8.ValidString(k.Label) || strings.ContainsFunc(k.Label, unicode.IsControl):
		return invalid("The name of a paper has at most 120 bytes, on one line.")
	case k.Kind == border.KindPaper && (k.Media == "" || len(k.Media) > 64 || k.Pages < 0 || k.Pages > 10_000):
		return invalid("What kind of file it is cannot be seen. Attach a PDF or a picture.")
	}
	return nil
}

// without takes files out of a list and returns what is left, and the names of what was taken out.
func without(files []border.Attachment, which func(*border.Attachment) bool) (left []border.Attachment, out []border.Digest) {
	for i := range files {
		if which(&files[i]) {
			out = append(out, files[i].Hash)
		} else {
			left = append(left, files[i])
		}
	}
	return left, out
}

// Remove takes a file away again that was attached by mistake, before the encounter ends.
func (s *Service) Remove(ctx context.Context, at At, id border.ID, hash border.Digest) error {
	const op = "remove an attached file"
	return s.work(ctx, op, at, func(ctx context.Context, p *place, _ Officer) error {
		e, err := p.inHand(op, id)
		if err != nil {
			return err
		}
		next := e.copy()
		var gone []border.Digest
		if next.files, gone = without(next.files, func(f *border.Attachment) bool { return f.Hash == hash }); len(gone) == 0 {
			return errNoFile(op)
		}
		if err := s.replace(ctx, p, e, next); err != nil {
			return err
		}
		if next.durable {
			s.release(ctx, e.id, gone)
		}
		return nil
	})
}

func errNoFile(op string) error {
	return &border.Error{Code: border.NotFound, Op: op, Message: "No such file is attached to this person."}
}

// Attached reads a file of an encounter that is open, waits or is on the post's list, or of a crossing
// of this station as it stands. Finger images are not given out. Whoever shows it has the reading
// recorded first.
//
// [border.NotFound]: no such file is attached, or it is gone; [border.Conflict]: its key was destroyed.
func (s *Service) Attached(ctx context.Context, id border.ID, hash border.Digest) (File, error) {
	const op = "read an attached file"
	if s.cfg.Attachments == nil {
		return File{}, errNoFile(op)
	}
	files, open := s.filesOf(id)
	if !open {
		var err error
		if files, err = s.recordedFiles(ctx, id); err != nil {
			return File{}, err
		}
	}
	i := slices.IndexFunc(files, func(a border.Attachment) bool { return a.Hash == hash && a.Kind != border.KindFinger })
	if i < 0 {
		return File{}, errNoFile(op)
	}
	content, err := s.cfg.Attachments.Open(id, &files[i])
	if err != nil {
		return File{}, err
	}
	return File{files[i], content, !open}, nil
}

// filesOf lists the files of an encounter that has not ended.
func (s *Service) filesOf(id border.ID) (files []border.Attachment, open bool) {
	for _, c := range s.order {
		p := s.places[c]
		p.mu.Lock()
		for _, e := range append(p.inHands(), p.queue...) {
			if e.id == id {
				files, open = slices.Clone(e.files), true
			}
		}
		p.mu.Unlock()
		if open {
			return files, true
		}
	}
	s.list.Lock()
	defer s.list.Unlock()
	for _, e := range s.referrals {
		if e.id == id {
			return slices.Clone(e.files), true
		}
	}
	return nil, false
}

// recordedFiles lists the files of a crossing of this station as it stands.
func (s *Service) recordedFiles(ctx context.Context, id border.ID) ([]border.Attachment, error) {
	const op = "read an attached file"
	first, err := s.cfg.Journal.Crossing(ctx, id)
	if err != nil {
		return nil, err
	}
	held, err := s.standing(ctx, &first)
	if err != nil {
		return nil, err
	}
	if held == nil {
		return nil, errNoFile(op)
	}
	plain, err := s.cfg.Keys.Open(held.event, border.PartPersonal)
	if err != nil {
		return nil, &border.Error{Code: border.Conflict, Op: op, Err: err, Message: "The particulars of this crossing cannot be read any more, nor can its files."}
	}
	var person border.Personal
	if json.Unmarshal(plain, &person) != nil { // the cause could repeat content
		return nil, &border.Error{Code: border.Internal, Op: op}
	}
	return person.Attachments, nil
}

// fileViews lists an encounter's files for a screen. p.mu is held.
func (e *encounter) fileViews() []FileView {
	out := make([]FileView, 0, len(e.files))
	for _, a := range e.files {
		out = append(out, FileView{Kind: a.Kind, Hash: a.Hash, Label: a.Label, Media: a.Media, Bytes: a.Bytes, Pages: a.Pages, TakenAt: a.TakenAt})
	}
	return out
}

// portrait returns the name of an encounter's portrait; nil if none was taken.
func (e *encounter) portrait() *border.Digest {
	for i := range e.files {
		if e.files[i].Kind == border.KindPortrait {
			hash := e.files[i].Hash
			return &hash
		}
	}
	return nil
}
