package officers

import (
	"context"

	"garita/border/access"
	"garita/border/officers"
	"garita/border/signin"
)

// Keeper is border/officers as these pages use it. Who does it is the principal in the context,
// and every change is audited by the keeper.
type Keeper interface {
	// Officers lists all accounts, closed ones too, by badge; verifiers of PINs are left out.
	Officers(ctx context.Context) ([]access.Officer, error)
	// Add opens an account and gives its first PIN, which must be changed.
	Add(ctx context.Context, o access.Officer) (pin string, err error)
	// Change writes name, roles, posts and language of an account.
	Change(ctx context.Context, o access.Officer) error
	// Revoke closes an account for good.
	Revoke(ctx context.Context, badge, reason string) error
	// ResetPIN gives an account a new PIN, which must be changed, and opens its lock.
	ResetPIN(ctx context.Context, badge string) (pin string, err error)
	// RemovePasskey takes a passkey from an account.
	RemovePasskey(ctx context.Context, badge string, id []byte) error
}

// Own is border/signin as the page of one's own account uses it.
type Own interface {
	ChangePIN(ctx context.Context, p *access.Principal, before, after string) (signin.Signed, error)
	// BeginRegister and FinishRegister add a passkey to the account of who is signed in.
	BeginRegister(ctx context.Context, p *access.Principal) (ceremony string, options []byte, err error)
	FinishRegister(ctx context.Context, p *access.Principal, ceremony, name string, answer []byte) error
}

var (
	_ Keeper = (*officers.Keeper)(nil)
	_ Own    = (*signin.Service)(nil)
)
