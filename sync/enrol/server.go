package enrol

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"garita/border"
	"garita/border/enrolment"
)

// Config says what the hub's end serves.
type Config struct {
	Hub   enrolment.Hub
	Clock border.Clock
	// Mono is a monotonic clock from any origin, for limits.
	Mono func() time.Duration
	// TLS shows the hub's certificate, asks for a station's, and refuses one that is not good, or that
	// ended more than [enrolment.LateFor] days ago (border/pki).
	TLS *tls.Config
	// StationOf says whose certificate this is (border/pki).
	StationOf func(*x509.Certificate) (border.StationID, error)
	Log       *slog.Logger // nil: silent
}

// Limits of the hub's end.
const (
	stopTime  = 3 * time.Second
	maxHeader = 8 << 10

	connsOfOne = 16
	connsOfAll = 256
)

// patience is how long the hub's end waits for a client.
type patience struct {
	head  time.Duration // for the handshake, and for the head of a request
	read  time.Duration // for a whole request
	write time.Duration
}

var usual = patience{head: 5 * time.Second, read: 10 * time.Second, write: 20 * time.Second}

var (
	askOfOne  = rate{30, 2 * time.Second} // enrolments and renewals
	askOfAll  = rate{120, 250 * time.Millisecond}
	timeOfOne = rate{60, time.Second}
	timeOfAll = rate{1000, 2 * time.Millisecond}
)

// Server is the hub's end.
type Server struct {
	cfg  Config
	asks *limiter
	time *limiter
	wait patience
}

// New makes the hub's end. [border.Invalid]: something is missing.
func New(c Config) (*Server, error) {
	if c.Hub == nil || c.Clock == nil || c.Mono == nil || c.TLS == nil || c.StationOf == nil {
		return nil, &border.Error{Code: border.Invalid, Op: "serve enrolment", Err: errors.New("a part is missing")}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.TLS = c.TLS.Clone()
	c.TLS.MinVersion = tls.VersionTLS13
	c.TLS.NextProtos = []string{"http/1.1"} // one request, one connection, one binding
	return &Server{cfg: c, asks: newLimiter(c.Mono, askOfOne, askOfAll), time: newLimiter(c.Mono, timeOfOne, timeOfAll), wait: usual}, nil
}

// Serve serves on a listener until ctx ends, and closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathEnrol, s.enrol)
	mux.HandleFunc("POST "+pathRenew, s.renew)
	mux.HandleFunc("GET "+pathTime, s.tell)
	h := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: s.wait.head,
		ReadTimeout:       s.wait.read,
		WriteTimeout:      s.wait.write,
		IdleTimeout:       s.wait.head,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), // anybody can cause it
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	var stopping sync.WaitGroup
	served := make(chan struct{})
	stopping.Go(func() {
		select {
		case <-ctx.Done():
		case <-served:
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if h.Shutdown(end) != nil {
			_ = h.Close() // who is still asking has had time
		}
	})
	err := h.Serve(tls.NewListener(&bounded{Listener: l, one: connsOfOne, all: connsOfAll, open: make(map[netip.Addr]int)}, s.cfg.TLS))
	close(served)
	stopping.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return &border.Error{Code: border.Unavailable, Op: "serve enrolment", Err: err}
}

// ask is what a station says to be enrolled.
type ask struct {
	Code    string          `json:"code"` // names the code
	Request json.RawMessage `json:"request"`
}

// parseAsk reads it, at most [MaxBody] bytes.
func parseAsk(body []byte) (id string, r enrolment.Request, err error) {
	bad := &border.Error{Code: border.Invalid, Op: "read a request to enrol", Message: "The request cannot be read. Programs of station and hub may not fit together."}
	if len(body) > MaxBody {
		return "", r, tooLarge
	}
	var a ask
	if json.Unmarshal(body, &a) != nil || !enrolment.ValidID(a.Code) {
		return "", r, bad // the cause could repeat content
	}
	r, err = enrolment.ParseRequest(a.Request)
	return a.Code, r, err
}

var tooLarge = &border.Error{Code: border.TooLarge, Op: "read a request", Message: "The request is too large."}

