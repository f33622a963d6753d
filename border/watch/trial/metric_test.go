package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"garita/border"
)

func TestScore(t *testing.T) {
	var truth []*Truth
	var answers []*Answer
	right := []Expected{{"court", "1"}, {"un", "2"}}
	add := func(stratum string, expect []Expected, hits ...Found) {
		id := fmt.Sprint("q", len(truth))
		truth = append(truth, &Truth{ID: id, Expect: expect, Stratum: stratum, Labels: map[string]string{"form": "TD3"}})
		if hits != nil {
			answers = append(answers, &Answer{ID: id, Hits: hits})
		}
	}
	var eleven []Found
	for i := range 10 {
		eleven = append(eleven, Found{"court", fmt.Sprint("x", i), 0.9})
	}
	for i := range 1000 { // scores 0 to 0.0999 in steps
		add(General, nil, Found{"court", "1", float64(i) / 10000})
	}
	add(Plain, right, Found{"court", "9", 0.99}, Found{"un", "2", 0.0995}) // second: found, not top
	add(Plain, right, append(eleven, Found{"court", "1", 0.9})...)         // eleventh: not found
	add(OCR, right, Found{"court", "1", 0.0985})
	add(OCR, right)
	add(Sanity, right, Found{"court", "1", 0.5})
	r, err := Score(truth, answers)
	if err != nil {
		t.Fatal(err)
	}
	// 0.2 % of 1,000 are two: the third largest, 0.0997, is the threshold. 0.5 %: 0.0994.
	if p := r.At(0.002); p.Threshold != 0.0997 || p.Over != 2 || p.Recall != 0 {
		t.Errorf("at 0.2 %%: %+v", p)
	}
	if p := r.At(0.005); p.Threshold != 0.0994 || p.Over != 5 || p.Recall != 0.25 {
		t.Errorf("at 0.5 %%: %+v", p)
	}
	if p := r.At(0.05); p.Recall != 0.5 {
		t.Errorf("at 5 %%: %+v", p)
	}
	if r.Top1 != 0.25 || r.Top10 != 0.5 || r.Sanity != 1 || r.Positives != 4 || r.Negatives != 1000 {
		t.Errorf("%+v", r)
	}
	if _, err := Score(truth, append(answers, answers[0])); border.CodeOf(err) != border.Invalid {
		t.Errorf("two answers to one question: %v", err)
	}
	if _, err := Score(truth, []*Answer{{ID: "nobody"}}); border.CodeOf(err) != border.Invalid {
		t.Errorf("an answer to no question: %v", err)
	}
}

