package register

import "context"

// Erased has the register follow the destruction of data keys: it makes all projections anew,
// without what those keys opened, and leaves nothing of the old ones in the database file.
// Whoever destroys keys calls it next. It takes as long as a rebuild, and for a while the
// database once more in disk space.
//
// Headers are open, so flows, counts and lists of crossings are what they were. Stays rest on
// documents: a crossing whose document is erased is in none, and its partner in a later month
// stands alone.
func (r *Register) Erased(ctx context.Context) error {
	if err := r.Rebuild(ctx); err != nil {
		return err
	}
	return r.alone(ctx, "compact the register", r.store.compact)
}
