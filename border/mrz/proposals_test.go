package mrz_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"garita/border/mrz"
)

// TestProposals misreads one character of a number or personal number as a look-alike:
// where the digits show it, the true text is among the proposals unless too many fit,
// and what was read stays what the document says.
func TestProposals(t *testing.T) {
	t.Logf("seed %d (-mrz.seed)", *seed)
	right, proposed := 0, 0
	for n := range 6000 {
		d := dice(rand.New(rand.NewPCG(*seed, uint64(n)+1<<32)).IntN)
		f := pick(d, mrz.TD1, mrz.TD2, mrz.TD3, mrz.FRAID)
		s := newSample(d, f)
		lines := s.print()
		line, from, to, field := 1, 0, 9, "document_number"
		switch {
		case f == mrz.TD3 && d(2) == 0:
			from, to, field = 28, 42, "optional_data"
		case f == mrz.TD1:
			line, from, to = 0, 5, 14
		case f == mrz.FRAID:
			to = 12
		}
		i := from + d(to-from)
		group := slices.IndexFunc([]string{"0OQD", "1IL", "2Z", "5S", "6G", "8B"}, func(g string) bool { return strings.IndexByte(g, lines[line][i]) >= 0 })
		if group < 0 {
			continue
		}
		g := []string{"0OQD", "1IL", "2Z", "5S", "6G", "8B"}[group]
		twin := g[d(len(g))]
		lines[line] = lines[line][:i] + string(twin) + lines[line][i+1:]
		doc, err := mrz.Parse(lines, s.today)
		if err != nil {
			t.Fatal(err)
		}
		truth, read, check := s.number, doc.DocumentNumber, doc.Checks.DocumentNumber
		if field == "optional_data" {
			truth, read, check = s.optional, doc.OptionalData, doc.Checks.OptionalData
		}
		found := false
		for _, p := range doc.Proposals {
			if p.Field != field || p.Original != read || p.Proposed == read {
				t.Fatalf("%q: odd proposal %+v", lines, p)
			}
			found = found || p.Proposed == truth
		}
		if len(doc.Proposals) > 0 {
			proposed++
		}
		if found {
			right++
		}
		if check == mrz.OK && len(doc.Proposals) > 0 {
			t.Fatalf("%q: proposals for a field whose digit fits", lines)
		}
		if check == mrz.Wrong && !found && len(doc.Proposals) > 0 {
			t.Fatalf("%q: the true text is not among %+v", lines, doc.Proposals)
		}
	}
	if right == 0 || right != proposed {
		t.Fatalf("%d documents with proposals, %d with the right one", proposed, right)
	}
	t.Logf("%d documents with proposals, the true text among all of them", proposed)
}

// TestNoProposalWithoutComposite: a visa prints one digit only, which proves too little.
func TestNoProposalWithoutComposite(t *testing.T) {
	for n := range 500 {
		d := dice(rand.New(rand.NewPCG(*seed, uint64(n))).IntN)
		s := newSample(d, pick(d, mrz.MRVA, mrz.MRVB))
		s.number = "0" + s.number[1:]
		lines := s.print()
		lines[1] = "Q" + lines[1][1:]
		doc, err := mrz.Parse(lines, s.today)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Checks.DocumentNumber != mrz.Wrong || len(doc.Proposals) != 0 {
			t.Fatalf("%q: %s, %+v", lines, doc.Checks.DocumentNumber, doc.Proposals)
		}
	}
}
