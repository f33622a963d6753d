package attack

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"

	"garita/border/access"
)

// paths: other spellings of paths, and ways out of folders.
func (s *site) paths() {
	b := s.browser(s.a.URL())
	b.signIn(badges[access.Supervisor], "1")
	h := s.browser(s.hub.URL())
	h.signIn(badges[access.Operator], "")
	odd := []string{"/counters/1/", "//counters/1", "/counters//1", "/./counters/1", "/counters/./1", "/assets/../counters/1", "/assets/..%2fcounters/1", "/%2e%2e/counters/1",
		"/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cetc%5cpasswd", "/assets/x/....//....//etc/passwd", "/../../etc/passwd", "/Counters/1", "/counters/%31", "/counters%2f1",
		"/counters/1%00", "/counters/1%00.css", "/counters/1;x=y", "/counters/..", "/counters/1%0a", "/counters/1%0d%0aX:%20y", "/counters/1%c0%af", "/counters/%ff", "/counters/1\\2",
		"/counters/" + strings.Repeat("1", 400), "/" + strings.Repeat("a/", 600), "/" + strings.Repeat("%2e%2e%2f", 100) + "etc/passwd", "/counters/1\x00", "/counters/\xff\xfe", "*", "counters/1",
		"http://elsewhere.example/counters/1", "/lists/uploads/../../hub.db", "/lists/imports/..%2f..%2fhub.db", "/debug/pprof/", "/metrics", "/openapi.json", "/.git/config", "/data/journal.db"}
	for _, path := range odd {
		for _, who := range []*browser{b, h} {
			if status, _ := who.raw(who.head("GET "+path) + "\r\n"); status < 400 && status != 0 || status >= 500 {
				s.t.Errorf("GET %.80q at %s: %d", path, who.name(), status)
			}
		}
	}
	for _, method := range []string{"TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get", "GET\t", strings.Repeat("X", 100)} {
		if status, _ := b.raw(b.head(method+" /counters/1") + "\r\n"); status < 400 && status != 0 || status >= 500 {
			s.t.Errorf("%.20q: %d", method, status)
		}
	}
	for _, override := range []string{"X-HTTP-Method-Override: DELETE", "X-Original-URL: /officers", "X-Rewrite-URL: /officers", "X-Forwarded-Prefix: /officers"} {
		if status, _ := h.raw(h.head("GET /session") + override + "\r\n\r\n"); status != http.StatusOK {
			s.t.Errorf("%s changes what is asked: %d", override, status)
		}
	}
	// What is uploaded lies where uploads lie, whatever it is called.
	for _, name := range []string{"..", "%2e%2e%2fhub.db", "..%2f..%2fhub.db", ".hidden%2f..%2fx", "x%00y", "CON%5cx"} {
		if status, _ := h.raw(h.head("POST /lists/uploads/x-1/"+name) + "Content-Length: 1\r\n\r\nx"); status < 400 && status != 0 || status >= 500 {
			s.t.Errorf("an upload called %q: %d", name, status)
		}
	}
	s.told(s.a, "odd paths", refused("no_route"))
}

// forged is what must become neither a line of a log nor a header.
const forged = "\r\nX-Forged: yes\r\n{\"level\":\"ERROR\",\"msg\":\"forged line\"}\n\x1b[2J\u2028\u202e"

