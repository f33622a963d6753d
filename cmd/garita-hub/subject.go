package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"garita/border"
	"garita/border/access"
	"garita/border/retention"
	"garita/border/signin"
	"garita/cmd/internal/hub"
	"garita/cmd/internal/rootkey"
)

// subjectCmd is about one traveller's rights. The hub must be stopped: the register has one program
// at a time.
type subjectCmd struct {
	Export   subjectExportCmd   `cmd:"" help:"Write what the hub can open of one traveller to a file."`
	Restrict subjectRestrictCmd `cmd:"" help:"Have posts told nothing of one traveller, or lift that."`
	Erase    subjectEraseCmd    `cmd:"" help:"End the hub's access to one traveller's crossings, for good."`
}

// request is what all of them are told: who, by whom, what for.
type request struct {
	file
	// Arguments stand in lists of processes and in shells' histories: who it is about is no argument.
	Traveller string `required:"" help:"JSON file that says who: {\"issuer\", \"number\"} of a document, or {\"surname\", \"given_names\", \"birth_date\"}; - reads it from standard input." placeholder:"FILE"`

	By            string `required:"" help:"Badge of who does this; the PIN is asked for." placeholder:"BADGE"`
	Second        string `required:"" help:"Badge of the second person; the PIN is asked for." placeholder:"BADGE"`
	PINFile       string `name:"pin-file" help:"File with the first PIN, instead of asking." placeholder:"FILE"`
	SecondPINFile string `name:"second-pin-file" help:"File with the second PIN, instead of asking." placeholder:"FILE"`
	Purpose       string `required:"" help:"What was asked for and on what ground: a file number, no name." placeholder:"TEXT"`
}

// granted runs do with the rights of the stopped hub, once both people have been checked.
func (r *request) granted(ctx context.Context, do func(*hub.Hub, *retention.Rights, retention.Request) error) error {
	who, err := readWho(r.Traveller, os.Stdin)
	if err != nil {
		return err
	}
	first, err := askPIN(r.By, r.PINFile)
	if err != nil {
		return err
	}
	second, err := askPIN(r.Second, r.SecondPINFile)
	if err != nil {
		return err
	}
	return r.stopped(ctx, func(h *hub.Hub) error {
		rights, err := h.Rights()
		if err != nil {
			return err
		}
		pair := hub.Pair{By: signin.In{Badge: r.By, PIN: first}, Second: signin.In{Badge: r.Second, PIN: second}}
		return h.Signed(ctx, pair, access.SubjectWork, func(by *access.Principal, second string) error {
			return do(h, rights, retention.Request{Who: who,
				By: by, Second: second, Purpose: r.Purpose})
		})
	})
}

// maxWho bounds what says who a request is about, in bytes.
const maxWho = 4 << 10

// readWho reads who a request is about. What cannot be read is not repeated.
func readWho(path string, stdin io.Reader) (who retention.Who, err error) {
	from := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return who, &border.Error{Code: border.NotFound, Op: "read who it is about", Message: "The file of --traveller cannot be read.", Err: err}
		}
		defer f.Close()
		from = f
	}
	d := json.NewDecoder(io.LimitReader(from, maxWho))
	d.DisallowUnknownFields()
	var in struct {
		Issuer     string `json:"issuer"`
		Number     string `json:"number"`
		Surname    string `json:"surname"`
		GivenNames string `json:"given_names"`
		BirthDate  string `json:"birth_date"`
	}
	if d.Decode(&in) != nil {
		return who, &border.Error{Code: border.Invalid, Op: "read who it is about",
			Message: "The file of --traveller is JSON with issuer and number, or with surname, given_names and birth_date."}
	}
	return retention.Who(in), nil
}

// askPIN reads a PIN from a file, or asks for it.
func askPIN(badge, file string) (string, error) {
	if file != "" {
		return readPIN(file, os.Stdin)
	}
	b, err := rootkey.AskSecret("PIN of badge " + border.SameBadge(badge) + ": ")
	return strings.TrimSpace(string(b)), err
}

type subjectExportCmd struct {
	request
	Out        string `required:"" help:"File to write, which must not be there; only its owner can read it." type:"path" placeholder:"FILE"`
	Protection bool   `help:"With why protection was needed; for protection officers."`
}

// Run exports.
func (c *subjectExportCmd) Run(ctx context.Context) error {
	return c.granted(ctx, func(_ *hub.Hub, rights *retention.Rights, q retention.Request) error {
		q.Protection = c.Protection
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return &border.Error{Code: border.Conflict, Op: "write the export", Message: "The file cannot be made, or is there already.", Err: err}
		}
		x, receipt, err := rights.Export(ctx, q)
		if err != nil {
			return errors.Join(err, f.Close(), os.Remove(c.Out))
		}
		e := json.NewEncoder(f)
		e.SetIndent("", "  ")
		if err := errors.Join(e.Encode(x), f.Sync(), f.Close()); err != nil {
			return errors.Join(&border.Error{Code: border.NotDurable, Op: "write the export", Err: err}, os.Remove(c.Out))
		}
		return printed(receipt)
	})
}

type subjectRestrictCmd struct {
	request
	Lift bool `help:"Lift the restriction."`
}

// Run restricts.
func (c *subjectRestrictCmd) Run(ctx context.Context) error {
	return c.granted(ctx, func(_ *hub.Hub, rights *retention.Rights, q retention.Request) error {
		receipt, err := rights.Restrict(ctx, q, c.Lift)
		if err != nil {
			return err
		}
		return printed(receipt)
	})
}

type subjectEraseCmd struct{ request }

// Run erases.
func (c *subjectEraseCmd) Run(ctx context.Context) error {
	return c.granted(ctx, func(h *hub.Hub, rights *retention.Rights, q retention.Request) error {
		_, policy, err := h.Held(ctx)
		if err != nil {
			return err
		}
		receipt, err := rights.Erase(ctx, q, policy)
		if receipt == nil {
			return err
		}
		err = errors.Join(err, printed(receipt))
		fmt.Fprintln(os.Stderr, "The hub opens none of it any more, and finds nobody by it. What is left: the sealed bytes, here and in backups, until the keys of "+
			"their month are destroyed; the sealed records of the stations that made them, which open there until then; what officers wrote "+
			"in cases. After a restoration from an older backup, erase again.")
		return err
	})
}
