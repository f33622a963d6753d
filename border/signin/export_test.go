package signin

import (
	"time"

	"garita/border/access/pin"
)

// Cheap makes the check of a badge that nobody has cost next to nothing, for tests that count.
func (s *Service) Cheap() {
	s.decoy = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
}

// Remembered is of how many badges and clients tries are remembered.
func (s *Service) Remembered() (badges, clients int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.attempts), len(s.clients)
}

// Busy lets nobody check a PIN.
func (s *Service) Busy() { s.pins = pin.New(0, time.Millisecond) }
