package api

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
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

// TestOpenAPI holds the document to the operations.
func TestOpenAPI(t *testing.T) {
	a := New(fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true}), "v1")
	// The operations are described, not called: they need no station and no hub.
	Station(a, nil, nil, nil, slog.New(slog.DiscardHandler))
	Hub(a, nil, slog.New(slog.DiscardHandler))
	got, err := a.OpenAPI().YAML()
	if err != nil {
		t.Fatal(err)
	}
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
