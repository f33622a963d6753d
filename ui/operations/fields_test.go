package operations

import (
	"reflect"
	"testing"

	"garita/border/access"
)

// Every field of what the live stream carries has a class. Its HTML is made of the same, for the
// same roles.
func TestEveryFieldHasAClass(t *testing.T) {
	for _, trouble := range access.Classless(reflect.TypeFor[view]()) {
		t.Error(trouble)
	}
}
