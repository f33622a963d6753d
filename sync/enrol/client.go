package enrol

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"garita/border"
	"garita/border/enrolment"
)

// callTime bounds one call to the hub.
const callTime = 20 * time.Second

// maxAnswer bounds what the hub may say, in bytes.
const maxAnswer = enrolment.MaxGrant + 8<<10

// tries is how often a station asks with the same keys: the answer may get lost on the way.
const tries = 3

// ParseURL reads the address of a hub's enrolment, "https://host:port" or "host:port", and gives it
// in the first form.
func ParseURL(text string) (string, error) {
	bad := &border.Error{Code: border.Invalid, Op: "read the hub's address", Message: "The address of the hub's enrolment looks like https://hub.example:8443."}
	if len(text) > 512 {
		return "", bad
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" || u.Hostname() == "" {
		return "", bad
	}
	if _, port, err := net.SplitHostPort(u.Host); err != nil || port == "" {
		return "", bad
	}
	return "https://" + u.Host, nil
}

// Enrol makes a station's keys, proves to the hub at url to know the code, has the hub prove the
// same, and returns what the station now is. software names the program. Nothing is kept:
// the caller writes the identity down, sealed.
//
// [border.Forbidden]: the code is wrong, used or expired, or somebody stands between.
func Enrol(ctx context.Context, url string, code enrolment.Code, software string) (enrolment.Identity, error) {
	const op = "enrol this station"
	url, err := ParseURL(url)
	if err != nil {
		return enrolment.Identity{}, err
	}
	key, err := code.Key()
	if err != nil {
		return enrolment.Identity{}, err
	}
	defer clear(key)
	request, made, err := enrolment.MakeKeys(software, nil)
	if err != nil {
		return enrolment.Identity{}, err
	}
	raw, err := json.Marshal(request)
	if err != nil {
		return enrolment.Identity{}, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	body, err := json.Marshal(ask{Code: code.ID(), Request: raw})
	if err != nil {
		return enrolment.Identity{}, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	c := call{op: op, url: url, path: pathEnrol, body: body, header: headerProof,
		tls:  &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true}, //nolint:gosec // the code says who is there, both ways: no certificate is known yet
		sign: func(bound []byte) []byte { return proof(key, roleStation, bound, body) },
		check: func(bound []byte, shown string, answer []byte) error {
			if !hmac.Equal(header(shown, sha256.Size), proof(key, roleHub, bound, body, answer)) {
				return &border.Error{Code: border.Forbidden, Op: op, Message: "What answered is not the hub that gave the code: something stands between. Nothing was taken from it. Call the hub."}
			}
			return nil
		}}
	var answer []byte
	for try := 1; ; try++ {
		answer, err = c.do(ctx)
		if border.CodeOf(err) != border.Unavailable || try == tries {
			break
		}
	}
	if err != nil {
		return enrolment.Identity{}, err
	}
	grant, err := enrolment.ParseGrant(answer)
	if err != nil {
		return enrolment.Identity{}, err
	}
	return enrolment.Complete(made, grant, url)
}

// Renew asks the hub for new certificates for new keys, with the ones that the station has. config is the
// station's TLS towards the hub (border/pki). The caller keeps what it returns before it is used.
func Renew(ctx context.Context, old *enrolment.Identity, config *tls.Config, software string) (enrolment.Identity, error) {
	const op = "renew this station"
	request, made, err := enrolment.MakeKeys(software, nil)
	if err != nil {
		return enrolment.Identity{}, err
	}
	body, err := json.Marshal(request)
	if err != nil {
		return enrolment.Identity{}, &border.Error{Code: border.Internal, Op: op, Err: err}
	}
	sum := sha256.Sum256(body)
	c := call{op: op, url: old.URL, path: pathRenew, body: body, header: headerSignature, tls: config,
		sign: func(bound []byte) []byte { return old.Sign(enrolment.RenewMessage(bound, sum[:])) }}
	answer, err := c.do(ctx)
	if err != nil {
		return enrolment.Identity{}, err
	}
	grant, err := enrolment.ParseGrant(answer)
	if err != nil {
		return enrolment.Identity{}, err
	}
	renewed, err := enrolment.Complete(made, grant, old.URL)
	if err != nil {
		return enrolment.Identity{}, err
	}
	if renewed.Grant.Station != old.Grant.Station || renewed.Grant.Post != old.Grant.Post {
		return enrolment.Identity{}, &border.Error{Code: border.Invalid, Op: op, Message: "The hub renewed another station than this one."}
	}
	renewed.After(old)
	return renewed, nil
}

// Time asks the hub for its time. config is
// the station's TLS towards the hub (border/pki): no certificate of its own is needed.
func Time(ctx context.Context, url string, config *tls.Config) (hub time.Time, err error) {
	config = config.Clone()
	config.Certificates, config.GetClientCertificate = nil, nil // one that has ended would be refused
	return hello(ctx, url, config)
}

// hello asks for the time and shows what config shows.
func hello(ctx context.Context, url string, config *tls.Config) (hub time.Time, err error) {
	const op = "ask the hub for the time"
	c := call{op: op, url: url, path: pathTime, tls: config}
	answer, err := c.do(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var m moment
	if json.Unmarshal(answer, &m) != nil || m.Now.IsZero() {
		return time.Time{}, &border.Error{Code: border.Invalid, Op: op, Message: "The hub's answer cannot be read."}
	}
	return m.Now.UTC(), nil
}

// call is one request on a connection of its own.
type call struct {
	op, url, path string
	body          []byte // nil: GET
	tls           *tls.Config
	header        string
	sign          func(binding []byte) []byte
	check         func(binding []byte, shown string, answer []byte) error
}

func (c *call) do(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	u, err := url.Parse(c.url)
	if err != nil {
		return nil, &border.Error{Code: border.Invalid, Op: c.op, Err: err}
	}
	config := c.tls.Clone()
	config.NextProtos = []string{"http/1.1"}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		var e *border.Error
		if errors.As(err, &e) { // the certificate
			return nil, err
		}
		return nil, c.unreachable(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // the read then fails
	defer stop()
	t := conn.(*tls.Conn).ConnectionState()
	bound, err := binding(&t)
	if err != nil {
		return nil, err
	}
	shown, status, answer, err := c.exchange(ctx, conn, bound)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, c.refused(answer)
	}
	if c.check != nil {
		if err := c.check(bound, shown, answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (c *call) exchange(ctx context.Context, conn net.Conn, bound []byte) (shown string, status int, answer []byte, err error) {
	method := http.MethodGet
	if c.body != nil {
		method = http.MethodPost
	}
	q, err := http.NewRequestWithContext(ctx, method, c.url+c.path, bytes.NewReader(c.body))
	if err != nil {
		return "", 0, nil, &border.Error{Code: border.Invalid, Op: c.op, Err: err}
	}
	q.Close = true
	if c.body != nil {
		q.Header.Set("Content-Type", jsonType)
	}
	if c.sign != nil {
		q.Header.Set(c.header, spell(c.sign(bound)))
	}
	// An answer can come before all is sent: a refusal. It says more than the failed write.
	sent := q.Write(conn)
	a, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxAnswer)), q)
	if err != nil {
		return "", 0, nil, c.unreachable(errors.Join(sent, err))
	}
	defer a.Body.Close()
	if answer, err = io.ReadAll(a.Body); err != nil {
		return "", 0, nil, c.unreachable(err)
	}
	return a.Header.Get(headerProof), a.StatusCode, answer, nil
}

func (c *call) unreachable(err error) error {
	// With TLS 1.3 the hub's refusal of a certificate comes as an alert, in place of an answer.
	var o *net.OpError
	if errors.As(err, &o) && o.Op == "remote error" {
		return &border.Error{Code: border.Forbidden, Op: c.op, Err: err,
			Message: "The hub does not take this station's certificate: it was revoked, replaced, or ended too long ago. Ask the hub's administrator; garita-hub station list says more."}
	}
	return &border.Error{Code: border.Unavailable, Op: c.op, Err: err,
		Message: "The hub did not answer at " + c.url + ". Check the address and the network, and try again."}
}

// maxSaid bounds what is shown of a refusal, in bytes.
const maxSaid = 400

// refused reads a refusal. Who refuses is not known to be the hub: its words are shown as its words,
// without anything that a terminal would obey.
func (c *call) refused(answer []byte) error {
	var t trouble
	if json.Unmarshal(answer, &t) != nil {
		t = trouble{}
	}
	if _, known := statuses[t.Code]; !known {
		t.Code = border.Internal
	}
	if t.Code == border.Unavailable || t.Code == border.NotDurable || t.Code == border.StorageFull {
		t.Code = border.Unavailable
	}
	said := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, t.Message)
	if said = said[:min(len(said), maxSaid)]; said == "" {
		said = "no more than that it refuses."
	}
	return &border.Error{Code: t.Code, Op: c.op, Message: "What answers at " + c.url + " says: " + said}
}
