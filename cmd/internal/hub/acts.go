package hub

import "garita/border/audit"

// Audit is the record of what people and others did or tried at the hub.
func (h *Hub) Audit() *audit.Recorder { return h.self.audit }
