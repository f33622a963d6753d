package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// What garita-render confines itself with must be allowed by the unit that it runs under: systemd 252
// counts none of it among @system-service, and without it every paper is refused.
func TestUnitLetsItConfineItself(t *testing.T) {
	b, err := os.ReadFile("../../packaging/systemd/garita-post.service")
	if err != nil {
		t.Fatal(err)
	}
	var allowed []string
	for line := range strings.Lines(string(b)) {
		if calls, ok := strings.CutPrefix(strings.TrimSpace(line), "SystemCallFilter="); ok {
			allowed = append(allowed, strings.Fields(calls)...)
		}
	}
	for _, call := range []string{"landlock_create_ruleset", "landlock_restrict_self", "seccomp"} {
		if !slices.Contains(allowed, call) {
			t.Errorf("the unit allows %v, and not %s", allowed, call)
		}
	}
}