// The metric is that of score.py of the development set.
func TestScoreLikeTheDevelopmentSets(t *testing.T) {
	data := os.Getenv("GARITA_TESTDATA")
	python, err := exec.LookPath("python3")
	if data == "" || err != nil {
		t.Skip("GARITA_TESTDATA is not set or there is no python3")
	}
	dir := filepath.Join(data, "watchlist-dev")
	truth, err := ReadFile[Truth](filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	// Answers of no engine: right with some probability, ties and missing lines included.
	r := rand.New(rand.NewPCG(5, 6))
	var answers []*Answer
	for _, q := range truth {
		if r.IntN(20) == 0 {
			continue
		}
		a := &Answer{ID: q.ID}
		for range r.IntN(14) {
			h := Found{"un", "0", math.Round(r.Float64()*500) / 500 * 0.8}
			if len(q.Expect) > 0 && r.IntN(6) == 0 {
				h = Found{q.Expect[0].Source, q.Expect[0].Entry, math.Round(r.Float64()*500) / 500}
			}
			a.Hits = append(a.Hits, h)
		}
		if a.Hits == nil {
			a.Hits = []Found{}
		}
		answers = append(answers, a)
	}
	hits := filepath.Join(t.TempDir(), "hits.jsonl")
	if err := WriteFile(hits, answers); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, filepath.Join(dir, "score.py"), "--truth", filepath.Join(dir, "truth.jsonl"), "--hits", hits, "--boot", "1").Output()
	if err != nil {
		t.Fatal(err)
	}
	type pyGroup struct {
		N      int
		Recall float64
		Over   int
	}
	var py struct {
		With struct {
			Positives int
			Negatives int
			Top1      float64 `json:"top1_any_score"`
			Top10     float64 `json:"top10_any_score"`
			Curve     map[string]struct {
				Recall, Threshold float64
				Over              int `json:"negatives_over"`
			} `json:"recall_at_fpr"`
			Sanity float64            `json:"sanity_recall_at_0.2%"`
			Groups map[string]pyGroup `json:"recall_by_stratum_at_0.2%"`
			Over   map[string]pyGroup `json:"negatives_over_at_0.2%"`
		} `json:"with_dob"`
	}
	if err := json.Unmarshal(out, &py); err != nil {
		t.Fatal(err)
	}
	got, err := Score(truth, answers)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, a, b, within float64) {
		t.Helper()
		if math.Abs(a-b) > within {
			t.Errorf("%s: %g, score.py has %g", what, a, b)
		}
	}
	near("top 1", got.Top1, py.With.Top1, 0.00006)
	near("top 10", got.Top10, py.With.Top10, 0.00006)
	near("sanity", got.Sanity, py.With.Sanity, 0.00006)
	if got.Positives != py.With.Positives || got.Negatives != py.With.Negatives || len(py.With.Curve) != len(got.Curve) {
		t.Errorf("%d and %d, score.py has %d and %d", got.Positives, got.Negatives, py.With.Positives, py.With.Negatives)
	}
	for _, p := range got.Curve {
		c := py.With.Curve[strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", 100*p.Rate), "0"), ".")+"%"]
		near(fmt.Sprint("recall at ", p.Rate), p.Recall, c.Recall, 0.00006)
		near(fmt.Sprint("threshold at ", p.Rate), p.Threshold, c.Threshold, 0.0000006)
		if p.Over != c.Over {
			t.Errorf("over at %g: %d, score.py has %d", p.Rate, p.Over, c.Over)
		}
	}
	for k, g := range py.With.Groups {
		near(k, got.Groups[k].Recall, g.Recall, 0.0006)
		if got.Groups[k].N != g.N {
			t.Errorf("%s: %d, score.py has %d", k, got.Groups[k].N, g.N)
		}
	}
	for k, g := range py.With.Over {
		near("innocent "+k, got.Over[k].Recall*float64(got.Over[k].N), float64(g.Over), 0.01)
	}
}

func TestCalibration(t *testing.T) {
	var truth []*Truth
	var answers []*Answer
	r := rand.New(rand.NewPCG(1, 1))
	right := []Expected{{"court", "1"}}
	// An engine that is right: among 20,000 travellers of whom half are listed, a hit of
	// probability p is right in p of the cases.
	for i := range 20000 {
		p := r.Float64()
		q := &Truth{ID: fmt.Sprint(i), Stratum: Plain}
		if r.Float64() < p {
			q.Expect = right
		}
		truth = append(truth, q)
		answers = append(answers, &Answer{ID: q.ID, Hits: []Found{{"court", "1", p}}})
	}
	for _, b := range Calibration(truth, answers, 0.5, 2000) {
		if math.Abs(b.Score-b.Observed) > 0.05 {
			t.Errorf("given %.3f, observed %.3f", b.Score, b.Observed)
		}
	}
	low := Calibration(truth, answers, 0.001, 20000)
	if len(low) != 1 || math.Abs(low[0].Observed-0.001) > 1e-4 {
		t.Errorf("one bin of everybody is the prior: %+v", low)
	}
}

func TestLinesThatAreNone(t *testing.T) {
	for _, text := range []string{"{", `{"id":1}`, `{"id":"q1"} x`, strings.Repeat("a", MaxLine+1)} {
		err := ReadLines(strings.NewReader("\n{\"id\":\"q0\"}\n"+text), func(*Question) error { return nil })
		if border.CodeOf(err) != border.Invalid || !strings.Contains(border.MessageOf(err), "Line 3 ") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add([]byte(`{"id":"q1","surname":"ERIKSSON","given_names":"ANNA","birth_date":"1974-XX-XX","mrz":["P<UTO","L8"],"document":{"number":"1"}}`))
	f.Add([]byte("{\"id\":\"q1\",\"mrz\":[\"\",\"\",\"\"]}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = ReadLines(bytes.NewReader(b), func(q *Question) error {
			w := q.Query()
			if w.Surname != q.Surname {
				t.Error("the surname is another")
			}
			return nil
		})
	})
}
