package counter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"garita/border"
	"garita/border/counter"
)

// at is where and by whom most is done in tests.
func at(c border.CounterID, officer string) counter.At {
	return counter.At{Counter: c, Officer: officer}
}

// events reads the whole journal.
func (r *rig) events() (out []border.Event) {
	r.t.Helper()
	check(r.t, r.j.Scan(context.Background(), border.Position{}, func(ev border.Event) error {
		out = append(out, ev)
		return nil
	}))
	return out
}

// screens is all that any screen shows, and what else the service answers about the present.
func (r *rig) screens() string {
	r.t.Helper()
	var b strings.Builder
	for _, c := range r.s.Counters() {
		b.WriteString(toJSON(r.t, r.view(c)))
	}
	if report, err := r.s.Shift(context.Background()); err == nil {
		b.WriteString(toJSON(r.t, report))
	}
	return b.String()
}

// inFiles lists the station's files that hold one of some words, in clear.
func (r *rig) inFiles(words ...string) (found []string) {
	r.t.Helper()
	check(r.t, filepath.WalkDir(r.dir, func(path string, f os.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(raw, []byte(w)) {
				found = append(found, f.Name()+" holds "+w)
			}
		}
		return err
	}))
	return found
}

// protectionWords are what only the protection part may hold: the codes of the needs, what
// officers wrote, and who took somebody over who needed protection.
var protectionWords = []string{border.AsksProtection, border.ChildAlone, border.NeedsHelp, "xyzzy", "plugh", "frobozz", "asylum", "RECEIPT-77"}

func holds(text string, words []string) (found []string) {
	for _, w := range words {
		if strings.Contains(text, w) {
			found = append(found, w)
		}
	}
	return found
}

// Why somebody needs protection can be read with the protection key and in no other way: not
// on a screen in any state, not in a log, a header, a personal part, a draft or a table.
func TestNeedsAreReadNowhereElse(t *testing.T) {
	r := newRig(t)
	look := func(when string) {
		t.Helper()
		if found := holds(r.screens(), protectionWords); found != nil {
			t.Errorf("%s: a screen shows %v", when, found)
		}
	}
	noted := func(c border.CounterID, id border.ID) {
		t.Helper()
		check(t, r.s.Need(t.Context(), at(c, "17"), id, border.AsksProtection, "xyzzy"))
		check(t, r.s.Need(t.Context(), at(c, "17"), id, border.ChildAlone, "plugh"))
		if v := r.view(c); v.Encounter == nil || !v.Encounter.Protected {
			t.Fatal("the note is not on the screen")
		}
		look("noted")
	}
	needs := []border.Need{{Kind: border.AsksProtection, Reason: "xyzzy", By: "17"}, {Kind: border.ChildAlone, Reason: "plugh", By: "17"}}
	want := map[border.ID]border.Protection{}

	r.scan("1", foreign(1)) // handed over
	d := r.decision("1", border.HandedOver)
	noted("1", d.Encounter)
	refusal := r.decision("1", border.Refused)
	refusal.Ground = "no_visa"
	_, err := r.s.Decide(t.Context(), refusal)
	wantCode(t, err, border.Conflict)
	if found := holds(err.Error()+border.MessageOf(err), protectionWords); found != nil {
		t.Errorf("the problem says %v", found)
	}
	d.HandedTo, d.Receipt = "asylum", "RECEIPT-77"
	r.decide(d)
	look("handed over")
	want[d.Encounter] = border.Protection{Needs: needs, HandedTo: "asylum", Receipt: "RECEIPT-77"}

	r.scan("1", foreign(2)) // lifted, then refused
	refusal = r.decision("1", border.Refused)
	refusal.Ground = "no_visa"
	noted("1", refusal.Encounter)
	wantCode(t, r.s.LiftNeeds(t.Context(), lifting(at("1", "17"), refusal.Encounter, "18", "frobozz")), border.Forbidden)
	check(t, r.s.LiftNeeds(t.Context(), lifting(at("1", "17"), refusal.Encounter, "50", "frobozz")))
	look("lifted")
	r.decide(refusal)
	notice, err := r.s.Notice(t.Context(), refusal.Encounter)
	check(t, err)
	if found := holds(toJSON(t, notice), protectionWords); found != nil {
		t.Errorf("the notice says %v", found)
	}
	lifted := slices.Clone(needs)
	for i := range lifted {
		lifted[i].LiftedBy, lifted[i].Lifted = "50", "frobozz"
	}
	want[refusal.Encounter] = border.Protection{Needs: lifted}

	r.scan("1", foreign(3)) // referred, taken elsewhere after a restart, admitted
	d = r.decision("1", border.Admitted)
	noted("1", d.Encounter)
	check(t, r.s.Refer(t.Context(), counter.Referral{At: at("1", "17"), Encounter: d.Encounter, Reason: "interpreter"}))
	look("referred")
	r.restart()
	look("referred, after a restart")
	check(t, r.s.TakeReferral(t.Context(), at("2", "17"), d.Encounter))
	look("taken")
	d = r.decision("2", border.Admitted)
	d.Values = visitor
	r.decide(d)
	want[d.Encounter] = border.Protection{Needs: needs}

	check(t, onlyError(r.s.OpenGroup(t.Context(), at("1", "17"), "family"))) // a member of a group
	r.scan("1", foreign(4))
	member := r.view("1").Group.Members[0].ID
	check(t, r.s.Need(t.Context(), at("1", "17"), member, border.NeedsHelp, "xyzzy"))
	look("in a group")
	if v := r.view("1").Group; !v.Members[0].Protected || len(v.Ready) != 0 {
		t.Errorf("the group shows %+v", v)
	}

	r.scan("3", foreign(5)) // open, and on the post's list, to the end
	noted("3", r.view("3").Encounter.ID)
	check(t, r.s.Refer(t.Context(), counter.Referral{At: at("3", "17"), Encounter: r.view("3").Encounter.ID, Reason: "other"}))
	r.scan("3", foreign(6))
	noted("3", r.view("3").Encounter.ID)

	r.checkParts(want)
	r.checkDrafts(3)
	if found := r.inFiles(protectionWords...); found != nil {
		t.Errorf("on the disk: %v", found)
	}
	r.restart()
	look("at the end, after a restart")
	check(t, r.s.CallUp(t.Context(), "3", border.ID{}, "17"))
	if v := r.view("3"); !v.Encounter.Protected {
		t.Error("the restart has lost the note")
	}
	look("called up")
	if _, err := r.s.CloseShift(t.Context(), "17"); err != nil {
		t.Error(err)
	}
	if found := r.inFiles(protectionWords...); found != nil {
		t.Errorf("on the disk after a restart: %v", found)
	}
	if r.inFiles(border.TypeCrossingRecorded) == nil {
		t.Error("open headers are not found on the disk either: the search proves nothing")
	}
	r.logMu.Lock()
	defer r.logMu.Unlock()
	if found := holds(r.log.String(), protectionWords); found != nil {
		t.Errorf("the log says %v", found)
	}
}

