package access

import "slices"

// Class says what a field of an answer tells.
type Class string

// The classes.
const (
	Open        Class = "open"        // numbers, codes, states of machines: nobody is in it
	Operational Class = "operational" // open headers, officers, devices, flows: no traveller is named
	Personal    Class = "personal"    // names a traveller or a listed person, or is theirs
	Hit         Class = "hit"         // that somebody is, or may be, listed, and why
	Protecting  Class = "protection"  // children, asylum, trafficking, violence
	Log         Class = "log"         // who did what when
	Secret      Class = "secret"      // keys, verifiers, tokens: nobody's
)

// sees is the table of roles and classes. Secret is in nobody's row.
var sees = map[Role][]Class{
	Inspector:     {Open, Operational, Personal, Hit},
	Supervisor:    {Open, Operational, Personal, Hit},
	Operator:      {Open, Operational, Personal, Hit},
	Technician:    {Open, Operational},
	Protection:    {Open, Operational, Protecting},
	Auditor:       {Open, Log},
	Administrator: {Open, Operational},
}

// Sees reports whether one of the roles may see what is of a class.
func Sees(roles []Role, c Class) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(sees[r], c) })
}
