package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func someDay() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

const (
	utopia1 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
	utopia2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
)

// ask runs the command on some input and returns its answers.
func ask(t *testing.T, input string) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := runMRZ(strings.NewReader(input), &out, someDay); err != nil {
		t.Fatal(err)
	}
	var answers []map[string]any
	for l := range strings.Lines(out.String()) {
		var a map[string]any
		if err := json.Unmarshal([]byte(l), &a); err != nil {
			t.Fatalf("answer %q: %v", l, err)
		}
		answers = append(answers, a)
	}
	return answers
}

// errorCode returns the code of an answer's error, "" if it has none.
func errorCode(a map[string]any) string {
	e, _ := a["error"].(map[string]any)
	c, _ := e["code"].(string)
	return c
}

// TestMRZConformance holds the command to every case of the conformance sample.
func TestMRZConformance(t *testing.T) {
	dir := os.Getenv("GARITA_TESTDATA")
	if dir == "" {
		t.Skip("GARITA_TESTDATA is not set: the conformance sample is not tried")
	}
	b, err := os.ReadFile(filepath.Join(dir, "mrz", "dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []conformanceCase
	for l := range bytes.Lines(b) {
		var c conformanceCase
		if err := json.Unmarshal(l, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		t.Fatal("the conformance sample is empty")
	}
	answers := ask(t, string(b)) // the command ignores what is not for it
	if len(answers) != len(cases) {
		t.Fatalf("%d answers to %d questions", len(answers), len(cases))
	}
	for i, c := range cases {
		got := answers[i]
		if got["id"] != c.ID {
			t.Fatalf("answer %d has id %v, want %s", i, got["id"], c.ID)
		}
		if e, ok := c.Expect["error"].(map[string]any); ok {
			if errorCode(got) != e["code"] {
				t.Errorf("%s [%s]: error %q, want %v", c.ID, c.Category, errorCode(got), e["code"])
			}
			continue
		}
		delete(got, "id")
		delete(got, "proposals") // further than the contract
		if diff := cmp.Diff(c.Expect, got, plainWarnings); diff != "" {
			t.Errorf("%s [%s] (-want +got)\n%s", c.ID, c.Category, diff)
		}
	}
}

type conformanceCase struct {
	ID       string         `json:"id"`
	Category string         `json:"category"`
	Expect   map[string]any `json:"expect"`
}

// plainWarnings compares warnings in any order and by code and field only.
var plainWarnings = cmp.FilterPath(func(p cmp.Path) bool {
	i, ok := p.Last().(cmp.MapIndex)
	return ok && i.Key().String() == "warnings"
}, cmp.Transformer("set", func(list any) map[string]int {
	set := map[string]int{}
	items, _ := list.([]any)
	for _, w := range items {
		m, _ := w.(map[string]any)
		set[fmt.Sprint(m["code"], " ", m["field"])]++
	}
	return set
}))

// TestMRZBadQuestions: each gets an error of its own and the next one is answered.
func TestMRZBadQuestions(t *testing.T) {
	good := fmt.Sprintf(`{"id":"good","lines":[%q,%q]}`, utopia1, utopia2)
	for name, c := range map[string]struct{ question, id, code string }{
		"no JSON":          {`nope`, `null`, "invalid_input"},
		"half a JSON":      {`{"id":1,"lines":[`, `null`, "invalid_input"},
		"a list":           {`[]`, `null`, "invalid_input"},
		"lines a text":     {`{"id":"x","lines":"P<UTO"}`, `"x"`, "invalid_input"},
		"a number inside":  {`{"id":{"n":1.50},"lines":[1]}`, `{"n":1.50}`, "invalid_input"},
		"no such day":      {`{"id":2,"lines":[],"today":"2026-02-30"}`, `2`, "invalid_input"},
		"today a number":   {`{"id":2,"lines":[],"today":20260230}`, `2`, "invalid_input"},
		"lines null":       {`{"id":"x","lines":null}`, `"x"`, "empty"},
		"no lines":         {`{"id":"x"}`, `"x"`, "empty"},
		"a lone surrogate": {`{"id":"x","lines":["\ud83d"]}`, `"x"`, "invalid_character"},
		"bad UTF-8":        {"{\"id\":\"\xff\",\"lines\":[\"\xff\"]}", "\"\uFFFD\"", "invalid_character"},
		"deep nesting":     {`{"id":` + strings.Repeat("[", 20000), `null`, "invalid_input"},
		"too long":         {`{"id":1,"lines":["` + strings.Repeat("A", maxMRZLine) + `"]}`, `null`, "too_long"},
		"long but fine":    {`{"id":1,"lines":["` + strings.Repeat("A", maxMRZLine-100) + `"]}`, `1`, "wrong_line_count"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := runMRZ(strings.NewReader(c.question+"\n\n \r\n"+good), &out, someDay); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if len(lines) != 2 {
				t.Fatalf("%d answers, want 2", len(lines))
			}
			var a struct {
				ID    json.RawMessage
				Error struct{ Code, Message string }
			}
			if err := json.Unmarshal([]byte(lines[0]), &a); err != nil {
				t.Fatal(err)
			}
			if string(a.ID) != c.id || a.Error.Code != c.code || a.Error.Message == "" {
				t.Errorf("got %s", lines[0])
			}
			if !strings.HasPrefix(lines[1], `{"id":"good","format":"TD3","document_code":"P"`) {
				t.Errorf("the next answer is %s", lines[1])
			}
		})
	}
}

// TestMRZToday: the question's day counts, and without one the clock's.
func TestMRZToday(t *testing.T) {
	q := fmt.Sprintf(`"lines":[%q,%q]`, utopia1, utopia2)
	answers := ask(t, `{"id":1,`+q+`}
{"id":2,`+q+`,"today":""}
{"id":3,`+q+`,"today":"2063-01-01"}
{"id":4,`+q+`,"today":"2075-01-01"}
`)
	want := [][2]any{{"1974-08-12", "2012-04-15"}, {"1974-08-12", "2012-04-15"}, {"1974-08-12", "2112-04-15"}, {"2074-08-12", "2112-04-15"}}
	for i, w := range want {
		if got := [2]any{answers[i]["birth_date"], answers[i]["expiry_date"]}; got != w {
			t.Errorf("question %d: got %v, want %v", i+1, got, w)
		}
	}
}

// TestMRZAnswersAtOnce talks question by question through pipes: each answer comes before
// the next question is written.
func TestMRZAnswersAtOnce(t *testing.T) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := runMRZ(inR, outW, someDay)
		done <- errors.Join(err, outW.Close())
	}()
	answers := bufio.NewReader(outR)
	for i := range 3 {
		// Two writes, so that the command waits for input with half a line in hand.
		q := fmt.Sprintf("{\"id\":%d,\"lines\":[]}\n{\"id\":\"half", i)
		if i > 0 {
			q = "\"}\n" + q
		}
		if _, err := io.WriteString(inW, q); err != nil {
			t.Fatal(err)
		}
		n := 1
		if i > 0 {
			n = 2
		}
		for range n {
			if a, err := answers.ReadString('\n'); err != nil || !strings.Contains(a, `"empty"`) {
				t.Fatalf("got %q, %v", a, err)
			}
		}
	}
	if err := inW.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err := answers.ReadString('\n'); err != nil || !strings.Contains(a, "invalid_input") {
		t.Fatalf("got %q, %v", a, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestMRZTellsOfBrokenOutput: a reader that went away ends the command with its error.
func TestMRZTellsOfBrokenOutput(t *testing.T) {
	if err := runMRZ(strings.NewReader(strings.Repeat("{}\n", 3)), brokenWriter{}, someDay); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("got %v", err)
	}
}

// FuzzMRZCommand: every line that is not blank gets one JSON object, whatever it is.
func FuzzMRZCommand(f *testing.F) {
	f.Add([]byte(`{"id":"a","lines":["P<UTO"],"today":"2026-11-21"}` + "\n\n{}"))
	f.Add([]byte("\xff\n[1]\n{\"id\":\"\xff\"}\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		var out bytes.Buffer
		if err := runMRZ(bytes.NewReader(input), &out, someDay); err != nil {
			t.Fatal(err)
		}
		want, got := 0, 0
		for l := range bytes.Lines(input) {
			if len(bytes.TrimSpace(l)) > 0 {
				want++
			}
		}
		for l := range bytes.Lines(out.Bytes()) {
			if got++; !json.Valid(l) || l[0] != '{' {
				t.Fatalf("answer %q", l)
			}
		}
		if got != want {
			t.Fatalf("%d answers to %d lines", got, want)
		}
	})
}
