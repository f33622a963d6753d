package officers

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode"

	"garita/border"
	"garita/border/access"
	"garita/border/access/pin"
	"garita/border/access/roster"
)

// who names in the history who does it: the principal, or whoever the program is for.
func who(ctx context.Context) string {
	if p := access.From(ctx); p != nil {
		return p.Badge
	}
	return console
}

// console is who changes accounts without being signed in: whoever may run programs as the hub.
const console = "console"

// alter changes one account and tells the audit.
func (k *Keeper) alter(ctx context.Context, did, reason string, how func(st *state) (access.Officer, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.change(ctx, changeRow{did: did, who: who(ctx), reason: reason}, how); err != nil {
		return err
	}
	if err := k.tellAudit(ctx); err != nil { // it is told again by the next refresh
		k.cfg.Log.Error("a change of an account is not audited yet", "error", err)
	}
	return nil
}

// open finds an account that is open and whole.
func (st *state) open(badge string) (access.Officer, error) {
	a, ok := st.accounts[border.SameBadge(badge)]
	const op = "find an account"
	switch {
	case !ok:
		return access.Officer{}, &border.Error{Code: border.NotFound, Op: op, Message: "Nobody has this badge."}
	case a.damaged:
		return access.Officer{}, &border.Error{Code: border.Invalid, Op: op, Err: ErrDamaged, Message: "The account's row was edited by somebody. Restore officers.db from a copy, or give the officer a new badge."}
	case !a.officer.Revoked.IsZero():
		return access.Officer{}, &border.Error{Code: border.Conflict, Op: op, Message: "The account is closed for good. Who comes back is given a new badge."}
	}
	return cloned(a.officer), nil
}

// Add opens an account and gives its first PIN, which must be changed. [border.Conflict]: the
// badge is taken, or was.
func (k *Keeper) Add(ctx context.Context, o access.Officer) (string, error) {
	p := pin.Random(o.Badge)
	o.MustChange = true
	return p, k.add(ctx, o, p)
}

// AddWith opens an account with a PIN that the officer has chosen.
func (k *Keeper) AddWith(ctx context.Context, o access.Officer, chosen string) error {
	o.MustChange = false
	return k.add(ctx, o, chosen)
}

func (k *Keeper) add(ctx context.Context, o access.Officer, chosen string) (err error) {
	o.Badge, o.Revoked, o.Passkeys = border.SameBadge(o.Badge), time.Time{}, nil
	if err := k.valid(&o); err != nil {
		return err
	}
	if o.PIN, err = k.verifier(ctx, chosen, o.Badge); err != nil {
		return err
	}
	return k.alter(ctx, "added", "", func(st *state) (access.Officer, error) {
		if _, taken := st.accounts[o.Badge]; taken {
			return o, &border.Error{Code: border.Conflict, Op: "add an account", Message: "The badge is taken. A badge is never given twice."}
		}
		if len(st.accounts) >= maxAccounts {
			return o, &border.Error{Code: border.TooLarge, Op: "add an account", Message: "There are too many accounts."}
		}
		return o, nil
	})
}

const maxAccounts = 20_000

func (k *Keeper) verifier(ctx context.Context, chosen, badge string) (string, error) {
	if err := pin.Judge(chosen, badge); err != nil {
		return "", err
	}
	return k.cfg.PINs.Make(ctx, chosen)
}

// Change writes name, roles, posts and language of an account. [border.Conflict]: nobody would be
// left to administer.
func (k *Keeper) Change(ctx context.Context, to access.Officer) error {
	to.Badge = border.SameBadge(to.Badge)
	if err := k.valid(&to); err != nil {
		return err
	}
	return k.alter(ctx, "changed", "", func(st *state) (access.Officer, error) {
		o, err := st.open(to.Badge)
		if err != nil {
			return o, err
		}
		o.Name, o.Roles, o.Posts, o.Language = to.Name, slices.Clone(to.Roles), slices.Clone(to.Posts), to.Language
		return o, st.administered(o)
	})
}

// Revoke closes an account for good: its sessions end at once where that can be known, and
// everywhere with the roster. The reason is for the audit. [border.Conflict]: nobody would be left
// to administer.
func (k *Keeper) Revoke(ctx context.Context, badge, reason string) error {
	if len(reason) > 500 {
		return &border.Error{Code: border.TooLarge, Op: "close an account", Message: "The reason has at most 500 bytes."}
	}
	return k.alter(ctx, "revoked", reason, func(st *state) (access.Officer, error) {
		o, err := st.open(badge)
		if err != nil {
			return o, err
		}
		o.Revoked, o.PIN, o.Passkeys, o.MustChange = k.cfg.Clock.Now().UTC(), "", nil, false
		return o, st.administered(o)
	})
}

// administered: with this account as it is to be, somebody can still sign in to administer.
func (st *state) administered(o access.Officer) error {
	is := func(o access.Officer) bool {
		return o.Revoked.IsZero() && slices.Contains(o.Roles, access.Administrator)
	}
	before, ok := st.accounts[o.Badge]
	if !ok || !is(before.officer) || is(o) {
		return nil
	}
	for badge, a := range st.accounts {
		if badge != o.Badge && !a.damaged && is(a.officer) && a.officer.Demo == o.Demo {
			return nil
		}
	}
	return &border.Error{Code: border.Conflict, Op: "change an account", Message: "This is the last administrator. Add another one first."}
}

// ResetPIN gives an account a new PIN, which must be changed, and with it opens its lock.
func (k *Keeper) ResetPIN(ctx context.Context, badge string) (string, error) {
	p := pin.Random(badge)
	return p, k.setPIN(ctx, "pin_reset", badge, p, true)
}

// ChangePIN writes the PIN that an officer has chosen. Whoever calls it has checked the old one.
func (k *Keeper) ChangePIN(ctx context.Context, badge, chosen string) error {
	return k.setPIN(ctx, "pin_changed", badge, chosen, false)
}

func (k *Keeper) setPIN(ctx context.Context, did, badge, chosen string, mustChange bool) error {
	v, err := k.verifier(ctx, chosen, border.SameBadge(badge))
	if err != nil {
		return err
	}
	return k.alter(ctx, did, "", func(st *state) (access.Officer, error) {
		o, err := st.open(badge)
		o.PIN, o.MustChange = v, mustChange
		return o, err
	})
}

// maxPasskeys is how many an officer may have: one is lost, one is at home.
const maxPasskeys = 8

// AddPasskey adds a passkey, which whoever calls it has verified.
func (k *Keeper) AddPasskey(ctx context.Context, badge string, key access.Passkey) error {
	const op = "add a passkey"
	if len(key.ID) == 0 || len(key.ID) > 1023 || len(key.PublicKey) == 0 || len(key.PublicKey) > 4096 || !readable(key.Name, 1, 100) {
		return &border.Error{Code: border.Invalid, Op: op, Message: "Give the passkey a name of at most 100 bytes."}
	}
	key.AddedAt = k.cfg.Clock.Now().UTC().Truncate(time.Second)
	return k.alter(ctx, "passkey_added", "", func(st *state) (access.Officer, error) {
		o, err := st.open(badge)
		if err != nil {
			return o, err
		}
		for _, a := range st.accounts {
			if slices.ContainsFunc(a.officer.Passkeys, func(p access.Passkey) bool { return bytes.Equal(p.ID, key.ID) }) {
				return o, &border.Error{Code: border.Conflict, Op: op, Message: "This passkey is somebody's already."}
			}
		}
		if len(o.Passkeys) >= maxPasskeys {
			return o, &border.Error{Code: border.TooLarge, Op: op, Message: "An officer has at most eight passkeys. Remove one first."}
		}
		o.Passkeys = append(o.Passkeys, key)
		return o, nil
	})
}

// RemovePasskey takes a passkey from an account.
func (k *Keeper) RemovePasskey(ctx context.Context, badge string, id []byte) error {
	return k.alter(ctx, "passkey_removed", "", func(st *state) (access.Officer, error) {
		o, err := st.open(badge)
		if err != nil {
			return o, err
		}
		n := len(o.Passkeys)
		o.Passkeys = slices.DeleteFunc(o.Passkeys, func(p access.Passkey) bool { return bytes.Equal(p.ID, id) })
		if len(o.Passkeys) == n {
			return o, &border.Error{Code: border.NotFound, Op: "remove a passkey", Message: "The account has no such passkey."}
		}
		return o, nil
	})
}

// Change that was made to an account.
type Change struct {
	Version uint64    `json:"version"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"` // badge, or console
	Did     string    `json:"did"` // added, changed, revoked, pin_reset, pin_changed, passkey_added, passkey_removed
	Reason  string    `json:"reason,omitempty"`
}

// History lists what was done to an account, newest first, at most 200 changes.
func (k *Keeper) History(ctx context.Context, badge string) ([]Change, error) {
	var out []Change
	err := k.store.Do(ctx, "read an account's history", func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, "SELECT "+columns+" FROM change WHERE badge = ? ORDER BY version DESC LIMIT 200", border.SameBadge(badge))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scan(rows)
			if err != nil {
				return err
			}
			out = append(out, Change{Version: r.version, At: r.at, Who: r.who, Did: r.did, Reason: r.reason})
		}
		return rows.Err()
	})
	return out, err
}

