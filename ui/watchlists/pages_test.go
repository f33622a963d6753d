package watchlists

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"garita/border"
	"garita/border/watch"
)

var uploadOf = regexp.MustCompile(`data-upload="([0-9a-f]{32})"`)

// A file comes in pieces, is compared, and holds when two people have confirmed it.
func TestImportByUpload(t *testing.T) {
	r := newRig(t)
	r.get("/lists").has(t, 200, "nothing has been imported", "No station has called yet")
	id := uploadOf.FindStringSubmatch(r.get("/lists/import").body)[1]
	some := append(people(), person("4", "OXLEY", "PETRA", "some day"))
	file := csv(t, "v1", some)
	half := len(file) / 2
	if status, text := r.piece(uploadPath(id, "list.csv", 0), file[:half]); status != 200 {
		t.Fatal(status, text)
	}
	if status, text := r.piece(uploadPath(id, "list.csv", half+1), file[half+1:]); status != 409 || !strings.Contains(text, "piece") {
		t.Errorf("a piece is missing: %d %s", status, text)
	}
	if status, text := r.piece(uploadPath(id, "list.csv", half), file[half:]); status != 200 {
		t.Fatal(status, text)
	}
	for _, path := range []string{uploadPath(id, "..%2Fx", 0), uploadPath(id, ".x", 0), uploadPath("x", "a.csv", 0), uploadPath(id, "a.csv", -1), uploadPath(id, "a.csv", uploadMax)} {
		if status, _ := r.piece(path, []byte("x")); status < 400 {
			t.Errorf("%s is accepted", path)
		}
	}
	a := r.post("/lists/import", "upload", id, "kind", "csv", "source", "courts", "handling", "refer")
	a.has(t, 200, "waits to be confirmed", "Nothing of this source is held yet", "QUIRINDONGO, CLARA ISMENE", "not a date", "line 10", "this value", "You have read this file")
	r.as("B-2").get(a.where).has(t, 200, "Read by B-1", "Put it in force")
	if _, err := os.Stat(filepath.Join(r.imports, uploadsFolder, id)); !os.IsNotExist(err) {
		t.Error("what was uploaded lies there still:", err)
	}
	if r.lists.Current() != nil {
		t.Fatal("it holds before anybody confirmed it")
	}
	r.as("b-1").post(a.where+"/confirm").has(t, 403, "The second person must be another one", "QUIRINDONGO")
	r.as("B-2").post(a.where+"/confirm").has(t, 200, "The import is in force.", "confirmed")
	r.as("B-2").post(a.where+"/confirm").has(t, 409, "already")
	if n := r.lists.Current().Len(); n != 4 {
		t.Errorf("%d entries", n)
	}
	r.get("/lists").has(t, 200, "version 1", "courts", "4 added", "B-1 and B-2", "2 days", "3 days")
}

func TestImportShowsWhatChanges(t *testing.T) {
	r := newRig(t)
	r.load("1", people())
	next := people()[1:]
	next[0].BirthDates = []string{"1961-03-05"}
	next = append(next, person("4", "OXLEY", "PETRA", "1990-01-01"))
	r.must(os.WriteFile(filepath.Join(r.imports, "next.csv"), csv(t, "2", next), 0o600))
	a := r.post("/lists/import", "file", "next.csv", "kind", "csv", "source", "courts")
	a.has(t, 200, "33.3 %", "Is it whole?", "in how many entries: Born 1", "1961-03-05", "OXLEY, PETRA", "past travellers are looked at again")
	only := r.get(a.where + "?only=remove")
	only.has(t, 200, "QUIRINDONGO")
	if strings.Contains(only.body, "OXLEY") {
		t.Error("the filter shows what it should not")
	}
	r.post(a.where+"/discard").has(t, 200, "The import is discarded")
	r.post(a.where+"/discard").has(t, 409, "already")
	r.get("/lists/imports/nonsense").has(t, 404, "no such import")
	// What is wrong with a form is said on it, and what was entered stays.
	r.post("/lists/import", "file", "next.csv", "kind", "csv", "source", "No Name", "owner", "The court").has(t, 422, "source&#39;s name", `value="The court"`)
	r.post("/lists/import", "file", "../next.csv", "kind", "csv", "source", "courts").has(t, 422, "Choose a file")
	r.post("/lists/import", "upload", strings.Repeat("0", 32), "kind", "csv", "source", "courts").has(t, 422, "Choose a file")
	r.post("/lists/import", "file", "next.csv", "kind", "tea", "source", "courts").has(t, 422, "Choose the format")
	r.post("/lists/import", "file", "next.csv", "kind", "csv", "source", "courts", "max_age", "ever").has(t, 422, "number of hours")
	r.must(os.WriteFile(filepath.Join(r.imports, "bad.xml"), []byte("<CONSOLIDATED_LIST><INDIVIDUALS>"), 0o600))
	if a := r.post("/lists/import", "file", "bad.xml", "kind", "un", "source", "un"); a.status < 400 || a.status >= 500 || !strings.Contains(a.body, `id="trouble"`) {
		t.Errorf("a file cut off: %d %s", a.status, a.body)
	}
}

