package keystore

// recovery lets a printed key open the root key.
type recovery struct {
	Public []byte `json:"public"` // X25519, of the recovery key
	Sealed []byte `json:"sealed"` // the root key, HPKE to it
}
