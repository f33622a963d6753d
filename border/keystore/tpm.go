package keystore

import (
	"context"

	"garita/border"
)

// tpmGuard is to come.
type tpmGuard struct {
	device string
	pcrs   []int
}

func (g tpmGuard) lock(context.Context) ([]byte, lock, error) { return nil, lock{}, g.refused() }
func (g tpmGuard) unlock(context.Context, lock) ([]byte, error) { return nil, g.refused() }
func (tpmGuard) refused() error {
	return &border.Error{Code: border.Unavailable, Op: "open the root key", Err: ErrOtherTPM}
}
