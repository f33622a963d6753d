package enrol

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"

	"garita/border"
	"garita/border/enrolment"
	"garita/border/pki"
)

func TestEnrol(t *testing.T) {
	r := newRig(t)
	id := r.enrolled()
	check(t, id.Validate())
	if id.Grant.Station != "PUT-1" || id.URL != r.url || id.Provisioning.Hub != "Utopia" || id.Grant.Provisioning != nil {
		t.Errorf("%+v", id.Grant)
	}
	user, err := nkeys.FromSeed(id.NATSSeed)
	check(t, err)
	public, err := user.PublicKey()
	check(t, err)
	if public != r.keys.NATS || !nkeys.IsValidPublicUserKey(public) {
		t.Errorf("the broker would read the key as %s, the hub was told %s", public, r.keys.NATS)
	}
	signature, err := id.SignNATS([]byte("nonce"))
	if check(t, err); user.Verify([]byte("nonce"), signature) != nil {
		t.Error("the broker would not take the signature")
	}
}

// The answer may get lost: the station asks again with the same keys.
func TestAnswerLost(t *testing.T) {
	r := newRig(t)
	r.lost = 2
	r.enrolled()
	if asked, _ := r.counts(); asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestWrongCode(t *testing.T) {
	r := newRig(t)
	other, err := enrolment.NewCode(nil)
	check(t, err)
	for name, code := range map[string]enrolment.Code{"another": other, "another of the same name": r.code[:5] + other[5:]} {
		_, err := Enrol(t.Context(), r.url, code, "")
		wants(t, name, err, border.Forbidden)
	}
	if asked, granted := r.counts(); asked != 2 || granted != 0 {
		t.Errorf("asked %d, granted %d", asked, granted)
	}
}

// say sends a request on a connection and reads the answer.
func say(t *testing.T, c net.Conn, path string, body []byte, head map[string]string) (status int, answer []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://hub"+path, bytes.NewReader(body))
	check(t, err)
	for k, v := range head {
		q.Header.Set(k, v)
	}
	check(t, q.Write(c))
	a, err := http.ReadResponse(bufio.NewReader(c), q)
	check(t, err)
	defer a.Body.Close()
	answer, err = io.ReadAll(a.Body)
	check(t, err)
	return a.StatusCode, answer
}

// What proves to know the code on one connection proves nothing on another, nor about anything else.
func TestProofIsOfItsConnectionAndBody(t *testing.T) {
	r := newRig(t)
	body := r.asking()
	first := dial(t, r.addr)
	recorded := spell(proof(r.key(), roleStation, bound(t, first), body))
	altered := bytes.Replace(body, []byte("garita-post test"), []byte("garita-post tess"), 1)
	if bytes.Equal(altered, body) {
		t.Fatal("nothing was altered")
	}
	for name, c := range map[string]struct {
		body  []byte
		proof func(on []byte) string
	}{
		"replayed on another connection": {body, func([]byte) string { return recorded }},
		"altered body":                   {altered, func(on []byte) string { return spell(proof(r.key(), roleStation, on, body)) }},
		"the other role":                 {body, func(on []byte) string { return spell(proof(r.key(), roleHub, on, body)) }},
		"none":                           {body, func([]byte) string { return "" }},
		"not base 64":                    {body, func([]byte) string { return strings.Repeat("!", 44) }},
		"too short":                      {body, func(on []byte) string { return spell(proof(r.key(), roleStation, on, body)[:31]) }},
	} {
		conn := dial(t, r.addr)
		if status, answer := say(t, conn, pathEnrol, c.body, map[string]string{headerProof: c.proof(bound(t, conn))}); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if _, granted := r.counts(); granted != 0 {
		t.Fatal("something was granted")
	}
	// On its own connection the recorded one counts: the test would see it.
	if status, answer := say(t, first, pathEnrol, body, map[string]string{headerProof: recorded}); status != http.StatusOK {
		t.Errorf("on its own connection: %d %s", status, answer)
	}
}

// between is somebody on the way: it takes connections and makes its own to the hub.
type between struct {
	addr string
	mu   sync.Mutex
	saw  []byte // what the station said, as far as it could be read
}

func (b *between) read() string { b.mu.Lock(); defer b.mu.Unlock(); return string(b.saw) }

// relay passes bytes on. With a certificate it ends TLS on both sides and reads all.
func relay(t *testing.T, hub string, shown *tls.Certificate) *between {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	b := &between{addr: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				up, err := net.Dial("tcp", hub)
				if err != nil {
					return
				}
				defer up.Close()
				near, far := c, up
				if shown != nil {
					near = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*shown}, NextProtos: []string{"http/1.1"}})
					far = tls.Client(up, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // who stands between takes what is there
				}
				var back sync.WaitGroup
				back.Go(func() { _, _ = io.Copy(near, far); near.Close(); far.Close() })
				_, _ = io.Copy(far, io.TeeReader(near, b))
				near.Close()
				far.Close()
				back.Wait()
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return b
}

func (b *between) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saw = append(b.saw, p...)
	return len(p), nil
}

