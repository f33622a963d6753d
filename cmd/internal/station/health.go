package station

import "garita/border"

// health says in every hello how disk and scanners are: the hub's people see a full disk before it stops a post.
func (s *Station) health() *border.StationHealth {
	disk := s.Journal.Storage()
	h := &border.StationHealth{Storage: string(disk.State), FreeBytes: disk.Free, TotalBytes: disk.Total}
	for _, d := range s.scanners.Status() {
		h.Scanners = append(h.Scanners, border.ScannerReport{ID: d.ID, Counter: d.Counter, Kind: d.Kind, State: d.State, Since: d.Since.UTC()})
	}
	return h
}
