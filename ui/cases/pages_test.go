package cases

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"garita/border"
	"garita/border/watch"
)

var versionOf = regexp.MustCompile(`name="version" value="([0-9]+)"`)

// do presses a button of a case as it is on the page just now.
func (s *site) do(path, what, by string, more ...string) reply {
	s.t.Helper()
	m := versionOf.FindStringSubmatch(s.as(by).get(path).body)
	if m == nil {
		s.t.Fatal("the page names no version")
	}
	return s.post(path+"/act", append([]string{"version", m[1], "do", what}, more...)...)
}

// A case goes its way by the buttons of its page; what cannot be done is said in words.
func TestCase(t *testing.T) {
	s := newSite(t)
	s.get("/cases").has(t, 200, "Open cases", "None.")
	group := border.ID{6: 0x70, 8: 0x80, 15: 9}
	risky := entry("1", clara, watch.Refer)
	risky.HighRisk = true
	s.put(risky)
	s.pass(clara, &group)
	s.pass(dario, &group)
	found := s.find("court/1")
	inbox := s.get("/cases")
	inbox.has(t, 200, "court/1", "Possible", "high risk", "PCA,", "1 of them", "late hit")
	if strings.Contains(inbox.body, "QUIRINDONGO") {
		t.Error("a name is in the inbox")
	}
	path := "/cases/" + found.ID.String()
	s.get(path).has(t, 200, "QUIRINDONGO, CLARA ISMENE", "1988-11-30", "UTO P U1000003", "every part is the same", "for it", "PCA, station PCA-1", "from QRU, to QSY, by land",
		"Together with: <bdi dir=\"auto\">ZABRISTAN, DARIO OLEANDER</bdi>", "Late hit", "Order 7 of 2026", "Stations were told", "Waits to be acknowledged", "Take it", "High risk")
	s.do(path, "take", "B-3").has(t, 200, "Under review", "Worked on by B-3", "It is not this person", "another person has to agree")
	s.do(path, "dismiss", "B-3").has(t, 422, "Say why")
	a := s.do(path, "dismiss", "B-3", "note", "another mother’s name")
	a.has(t, 200, "a second person is asked", "Agree as the second person", "awaits a second person", "another mother’s name")
	s.do(path, "countersign", "b-3").has(t, 403, "another person has to agree")
	s.do(path, "countersign", "B-4").has(t, 200, "Not this person", "Open it again", "The alert was withdrawn")
	s.post(path+"/act", "version", "1", "do", "note", "note", "kept").has(t, 409, "has changed since you opened it", "kept")
	s.do(path, "confirm", "B-3", "note", "x").has(t, 409, "does not allow")
	s.do(path, "reopen", "B-3", "note", "a new photograph").has(t, 200, "Under review", "a new photograph")
	s.do(path, "assign", "B-3", "to", "B-9").has(t, 200, "Worked on by B-9")
	s.do(path, "ask_owner", "B-9", "to", "B-3").has(t, 200, "Owner asked") // the field for another badge is only of giving it away
	s.do(path, "confirm", "B-9", "note", "the owner says so").has(t, 200, "Confirmed")
	s.get("/cases/nonsense").has(t, 404, "no such case")
	s.get("/cases/"+group.String()).has(t, 404, "no such case")
}

func TestInboxFilters(t *testing.T) {
	s := newSite(t)
	s.put(entry("1", clara, watch.Refer))
	s.put(entry("2", bruno, watch.Silent))
	s.put(entry("3", dario, watch.Open))
	s.pass(clara, nil)
	s.pass(bruno, nil)
	s.pass(dario, nil)
	s.clock.add(2 * time.Hour)
	s.do("/cases/"+s.find("court/3").ID.String(), "take", "B-3")
	for _, c := range []struct {
		name string
		form []string
		want []string
	}{
		{"all open ones", nil, []string{"1", "2", "3"}},
		{"in a state", []string{"state", "possible"}, []string{"1", "2"}},
		{"silent", []string{"handling", "silent"}, []string{"2"}},
		{"mine", []string{"badge", " b-3 "}, []string{"3"}},
		{"nobody's", []string{"free", "yes"}, []string{"1", "2"}},
		{"overdue", []string{"overdue", "yes"}, []string{"1", "2"}},
		{"alert not acknowledged", []string{"alerted", "yes"}, []string{"1", "3"}},
		{"closed", []string{"state", "closed"}, nil},
		{"a state of tomorrow", []string{"state", "x", "handling", "y", "offset", "-1"}, []string{"1", "2", "3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.post("/cases", c.form...)
			var got []string
			for _, id := range []string{"1", "2", "3"} {
				if strings.Contains(a.body, ">court/"+id+"<") {
					got = append(got, id)
				}
			}
			if strings.Join(got, " ") != strings.Join(c.want, " ") || a.where != "/cases" {
				t.Errorf("%v at %s, want %v", got, a.where, c.want)
			}
		})
	}
	hidden := s.get("/cases/" + s.find("court/2").ID.String())
	hidden.has(t, 200, "Silent: nobody outside the hub may learn of it", "Nobody. The case is silent.")
	if strings.Contains(hidden.body, "Stations were told") {
		t.Error("stations were told of a silent case")
	}
}

func TestMountRefuses(t *testing.T) {
	h := newHub(t)
	for name, try := range map[string]func() error{
		"an app that is not immutable": func() error { return Mount(fiber.New(), Config{Cases: h.cases, Clock: h.clock, Audit: &h.acts}) },
		"no cases":                     func() error { return Mount(fiber.New(fiber.Config{Immutable: true}), Config{Clock: h.clock}) },
	} {
		if try() == nil {
			t.Error(name, "is accepted")
		}
	}
}
