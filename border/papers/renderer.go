package papers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"os/exec"
	"sync/atomic"
	"time"

	"garita/border"
)

const (
	// Deadline of one process, from its start to its end.
	Deadline = 2 * time.Second
	// MaxMemory is how many bytes a process may hold before it is killed, besides its own
	// limit: that one is on addresses.
	MaxMemory = 640 << 20
	// quality of the pages as JPEG: text stays clear.
	quality = 80
)

// Config says how papers are drawn.
type Config struct {
	// Program is the path of garita-render.
	Program string
	// WithoutLandlock draws also where the kernel has no Landlock.
	WithoutLandlock bool
	Log             *slog.Logger // nil: no log
	// Deadline of one process; 0: [Deadline].
	Deadline time.Duration
}

// Renderer draws papers, one at a time: a station has other things to do. It is safe for
// concurrent use; those who wait do so until their context ends.
type Renderer struct {
	cfg  Config
	turn chan struct{} // holds one token
	// together is set when the kernel refused namespaces of its own to a process; later ones do without.
	together atomic.Bool
}

// New returns a renderer. The program is looked for when it is needed.
func New(cfg Config) *Renderer {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = Deadline
	}
	r := &Renderer{cfg: cfg, turn: make(chan struct{}, 1)}
	r.turn <- struct{}{}
	return r
}

// Read says what a paper holds. A paper that cannot be used is an error of code Invalid or
// TooLarge; Unavailable says that nothing can be drawn here, whatever the paper.
func (r *Renderer) Read(ctx context.Context, document []byte) (*Contents, error) {
	a, kind, err := r.ask(ctx, &Request{Page: AllTexts, Document: document})
	if err != nil {
		return nil, err
	}
	return &Contents{Kind: kind, Texts: a.Texts}, nil
}

// Draw draws a page, from 0, within width and height in pixels, each at most [MaxSide].
// Errors are as those of [Renderer.Read]; NotFound if there is no such page.
func (r *Renderer) Draw(ctx context.Context, document []byte, page, width, height int) (*Picture, error) {
	if page < 0 || page >= MaxPages {
		return nil, errNoPage
	}
	a, _, err := r.ask(ctx, &Request{Page: page, Width: min(max(width, 1), MaxSide), Height: min(max(height, 1), MaxSide), Document: document})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, a.Image, &jpeg.Options{Quality: quality}); err != nil {
		return nil, &border.Error{Code: border.Internal, Op: "draw a page", Err: err}
	}
	clear(a.Image.Pix)
	return &Picture{Width: a.Image.Rect.Dx(), Height: a.Image.Rect.Dy(), JPEG: b.Bytes()}, nil
}

// ask judges the file, waits for its turn, and gives it to a process.
func (r *Renderer) ask(ctx context.Context, q *Request) (*Answer, Kind, error) {
	kind, err := Sniff(q.Document, MaxPixels)
	if err != nil {
		return nil, "", err
	}
	q.Kind = kind
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, "", &border.Error{Code: border.Unavailable, Op: "wait to draw a paper", Err: context.Cause(ctx),
			Message: "Other papers are being drawn. Try again in a moment."}
	}
	a, end, err := r.run(ctx, q)
	if err != nil {
		err = r.explain(ctx, end, err)
		r.cfg.Log.Warn("papers: a paper was not drawn", "kind", string(kind), "bytes", len(q.Document), "error", err)
		return nil, "", err
	}
	if a.Landlock == 0 && !r.cfg.WithoutLandlock {
		return nil, "", errUnconfined
	}
	return a, kind, nil
}

var errUnconfined = &border.Error{Code: border.Unavailable, Op: "draw a paper", Err: errors.New("no Landlock"),
	Message: "Papers cannot be shown on this machine: its system cannot wall off the program that draws them. Tell the technician."}

// ending is how a process ended.
type ending struct {
	late      bool // at its deadline
	memory    bool // it held too much
	forbidden bool // the kernel ended it for a call that it must not make
	broken    bool // of itself, with an error
}

// explain says in plain words what became of a process that did not answer.
func (r *Renderer) explain(ctx context.Context, end ending, err error) error {
	var no refused
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrPermission):
		return &border.Error{Code: border.Unavailable, Op: "start the program that draws papers", Err: err,
			Message: "Papers cannot be shown: the program that draws them is not installed. Tell the technician."}
	case end.forbidden:
		return fault(errForbidden, err)
	case ctx.Err() != nil:
		return &border.Error{Code: border.Unavailable, Op: "draw a paper", Err: context.Cause(ctx), Message: "Drawing was interrupted. Try again."}
	case end.late, end.memory:
		return fault(errLimits, err)
	case errors.As(err, &no):
		switch Refusal(no) {
		case RefusedUnconfined:
			return errUnconfined
		case RefusedBroken:
			return &border.Error{Code: border.Unavailable, Op: "draw a paper", Err: err,
				Message: "Papers cannot be shown: the program that draws them cannot wall itself off. Tell the technician."}
		case RefusedLocked:
			return errLocked
		case RefusedPages:
			return errPages
		case RefusedNoPage:
			return errNoPage
		default:
			return errDamaged
		}
	case errors.Is(err, errAnswer):
		return fault(errForbidden, err)
	case end.broken:
		return fault(errDamaged, err)
	}
	return &border.Error{Code: border.Unavailable, Op: "draw a paper", Err: fmt.Errorf("the renderer: %w", err),
		Message: "The paper could not be drawn. Try again; if this goes on, tell the technician."}
}
