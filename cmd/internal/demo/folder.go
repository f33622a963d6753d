package demo

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"garita/border"
)

// Options says what a demo runs with.
type Options struct {
	Data       string // folder; made if missing
	Programs   string // folder of garita-post and garita-hub
	PostListen string // loopback host:port; port 0 picks a free one
	HubListen  string
	NATSListen string
	// EnrolListen is where the station enrols; "": a free port.
	EnrolListen string
	Counters    int    // 1 to 8, each with a simulated reader
	Seed        uint64 // of the invented travellers
	National    bool   // give a new hub an invented national list
	Now         func() time.Time
	// Ended is told how a program ended, each time, before it is started again. It may be
	// called from several goroutines; nil: nobody is told.
	Ended func(program string, state *os.ProcessState)
}

// folder is a demo's data folder with the files that the programs read.
type folder struct {
	opt      Options
	readers  []string // links of the simulated readers, by counter
	presentr net.Listener
}

func (f *folder) path(name string) string { return filepath.Join(f.opt.Data, name) }

// prepare makes the folder and writes configurations and the sample list.
func prepare(opt Options, listed []Specimen) (*folder, error) {
	if opt.EnrolListen == "" {
		opt.EnrolListen = "127.0.0.1:0"
	}
	var err error
	if opt.Data, err = filepath.Abs(opt.Data); err != nil {
		return nil, failed("make the data folder", err)
	}
	for _, d := range []string{"post", "hub", "readers"} {
		if err := os.MkdirAll(filepath.Join(opt.Data, d), 0o700); err != nil {
			return nil, failed("make the data folder", err)
		}
	}
	for _, a := range []*string{&opt.PostListen, &opt.HubListen, &opt.NATSListen, &opt.EnrolListen} {
		if *a, err = settle(*a); err != nil {
			return nil, err
		}
	}
	f := &folder{opt: opt}
	for i := range opt.Counters {
		link := f.path(filepath.Join("readers", "reader-"+strconv.Itoa(i+1)))
		// A demo that was killed leaves its link behind; it could lead to another's terminal.
		if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, failed("make the simulated readers", err)
		}
		f.readers = append(f.readers, link)
	}
	if f.presentr, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, failed("listen for the counter page", err)
	}
	return f, errors.Join(f.write("hub.toml", f.hubConfig()), f.write("post.toml", f.postConfig()),
		f.writeList(listed))
}

// Ports below those that the kernel gives to connections as they come. One of those could be taken
// between the moment it was free and the start of the program that is to listen there.
const firstPort, ports = 18000, 14000

// settle picks a free port where none is given, so that a program that is started again
// gets the same address.
func settle(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != "0" {
		return address, err
	}
	for range 100 {
		var ln net.Listener
		if ln, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(firstPort+rand.IntN(ports)))); err != nil {
			continue
		}
		return ln.Addr().String(), ln.Close()
	}
	return "", failed("find a free port", err)
}

func (f *folder) write(name, content string) error {
	if err := os.WriteFile(f.path(name), []byte(content), 0o600); err != nil {
		return failed("write "+name, err)
	}
	return nil
}

func (f *folder) hubConfig() string {
	return fmt.Sprintf("name = \"demo hub\"\ndata = %q\nlisten = %q\nnats = %q\nenrol = %q\ndemo = true\n%s", f.path("hub"), f.opt.HubListen, f.opt.NATSListen,
		f.opt.EnrolListen, posts)
}

// posts are the invented posts, at invented places.
const posts = "[[post]]\nid = \"PCA\"\nname = \"Paso Alto\"\nlat = 8.53\nlon = -82.84\n"

func (f *folder) postConfig() string {
	var b strings.Builder
	fmt.Fprintf(&b, "data = %q\nlisten = %q\nhub = %q\nenrol = %q\nlists = [%q]\n", f.path("post"), f.opt.PostListen, "tls://"+f.opt.NATSListen,
		"https://"+f.opt.EnrolListen, f.path("sample-list.csv"))
	for i, link := range f.readers {
		fmt.Fprintf(&b, "[[counter]]\nid = \"%d\"\ndirection = \"entry\"\n", i+1)
		fmt.Fprintf(&b, "[[scanner]]\nid = \"reader-%d\"\nprofile = \"generic-framed-mrz\"\npath = %q\ncounter = \"%d\"\n", i+1, link, i+1)
	}
	fmt.Fprintf(&b, "[demo]\non = true\npresenter = %q\n", "http://"+f.presentr.Addr().String())
	return b.String()
}

// writeList writes the sample list in the open format of border/watch. Its people are
// invented like all others.
func (f *folder) writeList(listed []Specimen) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# list=sample\n# version=1\n# issued=%s\n# max_age_hours=720\n",
		f.opt.Now().UTC().Truncate(24*time.Hour).Format(time.RFC3339))
	w := csv.NewWriter(&b)
	rows := [][]string{{"entry", "surname", "given_names", "birth_date", "nationality", "document_number", "document_issuer", "handling"}}
	for i, s := range listed {
		id := "S" + strconv.Itoa(i+1)
		switch s.listed {
		case "number":
			rows = append(rows, []string{id, "", "", "", "", s.number, s.state, "refer"})
		case "name":
			rows = append(rows, []string{id, s.surname, s.given, "", s.state, "", "", "open"})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return failed("write the sample list", err)
	}
	return f.write("sample-list.csv", b.String())
}

func failed(op string, err error) error {
	return &border.Error{Code: border.Internal, Op: op, Err: err}
}
