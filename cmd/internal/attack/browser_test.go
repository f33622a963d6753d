package attack

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"garita/cmd/internal/founding"
)

// browser is whoever sends requests to one program. Each has an address of its own, so that limits
// of one do not hold up the others.
type browser struct {
	s      *site
	base   string
	agent  string
	cookie string // "name=value"; "": none
	dialer *net.Dialer
	http   *http.Client
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("status %d: %.300s", a.status, a.body) }

func (s *site) browser(base string) *browser {
	s.addresses++
	b := &browser{s: s, base: base, agent: "Mozilla/5.0 (test)",
		dialer: &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(s.addresses>>8), byte(s.addresses))}, Timeout: patience}}
	b.http = &http.Client{Transport: &http.Transport{DialContext: b.dialer.DialContext}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.t.Cleanup(b.http.CloseIdleConnections)
	return b
}

// like is another machine that sends the same cookie.
func (b *browser) like() *browser {
	other := b.s.browser(b.base)
	other.cookie = b.cookie
	return other
}

// do sends a request. Headers are pairs.
func (b *browser) do(method, path, body string, headers ...string) answer {
	b.s.t.Helper()
	a, err := b.try(method, path, body, headers...)
	if err != nil {
		b.s.t.Fatalf("%s %.80s: %v", method, path, err)
	}
	return a
}

func (b *browser) try(method, path, body string, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(b.s.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", b.agent)
	if b.cookie != "" {
		req.Header.Set("Cookie", b.cookie)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	out := answer{status: res.StatusCode, header: res.Header}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") { // which never ends
		text, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
		if err != nil {
			return answer{}, errors.Join(err, res.Body.Close())
		}
		out.body = string(text)
	}
	return out, res.Body.Close()
}

// json sends a value.
func (b *browser) json(method, path string, in any) answer {
	b.s.t.Helper()
	body := ""
	if in != nil {
		text, err := json.Marshal(in)
		b.s.must(err)
		body = string(text)
	}
	return b.do(method, path, body)
}

// session signs in, and keeps the cookie if that succeeds.
func (b *browser) session(in map[string]any) answer {
	b.s.t.Helper()
	a := b.json("POST", "/session", in)
	if a.status == http.StatusOK {
		set, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		b.cookie = set
	}
	return a
}

// signIn signs an officer in; counter "" is none.
func (b *browser) signIn(badge, counter string) {
	b.s.t.Helper()
	if a := b.session(map[string]any{"badge": badge, "pin": founding.PIN, "counter": counter}); a.status != http.StatusOK || b.cookie == "" {
		b.s.t.Fatalf("badge %s cannot sign in: %v", badge, a)
	}
}

// token is what the cookie carries.
func (b *browser) token() string {
	_, token, _ := strings.Cut(b.cookie, "=")
	return token
}

// name is the cookie's.
func (b *browser) name() string {
	name, _, _ := strings.Cut(b.cookie, "=")
	return name
}

// raw sends bytes as they are, and returns the status of the answer; 0: the connection was ended
// without one.
func (b *browser) raw(request string) (int, http.Header) {
	b.s.t.Helper()
	conn, err := b.dialer.DialContext(b.s.t.Context(), "tcp", b.host())
	b.s.must(err)
	defer conn.Close()
	b.s.must(conn.SetDeadline(time.Now().Add(patience)))
	_, _ = io.WriteString(conn, request) // who is refused early need not listen to the end
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, nil
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
	return res.StatusCode, res.Header
}

func (b *browser) host() string { return strings.TrimPrefix(b.base, "http://") }

// head is the beginning of a raw request, with the cookie.
func (b *browser) head(line string) string {
	return line + " HTTP/1.1\r\nHost: " + b.host() + "\r\nUser-Agent: " + b.agent + "\r\nCookie: " + b.cookie + "\r\nConnection: close\r\n"
}

// listen reads a live stream until the program ends it; open is told when it has begun.
func (b *browser) listen(path string, open func()) error {
	defer open()
	req, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, b.base+path, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", b.agent)
	req.Header.Set("Cookie", b.cookie)
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, res.StatusCode)
	}
	open()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
