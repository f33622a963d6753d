package workshop

import (
	"garita/border"
	"garita/ui/i18n"
)

// Step is one step of the first set-up. The station itself finds whether it is done, so a reload or a restart
// forgets none.
type Step struct {
	Name   string
	Done   bool
	Now    bool   // the first that is not done
	Advice string // how to do it
}

// steps are the way of a new station to work. Enrolment comes before this page: without it garita-post does not
// start, and says what to run.
func steps(p *i18n.Printer, h *Health, all []border.ScannerDetail, counters []border.CounterID) []Step {
	served, read := map[border.CounterID]bool{}, h.Recorded
	for i := range all {
		d := &all[i]
		if d.Kind == "mrz" && d.Counter != "" && (d.State == "ready" || d.State == "degraded") {
			served[d.Counter] = true
		}
		read = read || d.Counts["delivered"] > 0
	}
	every := true
	for _, c := range counters {
		every = every && served[c]
	}
	out := []Step{{Name: p.T("setup::Enrolled at the hub"), Done: !h.Expires.IsZero(), Advice: p.T("Run at the hub: garita-hub station add; and here: garita-post enrol.")}}
	if h.Hub != nil {
		out = append(out, Step{Name: p.T("setup::Met the hub"), Done: h.Hub.Generation > 0,
			Advice: p.T("Check cable and router, and that the hub’s address in the configuration is right.")})
	}
	out = append(out, []Step{
		{Name: p.T("setup::Officers are known"), Done: h.Roster.Version > 0, Advice: p.T("The list of officers comes from the hub by itself. Wait for it, or see to the line.")},
		{Name: p.T("setup::Every counter has a document reader that is ready"), Done: every, Advice: p.T("Plug the readers in, follow the advice at each, and assign each to its counter.")},
		{Name: p.T("setup::A document was read"), Done: read, Advice: p.T("Lay a specimen on a reader that is assigned; the counter’s page shows it. Then put it aside there without a record.")},
		{Name: p.T("setup::The disk was measured"), Done: h.Floor != nil, Advice: p.T("The station measures it by itself after its start; it takes some seconds.")},
	}...)
	for i := range out {
		if !out[i].Done {
			out[i].Now = true
			break
		}
	}
	return out
}