func (s *Server) enrol(w http.ResponseWriter, q *http.Request) {
	body, bound, err := s.take(q)
	if err != nil {
		s.refuse(w, err)
		return
	}
	id, r, err := parseAsk(body)
	if err != nil {
		s.refuse(w, err)
		return
	}
	shown := header(q.Header.Get(headerProof), sha256.Size)
	var answer func(grant []byte) []byte
	grant, err := s.cfg.Hub.Enrol(q.Context(), id, func(key []byte) bool {
		if !hmac.Equal(shown, proof(key, roleStation, bound, body)) {
			return false
		}
		key = append([]byte(nil), key...) // it is the keeper's
		answer = func(grant []byte) []byte {
			defer clear(key)
			return proof(key, roleHub, bound, body, grant)
		}
		return true
	}, r)
	if err == nil && answer == nil {
		err = &border.Error{Code: border.Internal, Op: "enrol a station", Err: errors.New("a grant without a proof")}
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.cfg.Log.Info("a station was enrolled", "station", grant.Station)
	s.answer(w, grant, answer)
}

func (s *Server) renew(w http.ResponseWriter, q *http.Request) {
	const op = "renew a station"
	body, bound, err := s.take(q)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if len(q.TLS.PeerCertificates) == 0 {
		s.refuse(w, &border.Error{Code: border.Unauthenticated, Op: op, Message: "A station renews with the certificate that it has."})
		return
	}
	leaf := q.TLS.PeerCertificates[0]
	station, err := s.cfg.StationOf(leaf)
	if err != nil {
		s.refuse(w, err)
		return
	}
	r, err := enrolment.ParseRequest(body)
	if err != nil {
		s.refuse(w, err)
		return
	}
	signature := header(q.Header.Get(headerSignature), ed25519.SignatureSize)
	sum := sha256.Sum256(body)
	message := enrolment.RenewMessage(bound, sum[:])
	grant, err := s.cfg.Hub.Renew(q.Context(), station, leaf.RawSubjectPublicKeyInfo, func(k ed25519.PublicKey) bool {
		return len(k) == ed25519.PublicKeySize && signature != nil && ed25519.Verify(k, message, signature)
	}, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.cfg.Log.Info("a station has renewed", "station", station)
	s.answer(w, grant, nil)
}

// moment is what GET /time answers.
type moment struct {
	Now time.Time `json:"now"`
}

func (s *Server) tell(w http.ResponseWriter, q *http.Request) {
	if !s.time.allow(addressOf(q.RemoteAddr)) {
		s.refuse(w, tooMany)
		return
	}
	s.write(w, http.StatusOK, moment{s.cfg.Clock.Now().UTC()}, nil)
}

var tooMany = &border.Error{Code: border.TooMany, Op: "ask the hub", Message: "Too many tries from here. Wait a minute and try again."}

// take reads a request's body, within all limits, and the binding of its connection.
func (s *Server) take(q *http.Request) (body, bound []byte, err error) {
	if !s.asks.allow(addressOf(q.RemoteAddr)) {
		return nil, nil, tooMany
	}
	if q.ContentLength > MaxBody {
		return nil, nil, tooLarge
	}
	if body, err = io.ReadAll(io.LimitReader(q.Body, MaxBody+1)); err != nil {
		return nil, nil, &border.Error{Code: border.Unavailable, Op: "read a request", Err: err, Message: "The request did not arrive whole. Try again."}
	}
	if len(body) > MaxBody {
		return nil, nil, tooLarge
	}
	bound, err = binding(q.TLS)
	return body, bound, err
}

func (s *Server) answer(w http.ResponseWriter, g enrolment.Grant, prove func([]byte) []byte) {
	s.write(w, http.StatusOK, g, prove)
}

func (s *Server) write(w http.ResponseWriter, status int, what any, prove func([]byte) []byte) {
	b, err := json.Marshal(what)
	if err != nil {
		s.cfg.Log.Error("an answer cannot be written", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	if prove != nil {
		h.Set(headerProof, spell(prove(b)))
	}
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		s.cfg.Log.Debug("an answer did not arrive", "err", err)
	}
}

// trouble is how a refusal is answered.
type trouble struct {
	Code    border.Code `json:"code"`
	Message string      `json:"message"`
}

var statuses = map[border.Code]int{
	border.Invalid: http.StatusUnprocessableEntity, border.NotFound: http.StatusForbidden, border.Forbidden: http.StatusForbidden,
	border.Unauthenticated: http.StatusUnauthorized, border.TooMany: http.StatusTooManyRequests, border.Conflict: http.StatusConflict,
	border.TooLarge: http.StatusRequestEntityTooLarge, border.Unavailable: http.StatusServiceUnavailable,
	border.NotDurable: http.StatusServiceUnavailable, border.StorageFull: http.StatusInsufficientStorage,
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	code, message := border.CodeOf(err), border.MessageOf(err)
	status, known := statuses[code]
	if !known {
		code, status = border.Internal, http.StatusInternalServerError
	}
	if status >= http.StatusInternalServerError {
		s.cfg.Log.Error("a request of a station failed", "err", err)
	}
	if code == border.Internal || message == "" {
		message = "The hub could not do this. Its log says why."
	}
	s.write(w, status, trouble{code, message}, nil)
}
