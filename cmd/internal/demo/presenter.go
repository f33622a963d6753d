package demo

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// servePresenter lets the counter page put specimens on the simulated readers: the page
// asks the station, the station asks here.
func (d *Demo) servePresenter() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /specimens", d.listSpecimens)
	mux.HandleFunc("POST /present", d.presentSpecimen)
	d.server = &http.Server{Handler: mux, ReadTimeout: 5 * time.Second}
	d.parts.Go(func() {
		if err := d.server.Serve(d.folder.presentr); err != nil && !errors.Is(err, http.ErrServerClosed) {
			d.failed <- err
		}
	})
}

func (d *Demo) listSpecimens(w http.ResponseWriter, _ *http.Request) {
	type specimen struct {
		Label string `json:"label"`
		Note  string `json:"note"`
	}
	list := make([]specimen, len(d.shelf))
	for i, s := range d.shelf {
		list[i] = specimen{s.Label, s.Note}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // the station gave up waiting: nobody is left to tell
}

func (d *Demo) presentSpecimen(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Counter string `json:"counter"`
		Index   int    `json:"index"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&in)
	i, convErr := strconv.Atoi(in.Counter)
	if err != nil || convErr != nil || i < 1 || i > len(d.readers) || in.Index < 0 || in.Index >= len(d.shelf) {
		http.Error(w, "no such counter or specimen", http.StatusUnprocessableEntity)
		return
	}
	if _, err := d.readers[i-1].Present(d.shelf[in.Index].Lines); err != nil {
		http.Error(w, "the simulated reader failed", http.StatusServiceUnavailable)
	}
}
