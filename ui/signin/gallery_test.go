package signin_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/access"
	"garita/border/bordertest"
	"garita/border/keystore"
	"garita/border/officers"
	"garita/border/signin"
	enrolled "garita/border/stations"
	"garita/ui/auditlog"
	"garita/ui/gate/gatetest"
	"garita/ui/layout"
	accounts "garita/ui/officers"
	"garita/ui/review"
	pages "garita/ui/signin"
	"garita/ui/stations"
)

// TestGallery serves the pages of belonging to a browser until its standard input ends: a hub with
// real accounts and one station's page of signing in. It runs only when GARITA_UI_ACCESS is set,
// and says on standard output where the pages are.
func TestGallery(t *testing.T) {
	if os.Getenv("GARITA_UI_ACCESS") == "" {
		t.Skip("GARITA_UI_ACCESS is not set")
	}
	h, s := newGalleryHub(t), newStation(t)
	s.install(1, staff()...)
	fmt.Printf("hub %s\nstation %s\n", h.url, s.url)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "expire":
			s.time.pass(80 * time.Hour)
		case "end":
			h.time.pass(20 * time.Minute)
		}
		fmt.Println("done")
	}
	http.DefaultClient.CloseIdleConnections()
}

// demoPIN is what the demonstration's officers have.
const demoPIN = "246810"

func newGalleryHub(t *testing.T) *site {
	t.Helper()
	h := &site{t: t, time: newWorld(), acts: &gatetest.Acts{}}
	dir, ctx := t.TempDir(), t.Context()
	root, err := keystore.Open(ctx, keystore.Config{Kind: keystore.Software, Dir: dir, Demo: true})
	must(t, err)
	keeper, err := officers.Open(ctx, officers.Config{Dir: dir, Clock: h.time, Root: root, Audit: h.acts, Demo: true})
	must(t, err)
	for badge, role := range map[string]access.Role{"2001": access.Supervisor, "3001": access.Operator, "3002": access.Operator, "5001": access.Protection, "6001": access.Auditor, "9001": access.Administrator} {
		o := access.Officer{Badge: badge, Name: string(layout.RoleWords[role]) + " " + badge, Roles: []access.Role{role}, Demo: true}
		if role == access.Supervisor {
			o.Posts, o.Language = []border.PostID{"PCA", "PUT"}, "es"
		}
		must(t, keeper.AddWith(ctx, o, demoPIN))
	}
	belonging, err := enrolled.Open(ctx, enrolled.Config{Dir: dir, Clock: h.time, Root: root, Audit: h.acts})
	must(t, err)
	h.s, err = signin.Open(ctx, signin.Config{Dir: dir, Clock: h.time, Mono: h.time.mono, Root: root, Audit: h.acts, Demo: true, Known: keeper.Known, Accounts: keeper,
		RPID: "localhost", Origins: []string{"http://localhost"}})
	must(t, err)
	t.Cleanup(func() {
		for _, c := range []interface{ Close() error }{h.s, belonging, keeper, root} {
			must(t, c.Close())
		}
	})
	now := h.time.Now()
	h.serve(access.HubRoutes(), layout.Site{Hub: true, Demo: true, SoftwareKeys: true, Passkeys: true}, pages.Config{}, func(app *fiber.App) {
		must(t, accounts.Mount(app, accounts.Config{Keeper: keeper, Own: h.s, Cookie: cookie, Clock: h.time}))
		must(t, stations.Mount(app, stations.Config{Keeper: &fakeStations{Keeper: belonging, more: someStations(now)}, Clock: h.time, URL: "https://hub.example:8443", Heard: func(context.Context) (map[border.StationID]time.Time, error) {
			return map[border.StationID]time.Time{"PCA-1": now.Add(-3 * time.Second), "PUT-1": now.Add(-50 * time.Hour)}, nil
		}}))
		must(t, review.Mount(app, review.Config{Reviews: &fakeReviews{list: someReviews(now)}, Clock: h.time}))
		must(t, auditlog.Mount(app, auditlog.Config{Audit: fakeAudit{now}, Clock: h.time}))
		app.Get("/", func(c *fiber.Ctx) error {
			return c.Redirect(layout.Site{Hub: true}.Links(access.From(c.UserContext()), "")[1].Path)
		})
	})
	return h
}

// fakeStations adds stations that a keeper has only after months.
type fakeStations struct {
	stations.Keeper
	more []enrolled.Station
}

func (f *fakeStations) All(ctx context.Context) ([]enrolled.Station, error) {
	all, err := f.Keeper.All(ctx)
	return append(f.more[:len(f.more):len(f.more)], all...), err
}

