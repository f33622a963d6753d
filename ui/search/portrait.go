package search

import (
	"context"
	"time"

	"garita/border"
	"garita/border/access"
	"garita/border/archive"
	"garita/border/register"
	"garita/ui/i18n"
)

// Files are what posts attached to crossings, as far as it has arrived: [archive.Archive].
type Files interface {
	Files(ctx context.Context, crossing border.ID) ([]archive.Filed, error)
}

// portraitsLooked is of how many crossings, the last ones, a portrait is looked for.
const portraitsLooked = 20

// portrait is what is known of the picture that was taken of a traveller at a counter.
type portrait struct {
	URL     string    // of the newest that has arrived, on the pages of cases, which tell the audit first; "" if none has
	At      time.Time // of its crossing
	Waiting time.Time // of the crossing whose newer one has not arrived yet; zero: there is none
	Lost    bool      // a newer one is lost
	Failed  bool      // the archive did not answer
}

// portraitOf looks for the newest portrait of a traveller, for whoever may open it. Those whose particulars are restricted
// or destroyed have none.
func (s *screen) portraitOf(ctx context.Context, travels []register.Travel, roles []access.Role) (p portrait) {
	if s.cfg.Files == nil || !access.May(roles, access.CasesRead) || !access.Sees(roles, access.Personal) {
		return p
	}
	for i := range travels[:min(len(travels), portraitsLooked)] {
		t := &travels[i]
		if t.Person == nil || t.Crossing.Part == register.PartRestricted {
			continue
		}
		all, err := s.cfg.Files.Files(ctx, t.Crossing.ID)
		if err != nil {
			s.cfg.Log.Error("search: a traveller's files could not be found", "error", err)
			p.Failed = true
			return p
		}
		for _, f := range all {
			switch {
			case f.Kind != border.KindPortrait:
			case f.State == archive.Here && f.Media == "image/jpeg":
				p.URL, p.At = "/crossings/"+t.Crossing.ID.String()+"/files/"+f.Hash.String(), t.Crossing.OccurredAt
				return p
			case f.State == archive.Waiting && p.Waiting.IsZero():
				p.Waiting = t.Crossing.OccurredAt
			case f.State == archive.Lost:
				p.Lost = true
			}
		}
	}
	return p
}

// words says of when a portrait is, and what is not there.
func (x *portrait) words(p *i18n.Printer) (note string) {
	switch {
	case x.Failed:
		return p.T("The portrait cannot be shown just now: the archive of files does not answer.")
	case !x.Waiting.IsZero() && x.URL != "":
		return p.T("Taken {0}. The one of {1} has not arrived yet.", p.At(x.At.UTC()), p.At(x.Waiting.UTC()))
	case !x.Waiting.IsZero():
		return p.T("The portrait of {0} has not arrived yet.", p.At(x.Waiting.UTC()))
	case x.URL != "":
		return p.T("Taken {0}.", p.At(x.At.UTC()))
	case x.Lost:
		return p.T("The portrait is lost: the post has it no more.")
	}
	return ""
}