// injection: line ends and control characters in everything that is sent.
func (s *site) injection() {
	b := s.browser(s.a.URL())
	b.signIn(badges[access.Inspector], "1")
	h := s.browser(s.hub.URL())
	h.signIn(badges[access.Operator], "")
	for _, in := range []map[string]any{{"badge": forged, "pin": "123456"}, {"badge": badges[access.Inspector], "pin": forged}, {"badge": "1001", "pin": "1", "counter": forged},
		{"badge": "1001", "pin": "1", "counter": "1", "approval": forged, "awaiting": forged, "approver_badge": forged, "approver_pin": forged}} {
		for _, who := range []*browser{s.browser(s.a.URL()), s.browser(s.hub.URL())} {
			if got := who.session(in); got.status < 400 || got.status >= 500 || got.header.Get("X-Forged") != "" {
				s.t.Errorf("signing in with line ends: %v", got)
			}
		}
	}
	for _, c := range []struct {
		b            *browser
		method, path string
		in           any
	}{
		{b, "POST", "/api/v1/counters/1/scans", map[string]any{"lines": []string{forged, forged}, "source": forged}},
		{b, "POST", "/api/v1/counters/1/decisions", map[string]any{"encounter": forged, "outcome": forged, "note": forged, "verdict_revision": 1, "second": forged, "awaiting": forged}},
		{b, "POST", "/api/v1/counters/1/corrections", map[string]any{"change": forged, "crossing": forged, "reason": forged}},
		{b, "PUT", "/api/v1/counters/1/direction", map[string]any{"direction": forged}},
		{b, "POST", "/seconds", map[string]any{"action": forged, "badge": forged, "pin": forged}},
		{h, "POST", "/lists/explain", map[string]any{"surname": forged, "purpose": forged}},
		{h, "POST", "/lists/entries", map[string]any{"q": forged, "purpose": forged}},
		{h, "POST", "/cases", map[string]any{"purpose": forged, "note": forged}},
		{h, "POST", "/review/" + strings.Repeat("x", 20), map[string]any{"verdict": forged, "note": forged}},
	} {
		if got := c.b.json(c.method, c.path, c.in); got.status >= 500 || got.header.Get("X-Forged") != "" || got.status == http.StatusCreated {
			s.t.Errorf("%s %s with line ends: %v", c.method, c.path, got)
		}
	}
	for _, header := range []string{"User-Agent", "Origin", "Referer", "Accept", "Accept-Language", "X-Forwarded-For", "X-Forwarded-Host", "Content-Type", "Last-Event-ID", "If-None-Match"} {
		// A lone line end within a value, and a control character.
		for _, value := range []string{"x\ny: z", "x\r", "x\x00y", "\x1b[31mred"} {
			if status, got := b.raw("GET /signin HTTP/1.1\r\nHost: " + b.host() + "\r\nConnection: close\r\n" + header + ": " + value + "\r\n\r\n"); status >= 500 || got.Get("X-Forged") != "" || got.Get("Y") != "" {
				s.t.Errorf("%s: %q: %d %v", header, value, status, got)
			}
		}
	}
	for _, path := range []string{"/signin?to=%0d%0aX-Forged:%20yes", "/signin?to=//elsewhere.example", "/signin?to=https://elsewhere.example", "/signin?to=%2f%5celsewhere.example", "/cases?x=%0d%0aX-Forged:%20yes"} {
		got := s.browser(s.hub.URL()).do("GET", path, "", "Accept", "text/html")
		if got.header.Get("X-Forged") != "" || strings.Contains(got.header.Get("Location"), "elsewhere") {
			s.t.Errorf("%s: %v", path, got.header)
		}
		if got := s.browser(s.hub.URL()).do("POST", path, "badge="+badges[access.Operator]+"&pin=246810", "Content-Type", "application/x-www-form-urlencoded"); strings.Contains(got.header.Get("Location"), "elsewhere") ||
			strings.HasPrefix(got.header.Get("Location"), "//") {
			s.t.Errorf("%s leads to %q", path, got.header.Get("Location"))
		}
	}
	// Two requests in one, of which only one is meant to be seen.
	for _, smuggled := range []string{
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /officers HTTP/1.1\r\nHost: x\r\n\r\n",
		"Content-Length: 1\r\nContent-Length: 40\r\n\r\nxGET /officers HTTP/1.1\r\nHost: x\r\n\r\n",
		"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\nGET /officers HTTP/1.1\r\nHost: x\r\n\r\n",
		"Content-Length: -1\r\n\r\n", "Content-Length: 99999999999999999999\r\n\r\n"} {
		if status, _ := h.raw("POST /session HTTP/1.1\r\nHost: " + h.host() + "\r\nContent-Type: application/json\r\n" + smuggled); status >= 500 || status == http.StatusOK {
			s.t.Errorf("%.60q: %d", smuggled, status)
		}
	}
	s.clean()
}

// clean looks at log and audit: each line is one that a program wrote.
func (s *site) clean() {
	for line := range strings.Lines(s.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["msg"] == "forged line" {
			s.t.Errorf("a line of the log that no program wrote: %q", line)
		}
	}
	for _, p := range []*post{nil, s.a} {
		for _, a := range s.acts(p) {
			for _, text := range []string{a.Action, a.Object, a.Reason, a.Purpose, a.Session, string(a.Counter), string(a.Result)} {
				if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || len(text) > 128 || strings.Contains(text, "forged line") {
					s.t.Errorf("in the audit: %q", text)
				}
			}
		}
	}
}

