package access

// Route is one way into a program and what it takes.
type Route struct {
	Method  string // GET covers HEAD
	Pattern string // "/counters/:counter"; a parameter is a whole element
	Action  Action
	// Gives are the classes of what its answer can hold besides what is open to all who may do
	// the action.
	Gives []Class
	// Purpose: the request says why a person is searched.
	Purpose bool
	// Large bodies are taken, up to the server's own bound; others may have [MaxBody] bytes.
	Large bool
}

// MaxBody bounds the body of a request that is not [Route.Large], in bytes.
const MaxBody = 64 << 10

const (
	get    = "GET"
	post   = "POST"
	put    = "PUT"
	patch  = "PATCH"
	remove = "DELETE"
)

// signingIn are the routes of both programs by which people come and go (ui/signin).
var signingIn = []Route{
	{Method: get, Pattern: "/assets/:hash/:name", Action: Public},
	{Method: get, Pattern: "/signin", Action: Public},
	{Method: post, Pattern: "/signin", Action: Public},
	{Method: get, Pattern: "/session", Action: Public},
	{Method: post, Pattern: "/session", Action: Public},
	{Method: remove, Pattern: "/session", Action: SignOut},
	{Method: post, Pattern: "/signout", Action: SignOut},
	{Method: post, Pattern: "/session/lock", Action: SignOut},
	{Method: post, Pattern: "/session/language", Action: Public},
	{Method: get, Pattern: "/help/:topic", Action: Public}, // texts of the program, of nobody
	{Method: get, Pattern: "/card/:role", Action: Public},
	{Method: get, Pattern: "/live", Action: Start}, // each of its topics is asked for as the route of that name, [Pass]
	{Method: post, Pattern: "/session/passkey/begin", Action: Public},
	{Method: post, Pattern: "/session/passkey/finish", Action: Public},
	{Method: post, Pattern: "/seconds", Action: AskSecond},
	{Method: post, Pattern: "/seconds/passkey/begin", Action: AskSecond},
	{Method: post, Pattern: "/seconds/passkey/finish", Action: AskSecond},
}

