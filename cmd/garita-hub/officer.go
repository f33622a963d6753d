package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"garita/border"
	"garita/border/access"
	"garita/border/clock"
	"garita/border/officers"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/version"
)

// officerCmd manages the accounts. Its commands work beside the running hub, which notices within
// a second, and while it is stopped.
type officerCmd struct {
	Add      officerAddCmd    `cmd:"" help:"Open an account. The first one is an administrator's."`
	List     officerListCmd   `cmd:"" help:"Show the accounts."`
	Role     officerRoleCmd   `cmd:"" help:"Set what an officer is entrusted with, and at which posts."`
	ResetPIN officerPINCmd    `cmd:"" name:"reset-pin" help:"Give an officer a new PIN, which opens a lock, too."`
	Revoke   officerRevokeCmd `cmd:"" help:"Close an account for good."`
}

// accounts runs do with the keeper of accounts of the hub's data folder, as who is named by --by.
func (f file) accounts(ctx context.Context, as who, do func(context.Context, hub.Config, *officers.Keeper) error) (err error) {
	cfg, err := f.read()
	if err != nil {
		return err
	}
	root, err := hub.OpenRoot(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	k, err := officers.Open(ctx, officers.Config{Dir: cfg.Data, Clock: clock.System(version.Built()), Root: root, Demo: cfg.Demo,
		Alarm: func(_ context.Context, _, text string) { fmt.Fprintln(os.Stderr, "ALARM:", text) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	if as.By != "" {
		ctx = access.With(ctx, &access.Principal{Badge: border.SameBadge(as.By)})
	}
	return do(ctx, cfg, k)
}

// who names who does something at the console.
type who struct {
	By string `help:"Badge of who does this, for the audit; else it says console." placeholder:"BADGE"`
}

// badged is the account that a command is about.
type badged struct {
	Badge string `arg:"" help:"Badge of the officer."`
}

// duties is what an officer is entrusted with, and where.
type duties struct {
	Role []string `required:"" help:"inspector, supervisor, operator, technician, protection, auditor or administrator; several if needed." placeholder:"ROLE"`
	Post []string `help:"Post where the officer works; several if needed. A new account without any works everywhere." placeholder:"POST"`
}

// put writes the roles, and the posts if any are named.
func (d duties) put(o *access.Officer) {
	o.Roles = nil
	if len(d.Post) > 0 {
		o.Posts = nil
	}
	for _, r := range d.Role {
		r = strings.ToLower(strings.TrimSpace(r))
		if r == "admin" {
			r = string(access.Administrator)
		}
		o.Roles = append(o.Roles, access.Role(r))
	}
	for _, p := range d.Post {
		o.Posts = append(o.Posts, border.PostID(p))
	}
}

type officerAddCmd struct {
	file
	who
	duties
	Badge    string `required:"" help:"Badge number; letters and digits count." placeholder:"BADGE"`
	Name     string `required:"" help:"Name, for people." placeholder:"NAME"`
	Language string `help:"Language of the officer's screens: en, es, fr or ht." placeholder:"LANG"`
	PINFile  string `name:"pin-file" help:"File with the PIN that the officer has chosen; - reads it from standard input. Without it a random one is printed once, and must be changed." placeholder:"FILE"`
	Demo     bool   `help:"Mark the account as one of the demonstration. Only a hub that is configured as one takes it."`
}

// Run opens an account.
func (c *officerAddCmd) Run(ctx context.Context) error {
	o := access.Officer{Badge: c.Badge, Name: c.Name, Language: c.Language, Demo: c.Demo}
	c.put(&o)
	return c.accounts(ctx, c.who, func(ctx context.Context, _ hub.Config, k *officers.Keeper) error {
		if c.PINFile != "" {
			chosen, err := readPIN(c.PINFile, os.Stdin)
			if err != nil {
				return err
			}
			if err := k.AddWith(ctx, o, chosen); err != nil {
				return err
			}
			fmt.Printf("Badge %s is open.\n", border.SameBadge(c.Badge))
			return nil
		}
		pin, err := k.Add(ctx, o)
		if err == nil {
			sayPIN(c.Badge, pin)
		}
		return err
	})
}

// sayPIN prints a PIN, once.
func sayPIN(badge, pin string) {
	fmt.Printf("The PIN of badge %s is %s\n\nIt is not shown again. Whoever it is for must change it on the hub's pages before anything else.\n", border.SameBadge(badge), pin)
}

// maxPINFile bounds a file with a PIN in bytes.
const maxPINFile = 64

func readPIN(path string, stdin io.Reader) (string, error) {
	from := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", &border.Error{Code: border.NotFound, Op: "read the PIN", Err: err}
		}
		defer f.Close()
		from = f
	}
	line, err := bufio.NewReader(io.LimitReader(from, maxPINFile)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &border.Error{Code: border.Invalid, Op: "read the PIN", Err: err}
	}
	return strings.TrimSpace(line), nil
}

type officerListCmd struct{ file }

// Run shows the accounts.
func (c *officerListCmd) Run(ctx context.Context) error {
	return c.accounts(ctx, who{}, func(ctx context.Context, _ hub.Config, k *officers.Keeper) error {
		all, err := k.Officers(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "BADGE\tNAME\tROLES\tPOSTS\tPASSKEYS\tSTATE")
		for _, o := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", o.Badge, o.Name, cmp.Or(joined(o.Roles), "-"), cmp.Or(joined(o.Posts), "everywhere"), len(o.Passkeys), state(&o))
		}
		return w.Flush()
	})
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = string(t)
	}
	return strings.Join(texts, ",")
}

