// Package access says who may do what: roles, actions, what each field tells, and which action
// each route is. Everything that is not named here is refused. It is pure: whoever signs people
// in is border/signin, whoever stands before the routes is ui/gate.
package access

import "slices"

// Role is what an officer is entrusted with. An officer may have several, but see [Exclusive].
type Role string

// The roles. Nobody signed in has none.
const (
	Inspector     Role = "inspector"     // works at a counter
	Supervisor    Role = "supervisor"    // duty supervisor of a post: the second person at counters
	Operator      Role = "operator"      // of the hub: flows, lists, cases
	Technician    Role = "technician"    // scanners and stations; sees no personal data
	Protection    Role = "protection"    // protection officer: alone reads protection data
	Auditor       Role = "auditor"       // reads logs, and nothing else
	Administrator Role = "administrator" // officers and stations; sees no personal data
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{Inspector, Supervisor, Operator, Technician, Protection, Auditor, Administrator}
}

// Exclusive reports whether nobody may have both roles: who watches must not be who is watched.
func Exclusive(a, b Role) bool {
	return a != b && (a == Auditor || b == Auditor)
}

// May reports whether one of the roles is allowed an action. An action that the table does not
// name is allowed to nobody.
func May(roles []Role, a Action) bool {
	return slices.ContainsFunc(allowed[a], func(r Role) bool { return slices.Contains(roles, r) })
}
