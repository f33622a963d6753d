package archive

import "context"

// Unlock looks again at events whose keys may have come.
func (a *Archive) Unlock(ctx context.Context) error { return a.unlock(ctx) }
