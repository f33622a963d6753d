package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/openapi.yaml anew; review the difference")

// preface is the head of the document.
const preface = "# Generated from the operations in border/api. Do not edit; after changing an operation run\n" +
	"#   go test ./border/api -run TestOpenAPI -update\n" +
	"# and review the difference: stations and hubs of other versions rely on what is here.\n"

// described is the document of all operations, as YAML and as what its JSON says. They are
// described, not called: they need no station and no hub.
func described(t *testing.T) (yaml []byte, doc document) {
	t.Helper()
	yaml, doc, _ = describedTypes(t)
	return yaml, doc
}

// describedTypes gives the Go types behind the document's references, too.
func describedTypes(t *testing.T) (yaml []byte, doc document, typeOf func(ref string) reflect.Type) {
	t.Helper()
	a := New(fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), "v1")
	Station(a, StationConfig{Log: slog.New(slog.DiscardHandler)})
	Workshop(a, WorkshopConfig{Log: slog.New(slog.DiscardHandler)})
	Learning(a, LearningConfig{Log: slog.New(slog.DiscardHandler)})
	Hub(a, HubConfig{Log: slog.New(slog.DiscardHandler)})
	yaml, err := a.OpenAPI().YAML()
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.OpenAPI().MarshalJSON()
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return yaml, doc, a.OpenAPI().Components.Schemas.TypeFromRef
}

// document is what tests look at of an OpenAPI document.
type document struct {
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name string `json:"name"`
		} `json:"parameters"`
		RequestBody *struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
}

type schema struct {
	Ref           string            `json:"$ref"`
	Type          any               `json:"type"` // a word, or words
	Format        string            `json:"format"`
	Enum          []any             `json:"enum"`
	MaxLength     *int              `json:"maxLength"`
	MaxItems      *int              `json:"maxItems"`
	MaxProperties *int              `json:"maxProperties"`
	Items         *schema           `json:"items"`
	Properties    map[string]schema `json:"properties"`
}

func (s *schema) is(typ string) bool { return strings.Contains(fmt.Sprint(s.Type), typ) }

// TestOpenAPI holds the document to the operations.
func TestOpenAPI(t *testing.T) {
	got, _ := described(t)
	got = append([]byte(preface), got...)
	path := filepath.Join("..", "..", "docs", "openapi.yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("docs/openapi.yaml is not what the operations say; if that is meant, run\n"+
			"go test ./border/api -run TestOpenAPI -update\n(-document +operations)\n%s", diff)
	}
	if !strings.Contains(string(got), "openapi: 3.1.0") {
		t.Error("the document is not OpenAPI 3.1")
	}
}

// Each text and list in a body is bounded, besides the whole body.
func TestBodiesAreBounded(t *testing.T) {
	_, doc := described(t)
	bodies := 0
	var look func(where string, s schema)
	look = func(where string, s schema) {
		if s.Ref != "" {
			s = doc.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
		}
		switch {
		case s.is("string") && s.MaxLength == nil && s.Enum == nil && s.Format == "":
			t.Errorf("%s is a text without a bound", where)
		case s.is("array") && s.MaxItems == nil:
			t.Errorf("%s is a list without a bound", where)
		case s.is("array") && !strings.HasSuffix(where, ".lines"): // the handler bounds a line
			look(where, *s.Items)
		case s.is("object") && len(s.Properties) == 0 && s.MaxProperties == nil:
			t.Errorf("%s has properties without a bound", where)
		}
		for name, p := range s.Properties {
			look(where+"."+name, p)
		}
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			if op.RequestBody == nil {
				continue
			}
			bodies++
			look(method+" "+path, op.RequestBody.Content["application/json"].Schema)
		}
	}
	if bodies < 20 {
		t.Errorf("%d bodies were looked at", bodies)
	}
}

// Nothing of a person stands in a path or a query: both end up in logs.
func TestNothingPersonalInURLs(t *testing.T) {
	known := []string{"counter", "encounter", "crossing", "alarm", "after", "limit", "kind", "state", "post", "on", "scanner", "profile", "late_hit"}
	_, doc := described(t)
	for path, item := range doc.Paths {
		for method, op := range item {
			for _, p := range op.Parameters {
				if !slices.Contains(known, p.Name) {
					t.Errorf("%s %s takes %s in its URL", method, path, p.Name)
				}
			}
		}
	}
}
