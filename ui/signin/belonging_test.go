package signin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"garita/border"
)

// as signs somebody of the demonstration in, in a browser of their own.
func (s *site) as(t *testing.T, badge string) *browser {
	t.Helper()
	b := s.browser()
	b.json("POST", "/session", map[string]string{"badge": badge, "pin": demoPIN}).is(t, 200, "")
	return b
}

func (r reply) says(t *testing.T, status int, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if r.status != status || !strings.Contains(r.body, text) {
			t.Fatalf("%d, want %d and %q: %s", r.status, status, text, r.body)
		}
	}
}

var secretPIN = regexp.MustCompile(`<p class="secret">([^<]+)</p>`)

// TestPagesOfBelonging walks through the hub's pages over real accounts, a real keeper of stations
// and the real gate.
func TestPagesOfBelonging(t *testing.T) {
	h := newGalleryHub(t)
	admin, operator, auditor := h.as(t, "9001"), h.as(t, "3001"), h.as(t, "6001")

	t.Run("only who may", func(t *testing.T) {
		for path, may := range map[string]*browser{"/officers": admin, "/stations": admin, "/review": operator, "/audit": auditor} {
			for _, b := range []*browser{admin, operator, auditor} {
				want := http.StatusForbidden
				if b == may {
					want = http.StatusOK
				}
				if got := b.get(path); got.status != want {
					t.Errorf("%s: %d, want %d", path, got.status, want)
				}
			}
			if got := h.browser().get(path); got.status != http.StatusSeeOther || got.header.Get("Location") != "/signin?to="+strings.ReplaceAll(path, "/", "%2F") {
				t.Errorf("%s for nobody: %d to %q", path, got.status, got.header.Get("Location"))
			}
		}
	})
	t.Run("an account, from its first PIN to its end", func(t *testing.T) {
		admin.form("/officers", "badge", "1777", "name", "Seven <b>", "role", "auditor").says(t, 200, "Seven &lt;b&gt;")
		got := admin.form("/officers", "badge", "1778", "name", "Eight", "role", "inspector", "posts", "PCA; PUT")
		pin := secretPIN.FindStringSubmatch(got.body)
		if pin == nil || strings.Count(got.body, pin[1]) != 1 {
			t.Fatalf("%d, the PIN %v is not there once", got.status, pin)
		}
		if strings.Contains(admin.get("/officers").body, pin[1]) {
			t.Error("the PIN is shown again")
		}
		admin.form("/officers", "badge", "1778", "name", "Again", "role", "inspector").says(t, 409, "The badge is taken", `value="Again"`)
		admin.form("/officers/change", "badge", "1777", "name", "Seven", "role", "nonsense").says(t, 422, "There is no such role")
		fresh := h.browser()
		fresh.json("POST", "/session", map[string]string{"badge": "1778", "pin": pin[1]}).is(t, 200, "")
		if got := fresh.get("/"); got.header.Get("Location") != "/account" {
			t.Errorf("who must choose a PIN is led to %q", got.header.Get("Location"))
		}
		fresh.form("/account/pin", "old", pin[1], "new", "730164", "again", "730165").says(t, 422, "not written twice")
		fresh.form("/account/pin", "old", "111222", "new", "730164", "again", "730164").says(t, 401, "wrong")
		before := fresh.token()
		fresh.form("/account/pin", "old", pin[1], "new", "730164", "again", "730164").says(t, 200, "The PIN is changed.")
		if fresh.token() == before || fresh.token() == "" {
			t.Error("the session has not begun anew")
		}
		fresh.get("/account").says(t, 200, "badge <span class=\"mono\">1778</span>")
		admin.form("/officers/revoke", "badge", "1778", "reason", " ").says(t, 422, "Say why")
		admin.form("/officers/revoke", "badge", "1778", "reason", "Left.").says(t, 200, "The account is closed.")
		fresh.json("GET", "/session", nil).is(t, 401, border.Unauthenticated)
		admin.form("/officers/pin", "badge", "1778").says(t, 409, "closed for good")
	})
	t.Run("a station, from its code to its end", func(t *testing.T) {
		got := admin.form("/stations", "station", "PUE-1", "post", "PUE", "zone", "America/Panama")
		code := secretPIN.FindStringSubmatch(got.body)
		if code == nil || !strings.Contains(got.body, `data-seconds="900"`) || !strings.Contains(got.body, "garita-post enrol https://hub.example:8443 "+code[1]) {
			t.Fatalf("%d %s", got.status, got.body)
		}
		again := admin.get("/stations")
		again.says(t, 200, "Invited")
		if strings.Contains(again.body, code[1]) {
			t.Error("the code is shown again")
		}
		admin.form("/stations", "station", "../x", "post", "PUE").says(t, 422, `value="../x"`)
		admin.form("/stations/PUE-1/revoke", "reason", "").says(t, 422, "Say why")
		admin.form("/stations/PUE-1/revoke", "reason", "Stolen.").says(t, 200, "does not belong any more")
		admin.form("/stations/NONE-1/rotate").says(t, 404, "<")
	})
	t.Run("a review", func(t *testing.T) {
		list := operator.get("/review")
		list.says(t, 200, "Passed a hit", "the radio is silent &lt;b&gt;")
		at := regexp.MustCompile(`action="(/review/[^"]+)"`).FindStringSubmatch(list.body)[1]
		operator.form(at, "verdict", "follow_up", "note", " ").says(t, 422, "Say what is to be followed up")
		operator.form(at, "verdict", "never mind").says(t, 422, "Say whether it was fine")
		operator.form(at, "verdict", "fine").says(t, 200, "Noted.")
		operator.form(at, "verdict", "fine").says(t, 409, "meanwhile")
		operator.form("/review/~", "verdict", "fine").says(t, 404, "There is no such review")
	})
	t.Run("the audit", func(t *testing.T) {
		auditor.get("/audit").says(t, 200, "It has forgotten events", "112 events are not proved yet", `name="after" value="more"`)
		if got := auditor.form("/audit", "result", "refused"); strings.Contains(got.body, ">Done</span>") || !strings.Contains(got.body, "wrong_pin") {
			t.Error("the filter is not heeded")
		}
		auditor.form("/audit", "from", "yesterday").says(t, 422, "is written 2026-12-31")
	})
}

// TestAnotherSignInReplaces: a browser holds one session, wherever it signs in next.
func TestAnotherSignInReplaces(t *testing.T) {
	s := newStation(t)
	s.install(1, staff()...)
	b := s.browser()
	b.enter("1001", "1").is(t, 200, "")
	first := b.token()
	b.enter("4001", "").is(t, 200, "")
	s.browser().do("GET", "/session", "", "application/json", "", "Cookie", cookie.Name()+"="+first).is(t, 401, border.Unauthenticated)
}