// Who ends TLS between station and hub reads public keys, and gets neither in nor through, even with the
// hub's own certificate.
func TestSomebodyBetween(t *testing.T) {
	r := newRig(t)
	own, err := r.ca.Server(nil, nil)
	check(t, err)
	stolen, err := pki.Present(func() (pki.Pair, error) { return own, nil })(nil)
	check(t, err)
	forged := newRig(t)
	pair, err := forged.ca.Server(nil, nil)
	check(t, err)
	strange, err := pki.Present(func() (pki.Pair, error) { return pair, nil })(nil)
	check(t, err)
	for name, shown := range map[string]*tls.Certificate{"with another certificate": strange, "with the hub's": stolen} {
		b := relay(t, r.addr, shown)
		_, err := Enrol(t.Context(), "https://"+b.addr, r.code, "")
		wants(t, name, err, border.Forbidden)
		saw := b.read()
		if !strings.Contains(saw, pathEnrol) {
			t.Errorf("%s: it did not stand between: %q", name, saw)
		}
		if strings.Contains(saw, string(r.code[5:])) || strings.Contains(saw, r.code.String()[6:]) {
			t.Errorf("%s: it saw the code", name)
		}
	}
	if _, granted := r.counts(); granted != 0 {
		t.Fatal("the hub granted something")
	}
	b := relay(t, r.addr, nil)
	if _, err := Enrol(t.Context(), "https://"+b.addr, r.code, ""); err != nil {
		t.Errorf("through one that passes bytes on: %v", err)
	}
}

// pretend is a hub of somebody else's that answers as f says.
func pretend(t *testing.T, f func(bound, body []byte) (status int, proof string, answer []byte)) string {
	t.Helper()
	other := newRig(t)
	pair, err := other.ca.Server(nil, nil)
	check(t, err)
	shown, err := pki.Present(func() (pki.Pair, error) { return pair, nil })(nil)
	check(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*shown}})
	check(t, err)
	h := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		b, _ := binding(q.TLS)
		status, p, answer := f(b, body)
		w.Header().Set(headerProof, p)
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	})}
	var wg sync.WaitGroup
	wg.Go(func() { _ = h.Serve(l) })
	t.Cleanup(func() { h.Close(); wg.Wait() })
	return "https://" + l.Addr().String()
}

// The station believes nobody who has not proved to know the code, and what he proves is what it takes.
func TestPretendedHub(t *testing.T) {
	r := newRig(t)
	evil := newRig(t)
	forge := func(body []byte) []byte {
		_, q, err := parseAsk(body)
		check(t, err)
		evil.mu.Lock()
		defer evil.mu.Unlock()
		g, err := evil.grant(q.Keys)
		check(t, err)
		b, err := json.Marshal(g)
		check(t, err)
		return b
	}
	wrong := []byte("another key of 32 bytes exactly!")
	for name, f := range map[string]func(bound, body []byte) (int, string, []byte){
		"no proof": func(_, body []byte) (int, string, []byte) { return 200, "", forge(body) },
		"another key": func(b, body []byte) (int, string, []byte) {
			g := forge(body)
			return 200, spell(proof(wrong, roleHub, b, body, g)), g
		},
		"mirrored": func(b, body []byte) (int, string, []byte) {
			return 200, spell(proof(r.key(), roleStation, b, body)), forge(body)
		},
		"another answer": func(b, body []byte) (int, string, []byte) {
			g := forge(body)
			return 200, spell(proof(r.key(), roleHub, b, body, g)), append(g, ' ')
		},
		"another request": func(b, body []byte) (int, string, []byte) {
			g := forge(body)
			return 200, spell(proof(r.key(), roleHub, b, g, g)), g
		},
	} {
		_, err := Enrol(t.Context(), pretend(t, f), r.code, "")
		wants(t, name, err, border.Forbidden)
	}
	control := func(b, body []byte) (int, string, []byte) {
		g := forge(body)
		return 200, spell(proof(r.key(), roleHub, b, body, g)), g
	}
	if _, err := Enrol(t.Context(), pretend(t, control), r.code, ""); err != nil {
		t.Errorf("one that knows the code: %v", err)
	}
}