// oversized: too much of everything.
func (s *site) oversized() {
	b := s.browser(s.a.URL())
	b.signIn(badges[access.Inspector], "1")
	h := s.browser(s.hub.URL())
	h.signIn(badges[access.Operator], "")
	refused := func(what string, status int) {
		s.t.Helper()
		if status < 400 && status != 0 || status >= 500 {
			s.t.Errorf("%s: %d", what, status)
		}
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	deep := strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)
	for _, who := range []*browser{b, h} {
		for what, head := range map[string]string{"a long header": who.head("GET /session") + "X-Long: " + long(64<<10), "a long cookie": "GET /session HTTP/1.1\r\nHost: " + who.host() + "\r\nCookie: " + who.name() + "=" + long(60<<10),
			"many headers": who.head("GET /session") + strings.Repeat("X-Many: y\r\n", 10_000) + "X: y", "a long query": who.head("GET /session?q="+long(64<<10)) + "X: y", "a long method": long(64<<10) + " / HTTP/1.1\r\nHost: x",
			"a long path": who.head("GET /"+long(64<<10)) + "X: y"} {
			status, _ := who.raw(head + "\r\n\r\n")
			refused(what, status)
		}
		length := "Content-Type: application/json\r\nContent-Length: "
		for _, path := range []string{"/session", "/seconds", "/api/v1/counters/1/decisions", "/lists/explain", "/api/v1/counters/1/group/list", "/lists/uploads/x-1/x"} {
			big := map[string]string{"300 KiB": long(300 << 10), "deep": deep, "a long number": `{"badge":` + strings.Repeat("9", 60_000) + `}`, "many keys": `{` + strings.Repeat(`"a":1,`, 9000) + `"b":1}`,
				"a long text": `{"badge":"` + long(60_000) + `","pin":"` + long(2000) + `"}`, "a wide array": `{"lines":[` + strings.Repeat(`"",`, 15_000) + `""]}`}
			for what, body := range big {
				if got, err := who.try("POST", path, body); err == nil {
					refused(what+" at "+path, got.status)
					if len(got.body) > 16<<10 || strings.Contains(got.body, "xxxxxxxx") {
						s.t.Errorf("%s at %s is repeated: %d bytes", what, path, len(got.body))
					}
				}
			}
		}
		status, _ := who.raw(who.head("POST /session") + length + "1000000000\r\n\r\n{")
		refused("what says that it is long", status)
		status, _ = who.raw(who.head("POST /session") + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+long(4096)+"\r\n", 100) + "0\r\n\r\n")
		refused("chunks without end", status)
	}
	zip := "Content-Encoding: gzip\r\n"
	status, _ := b.raw(b.head("POST /session") + zip + "Content-Type: application/json\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")
	refused("what is packed", status)
}

// slow holds connections open that never finish their request, and returns what lets go of them.
func (s *site) slow(p *post) (n int, let func()) {
	var held []net.Conn
	for i := range 200 {
		b := s.browser(p.URL())
		conn, err := b.dialer.DialContext(s.t.Context(), "tcp", b.host())
		s.must(err)
		begun := []string{"POST /session HTTP/1.1\r\nHost: " + b.host() + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"ba", "GET /sess", "POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nx"}
		_, err = io.WriteString(conn, begun[i%len(begun)])
		s.must(err)
		held = append(held, conn)
	}
	return len(held), func() {
		for _, c := range held {
			_ = c.Close()
		}
	}
}

// cut waits until a connection that never finishes its request is ended by the program.
func (s *site) cut(p *post) time.Duration {
	b := s.browser(p.URL())
	conn, err := b.dialer.DialContext(s.t.Context(), "tcp", b.host())
	s.must(err)
	defer conn.Close()
	start := time.Now()
	s.must(conn.SetDeadline(start.Add(patience)))
	_, err = io.WriteString(conn, "POST /session HTTP/1.1\r\nHost: "+b.host()+"\r\nContent-Length: 1000\r\n\r\n{")
	s.must(err)
	if _, err := io.Copy(io.Discard, conn); err != nil && time.Since(start) >= patience {
		s.t.Errorf("a slow request is never ended: %v", err)
	}
	return time.Since(start)
}
