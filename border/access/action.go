package access

// Action is one thing that can be done, as the audit names it. Actions are append-only.
type Action string

// The actions. Public ones need nobody to be signed in.
const (
	Public       Action = "public"         // the page to sign in, assets, health
	SignIn       Action = "sign_in"        // audit only
	SignOut      Action = "sign_out"       // anybody who is signed in
	ApproveOther Action = "approve_other"  // act as the second person of somebody else
	SwitchUser   Action = "switch_officer" // at a counter
	LockSession  Action = "lock"           // audit only: an idle session, a badge after wrong PINs
	Unlock       Action = "unlock"         // audit only: the same officer goes on, a badge is opened
	TakeRoster   Action = "roster.take"    // audit only
	AskSecond    Action = "ask_second"     // anybody who is signed in
	OwnKeys      Action = "own_keys"       // the passkeys of who is signed in
	Start        Action = "start"          // the first page, which leads on to what the roles allow

	TrainingEntered Action = "training.entered" // audit only: signed in at a training counter
	TrainingLeft    Action = "training.left"    // audit only: signed out there

	CounterRead     Action = "counter.read"    // what a counter's screen shows
	CounterWork     Action = "counter.work"    // encounters, decisions, groups, shifts
	RecordRead      Action = "record.read"     // a crossing that was recorded, its notice
	RecordCorrect   Action = "record.correct"  // correct or extend
	HitOverride     Action = "hit.override"    // needs a second person
	LateCorrect     Action = "record.late"     // correct after the shift; needs a second person
	RefuseEntry     Action = "refuse"          // needs a supervisor if the form says so
	LiftNeed        Action = "protection.lift" // needs a supervisor
	BiometricsOff   Action = "biometrics.degrade"
	WorkshopRead    Action = "workshop.read"
	WorkshopWork    Action = "workshop.work"   // test, assign, learn
	ProfileOverride Action = "profile.install" // needs a second person
	ProfilePropose  Action = "profile.propose" // hand a learned profile on
	ProfileDecide   Action = "profile.decide"  // the second person of a learned profile; undoing it

	FlowsRead     Action = "flows.read"     // the hub's flows, stations and alarms; no personal data
	AlarmWork     Action = "alarm.work"     // acknowledge
	ReportsRead   Action = "reports.read"   // reports of flows; small numbers only with register.read
	ReportsExport Action = "reports.export" // their files, small numbers hidden: aggregates, so no second person is needed
	RegisterRead  Action = "register.read"  // open headers of crossings
	StaysRead     Action = "stays.read"     // stays and doubts, open headers
	PersonSearch  Action = "person.search"  // needs a purpose
	RecordsExport Action = "records.export" // needs a second person, always
	ListsRead     Action = "lists.read"
	ListsWork     Action = "lists.work"   // import, propose
	ListsDecide   Action = "lists.decide" // the second person of a list's change
	CasesRead     Action = "cases.read"
	CasesWork     Action = "cases.work"
	CasesClose    Action = "cases.close_high_risk" // needs a second person
	ReviewRead    Action = "review.read"           // what awaits a second person
	ReviewDecide  Action = "review.decide"

	ProtectionRead Action = "protection.read"
	AuditRead      Action = "audit.read" // needs no purpose: there is nobody in it
	OfficersRead   Action = "officers.read"
	OfficersWork   Action = "officers.work" // add, change, revoke, reset a PIN
	OwnPIN         Action = "own_pin"       // anybody who is signed in
	StationsRead   Action = "stations.read"
	StationsWork   Action = "stations.work"    // add, rotate, revoke
	Retention      Action = "retention.run"    // what erases by policy
	RetentionLong  Action = "retention.extend" // needs a second person
	SubjectWork    Action = "subject.work"     // export, restrict, erase one person
	BackupWork     Action = "backup.work"
)

// allowed is the table of roles and actions: what is not in it is refused to everybody.
var allowed = map[Action][]Role{
	SignOut: Roles(), OwnPIN: Roles(), OwnKeys: Roles(), AskSecond: Roles(), Start: Roles(),
	ApproveOther: {Inspector, Supervisor, Operator, Technician, Administrator, Protection},
	SwitchUser:   {Inspector, Supervisor},

	CounterRead: {Inspector, Supervisor}, CounterWork: {Inspector, Supervisor},
	RecordRead: {Inspector, Supervisor}, RecordCorrect: {Inspector, Supervisor},
	HitOverride: {Inspector, Supervisor}, LateCorrect: {Inspector, Supervisor},
	RefuseEntry: {Inspector, Supervisor}, LiftNeed: {Inspector, Supervisor},
	BiometricsOff: {Inspector, Supervisor},
	WorkshopRead:  {Technician, Supervisor}, WorkshopWork: {Technician}, ProfileOverride: {Technician},
	ProfilePropose: {Technician}, ProfileDecide: {Technician, Supervisor}, // border.Learning asks for another person than who made it

	FlowsRead: {Operator, Technician, Administrator}, AlarmWork: {Operator},
	ReportsRead: {Operator, Administrator}, ReportsExport: {Operator, Administrator},
	RegisterRead: {Operator}, StaysRead: {Operator}, PersonSearch: {Operator},
	RecordsExport: {Operator},
	ListsRead:     {Operator}, ListsWork: {Operator}, ListsDecide: {Operator},
	CasesRead: {Operator}, CasesWork: {Operator}, CasesClose: {Operator},
	ReviewRead: {Operator}, ReviewDecide: {Operator},

	ProtectionRead: {Protection},
	AuditRead:      {Auditor},
	OfficersRead:   {Administrator}, OfficersWork: {Administrator},
	StationsRead: {Administrator, Technician}, StationsWork: {Administrator},
	Retention: {Administrator}, RetentionLong: {Administrator}, BackupWork: {Administrator, Technician},
	SubjectWork: {Operator},
}

// InTraining reports whether an action is open to who is signed in at a training counter, besides what is
// done at that counter itself: what belongs to coming and going. All else would be in earnest.
func InTraining(a Action) bool {
	switch a {
	case Public, SignOut, AskSecond, Start, OwnPIN, OwnKeys:
		return true
	default:
		return false
	}
}

// second are the actions that take two people with credentials of their own, and who the second
// may be.
var second = map[Action][]Role{
	HitOverride: {Inspector, Supervisor}, LateCorrect: {Inspector, Supervisor}, // border/counter asks for a supervisor among the two for a hit
	RefuseEntry: {Supervisor}, LiftNeed: {Supervisor},
	BiometricsOff: {Supervisor}, ProfileOverride: {Supervisor, Technician}, CasesClose: {Operator},
	RecordsExport: {Operator, Supervisor}, RetentionLong: {Administrator, Protection}, ListsDecide: {Operator}, SubjectWork: {Operator, Administrator},
}

// Second lists the roles of which the second person of an action needs one; none: one person is
// enough.
func Second(a Action) []Role { return second[a] }

// MayAwait reports whether an action takes effect without its second person, to be reviewed,
// when none can be reached. Exports never do.
func MayAwait(a Action) bool {
	return second[a] != nil && a != RecordsExport && a != ListsDecide && a != SubjectWork && a != RetentionLong
}
