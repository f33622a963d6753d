package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"garita/devices/devicetest"
	"garita/devices/profile"
)

// Demo is a running hub and station with simulated readers.
type Demo struct {
	PostURL, HubURL string

	folder *folder
	shelf  []Specimen
	// One browser at each counter, for a counter has one session; and one at the hub.
	browsers []*client
	capital  *client
	readers  []*devicetest.Reader
	server   *http.Server
	cancel   context.CancelFunc
	parts    sync.WaitGroup
	failed   chan error

	mu     sync.Mutex // guards killed
	killed int        // programs that ended by SIGKILL
}

// startPatience bounds how long the programs may take to serve.
const startPatience = 20 * time.Second

// Start prepares the data folder, starts both programs and waits until they serve and the
// readers are ready. Stop must be called.
func Start(ctx context.Context, opt Options, travellers []Specimen) (_ *Demo, err error) {
	shelf := Shelf(opt.Seed, opt.Now())
	f, err := prepare(opt, append(shelf[:len(shelf):len(shelf)], travellers...))
	if err != nil {
		return nil, err
	}
	d := &Demo{folder: f, shelf: shelf, PostURL: "http://" + f.opt.PostListen, HubURL: "http://" + f.opt.HubListen, failed: make(chan error, 3)}
	f.opt.Ended = d.ended(opt.Ended)
	d.capital = newClient(d.HubURL, "", registrar)
	for i := range f.readers {
		d.browsers = append(d.browsers, newClient(d.PostURL, counterName(i), badges[i%len(badges)]))
	}
	// The programs outlive ctx until Stop: what it was about must be finished in order.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Stop())
		}
	}()
	if err := f.found(ctx); err != nil {
		return nil, err
	}
	if opt.National {
		if err := f.importList(ctx, append(shelf[:len(shelf):len(shelf)], travellers...)); err != nil {
			return nil, err
		}
	}
	if err := d.openReaders(); err != nil {
		return nil, err
	}
	d.servePresenter()
	ctx, stop := context.WithTimeout(ctx, startPatience)
	defer stop()
	for _, p := range []*process{f.process("hub"), f.process("post")} {
		if p.name == "post" { // the hub serves
			if err := f.enrol(ctx); err != nil {
				return nil, err
			}
		}
		d.parts.Go(func() {
			if err := p.run(run); err != nil {
				d.failed <- err
			}
		})
		select {
		case <-p.ready:
		case err := <-d.failed:
			return nil, err
		case <-ctx.Done():
			return nil, fmt.Errorf("garita-%s does not serve: %w; see %s", p.name, ctx.Err(), f.path(p.name+".log"))
		}
	}
	return d, d.awaitReaders(ctx, true)
}

func (d *Demo) openReaders() error {
	set, err := profile.Embedded()
	if err != nil {
		return err
	}
	p, ok := set.Get("generic-framed-mrz")
	if !ok {
		return errors.New("the profile generic-framed-mrz is gone")
	}
	for _, link := range d.folder.readers {
		r, err := devicetest.OpenReader(link, p.Framing)
		if err != nil {
			return err
		}
		d.readers = append(d.readers, r)
	}
	return nil
}

// awaitReaders waits until every reader is ready and, if asked to, the hub is heard: what is
// presented earlier would be thrown away with the port's stale bytes.
func (d *Demo) awaitReaders(ctx context.Context, hub bool) error {
	for i, api := range d.browsers {
		for {
			err := api.as(ctx, api.usual) // once the roster has come from the hub
			var v viewOf
			if err == nil {
				v, err = api.view(ctx, counterName(i))
			}
			if err == nil && v.ready() && (v.Status.Hub.Connected || !hub) {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("wait for the readers: %w", errors.Join(ctx.Err(), err))
			}
			pause(ctx, 20*time.Millisecond)
		}
	}
	return nil
}

// operator is the browser at the hub.
func (d *Demo) operator(ctx context.Context) (*client, error) {
	return d.capital, d.capital.as(ctx, registrar)
}

// Failed carries the error of a program that would not start.
func (d *Demo) Failed() <-chan error { return d.failed }

// Stop ends the programs with SIGTERM and closes the readers.
func (d *Demo) Stop() error {
	d.cancel()
	var errs []error
	if d.server != nil {
		errs = append(errs, d.server.Close())
	}
	d.parts.Wait()
	for _, c := range append(d.browsers, d.capital) {
		c.http.CloseIdleConnections()
	}
	for _, r := range d.readers {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}
