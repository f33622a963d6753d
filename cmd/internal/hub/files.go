package hub

import (
	"context"
	"sync"
	"time"

	"garita/border"
	"garita/border/archive"
	"garita/sync/answer"
	"garita/sync/courier/collect"
	"garita/sync/link"
)

// openArchive opens the files that crossings name.
func (h *Hub) openArchive(ctx context.Context) (err error) {
	h.Archive, err = archive.Open(ctx, archive.Config{Dir: h.cfg.Data, Clock: h.clock, Register: h.Register, Keys: h.keys, Log: h.log,
		Alarm: h.filesAlarm(),
		Named: func(station border.StationID) {
			if h.files != nil {
				h.files.Wake(station)
			}
		}})
	return err
}

// openCollector opens the hub's end of the way of files.
func (h *Hub) openCollector(url string, reach link.Access, believed answer.Trust) (err error) {
	h.files, err = collect.New(collect.Config{URL: url, Access: reach, Trust: believed, Files: h.Archive, Clock: h.clock, Log: h.log, Alarm: h.filesAlarm()})
	return err
}

// filesAlarm raises what is wrong with a station's files, each thing once an hour: a station that sends
// what it must not does so piece by piece.
func (h *Hub) filesAlarm() func(station border.StationID, text string) {
	const most = 1000
	var mu sync.Mutex // guards said
	said := map[string]time.Time{}
	return func(station border.StationID, text string) {
		now := h.clock.Now()
		mu.Lock()
		last, known := said[string(station)+text]
		again := !known || now.Sub(last) >= time.Hour || now.Before(last)
		if len(said) >= most {
			clear(said)
		}
		if again {
			said[string(station)+text] = now
		}
		mu.Unlock()
		if again {
			h.alarm(station, "files", text)
		}
	}
}
