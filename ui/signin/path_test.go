package signin

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"garita/ui/i18n"
)

func TestOwnPath(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/counters/1": "/counters/1", "/cases/0193?x=1": "/cases/0193", "/lists#top": "/lists",
		"": "", "counters": "", "//elsewhere.example": "", "/\\elsewhere.example": "", "https://elsewhere.example/": "", "javascript:alert(1)": "", "/%5celsewhere.example": "/%5celsewhere.example",
		"/a\r\nSet-Cookie: x": "", "/a b": "", "/signin": "", "/signin/x": "", "/signout": "", "/session": "", "/api/v1/counters": "", "/live/operations": "",
		"/" + strings.Repeat("a", 600): "", "/\u202e": "", "///": "",
	} {
		if got := ownPath(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

// FuzzOwnPath: whatever is asked for, a browser stays on this site.
func FuzzOwnPath(f *testing.F) {
	for _, s := range []string{"/", "//x", "/\\x", "/counters/1", "/%2f%2fx", "/..//x", "/.//x", "/a/../..//x"} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "post.example", Path: "/signin"}
	f.Fuzz(func(t *testing.T, to string) {
		got := ownPath(to)
		if got == "" {
			return
		}
		u, err := base.Parse(got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t ") {
			t.Errorf("%q leads to %q", to, got)
		}
	})
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 min", 59 * time.Second: "0 min", 61 * time.Minute: "1 h 1 min", 49*time.Hour + time.Minute: "2 d 1 h", 24 * time.Hour: "1 d", -time.Hour: "0 min"} {
		if got := span(i18n.In(i18n.English), d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