// What a stranger says reaches a terminal without what it obeys, and not at any length.
func TestWordsOfStrangers(t *testing.T) {
	r := newRig(t)
	url := pretend(t, func(_, _ []byte) (int, string, []byte) {
		b, _ := json.Marshal(trouble{border.Forbidden, "\x1b[2J\x07call\u202e me\r\n" + strings.Repeat("x", 4000)})
		return 403, "", b
	})
	_, err := Enrol(t.Context(), url, r.code, "")
	wants(t, "a stranger", err, border.Forbidden)
	if said := border.MessageOf(err); len(said) > maxSaid+200 || strings.ContainsFunc(said, func(c rune) bool { return c < ' ' || c > '~' }) || !strings.Contains(said, "call me") {
		t.Errorf("%q", said)
	}
	for name, f := range map[string]func(_, _ []byte) (int, string, []byte){
		"no JSON": func(_, _ []byte) (int, string, []byte) { return 500, "", []byte("<html>") },
		"nothing": func(_, _ []byte) (int, string, []byte) { return 200, "", nil },
	} {
		if _, err := Enrol(t.Context(), pretend(t, f), r.code, ""); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// An answer without end is left alone.
func TestEndlessAnswer(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	pair, err := r.ca.Server(nil, nil)
	check(t, err)
	shown, err := pki.Present(func() (pki.Pair, error) { return pair, nil })(nil)
	check(t, err)
	cut := make(chan bool, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			cut <- false
			return
		}
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*shown}})
		defer s.Close()
		_, err = io.WriteString(s, "HTTP/1.1 200 OK\r\n\r\n")
		for range 512 {
			if err == nil {
				_, err = s.Write(make([]byte, 64<<10)) // 32 MiB in all
			}
		}
		cut <- err != nil
	}()
	_, err = Time(t.Context(), "https://"+l.Addr().String(), r.secure(r.clock, nil))
	if err == nil || !<-cut {
		t.Errorf("read to its end: %v", err)
	}
	check(t, l.Close())
}

