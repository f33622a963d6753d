package signin

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
