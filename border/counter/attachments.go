package counter

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"garita/border"
	"garita/border/journal"
	"garita/border/seal"
)

// release removes images that an encounter needs no more. A decision that went without an answer may
// have been recorded all the same: what a crossing may name stays.
func (s *Service) release(ctx context.Context, id border.ID, hashes []border.Digest) {
	if len(hashes) == 0 {
		return
	}
	if _, err := s.cfg.Journal.Crossing(ctx, id); border.CodeOf(err) == border.NotFound {
		s.remove(hashes)
	}
}

// remove removes files that nothing names any more. What is left of them the next opening removes.
func (s *Service) remove(hashes []border.Digest) {
	if len(hashes) == 0 || s.cfg.Attachments == nil {
		return
	}
	if err := s.cfg.Attachments.Remove(hashes...); err != nil {
		s.cfg.Log.Warn("counter: images that are not needed could not be removed", "count", len(hashes), "error", err)
	}
}

// listAttachments notes which files are there before the first finger is taken.
func (s *Service) listAttachments() (err error) {
	if s.cfg.Attachments == nil {
		return nil
	}
	if err := s.cfg.Attachments.RemoveUnfinished(); err != nil {
		return err
	}
	s.attachments, err = s.cfg.Attachments.List()
	return err
}

// sweep removes, in the background, the files of the start that neither a draft nor an event names: a power
// cut came between the file and what was to name it, or the encounter was abandoned. Whatever
// could hide a name leaves the files where they are: a draft or an event that is damaged, a journal that is
// older than the files, and for each file a key that is not held: its own, or that of a later
// draft or event.
func (s *Service) sweep(drafts []journal.Draft, unreadable int) {
	if len(s.attachments) == 0 {
		return
	}
	left := make(map[border.Digest]bool, len(s.attachments))
	for _, h := range s.attachments {
		if _, held := s.cfg.Attachments.Bucket(h); held { // what nobody can open any more stays, and need not be looked for
			left[h] = true
		}
	}
	s.attachments = nil
	damaged := 0
	for _, d := range drafts {
		var f draft
		if json.Unmarshal(d.Content, &f) != nil {
			damaged++
			continue
		}
		for _, h := range f.attachments() {
			delete(left, h)
		}
	}
	if damaged > 0 {
		s.cfg.Log.Warn("counter: images may belong to drafts that cannot be read; none are removed", "drafts", damaged)
		return
	}
	if len(left) == 0 {
		return
	}
	s.start(func() {
		blind, err := "", error(nil)
		if unreadable > 0 {
			blind, err = s.lostMonth(s.ctx)
		}
		if err == nil {
			err = s.sweepUnnamed(s.ctx, left, blind)
		}
		if err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Warn("counter: images that nothing names could not be looked for", "error", err)
		}
	})
}

// lostMonth returns the latest month of the drafts that cannot be opened: the images that they name are of
// that month or of an earlier one.
func (s *Service) lostMonth(ctx context.Context) (last string, err error) {
	keys, err := s.cfg.Journal.LostDrafts(ctx)
	if err != nil {
		return "", err
	}
	for _, id := range keys {
		month, err := s.cfg.Keys.Bucket(id)
		if errors.Is(err, seal.ErrNoKey) {
			month, err = s.cfg.Keys.LastGone(ctx, s.cfg.Clock.Now())
		}
		if err != nil {
			return "", err
		}
		last = max(last, month)
	}
	return last, nil
}

// sweepUnnamed removes those of the files that no event names, if they are later than the month blind.
func (s *Service) sweepUnnamed(ctx context.Context, left map[border.Digest]bool, blind string) error {
	extents, err := s.cfg.Journal.Extents(ctx)
	if err != nil {
		return err
	}
	if !s.cfg.Attachments.Within(extents) {
		s.cfg.Log.Warn("counter: the journal is older than the images beside it; none are removed")
		return nil
	}
	for _, x := range extents {
		for after := uint64(0); len(left) > 0; {
			records, err := s.cfg.Journal.Read(ctx, x.Epoch, after, 256)
			if err != nil {
				return err
			}
			if len(records) == 0 {
				break
			}
			for _, b := range records {
				ev, err := border.DecodeEvent(b)
				if err != nil {
					return err
				}
				after = ev.Key.Seq
				named, month, err := s.attached(&ev)
				if err != nil {
					return err
				}
				blind = max(blind, month)
				for _, h := range named {
					delete(left, h)
				}
			}
		}
	}
	var gone []border.Digest
	for h := range left {
		if bucket, held := s.cfg.Attachments.Bucket(h); held && bucket > blind { // an image is sealed before the event that names it
			gone = append(gone, h)
		}
	}
	if len(gone) > 0 {
		s.remove(gone)
		s.cfg.Log.Info("counter: images that nothing names were removed", "count", len(gone))
	}
	return nil
}

// attached lists the attachments that an event names. If its key is not held, blind is the event's
// month: the images that it names are of that month or of an earlier one.
func (s *Service) attached(ev *border.Event) (named []border.Digest, blind string, err error) {
	h, err := ev.ReadHeader()
	if err != nil || h.Files() == 0 {
		return nil, "", err
	}
	plain, err := s.cfg.Keys.Open(ev, border.PartPersonal)
	if errors.Is(err, seal.ErrNoKey) {
		return nil, max(seal.Bucket(h.OccurredAt), seal.Bucket(h.RecordedAt)), nil
	}
	if err != nil {
		return nil, "", err
	}
	var person border.Personal
	if json.Unmarshal(plain, &person) != nil { // the cause could repeat content
		return nil, "", &border.Error{Code: border.Internal, Op: "read what an event names"}
	}
	for _, a := range person.Attachments {
		named = append(named, a.Hash)
	}
	return named, "", nil
}

// present drops what a draft names and whose files are gone, as beside an older copy of the journal: no
// crossing is to name them. Those fingers are taken anew, and pictures too.
func (s *Service) present(fingers []finger, files []border.Attachment) ([]finger, []border.Attachment) {
	for i := range fingers {
		f := &fingers[i]
		if f.Image == nil || s.cfg.Attachments == nil || s.cfg.Attachments.Has(f.Image.Hash) {
			continue
		}
		f.Image, f.Attempts = nil, 0
		s.cfg.Log.Warn("counter: the image of an open encounter is gone; it has to be taken again")
	}
	files = slices.DeleteFunc(files, func(a border.Attachment) bool {
		gone := s.cfg.Attachments != nil && !s.cfg.Attachments.Has(a.Hash)
		if gone {
			s.cfg.Log.Warn("counter: a file of an open encounter is gone; it has to be attached again", "kind", a.Kind)
		}
		return gone
	})
	return fingers, files
}

// mark notes how far the journal was that names the files, so that an older copy of it is known
// by them. It delays nobody: without it a sweep would only know a little less.
func (s *Service) mark(h *border.Header) {
	if h.Files() == 0 || s.cfg.Attachments == nil {
		return
	}
	if err := s.cfg.Attachments.Mark(border.Position{Epoch: h.Epoch, Seq: h.Seq}); err != nil {
		s.cfg.Log.Warn("counter: how far the journal names images could not be noted", "error", err)
	}
}