func TestHostileRequests(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		text   string
		status string
	}{
		"huge by its length":  {"POST /enrol HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000000000\r\n\r\n", "413"},
		"huge in pieces":      {"POST /enrol HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 3) + "0\r\n\r\n", "413"},
		"huge head":           {"POST /enrol HTTP/1.1\r\nHost: hub\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", "431"},
		"no JSON":             {"POST /enrol HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n[]", "422"},
		"no code":             {"POST /enrol HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}", "422"},
		"a renewal of nobody": {"POST /renew HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}", "401"},
		"another way":         {"PUT /enrol HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n", "405"},
		"another place":       {"GET /../../etc/passwd HTTP/1.1\r\nHost: hub\r\n\r\n", "30"}, // cleaned, then not found
		"no HTTP":             {"\x00\x01\x02\r\n\r\n", "400"},
	} {
		conn := dial(t, r.addr)
		if _, err := conn.Write([]byte(c.text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+c.status) {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
	if asked, _ := r.counts(); asked != 0 {
		t.Errorf("%d reached the keeper", asked)
	}
	r.enrolled() // the service is well
}

// Who is slow is left, and keeps nobody else from being served.
func TestSlowClients(t *testing.T) {
	r := newRig(t, func(s *Server) { s.wait = patience{100 * time.Millisecond, 200 * time.Millisecond, 5 * time.Second} })
	silent, err := net.Dial("tcp", r.addr)
	check(t, err)
	defer silent.Close()
	head := dial(t, r.addr)
	_, err = head.Write([]byte("POST /enrol HT"))
	check(t, err)
	body := dial(t, r.addr)
	_, err = body.Write([]byte("POST /enrol HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n{"))
	check(t, err)
	for name, c := range map[string]net.Conn{"no handshake": silent, "half a head": head, "half a body": body} {
		check(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
		if _, err := io.ReadAll(c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: not left alone within 10 s", name)
		}
	}
	r.enrolled()
}

func TestManyConnections(t *testing.T) {
	r := newRig(t, func(s *Server) { s.wait = patience{time.Minute, time.Minute, time.Minute} })
	var open []net.Conn
	for range connsOfOne {
		open = append(open, dial(t, r.addr))
	}
	more, err := net.Dial("tcp", r.addr)
	check(t, err)
	defer more.Close()
	check(t, more.SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := more.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("one more than one address may have: %v", err)
	}
	for _, c := range open {
		c.Close()
	}
	for range 200 { // the server sees the ends in its own time
		if _, err = Time(t.Context(), r.url, r.secure(r.clock, nil)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("after they have gone: %v", err)
}

func TestRate(t *testing.T) {
	r := newRig(t)
	r.server.asks.mono = func() time.Duration { return 0 }
	other := r.code[:5] + enrolment.Code(strings.Repeat("0", 25))
	for i := range askOfOne.size {
		if _, err := Enrol(t.Context(), r.url, other, ""); border.CodeOf(err) != border.Forbidden {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	_, err := Enrol(t.Context(), r.url, other, "")
	wants(t, "one more", err, border.TooMany)
	if asked, _ := r.counts(); asked != askOfOne.size {
		t.Errorf("%d reached the keeper", asked)
	}
	if _, err := Time(t.Context(), r.url, r.secure(r.clock, nil)); err != nil {
		t.Errorf("the time: %v", err)
	}
}

func TestNothingOlderThanTLS13(t *testing.T) {
	r := newRig(t)
	c, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) //nolint:gosec // what is tried is to be refused
	if err == nil {
		c.Close()
		t.Error("TLS 1.2 was taken")
	}
}

func TestParseURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://hub.example:8443":  "https://hub.example:8443",
		"https://hub.example:8443/": "https://hub.example:8443",
		"hub.example:8443":          "https://hub.example:8443",
		"127.0.0.1:4223":            "https://127.0.0.1:4223",
		"https://[::1]:4223":        "https://[::1]:4223",
		"http://hub.example:8443":   "", "https://hub.example": "", "https://a:b@hub:1": "", "https://hub:1/x": "", "https://hub:1?x": "",
		"": "", "https://": "", "https://:1": "", strings.Repeat("a", 600) + ":1": "",
	} {
		got, err := ParseURL(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	r := newRig(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, l.Close())
	_, err = Enrol(t.Context(), "https://"+l.Addr().String(), r.code, "")
	wants(t, "nobody there", err, border.Unavailable)
}

func FuzzParseAsk(f *testing.F) {
	q, _, err := enrolment.MakeKeys("garita-post test", nil)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := json.Marshal(q)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(fmt.Sprintf(`{"code":"ABCDE","request":%s}`, raw)))
	f.Add([]byte(`{"code":"ABCDE","request":null}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, q, err := parseAsk(b)
		if err != nil {
			if c := border.CodeOf(err); c != border.Invalid && c != border.TooLarge {
				t.Errorf("refused as %v", err)
			}
			return
		}
		if !enrolment.ValidID(id) || q.Validate() != nil || len(b) > MaxBody {
			t.Errorf("taken: %q %+v", id, q)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(spell(make([]byte, 32)))
	f.Fuzz(func(t *testing.T, s string) {
		if b := header(s, 32); b != nil && (len(b) != 32 || spell(b) != s) {
			t.Errorf("%q is read as %x", s, b)
		}
	})
}

func TestLimiter(t *testing.T) {
	var now time.Duration
	l := newLimiter(func() time.Duration { return now }, rate{3, time.Second}, rate{10, 100 * time.Millisecond})
	a, b := addressOf("192.0.2.1:1"), addressOf("192.0.2.2:1")
	uses := func(n int) (out []bool) {
		for range n {
			out = append(out, l.allow(a))
		}
		return out
	}
	if got := uses(4); !slices.Equal(got, []bool{true, true, true, false}) {
		t.Errorf("at once: %v", got)
	}
	if !l.allow(b) {
		t.Error("another address must wait, too")
	}
	now = 1500 * time.Millisecond
	if got := uses(2); !slices.Equal(got, []bool{true, false}) {
		t.Errorf("a second and a half later: %v", got)
	}
	now = time.Hour
	if got := uses(4); !slices.Equal(got, []bool{true, true, true, false}) {
		t.Errorf("an hour later: %v", got)
	}
	passed := 0
	for i := range 3 * maxAddresses {
		if l.allow(addressOf(fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff))) {
			passed++
		}
	}
	if passed > 10 || len(l.buckets) > maxAddresses {
		t.Errorf("%d passed, %d are remembered", passed, len(l.buckets))
	}
	if addressOf("[2001:db8::1]:1") != addressOf("[2001:db8::2]:2") || addressOf("[::ffff:192.0.2.1]:1") != a || addressOf("x").IsValid() {
		t.Error("addresses are told apart otherwise")
	}
}