func TestManyLinesArePaged(t *testing.T) {
	r := newRig(t)
	var many []*watch.Entry
	for i := range 2*lineRows + 5 {
		many = append(many, person("N"+strings.Repeat("I", i), "QUIRINDONGO", "CLARA", "1988-11-30"))
	}
	r.must(os.WriteFile(filepath.Join(r.imports, "many.csv"), csv(t, "1", many), 0o600))
	a := r.post("/lists/import", "file", "many.csv", "kind", "csv", "source", "courts")
	next := regexp.MustCompile(`href="([^"]+after=[0-9]+)"`)
	n, pages := strings.Count(a.body, "<summary><span"), 1
	for {
		m := next.FindStringSubmatch(a.body)
		if m == nil || pages > 5 {
			break
		}
		a = r.get(strings.ReplaceAll(m[1], "&amp;", "&"))
		n, pages = n+strings.Count(a.body, "<summary><span"), pages+1
	}
	if n != len(many) || pages != 3 {
		t.Errorf("%d lines on %d pages", n, pages)
	}
}

// Entries by hand: proposed by one, decided by another; what was entered is not lost.
func TestEntriesByHand(t *testing.T) {
	r := newRig(t)
	form := []string{"op", "add", "source", "courts", "id", "H-1", "names", "QUIRINDONGO, CLARA ISMENE\n~La Clara\nClara of Utopia", "birth_dates", "1988-11-30\n1988-11-XX",
		"sex", "F", "nationalities", "uto, qru", "documents", "uto p U1000003\n- - X99", "handling", "open", "applies_to", "exit", "action", "detain", "es", "Llame.",
		"legal_basis", "Order 7", "purpose", "A court order", "owner", "The court", "expires", "2027-01-01", "urgent", "yes", "high_risk", "yes", "reason", "as ordered"}
	wrong := append([]string{}, form...)
	wrong[9] = "in the autumn"
	r.post("/lists/proposals", wrong...).has(t, 422, "a birth date cannot be right", "in the autumn", "La Clara", "<details id=\"write\" open>")
	wrong = append([]string{}, form...)
	wrong[15] = "U1000003"
	r.post("/lists/proposals", wrong...).has(t, 422, "issuer, type and number", "La Clara")
	a := r.post("/lists/proposals", form...)
	a.has(t, 200, "Another person has to approve it", "by B-1", "as ordered", "La Clara (weak alias)", "Clara of Utopia", "UTO P U1000003")
	if strings.Contains(a.where, "CLARA") || strings.Contains(a.where, "H-1") {
		t.Errorf("somebody is in the address: %s", a.where)
	}
	id := regexp.MustCompile(`data-proposal="([^"]+)"`).FindStringSubmatch(a.body)[1]
	r.as("b-1").post("/lists/proposals/"+id+"/approve", "answer", "").has(t, 403, "another one")
	r.as("B-2").post("/lists/proposals/"+id+"/take-back").has(t, 403, "Only the one who proposed it")
	r.as("B-2").post("/lists/proposals/"+id+"/nonsense").has(t, 404)
	r.as("B-2").post("/lists/proposals/"+id+"/approve", "answer", "seen").has(t, 200, "the change is in force", "approved")
	r.as("B-2").post("/lists/proposals/"+id+"/approve", "answer", "seen").has(t, 409, "already")
	e, err := r.lists.Entry(t.Context(), watch.Key{Source: "courts", ID: "H-1"})
	r.must(err)
	if len(e.Names) != 3 || e.Names[0].Quality != watch.Primary || e.Names[1] != (watch.Name{Full: "La Clara", Quality: watch.Low}) || e.Names[2].Full != "Clara of Utopia" ||
		e.Documents[1] != (watch.Document{Number: "X99"}) || len(e.BirthDates) != 2 || len(e.Nationalities) != 2 || e.Instruction["es"] != "Llame." || !e.Urgent || !e.HighRisk ||
		e.Handling != watch.Open || e.Applies != watch.AppliesExit || e.Expires != "2027-01-01" {
		t.Errorf("%+v", e)
	}
	page := r.post("/lists/entries", "source", "courts", "id", "H-1")
	page.has(t, 200, "decided by hand", "as ordered", "B-1 and B-2", "Propose to change this entry", "Propose to withdraw", "leave it to its source")
	r.post("/lists/entries", "source", "courts", "id", "none").has(t, 404, "never was")
	// The form as the page shows it, sent back with one field changed, changes that one alone.
	change := append([]string{}, form...)
	change[1], change[29] = "change", "Another purpose"
	a = r.as("B-1").post("/lists/proposals", change...)
	if n := strings.Count(a.body, `<tr class="changed">`); n != 1 {
		t.Errorf("%d fields change", n)
	}
	a.has(t, 200, "Another purpose")
	id = regexp.MustCompile(`data-proposal="([^"]+)"`).FindStringSubmatch(a.body)[1]
	r.as("B-2").post("/lists/proposals/"+id+"/reject", "answer", "no").has(t, 200, "Rejected: nothing has changed")
	a = r.as("B-1").post("/lists/proposals", "op", "withdraw", "source", "courts", "id", "H-1", "reason", "lifted")
	id = regexp.MustCompile(`data-proposal="([^"]+)"`).FindStringSubmatch(a.body)[1]
	r.as("B-2").post("/lists/proposals/"+id+"/approve").has(t, 200, "in force")
	r.post("/lists/entries", "source", "courts", "id", "H-1").has(t, 200, "withdrawn", "lifted", "Propose a new entry")
}