// checkParts opens all that the station can open of its journal.
func (r *rig) checkParts(want map[border.ID]border.Protection) {
	t := r.t
	t.Helper()
	for _, ev := range r.events() {
		h, err := ev.ReadHeader()
		check(t, err)
		if found := holds(string(ev.Header), protectionWords); found != nil {
			t.Errorf("the header of %s says %v", ev.Type, found)
		}
		if plain, err := r.keys.Open(&ev, border.PartPersonal); err == nil {
			if found := holds(string(plain), protectionWords); found != nil {
				t.Errorf("the personal part of %s says %v", ev.Type, found)
			}
		}
		plain, err := r.keys.Open(&ev, border.PartProtection)
		if ev.Type != border.TypeCrossingRecorded {
			wantCode(t, err, border.NotFound)
			continue
		}
		check(t, err)
		if len(plain)%border.ProtectionStep != 0 {
			t.Errorf("a protection part of %d bytes says how much is in it", len(plain))
		}
		var got border.Protection
		check(t, json.Unmarshal(plain, &got))
		if d := cmp.Diff(want[*h.Crossing], got); d != "" {
			t.Errorf("the protection part: %s", d)
		}
		delete(want, *h.Crossing)
	}
	if len(want) > 0 {
		t.Errorf("%d protection parts are missing", len(want))
	}
}

// checkDrafts opens the drafts, as whoever has the personal key can: needs are in n of them,
// sealed once more under a key of the protection part.
func (r *rig) checkDrafts(n int) {
	t := r.t
	t.Helper()
	drafts, unreadable, err := r.j.Drafts(context.Background())
	check(t, err)
	wraps, err := r.keys.Wraps(context.Background())
	check(t, err)
	part := map[string]string{}
	for _, w := range wraps {
		part[w.KeyID] = w.Part
	}
	sealed := 0
	for _, d := range drafts {
		if found := holds(string(d.Content), protectionWords); found != nil {
			t.Errorf("a draft says %v to whoever has the personal key", found)
		}
		var content struct {
			Needs *struct {
				KeyID string `json:"key_id"`
			} `json:"needs"`
		}
		check(t, json.Unmarshal(d.Content, &content))
		if content.Needs != nil {
			if sealed++; part[content.Needs.KeyID] != border.PartProtection {
				t.Errorf("needs in a draft lie under a key of the part %q", part[content.Needs.KeyID])
			}
		}
	}
	if sealed != n || unreadable != 0 {
		t.Errorf("%d drafts hold needs, want %d; %d cannot be read", sealed, n, unreadable)
	}
}

// Who is handed over without a need has recipient and receipt in the personal part.
func TestHandedOver(t *testing.T) {
	r := newRig(t)
	r.scan("1", foreign(1))
	d := r.decision("1", border.HandedOver)
	d.HandedTo, d.Receipt = "police", "RECEIPT-12"
	r.decide(d)
	ev, h := r.event(d.Encounter)
	plain, err := r.keys.Open(&ev, border.PartPersonal)
	check(t, err)
	var person border.Personal
	check(t, json.Unmarshal(plain, &person))
	if person.HandedTo != "police" || person.Receipt != "RECEIPT-12" || h.Outcome != string(border.HandedOver) {
		t.Errorf("recorded %+v", person)
	}
	if found := holds(string(ev.Header)+r.screens(), []string{"police", "RECEIPT-12"}); found != nil {
		t.Errorf("the open header or a screen says %v", found)
	}
	_, err = r.keys.Open(&ev, border.PartProtection)
	wantCode(t, err, border.NotFound)
}

func onlyError[T any](_ T, err error) error { return err }