// valid holds the rules of an account.
func (k *Keeper) valid(o *access.Officer) error {
	bad := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: "change an account", Message: message}
	}
	switch {
	case o.Badge == "" || len(o.Badge) > roster.MaxBadge:
		return bad("A badge has 1 to 32 letters and digits.")
	case !readable(o.Name, 1, roster.MaxName):
		return bad("A name has 1 to 200 bytes, and no control characters.")
	case !slices.Contains([]string{"", "en", "es", "fr", "ht"}, o.Language):
		return bad("The languages are en, es, fr and ht.")
	case len(o.Roles) == 0:
		return bad("An officer has at least one role.")
	case o.Demo && !k.cfg.Demo:
		return &border.Error{Code: border.Forbidden, Op: "change an account", Message: "Accounts of the demonstration are for a hub that is configured as one."}
	case len(o.Posts) > 1000:
		return bad("An officer works at no more than 1000 posts. None means all.")
	}
	slices.Sort(o.Roles)
	o.Roles = slices.Compact(o.Roles)
	for i, r := range o.Roles {
		if !slices.Contains(access.Roles(), r) {
			return &border.Error{Code: border.Invalid, Op: "change an account", Message: "There is no such role. The roles are {0}.", Args: []any{roleNames()}}
		}
		for _, other := range o.Roles[:i] {
			if access.Exclusive(r, other) {
				return bad("Who audits has no other role: who watches must not be who is watched.")
			}
		}
	}
	slices.Sort(o.Posts)
	o.Posts = slices.Compact(o.Posts)
	for _, p := range o.Posts {
		if err := p.Validate(); err != nil {
			return err
		}
	}
	return nil
}

func roleNames() string {
	var names []string
	for _, r := range access.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// readable: printed characters, none that changes the direction of others.
func readable(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.TrimSpace(s) == s && strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0
}