// Which station holds what, who lacks an urgent entry, and a hub put back from a copy.
func TestWhoHoldsWhat(t *testing.T) {
	r := newRig(t)
	r.load("1", people())
	held, _ := r.lists.Held()
	first := held.Position
	urgent := people()
	urgent = append(urgent, person("5", "OXLEY", "PETRA", "1990-01-01"))
	urgent[3].Urgent = true
	r.load("2", urgent)
	held, _ = r.lists.Held()
	r.greet("PCA-1", border.ListReport{Position: held.Position, Since: r.clock.Now()})
	r.greet("PCA-2", border.ListReport{Position: first, Since: r.clock.Now(), Refused: "signature", RefusedAt: r.clock.Now()})
	r.greet("PCA-3")
	r.clock.add(2 * time.Hour)
	r.get("/lists").has(t, 200, "up to date", "1 version behind", "a wrong signature", "holds no list", "courts/5", "overdue, 2 h", "PCA-2, PCA-3", "2 h ago")
	ahead := held.Position
	ahead.Version, ahead.Hash = 9, border.Digest{9}
	r.greet("PCA-3", border.ListReport{Position: ahead, Since: r.clock.Now()})
	r.get("/lists").has(t, 200, "put back from a copy", "<strong>PCA-3</strong>", "not a release of this hub")
	r.post("/lists/epoch", "second", "B-1", "reason", "restored").has(t, 403, "another one")
	r.post("/lists/epoch", "second", "B-2", "reason", "restored").has(t, 200, "A new epoch", "of another epoch")
	r.clock.add(100 * time.Hour)
	r.get("/lists").has(t, 200, "it has run out", "too old", "Import a newer file")
}

func TestExplain(t *testing.T) {
	r := newRig(t)
	r.post("/lists/explain", "purpose", "case", "surname", "QUIRINDONGO").has(t, 409, "There is no list yet")
	r.load("1", people())
	r.get("/lists/explain").has(t, 200, "The traveller")
	a := r.post("/lists/explain", "purpose", "case", "surname", "QUIRINDONGO", "given_names", "CLARA", "birth_date", "1988-11-30", "sex", "F", "nationality", "uto")
	a.has(t, 200, "QUIRINDONGO, CLARA ISMENE", "courts/1", "a part is missing on one side", "the same", "for it", "A hit", `value="QUIRINDONGO"`)
	if strings.Contains(a.where, "?") {
		t.Errorf("somebody is in the address: %s", a.where)
	}
	r.post("/lists/explain", "purpose", "case", "surname", "QUIRINDONGO", "birth_date", "1950-01-01", "source", "courts", "id", "2").has(t, 200, "VOLKHOVAR", "No hit", "another date", "against it")
	r.post("/lists/explain", "purpose", "case", "number", "U1000003", "issuer", "UTO").has(t, 200, "ZABRISTAN", "by document")
	r.post("/lists/explain", "purpose", "case", "surname", "MMMMMMMM").has(t, 200, "Nobody on the list")
	r.post("/lists/explain", "surname", "QUIRINDONGO").has(t, 422, "choose a purpose")
	r.post("/lists/explain", "surname", "QUIRINDONGO", "purpose", "curiosity").has(t, 422, "choose a purpose")
	r.post("/lists/explain", "purpose", "case").has(t, 422, "Enter a name")
	r.post("/lists/explain", "purpose", "case", "surname", strings.Repeat("A", 201)).has(t, 413, "longer than")
	r.post("/lists/explain", "purpose", "case", "surname", "A", "source", "courts", "id", "none").has(t, 404, "no such entry")
}

// Old uploads are taken away when a new one begins.
func TestOldUploadsGo(t *testing.T) {
	r := newRig(t)
	old, fresh := strings.Repeat("a", 32), strings.Repeat("b", 32)
	r.piece(uploadPath(old, "x.csv", 0), []byte("x"))
	r.clock.mu.Lock()
	r.clock.now = time.Now().Add(uploadKept + time.Minute) // files bear it
	r.clock.mu.Unlock()
	r.piece(uploadPath(fresh, "x.csv", 0), []byte("x"))
	folders, err := os.ReadDir(filepath.Join(r.imports, uploadsFolder))
	r.must(err)
	if len(folders) != 1 || folders[0].Name() != fresh {
		t.Errorf("%v", folders)
	}
}
