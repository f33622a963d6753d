package broker

import (
	"testing"
	"time"

	"garita/sync/credentials"
)

// Who a connection is stands in certificate and token, and must be the same.
func TestPaired(t *testing.T) {
	a, err := credentials.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	user, _, err := credentials.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Issue("PUT-1", user, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]bool{
		"CN=PUT-1,OU=PUT": true, "CN=PUT-1": true, "OU=PUT+CN=PUT-1": true,
		"CN=PUT-2,OU=PUT": false, "CN=PUT-11": false, "OU=CN=PUT-1": false, "": false, "CN=hub": false,
	} {
		if got := paired(subject, token); got != want {
			t.Errorf("%q: %v", subject, got)
		}
	}
	if paired("CN=PUT-1", "e30.e30.e30") {
		t.Error("a token that is none is paired")
	}
}