func someStations(now time.Time) []enrolled.Station {
	return []enrolled.Station{
		{ID: "PCA-1", Post: "PCA", Zone: "America/Costa_Rica", State: enrolled.Enrolled, EnrolledAt: now.Add(-300 * 24 * time.Hour), Expires: now.Add(9 * 24 * time.Hour), Software: "garita-post 1.4.0",
			Warnings: []border.Sentence{{Text: "Its certificate ends in 9 days. It renews itself when it reaches the hub."}}},
		{ID: "PUT-1", Post: "PUT", State: enrolled.Expired, EnrolledAt: now.Add(-400 * 24 * time.Hour), Expires: now.Add(-50 * time.Hour), Software: "garita-post 1.2.1", Warnings: []border.Sentence{{Text: "Its certificate has ended. Rotate its keys."}}},
		{ID: "DAR-2", Post: "DAR", State: enrolled.Revoked, EnrolledAt: now.Add(-90 * 24 * time.Hour), RevokedAt: now.Add(-time.Hour), RevokedBy: "9001", Reason: "The laptop was stolen <on the road>."},
	}
}

type fakeReviews struct{ list []review.Review }

func someReviews(now time.Time) []review.Review {
	id := border.ID{6: 0x70, 8: 0x80, 15: 9}
	return []review.Review{
		{ID: "PCA-1/epoch/1", Kind: "awaiting", Action: string(access.HitOverride), Station: "DAR-1", Post: "DAR", Counter: "1", At: now.Add(-26 * time.Hour), Officer: "officer-3f9a", Crossing: &id, Reason: "Alone at the post, the radio is silent <b>", Alarmed: true},
		{ID: "PCA-1/epoch/2", Kind: "overdue", Action: string(access.SignIn), Station: "DAR-1", Post: "DAR", At: now.Add(-3 * time.Hour), Officer: "officer-77b0"},
		{ID: "PCA-1/epoch/3", Kind: "awaiting", Action: "crossing.corrected.v9", Station: "PCA-1", Post: "PCA", Counter: "2", At: now.Add(-time.Minute), Officer: "officer-3f9a", Reason: "The supervisor is at lunch."},
		{ID: "PCA-1/epoch/4", Kind: "awaiting", Action: string(access.RefuseEntry), Station: "PCA-1", Post: "PCA", At: now.Add(-70 * time.Hour), Officer: "officer-0c11", Reason: "Night.", Verdict: review.FollowUp, By: "3002", DoneAt: now, Note: "Ask the supervisor."},
	}
}

func (f *fakeReviews) Reviews(_ context.Context, done bool, offset, limit int) ([]review.Review, int, error) {
	var out []review.Review
	for _, r := range f.list {
		if (r.Verdict != "") == done {
			out = append(out, r)
		}
	}
	return out, len(out), nil
}

func (f *fakeReviews) Decide(ctx context.Context, id string, v review.Verdict, note string) error {
	for i := range f.list {
		if r := &f.list[i]; r.ID == id && r.Verdict == "" {
			r.Verdict, r.Note, r.By = v, note, access.From(ctx).Badge
			return nil
		}
	}
	return &border.Error{Code: border.Conflict, Op: "decide a review", Message: "Somebody has reviewed it meanwhile."}
}

type fakeAudit struct{ now time.Time }

func (f fakeAudit) Acts(_ context.Context, x auditlog.Filter, after string, limit int) ([]auditlog.Act, string, error) {
	all := []border.ActHeader{
		{Action: "sign_in", Result: border.ActDone, Session: "s-81ac"}, {Action: "sign_in", Result: border.ActRefused, Reason: "wrong_pin"}, {Action: "hit.override", Result: border.ActAwaiting, Session: "s-81ac", Object: "01935200-0000-7000-8000-000000000001"},
		{Action: "person.search", Result: border.ActDone, Session: "s-02ff", Purpose: "case"}, {Action: "cases.read", Result: border.ActRefused, Reason: "role", Object: "GET /cases/:case", Session: "s-9000"},
	}
	var out []auditlog.Act
	for i := range 40 {
		h := all[i%len(all)]
		if x.Action != "" && x.Action != h.Action || x.Result != "" && x.Result != h.Result {
			continue
		}
		a := auditlog.Act{Key: border.Key{Station: "PCA-1", Epoch: bordertest.EpochNo(1), Seq: uint64(4000 - i)}, At: f.now.Add(-time.Duration(i) * time.Minute), Counter: "1", Officer: "officer-3f9a", ActHeader: h}
		if strings.HasPrefix(h.Action, "person") || strings.HasPrefix(h.Action, "cases") {
			a.Key.Station, a.Counter = "HUB", ""
		}
		out = append(out, a)
	}
	if after != "" {
		return nil, "", nil
	}
	return out, "more", nil
}

func (f fakeAudit) Checkpoints(context.Context) ([]auditlog.Checkpoint, error) {
	return []auditlog.Checkpoint{
		{Station: "HUB", Epoch: bordertest.EpochNo(3), Size: 12044, Cosigned: 12044, At: f.now.Add(-20 * time.Second)},
		{Station: "PCA-1", Epoch: bordertest.EpochNo(1), Size: 4000, Cosigned: 3950, At: f.now.Add(-40 * time.Second)},
		{Station: "PUT-1", Epoch: bordertest.EpochNo(2), Size: 912, Cosigned: 800, At: f.now.Add(-50 * time.Hour)},
		{Station: "DAR-2", Epoch: bordertest.EpochNo(1), Size: 77, Cosigned: 60, At: f.now.Add(-5 * time.Hour), Trouble: "It has forgotten events that it had signed"},
	}, nil
}
