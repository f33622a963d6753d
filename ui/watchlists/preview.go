package watchlists

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/lists"
	"garita/border/watch"
	"garita/ui/i18n"
	"garita/ui/layout"
	"garita/ui/wording"
)

// previewPage is what an import would do, in words.
type previewPage struct {
	ID, Source, Kind, State, Version, Issued, Made, Expires string
	Open                                                    bool
	Figures                                                 []figure
	Asks                                                    []string
	Fields                                                  []countRow
	Report                                                  *reportView
	Only                                                    string // add, change, remove or "": all
	Lines                                                   []lineView
	More                                                    string // address of the next page, "" if there is none
	By                                                      string // who has read the file, "" if a program did
	Own                                                     bool   // it is who is signed in: another person confirms
}

type lineView struct {
	ID, Name, Op, What, Fields, Handling string
	HubOnly, Urgent, Identifying         bool
	Rows                                 []wording.Difference
}

// lineRows is how many entries one page shows.
const lineRows = 50

// preview shows what an import would do, or what became of it.
func (s *screen) preview(c *fiber.Ctx) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	if err := s.reads(c, "import "+id.String()); err != nil {
		return err
	}
	p, err := s.previewPage(c)
	if err != nil {
		return err
	}
	p.Done = saidDone(c)
	return s.send(c, p)
}

func importID(c *fiber.Ctx) (border.ID, error) {
	id, err := border.ParseID(c.Params("import"))
	if err != nil {
		return id, &border.Error{Code: border.NotFound, Op: "read an import", Message: "There is no such import. Read the file again."}
	}
	return id, nil
}

func (s *screen) previewPage(c *fiber.Ctx) (page, error) {
	w := layout.Printer(c)
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	id, err := importID(c)
	if err != nil {
		return page{}, err
	}
	x, err := s.cfg.Lists.PreviewByID(ctx, id)
	if err != nil {
		return page{}, err
	}
	only := c.Query("only")
	if !slices.Contains([]string{"add", "change", "remove"}, only) {
		only = ""
	}
	after, err := strconv.Atoi(c.Query("after", "-1"))
	if err != nil {
		after = -1
	}
	v := previewOf(w, &x, s.cfg.Clock.Now())
	v.Only, v.Own = only, border.SameBadge(x.By) == border.SameBadge(badge(c))
	lines, err := s.cfg.Lists.PreviewLines(ctx, id, only, after, lineRows+1)
	if err != nil {
		return page{}, err
	}
	if len(lines) > lineRows {
		lines = lines[:lineRows]
		v.More = fmt.Sprintf("/lists/imports/%s?only=%s&after=%d", id, only, lines[lineRows-1].N)
	}
	for _, l := range lines {
		old, now, err := s.cfg.Lists.PreviewEntry(ctx, id, l.Key.ID)
		if err != nil {
			return page{}, err
		}
		v.Lines = append(v.Lines, lineOf(w, &l, old, now))
	}
	return page{Title: w.T("Import of {0}", x.Source), Where: "import", Preview: &v}, nil
}

func previewOf(w *i18n.Printer, x *lists.Preview, now time.Time) previewPage {
	n := w.Number
	v := previewPage{ID: x.ID.String(), Source: x.Source, Kind: wording.Word(w, kindWords, string(x.Kind)), State: wording.Word(w, stateWords, x.State), Open: x.State == lists.PreviewOpen,
		Version: x.Version, Issued: wording.At(w, x.Issued, now), Made: wording.At(w, x.Made, now), Expires: wording.At(w, x.Expires, now), By: x.By, Report: reportOf(w, &x.Report)}
	v.Figures = []figure{
		{Label: w.T("Held now"), Value: n(x.Held)}, {Label: w.T("entries::Added"), Value: n(x.Added)}, {Label: w.T("entries::Changed"), Value: n(x.Changed)},
		{Label: w.T("entries::Removed"), Value: n(x.Removed)}, {Label: w.T("entries::Unchanged"), Value: n(x.Unchanged)},
		{Label: w.T("Largest share"), Value: fmt.Sprintf("%.1f %%", 100*x.Share), Bad: x.NeedsConfirmation},
	}
	if x.Held == 0 {
		v.Figures[5].Value = "–" // there is nothing of which it would be a share
	}
	if x.Kept > 0 {
		v.Figures = append(v.Figures, figure{Label: w.T("entries::Left alone"), Value: n(x.Kept), Note: w.T("decided by hand")})
	}
	if x.TooLarge > 0 {
		v.Figures = append(v.Figures, figure{Label: w.T("entries::Left out"), Value: n(x.TooLarge), Note: w.T("too large for a release"), Bad: true})
	}
	for _, why := range x.Asks {
		v.Asks = append(v.Asks, wording.Word(w, asksWords, why))
	}
	for _, f := range slices.Sorted(maps.Keys(x.Fields)) {
		v.Fields = append(v.Fields, countRow{wording.Label(w, f), n(x.Fields[f])})
	}
	return v
}

var asksWords = map[string]i18n.Msg{
	lists.AsksFirst:   "Nothing of this source is held yet: everything is new.",
	lists.AsksShrinks: "More entries than usual are missing from the file. Is it whole?",
	lists.AsksGrows:   "More entries than usual are new. Is it the right file?",
	lists.AsksChanges: "More entries than usual have changed. Is it the right file?",
	lists.AsksSkipped: "Entries are missing, and rows could not be read: they may be the same. Look at the rows below.",
}

var opWords = map[string]i18n.Msg{"add": "entry::Added", "change": "entry::Changed", "remove": "entry::Removed", "withdraw": "entry::Withdrawn", "return": "entry::Left to the source"}

func lineOf(w *i18n.Printer, l *lists.PreviewLine, old, now *watch.Entry) lineView {
	v := lineView{ID: l.Key.ID, What: wording.Word(w, opWords, l.Op), Op: l.Op, Handling: wording.Handling(w, l.Handling), HubOnly: l.HubOnly, Urgent: l.Urgent, Identifying: l.Identifying,
		Name: wording.First(w, now), Rows: wording.Differences(w, old, now)}
	if now == nil {
		v.Name = wording.First(w, old)
	}
	fields := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		fields[i] = wording.Label(w, f)
	}
	v.Fields = strings.Join(fields, ", ")
	return v
}
