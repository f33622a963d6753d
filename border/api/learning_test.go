package api

import (
	"context"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"garita/border"
)

// school is learning in a test's hands.
type school struct{ bench }

func (s *school) Learning() border.LearningView {
	return border.LearningView{Nodes: []border.LearnNode{}, Profiles: []border.LearnedProfile{{ID: "learned-a", State: border.ProfileDraft}}}
}

func (s *school) did(what ...string) (border.LearnedProfile, error) {
	err := s.call(what...)
	return border.LearnedProfile{ID: "learned-a", ProposedBy: "4001"}, err
}

func (s *school) Teach(_ context.Context, r border.LearnRequest, by string) (border.LearnedProfile, error) {
	return s.did("teach", r.Path, r.Name, by)
}

func (s *school) Try(_ context.Context, id, by string) (border.LearnedProfile, error) {
	return s.did("try", id, by)
}

func (s *school) StopTeaching() { s.calls = append(s.calls, "stop") }

func (s *school) Propose(_ context.Context, id, by string) (border.LearnedProfile, error) {
	return s.did("propose", id, by)
}

func (s *school) Decide(_ context.Context, id, hash, by string, accept bool) (border.LearnedProfile, error) {
	what := "refuse"
	if accept {
		what = "accept"
	}
	return s.did(what, id, hash, by)
}

func (s *school) Withdraw(_ context.Context, id, by string) error { return s.call("withdraw", id, by) }

func schoolRig(t *testing.T, s *school) *rig {
	r := &rig{t: t, logged: &lockedWriter{}}
	r.app = fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	r.app.Use(asOfficer)
	Learning(New(r.app, "test"), LearningConfig{Learning: s, Audit: &r.acts, Log: r.log()})
	return r
}

// Each operation does what it says, in the name of who is signed in, and is an act of the audit whether it
// succeeds or fails; the lines of a specimen go nowhere.
func TestLearning(t *testing.T) {
	const lines = `"lines":["P<UTOSECRETNAME","L898902C3"]`
	failed := &border.Error{Code: border.Conflict, Op: "x", Message: "It is taken."}
	for name, c := range map[string]struct {
		call, body string
		err        error
		status     int
		done, act  string
	}{
		"list":                {"GET /scanner-profiles", "", nil, 200, "", ""},
		"teach":               {"POST /scanner-profiles/lessons", `{"path":"/dev/x","name":"A",` + lines + `}`, nil, 200, "teach /dev/x A 4001", "workshop.work teach learned-a"},
		"teach a busy one":    {"POST /scanner-profiles/lessons", `{"path":"/dev/x","name":"A",` + lines + `}`, failed, 409, "teach /dev/x A 4001", "workshop.work failed conflict teach learned-a"},
		"teach from one line": {"POST /scanner-profiles/lessons", `{"path":"/dev/x","name":"A","lines":["SECRETNAME"]}`, nil, 422, "", ""},
		"teach long lines":    {"POST /scanner-profiles/lessons", `{"path":"/dev/x","name":"A","lines":["` + strings.Repeat("A", 300) + `","B"]}`, nil, 413, "", ""},
		"stop":                {"POST /scanner-profiles/lessons/stop", "", nil, 200, "stop", ""},
		"try":                 {"POST /scanner-profiles/learned-a/trial", "", nil, 200, "try learned-a 4001", "workshop.work try learned-a"},
		"propose":             {"POST /scanner-profiles/learned-a/proposal", "", nil, 200, "propose learned-a 4001", "profile.propose profile learned-a"},
		"accept":              {"POST /scanner-profiles/learned-a/decision", `{"hash":"h","accept":true}`, nil, 200, "accept learned-a h 4001", "profile.decide install learned-a, second 4001"},
		"refuse":              {"POST /scanner-profiles/learned-a/decision", `{"hash":"h","accept":false}`, nil, 200, "refuse learned-a h 4001", "profile.decide refuse learned-a, second 4001"},
		"decide on what":      {"POST /scanner-profiles/learned-a/decision", `{"accept":true}`, nil, 422, "", ""},
		"decide in vain": {"POST /scanner-profiles/learned-a/decision", `{"hash":"h","accept":true}`, &border.Error{Code: border.SecondNeeded, Op: "x"}, 403,
			"accept learned-a h 4001", "profile.decide failed second_needed install learned-a, second 4001"},
		"withdraw": {"DELETE /scanner-profiles/learned-a", "", nil, 200, "withdraw learned-a 4001", "profile.decide withdraw learned-a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &school{bench{err: c.err}}
			r := schoolRig(t, s)
			method, path, _ := strings.Cut(c.call, " ")
			a := r.send(method, prefix+path, c.body, "Content-Type", "application/json", officerHeader, "4001")
			if a.status != c.status {
				t.Fatalf("status %d, want %d: %s", a.status, c.status, a.body)
			}
			if strings.Contains(a.body+r.logged.String(), "SECRET") {
				t.Error("the lines are told:", a.body)
			}
			if got := strings.Join(s.calls, ","); got != c.done {
				t.Errorf("what was done: %q, want %q", got, c.done)
			}
			var told []string
			for _, act := range r.acts.told() {
				words := []string{act.Action}
				if act.Result != "" {
					words = append(words, string(act.Result), act.Reason)
				}
				word := strings.Join(append(words, act.Object), " ")
				if act.Second != "" {
					word += ", second " + act.Second
				}
				told = append(told, word)
				if act.Officer != "4001" {
					t.Errorf("%+v", act)
				}
			}
			if got := strings.Join(told, ","); got != c.act {
				t.Errorf("the audit is told %q, not %q", got, c.act)
			}
			if a.status >= 400 {
				checkProblem(t, a)
			}
		})
	}
}