func state(o *access.Officer) string {
	said := []string{}
	switch {
	case len(o.Roles) == 0:
		said = append(said, "EDITED: refused")
	case !o.Revoked.IsZero():
		said = append(said, "closed "+day(o.Revoked))
	default:
		said = append(said, "open")
	}
	if o.MustChange {
		said = append(said, "must change the PIN")
	}
	if o.Demo {
		said = append(said, "demonstration")
	}
	return strings.Join(said, ", ")
}

type officerRoleCmd struct {
	file
	who
	badged
	duties
	Everywhere bool `help:"At every post. Without it and --post the posts stay as they are."`
}

// Run sets roles and posts.
func (c *officerRoleCmd) Run(ctx context.Context) error {
	return c.accounts(ctx, c.who, func(ctx context.Context, _ hub.Config, k *officers.Keeper) error {
		all, err := k.Officers(ctx)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Badge == border.SameBadge(c.Badge) {
				c.put(&o)
				if c.Everywhere {
					o.Posts = nil
				}
				if err := k.Change(ctx, o); err != nil {
					return err
				}
				fmt.Printf("Badge %s: %s at %s.\n", o.Badge, joined(o.Roles), cmp.Or(joined(o.Posts), "every post"))
				return nil
			}
		}
		return &border.Error{Code: border.NotFound, Op: "find an account", Message: "Nobody has this badge."}
	})
}

type officerPINCmd struct {
	file
	who
	badged
}

// Run gives a new PIN.
func (c *officerPINCmd) Run(ctx context.Context) error {
	return c.accounts(ctx, c.who, func(ctx context.Context, _ hub.Config, k *officers.Keeper) error {
		pin, err := k.ResetPIN(ctx, c.Badge)
		if err == nil {
			sayPIN(c.Badge, pin)
		}
		return err
	})
}

type officerRevokeCmd struct {
	file
	who
	badged
	Reason string `required:"" help:"Why, for the audit." placeholder:"TEXT"`
}

// Run closes an account.
func (c *officerRevokeCmd) Run(ctx context.Context) error {
	return c.accounts(ctx, c.who, func(ctx context.Context, _ hub.Config, k *officers.Keeper) error {
		if err := k.Revoke(ctx, c.Badge, c.Reason); err != nil {
			return err
		}
		fmt.Printf("Badge %s is closed. A running hub signs the officer out within a second, stations as soon as they hear of it.\n", border.SameBadge(c.Badge))
		return nil
	})
}