// station are the routes of garita-post.
var station = []Route{
	{Method: get, Pattern: "/", Action: Start},
	{Method: get, Pattern: "/counters/:counter", Action: CounterRead, Gives: counterClasses},
	{Method: get, Pattern: "/live/counters/:counter", Action: CounterRead, Gives: counterClasses},
	{Method: post, Pattern: "/counters/:counter/scans", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/decisions", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/call-up", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/direction", Action: CounterWork},
	{Method: put, Pattern: "/counters/:counter/answers", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/encounters", Action: CounterWork},
	{Method: put, Pattern: "/counters/:counter/particulars", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/documents", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/joined", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/referrals", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/taken", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/needs", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/needs-lifted", Action: LiftNeed},
	{Method: post, Pattern: "/counters/:counter/abandoned", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/fingers", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/fingers-cancelled", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/fingers-not-taken", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/paper-pieces/:upload/:offset", Action: CounterWork, Large: true},
	{Method: post, Pattern: "/counters/:counter/papers", Action: CounterWork, Gives: []Class{Operational, Personal}},
	{Method: get, Pattern: "/counters/:counter/papers/:encounter/:hash", Action: CounterRead, Gives: []Class{Operational, Personal}}, // of a recorded crossing it is told first
	{Method: get, Pattern: "/counters/:counter/papers/:encounter/:hash/pages/:page", Action: CounterRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/counters/:counter/biometrics-degraded", Action: BiometricsOff},
	{Method: post, Pattern: "/counters/:counter/biometrics-restored", Action: BiometricsOff},
	{Method: post, Pattern: "/counters/:counter/late-hits", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/holder", Action: CounterWork},
	{Method: get, Pattern: "/counters/:counter/shift", Action: CounterRead, Gives: []Class{Operational, Personal}},
	{Method: get, Pattern: "/counters/:counter/shift-report", Action: CounterRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/counters/:counter/shift", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/shift-closed", Action: CounterWork, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/counters/:counter/group", Action: CounterWork},
	{Method: put, Pattern: "/counters/:counter/group/shared", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/group/list", Action: CounterWork, Large: true},
	{Method: get, Pattern: "/counters/:counter/group/template/:kind", Action: CounterRead},
	{Method: post, Pattern: "/counters/:counter/group/selected", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/group/responsible", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/group/decisions", Action: CounterWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/counters/:counter/group/closed", Action: CounterWork},
	{Method: post, Pattern: "/counters/:counter/portrait", Action: CounterWork, Large: true},
	{Method: post, Pattern: "/counters/:counter/files-removed", Action: CounterWork},
	{Method: get, Pattern: "/counters/:counter/files/:encounter/:file", Action: CounterRead, Gives: []Class{Operational, Personal}}, // of a recorded crossing it is told first
	{Method: get, Pattern: "/counters/:counter/crossings/:crossing", Action: RecordRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/counters/:counter/corrections", Action: RecordCorrect},
	{Method: post, Pattern: "/counters/:counter/extensions", Action: RecordCorrect},
	{Method: get, Pattern: "/counters/:counter/notices/:crossing", Action: RecordRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/counters/:counter/present", Action: CounterWork},
	{Method: get, Pattern: "/workshop", Action: WorkshopRead},
	{Method: post, Pattern: "/workshop/words", Action: WorkshopRead},
	{Method: post, Pattern: "/workshop/floor", Action: WorkshopWork},
	{Method: get, Pattern: "/live/workshop", Action: WorkshopRead},
	{Method: get, Pattern: "/workshop/learn", Action: WorkshopRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/live/workshop/learn", Action: WorkshopRead, Gives: []Class{Operational}},

	{Method: get, Pattern: "/api/v1/counters", Action: CounterRead},
	{Method: get, Pattern: "/api/v1/counters/:counter", Action: CounterRead, Gives: counterClasses},
	{Method: get, Pattern: "/api/v1/officers", Action: CounterRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/form", Action: CounterRead},
	{Method: get, Pattern: "/api/v1/records/:crossing", Action: RecordRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/records/:crossing/notice", Action: RecordRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/api/v1/counters/:counter/scans", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters", Action: CounterWork, Gives: counterClasses},
	{Method: put, Pattern: "/api/v1/counters/:counter/encounters/:encounter/particulars", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/documents", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/joins", Action: CounterWork, Gives: counterClasses},
	{Method: patch, Pattern: "/api/v1/counters/:counter/encounters/:encounter/answers", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/needs", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/needs/lift", Action: LiftNeed, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/referrals", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/referrals/:encounter/take", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/late-hits/:late_hit/acknowledgement", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/abandonments", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/decisions", Action: CounterWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/counters/:counter/call-ups", Action: CounterWork, Gives: counterClasses},
	{Method: put, Pattern: "/api/v1/counters/:counter/direction", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/corrections", Action: RecordCorrect, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/counters/:counter/extensions", Action: RecordCorrect, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/fingers", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/fingers/cancel", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/encounters/:encounter/fingers/not-taken", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/biometrics/degrade", Action: BiometricsOff, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/biometrics/restore", Action: BiometricsOff, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/group", Action: CounterWork, Gives: counterClasses},
	{Method: put, Pattern: "/api/v1/counters/:counter/group/shared", Action: CounterWork, Gives: counterClasses},
	{Method: put, Pattern: "/api/v1/counters/:counter/group/list", Action: CounterWork, Gives: counterClasses, Large: true},
	{Method: get, Pattern: "/api/v1/lists/template", Action: CounterRead},
	{Method: put, Pattern: "/api/v1/counters/:counter/group/responsible", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/group/select", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/group/decisions", Action: CounterWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/counters/:counter/group/close", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/counters/:counter/holder", Action: CounterWork, Gives: counterClasses},
	{Method: post, Pattern: "/api/v1/shifts", Action: CounterWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/shifts/close", Action: CounterWork, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/shifts/current", Action: CounterRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/scanners", Action: WorkshopRead},
	{Method: get, Pattern: "/api/v1/scanners/:scanner/frames", Action: WorkshopRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/scanners/:scanner/bundle", Action: WorkshopRead},
	{Method: post, Pattern: "/api/v1/scanners/:scanner/self-test", Action: WorkshopWork},
	{Method: post, Pattern: "/api/v1/scanners/:scanner/identification", Action: WorkshopWork},
	{Method: put, Pattern: "/api/v1/scanners/:scanner/counter", Action: WorkshopWork},
	{Method: post, Pattern: "/api/v1/scanners/:scanner/captures", Action: WorkshopWork, Gives: []Class{Operational, Personal}}, // technicians are given no pixels
	{Method: post, Pattern: "/api/v1/scanner-profiles", Action: ProfileOverride, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/scanner-profiles", Action: WorkshopRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/scanner-profiles/lessons", Action: WorkshopWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/scanner-profiles/lessons/stop", Action: WorkshopWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/scanner-profiles/:profile/trial", Action: WorkshopWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/scanner-profiles/:profile/proposal", Action: ProfilePropose, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/scanner-profiles/:profile/decision", Action: ProfileDecide, Gives: []Class{Operational}},
	{Method: remove, Pattern: "/api/v1/scanner-profiles/:profile", Action: ProfileDecide, Gives: []Class{Operational}},
}

// counterClasses are what a counter's screen shows.
var counterClasses = []Class{Operational, Personal, Hit}

// hub are the routes of garita-hub.
var hub = []Route{
	{Method: get, Pattern: "/", Action: Start},
	{Method: get, Pattern: "/live/operations", Action: FlowsRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/alarms/:alarm/acknowledge", Action: AlarmWork},
	{Method: get, Pattern: "/flows", Action: FlowsRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/flows/csv", Action: ReportsExport, Gives: []Class{Operational}},
	{Method: get, Pattern: "/search", Action: PersonSearch},
	{Method: post, Pattern: "/search", Action: PersonSearch, Gives: []Class{Operational, Personal}, Purpose: true},
	{Method: post, Pattern: "/search/person", Action: PersonSearch, Gives: []Class{Operational, Personal, Hit}, Purpose: true},

	{Method: get, Pattern: "/reports", Action: ReportsRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/reports/:period", Action: ReportsRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/reports/:period/file", Action: ReportsExport, Gives: []Class{Operational}},
	{Method: get, Pattern: "/reports/:period/posts/:post", Action: ReportsRead, Gives: []Class{Operational}},

	{Method: get, Pattern: "/lists", Action: ListsRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/lists/epoch", Action: ListsWork, Gives: []Class{Operational}},
	{Method: get, Pattern: "/lists/import", Action: ListsWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/lists/import", Action: ListsWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/lists/uploads/:upload/:name", Action: ListsWork, Large: true},
	{Method: get, Pattern: "/lists/imports/:import", Action: ListsRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/lists/imports/:import/confirm", Action: ListsDecide, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/lists/imports/:import/discard", Action: ListsWork, Gives: []Class{Operational, Personal}},
	{Method: get, Pattern: "/lists/entries", Action: ListsRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/lists/entries", Action: ListsRead, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/lists/proposals", Action: ListsWork, Gives: []Class{Operational, Personal}},
	{Method: post, Pattern: "/lists/proposals/:proposal/:decision", Action: ListsDecide, Gives: []Class{Operational, Personal}},
	{Method: get, Pattern: "/lists/explain", Action: PersonSearch},
	{Method: post, Pattern: "/lists/explain", Action: PersonSearch, Gives: []Class{Operational, Personal, Hit}, Purpose: true},

	{Method: get, Pattern: "/cases", Action: CasesRead, Gives: []Class{Operational, Hit}},
	{Method: post, Pattern: "/cases", Action: CasesRead, Gives: []Class{Operational, Hit}},
	{Method: get, Pattern: "/cases/:case", Action: CasesRead, Gives: []Class{Operational, Personal, Hit}},
	{Method: get, Pattern: "/live/cases/:case", Action: CasesRead},                                                       // a version
	{Method: get, Pattern: "/crossings/:crossing/files/:file", Action: CasesRead, Gives: []Class{Operational, Personal}}, // each is told first
	{Method: post, Pattern: "/cases/:case/act", Action: CasesWork, Gives: []Class{Operational, Personal, Hit}},

	{Method: get, Pattern: "/officers", Action: OfficersRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/officers", Action: OfficersWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/officers/change", Action: OfficersWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/officers/revoke", Action: OfficersWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/officers/pin", Action: OfficersWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/officers/passkeys/remove", Action: OfficersWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/session/pin", Action: OwnPIN},
	{Method: get, Pattern: "/account", Action: OwnPIN},
	{Method: post, Pattern: "/account/pin", Action: OwnPIN},
	{Method: post, Pattern: "/account/passkeys/begin", Action: OwnKeys},
	{Method: post, Pattern: "/account/passkeys/finish", Action: OwnKeys},
	{Method: post, Pattern: "/account/passkeys/remove", Action: OwnKeys},
	{Method: get, Pattern: "/stations", Action: StationsRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/stations", Action: StationsWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/stations/:station/rotate", Action: StationsWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/stations/:station/revoke", Action: StationsWork, Gives: []Class{Operational}},
	{Method: post, Pattern: "/stations/:station/replace", Action: StationsWork, Gives: []Class{Operational}},
	{Method: get, Pattern: "/review", Action: ReviewRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/review/:review", Action: ReviewDecide, Gives: []Class{Operational}},
	{Method: get, Pattern: "/audit", Action: AuditRead, Gives: []Class{Log}},
	{Method: post, Pattern: "/audit", Action: AuditRead, Gives: []Class{Log}},

	{Method: get, Pattern: "/api/v1/register/crossings", Action: RegisterRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/crossings/:crossing", Action: RegisterRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/stays", Action: StaysRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/overstays", Action: StaysRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/inside", Action: FlowsRead},
	{Method: get, Pattern: "/api/v1/register/proposals", Action: StaysRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/stations", Action: FlowsRead, Gives: []Class{Operational}},
	{Method: get, Pattern: "/api/v1/register/counts", Action: FlowsRead},
	{Method: get, Pattern: "/api/v1/register/alarms", Action: FlowsRead, Gives: []Class{Operational}},
	{Method: post, Pattern: "/api/v1/register/alarms/:alarm/acknowledge", Action: AlarmWork},
}
