package lookup

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"

	"garita/border"
)

// Connect makes the service of a configuration.
func Connect(c ServiceConfig, clock border.Clock) (Service, error) {
	bad := func(message string) error {
		return &border.Error{Code: border.Invalid, Op: "set up the lookup " + c.Name, Message: message}
	}
	if c.Name == "" || len(c.Name) > 64 {
		return nil, bad("Each [[lookup]] needs a name of at most 64 characters.")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, bad("Its url is none like https://service.example/base.")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, bad("Only a service on this machine may be asked without TLS.")
	}
	if (c.Certificate == "") != (c.Key == "") || c.Certificate != "" && u.Scheme != "https" {
		return nil, bad("A certificate needs its key, and an https address.")
	}
	if c.MinScore < 0 || c.MinScore > 1 {
		return nil, bad("Its min_score is none from 0 to 1.")
	}
	c.URL = strings.TrimRight(c.URL, "/")
	client, err := newClient(&c, clock)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case "find":
		return &find{c.Name, c.Purpose, client}, nil
	case "notices":
		return &notices{c.Name, client}, nil
	case "matching":
		if c.MinScore == 0 {
			c.MinScore = 0.7
		}
		return &matching{c.Name, c.Dataset, c.MinScore, client}, nil
	}
	return nil, bad("Its kind is none of find, notices, matching.")
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// AuditFile is an append-only file of records, a JSON object a line.
type AuditFile struct {
	mu sync.Mutex // guards f: records of one inquiry stand together
	f  *os.File
}

// OpenAudit opens or makes the file.
func OpenAudit(path string) (*AuditFile, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "open the audit of lookups", Err: err}
	}
	return &AuditFile{f: f}, nil
}

// Write appends records and syncs them.
func (a *AuditFile) Write(records []Record) error {
	var b []byte
	for i := range records {
		line, err := json.Marshal(&records[i])
		if err != nil {
			return &border.Error{Code: border.Internal, Op: "write the audit of lookups", Err: err}
		}
		b = append(append(b, line...), '\n')
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.f.Write(b)
	if err == nil {
		err = a.f.Sync()
	}
	if err != nil {
		return &border.Error{Code: border.Internal, Op: "write the audit of lookups", Err: err}
	}
	return nil
}

// Close closes the file.
func (a *AuditFile) Close() error { return a.f.Close() }
