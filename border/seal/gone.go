package seal

import (
	"context"
	"io"
	"os"
	"slices"

	"garita/border"
)

// RemoveGone removes the attachments whose key was destroyed here, which nobody can open any more, and
// returns how many there were. Those whose key merely is not here, as after a restoration, stay.
func (a *Attachments) RemoveGone(ctx context.Context) (n int, err error) {
	const op = "remove attachments whose keys are gone"
	destroyed, err := a.keys.store.destroyed(ctx, a.keys.station)
	if err != nil {
		return 0, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	all, err := a.List()
	if err != nil || len(destroyed) == 0 {
		return 0, err
	}
	var gone []border.Digest
	for _, h := range all {
		if err := ctx.Err(); err != nil {
			return 0, &border.Error{Code: border.Unavailable, Op: op, Err: err}
		}
		if _, found := slices.BinarySearch(destroyed, a.keyOf(h)); found { // they come in order
			gone = append(gone, h)
		}
	}
	if len(gone) == 0 {
		return 0, nil
	}
	return len(gone), a.Remove(gone...)
}

// keyOf reads the name of an attachment's key; "" if it cannot be read.
func (a *Attachments) keyOf(hash border.Digest) string {
	f, err := os.Open(a.path(hash))
	if err != nil {
		return ""
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(attachmentHead)))
	if err != nil {
		return ""
	}
	id, _, _ := splitAttachment(head)
	return id
}
