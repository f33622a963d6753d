package signin

import (
	"context"

	"garita/border/access"
	"garita/border/signin"
)

// Service is [signin.Service] as these pages use it. It is an interface here because the pages'
// tests show states that a real service reaches only after days or faults.
type Service interface {
	access.Sessions

	SignIn(ctx context.Context, in signin.In) (signin.Signed, error)
	Lock(ctx context.Context, token string) error
	SignOut(ctx context.Context, token string) error
	Approve(ctx context.Context, p *access.Principal, a access.Action, in signin.In) (token string, err error)
	ChangePIN(ctx context.Context, p *access.Principal, before, after string) (signin.Signed, error)
	SetLanguage(ctx context.Context, p *access.Principal, language string) error
	RosterState() signin.RosterState

	BeginSignIn(ctx context.Context) (ceremony string, options []byte, err error)
	FinishSignIn(ctx context.Context, ceremony string, answer []byte, in signin.In) (signin.Signed, error)
	BeginApprove(ctx context.Context, p *access.Principal, a access.Action) (ceremony string, options []byte, err error)
	FinishApprove(ctx context.Context, p *access.Principal, a access.Action, ceremony string, answer []byte) (token string, err error)
}

var _ Service = (*signin.Service)(nil)
