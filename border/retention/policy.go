// Package retention decides what is kept how long, and erases it when its time is over: policy as
// data, run on injected time. To erase is to destroy every wrap of a data key, so that copies and
// backups are closed too; what was made from the opened parts is then made anew without them.
package retention

import (
	_ "embed"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"garita/border"
)

//go:embed policy.toml
var shipped []byte

// Rule says how long one kind of data is kept, and on what ground.
type Rule struct {
	Kind       string `toml:"kind"`        // what it is, in words of docs/DATA.md: personal, protection or hub part
	Part       string `toml:"part"`        // the sealed part that its keys open
	Months     int    `toml:"months"`      // after the end of the month it was recorded in, 1 to 1200
	Purpose    string `toml:"purpose"`     // what it is kept for
	LegalBasis string `toml:"legal_basis"` // law or rule
}

// Policy is what a country keeps how long.
type Policy struct {
	Version string `toml:"version"`
	Rules   []Rule `toml:"rule"`
}

// maxPolicy bounds a policy in bytes.
const maxPolicy = 64 << 10

// maxMonths bounds a period: a hundred years.
const maxMonths = 1200

// Default is the policy that ships. A country states its own law.
func Default() *Policy {
	p, err := Parse(shipped)
	if err != nil {
		panic(err) // it is part of the program, and a test reads it
	}
	return p
}

// Parse reads a policy. Every sealed part must have exactly one rule: what is not named would be
// kept for ever.
func Parse(b []byte) (*Policy, error) {
	bad := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: "read the retention policy", Message: message}
	}
	if len(b) > maxPolicy {
		return nil, &border.Error{Code: border.TooLarge, Op: "read the retention policy"}
	}
	var p Policy
	dec := toml.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, bad("The retention policy is no TOML of the known shape: " + err.Error())
	}
	seen := map[string]bool{}
	for _, r := range p.Rules {
		switch {
		case r.Part != border.PartPersonal && r.Part != border.PartProtection && r.Part != border.PartHub:
			return nil, bad("A rule is about part personal, protection or hub.")
		case seen[r.Part]:
			return nil, bad("There are two rules for part " + r.Part + ".")
		case r.Months < 1 || r.Months > maxMonths:
			return nil, bad("A period has 1 to " + strconv.Itoa(maxMonths) + " months.")
		case r.Kind == "" || r.Purpose == "" || r.LegalBasis == "":
			return nil, bad("A rule states kind, purpose and legal_basis.")
		}
		seen[r.Part] = true
	}
	if p.Version == "" || len(seen) != 3 {
		return nil, bad("A policy has a version, and a rule for each of personal, protection and hub.")
	}
	return &p, nil
}

// Due returns when the keys of a part and bucket are destroyed: the first moment after the last one
// of the bucket's month and the rule's months.
func (p *Policy) Due(part, bucket string) (time.Time, bool) {
	month, err := time.Parse("2006-01", bucket)
	if err != nil {
		return time.Time{}, false
	}
	for _, r := range p.Rules {
		if r.Part == part {
			return month.AddDate(0, 1+r.Months, 0), true
		}
	}
	return time.Time{}, false
}

// Horizon returns the moment before which the keys of a part are due now: whatever was recorded
// before it is to be erased.
func (p *Policy) Horizon(part string, now time.Time) time.Time {
	now = now.UTC()
	for _, r := range p.Rules {
		if r.Part == part {
			return time.Date(now.Year(), now.Month()-time.Month(r.Months), 1, 0, 0, 0, 0, time.UTC)
		}
	}
	return time.Time{}
}

// Load reads the policy of a file; "" for the one that ships.
func Load(path string) (*Policy, error) {
	if path == "" {
		return Default(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &border.Error{Code: border.NotFound, Op: "read the retention policy", Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "read the retention policy", Err: err}
	}
	return Parse(b)
}
