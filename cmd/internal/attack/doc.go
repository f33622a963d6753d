// Package attack holds the attack suite: what somebody without rights, with stolen rights or with a
// forged station tries against a running hub and two stations, over their own sockets. It has tests
// only. Each expects that the attempt is refused and stands in the audit, and that travellers are
// recorded as ever.
package attack
