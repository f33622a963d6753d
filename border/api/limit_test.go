package api

import (
	"net/http"
	"testing"
)

// Every list of the register knows its limit: what is out of bounds is refused, not passed over.
func TestLimits(t *testing.T) {
	r := newRig(t)
	for _, list := range []string{"crossings", "alarms", "stays", "overstays", "proposals"} {
		for _, limit := range []string{"0", "1001", "ten"} {
			if a := r.send(http.MethodGet, prefix+"/register/"+list+"?limit="+limit, ""); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s with limit %s: status %d", list, limit, a.status)
			}
		}
		if a := r.send(http.MethodGet, prefix+"/register/"+list+"?limit=1000", ""); a.status != http.StatusOK {
			t.Errorf("%s: status %d", list, a.status)
		}
	}
}
