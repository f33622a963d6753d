package hub

import (
	"context"
	"errors"
	"strings"

	"garita/border"
	"garita/border/access"
	"garita/border/register"
	"garita/border/retention"
	"garita/border/signin"
	"garita/border/watch"
)

// Pair are two people with credentials of their own.
type Pair struct{ By, Second signin.In }

// Rights gives what does a traveller's rights.
func (h *Hub) Rights() (*retention.Rights, error) {
	return retention.NewRights(retention.RightsConfig{Register: h.Register, Clock: h.clock, Audit: h.self.audit, Open: h.openHit,
		Follow: func(ctx context.Context) error {
			gone := func(a *register.Arrival) bool {
				return a.Header.Crossing != nil && h.Register.IsErased(*a.Header.Crossing)
			}
			return errors.Join(h.Cases.Erased(ctx, gone), h.Archive.Erased(ctx, gone))
		}})
}

// openHit says of a hit whether a traveller may be told of it: its entry is listed, and is not silent.
func (h *Hub) openHit(ctx context.Context, hit string) (bool, error) {
	source, id, ok := strings.Cut(hit, "/")
	if !ok {
		return false, nil
	}
	e, err := h.Lists.Entry(ctx, watch.Key{Source: source, ID: id})
	if border.CodeOf(err) == border.NotFound {
		return false, nil
	}
	return err == nil && e.Handling != watch.Silent, err
}

// Signed runs do as the first of two people, once the second has agreed to the action. Both are checked
// as at the pages: by account, roles and PIN, with the same limits.
func (h *Hub) Signed(ctx context.Context, p Pair, a access.Action, do func(by *access.Principal, second string) error) (err error) {
	signed, err := h.SignIn.SignIn(ctx, p.By)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.SignIn.SignOut(context.WithoutCancel(ctx), signed.Token)) }()
	if !signed.Principal.May(a) {
		return &border.Error{Code: border.Forbidden, Op: "begin " + string(a), Message: "Your roles do not allow this, or you must change your PIN first."}
	}
	token, err := h.SignIn.Approve(ctx, signed.Principal, a, p.Second)
	if err != nil {
		return err
	}
	second, err := h.SignIn.Redeem(ctx, signed.Principal, a, token)
	if err != nil {
		return err
	}
	return do(signed.Principal, second)
}
