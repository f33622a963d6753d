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
	ID, Name, What, Fields, Handling string
	HubOnly, Urgent, Identifying     bool
	Rows                             []wording.Difference
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
	p.Done = doneWords[c.Query("done")]
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
	v := previewOf(&x, s.cfg.Clock.Now())
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
		v.Lines = append(v.Lines, lineOf(&l, old, now))
	}
	return page{Title: "Import of " + x.Source, Where: "import", Preview: &v}, nil
}

func previewOf(x *lists.Preview, now time.Time) previewPage {
	n := wording.Number
	v := previewPage{ID: x.ID.String(), Source: x.Source, Kind: kindWords[string(x.Kind)], State: stateWords[x.State], Open: x.State == lists.PreviewOpen,
		Version: x.Version, Issued: wording.At(x.Issued, now), Made: wording.At(x.Made, now), Expires: wording.At(x.Expires, now), By: x.By, Report: reportOf(&x.Report)}
	v.Figures = []figure{
		{Label: "Held now", Value: n(x.Held)}, {Label: "Added", Value: n(x.Added)}, {Label: "Changed", Value: n(x.Changed)},
		{Label: "Removed", Value: n(x.Removed)}, {Label: "Unchanged", Value: n(x.Unchanged)},
		{Label: "Largest share", Value: fmt.Sprintf("%.1f %%", 100*x.Share), Bad: x.NeedsConfirmation},
	}
	if x.Held == 0 {
		v.Figures[5].Value = "–" // there is nothing of which it would be a share
	}
	if x.Kept > 0 {
		v.Figures = append(v.Figures, figure{Label: "Left alone", Value: n(x.Kept), Note: "decided by hand"})
	}
	if x.TooLarge > 0 {
		v.Figures = append(v.Figures, figure{Label: "Left out", Value: n(x.TooLarge), Note: "too large for a release", Bad: true})
	}
	for _, why := range x.Asks {
		v.Asks = append(v.Asks, or(asksWords[why], wording.Underscored(why)))
	}
	for _, f := range slices.Sorted(maps.Keys(x.Fields)) {
		v.Fields = append(v.Fields, countRow{wording.Label(f), n(x.Fields[f])})
	}
	return v
}

var asksWords = map[string]string{
	lists.AsksFirst:   "Nothing of this source is held yet: everything is new.",
	lists.AsksShrinks: "More entries than usual are missing from the file. Is it whole?",
	lists.AsksGrows:   "More entries than usual are new. Is it the right file?",
	lists.AsksChanges: "More entries than usual have changed. Is it the right file?",
	lists.AsksSkipped: "Entries are missing, and rows could not be read: they may be the same. Look at the rows below.",
}

var opWords = map[string]string{"add": "Added", "change": "Changed", "remove": "Removed", "withdraw": "Withdrawn", "return": "Left to the source"}

func lineOf(l *lists.PreviewLine, old, now *watch.Entry) lineView {
	v := lineView{ID: l.Key.ID, What: opWords[l.Op], Handling: wording.Handling(l.Handling), HubOnly: l.HubOnly, Urgent: l.Urgent, Identifying: l.Identifying,
		Name: wording.First(now), Rows: wording.Differences(old, now)}
	if now == nil {
		v.Name = wording.First(old)
	}
	fields := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		fields[i] = wording.Label(f)
	}
	v.Fields = strings.Join(fields, ", ")
	return v
}
