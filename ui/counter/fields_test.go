package counter

import (
	"reflect"
	"testing"

	"garita/border/access"
	"garita/border/counter"
)

// Every field of what the live stream carries has a class. Its HTML is made of the same, and so it
// is for those only who may see all of it.
func TestEveryFieldHasAClass(t *testing.T) {
	for _, trouble := range access.Classless(reflect.TypeFor[counter.View]()) {
		t.Error(trouble)
	}
	for _, role := range access.Roles() {
		if !access.May([]access.Role{role}, access.CounterRead) {
			continue
		}
		for _, c := range access.Tells(reflect.TypeFor[counter.View]()) {
			if !access.Sees([]access.Role{role}, c) {
				t.Errorf("the role %s reads counters and may not see what is %s", role, c)
			}
		}
	}
}
