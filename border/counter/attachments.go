package counter

import (
	"context"
	"encoding/json"

	"garita/border"
	"garita/border/journal"
)

// discard removes the images of an encounter that has ended without a record of them.
func (s *Service) discard(e *encounter) { s.remove(images(e.fingers)) }

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
// could hide a name leaves the files where they are: a draft that cannot be read, a journal that is
// older than the files, and for each file a key that is not held.
func (s *Service) sweep(drafts []journal.Draft, unreadable int) {
	if len(s.attachments) == 0 {
		return
	}
	left := make(map[border.Digest]bool, len(s.attachments))
	for _, h := range s.attachments {
		left[h] = true
	}
	s.attachments = nil
	for _, d := range drafts {
		var f draft
		if json.Unmarshal(d.Content, &f) != nil {
			unreadable++
			continue
		}
		for _, h := range images(f.Fingers) {
			delete(left, h)
		}
	}
	if unreadable > 0 {
		s.cfg.Log.Warn("counter: images may belong to drafts that cannot be read; none are removed", "drafts", unreadable)
		return
	}
	s.start(func() {
		if err := s.sweepUnnamed(s.ctx, left); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Warn("counter: images that nothing names could not be looked for", "error", err)
		}
	})
}

// sweepUnnamed removes those of the files that no event names.
func (s *Service) sweepUnnamed(ctx context.Context, left map[border.Digest]bool) error {
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
				for _, h := range s.attached(&ev) {
					delete(left, h)
				}
			}
		}
	}
	var gone []border.Digest
	for h := range left {
		if s.cfg.Attachments.Readable(h) {
			gone = append(gone, h)
		}
	}
	if len(gone) > 0 {
		s.remove(gone)
		s.cfg.Log.Info("counter: images that nothing names were removed", "count", len(gone))
	}
	return nil
}

// attached lists the attachments that an event names, as far as it can be read.
func (s *Service) attached(ev *border.Event) (out []border.Digest) {
	if h, err := ev.ReadHeader(); err != nil || h.FingersTaken == 0 {
		return nil
	}
	plain, err := s.cfg.Keys.Open(ev, border.PartPersonal)
	if err != nil {
		return nil
	}
	var person border.Personal
	if json.Unmarshal(plain, &person) != nil {
		return nil
	}
	for _, a := range person.Attachments {
		out = append(out, a.Hash)
	}
	return out
}

// mark notes how far the journal was that names the files, so that an older copy of it is known
// by them. It delays nobody: without it a sweep would only know a little less.
func (s *Service) mark(h *border.Header) {
	if h.FingersTaken == 0 || s.cfg.Attachments == nil {
		return
	}
	if err := s.cfg.Attachments.Mark(border.Position{Epoch: h.Epoch, Seq: h.Seq}); err != nil {
		s.cfg.Log.Warn("counter: how far the journal names images could not be noted", "error", err)
	}
}
