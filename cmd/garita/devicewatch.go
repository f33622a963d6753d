package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"garita/border"
)

// deviceWatchCmd is `garita device watch`.
type deviceWatchCmd struct {
	stationFlags
}

// maxEvent bounds one event of the stream.
const maxEvent = 4 << 20

// Run tells of each change until the program is ended or the station is.
func (c deviceWatchCmd) Run(ctx context.Context, w *world) error {
	res, err := c.open(ctx, http.MethodGet, "/live/workshop", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	in := bufio.NewScanner(res.Body)
	in.Buffer(make([]byte, 64<<10), maxEvent)
	shown := make(map[string]string)
	for in.Scan() {
		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok || data == "{}" { // a beat
			continue
		}
		var e struct {
			View struct {
				Scanners []border.ScannerDetail `json:"scanners"`
			} `json:"view"`
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return &border.Error{Code: border.Unavailable, Op: "watch the scanners", Message: "The station's words cannot be read. Use the `garita` of the station's version.", Err: err}
		}
		if err := c.tell(w, shown, e.View.Scanners); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return &border.Error{Code: border.Unavailable, Op: "watch the scanners", Message: "The station has ended, or the connection to it broke. Start again when it runs.", Err: errors.Join(in.Err(), io.EOF)}
}

// tell prints what is new.
func (c deviceWatchCmd) tell(w *world, shown map[string]string, list []border.ScannerDetail) error {
	at := w.now().UTC().Format(time.TimeOnly)
	there := make(map[string]bool)
	for _, d := range list {
		there[d.ID] = true
		line := strings.TrimSuffix(fmt.Sprintf("%s  %s, counter %s: %s", d.ID, d.State, dash(string(d.Counter)), d.Reason), ": ")
		if shown[d.ID] == line {
			continue
		}
		shown[d.ID] = line
		if c.JSON {
			b, err := json.Marshal(d)
			if err != nil {
				return err
			}
			line = string(b)
		} else {
			line = at + "  " + line
		}
		fmt.Fprintln(w.out, line)
	}
	for id := range shown {
		if !there[id] {
			delete(shown, id)
			if !c.JSON {
				fmt.Fprintf(w.out, "%s  %s  gone\n", at, id)
			}
		}
	}
	return nil
}
