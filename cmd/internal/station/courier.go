package station

import (
	"garita/border/seal"
	"garita/sync/courier/send"
)

// openCourier opens the way of attached files to the hub, which is behind the events.
func (s *Station) openCourier(files *seal.Attachments) error {
	if s.uplink == nil {
		return nil
	}
	reach, believed, err := s.reach()
	if err != nil {
		return err
	}
	s.courier, err = send.New(send.Config{URL: s.cfg.Hub, Access: reach, Trust: believed, Station: s.cfg.Station, Files: files,
		EventsWait: s.eventsWait, Clock: s.clock, Log: s.log, Rate: s.cfg.FilesRate << 10})
	return err
}

// eventsWait reports whether events wait for the hub, or cannot reach it.
func (s *Station) eventsWait() bool {
	st := s.uplink.Status()
	return !st.Connected || st.Backlog > 0
}
