package journal

import (
	"context"
	"encoding/json"
	"path/filepath"

	"garita/border"
	"garita/border/seal"
)

// AttachmentReport says how the attachments beside a journal stand to what its events name.
type AttachmentReport struct {
	OK      bool  `json:"ok"`      // none is missing or damaged
	Keys    bool  `json:"keys"`    // events were opened; if not, only their numbers are compared
	Files   int64 `json:"files"`   // in the folder
	Named   int64 `json:"named"`   // by events
	Missing int64 `json:"missing"` // named, and not there
	Damaged int64 `json:"damaged"` // there, and other bytes than its name says
	// Unreadable counts events whose attachments cannot be known, for their key is gone. Only how many there
	// are is compared with the files that no other event names.
	Unreadable int64 `json:"unreadable"`
	// Unnamed counts whole files that no event names: of open encounters, or left over.
	Unnamed int64 `json:"unnamed"`
}

// VerifyAttachments checks the folder of attachments beside the journal at path: every file against its
// name, and every file that an event names. keys opens the events; nil: the numbers in their headers are
// compared with the number of files. It writes nothing, and may run beside the station.
func VerifyAttachments(ctx context.Context, path string, keys *seal.KeyReader) (AttachmentReport, error) {
	r := AttachmentReport{Keys: keys != nil}
	dir := filepath.Join(filepath.Dir(path), seal.AttachmentsDir)
	v := &verifier{until: 1<<63 - 1}
	if err := v.open(ctx, path); err != nil {
		return r, err
	}
	defer v.close()
	// The events first: a file is there before the event that names it, so a crossing that is recorded
	// meanwhile is not missed for it.
	named := make(map[border.Digest]bool)
	counted, sealed, err := v.attached(ctx, keys, named, &r)
	if err != nil {
		return r, &border.Error{Code: border.Internal, Op: "verify the attachments", Err: err}
	}
	files, err := seal.ListAttachments(dir)
	if err != nil {
		return r, err
	}
	r.Files = int64(len(files))
	unclaimed := int64(0) // files that no event names which can be opened
	for _, h := range files {
		if err := ctx.Err(); err != nil {
			return r, &border.Error{Code: border.Unavailable, Op: "verify the attachments", Err: err}
		}
		_, err := seal.ReadAttachment(dir, h)
		switch border.CodeOf(err) {
		case "":
			if !named[h] {
				r.Unnamed++
				unclaimed++
			}
			delete(named, h)
		case border.Invalid:
			r.Damaged++
			if !named[h] {
				unclaimed++
			}
			delete(named, h)
		case border.NotFound: // removed since it was listed; if an event names it, it is missing
			r.Files--
		default:
			return r, err
		}
	}
	r.Missing = int64(len(named)) + max(sealed-unclaimed, 0)
	if keys == nil {
		r.Named, r.Unnamed, r.Missing = counted, 0, max(counted-r.Files, 0)
	}
	r.OK = r.Missing == 0 && r.Damaged == 0
	return r, nil
}

// attached gathers what the events name, and how many their headers count: of all crossings, and of those
// of which no event can be opened.
func (v *verifier) attached(ctx context.Context, keys *seal.KeyReader, named map[border.Digest]bool, r *AttachmentReport) (counted, sealed int64, err error) {
	closed := make(map[border.ID]int) // files of each crossing that cannot be opened
	for after := int64(-1 << 63); ; {
		page, err := v.page(ctx, after)
		if err != nil || len(page) == 0 {
			for _, n := range closed {
				sealed += int64(n)
			}
			r.Named = int64(len(named))
			return counted, sealed, err
		}
		for _, p := range page {
			after = p.pos
			ev, err := border.DecodeEvent(p.record)
			if err != nil {
				continue // Verify says so
			}
			h, err := ev.ReadHeader()
			if err != nil || h.Files() == 0 || h.Crossing == nil {
				continue
			}
			if ev.Type == border.TypeCrossingRecorded { // a correction names the same ones
				counted += int64(h.Files())
			}
			if keys == nil {
				continue
			}
			var person border.Personal
			plain, err := keys.Open(&ev, border.PartPersonal)
			if err != nil || json.Unmarshal(plain, &person) != nil {
				r.Unreadable++
				if ev.Type == border.TypeCrossingRecorded {
					closed[*h.Crossing] = h.Files()
				}
				continue
			}
			delete(closed, *h.Crossing) // of a later month, its correction can be
			for _, a := range person.Attachments {
				named[a.Hash] = true
			}
		}
	}
}

// StationOf reads whose journal the file at path is, for reading its keys. It writes nothing.
func StationOf(ctx context.Context, path string) (border.StationID, error) {
	v := &verifier{}
	if err := v.open(ctx, path); err != nil {
		return "", err
	}
	defer v.close()
	var station string
	if err := v.db.QueryRowContext(ctx, `SELECT id FROM station`).Scan(&station); err != nil {
		return "", &border.Error{Code: border.Internal, Op: "read whose journal it is", Err: err}
	}
	return border.StationID(station), nil
}
