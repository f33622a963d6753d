package access

import "strings"

// Within marks a field of a structure that holds no more than its own fields say.
const Within Class = "within"

// classed lists the fields of one type by what they tell.
type classed struct {
	Within, Open, Operational, Personal, Hit, Protecting, Log, Secret string // names, with blanks between
}

// fields is the table of what each field of an answer tells, by the type that has it; a type is
// named by its package within the module. It stands here, not in tags at the types: so it is read
// in one place, by people who do not read Go as a rule, and no other room knows of classes. A field
// that it does not name is given to nobody, and a test finds it.
var fields = map[string]classed{
	// A counter's screen.
	"border/counter.View": {Open: "Counter Revision Direction", Operational: "Notice",
		Within: "Encounter Queue Group Referrals LateHits Holder Shift Last Status"},
	"border/counter.EncounterView": {Operational: "ID OpenedAt Source Restored Durable Identity Direction Previous Responsible Refusable From",
		Personal: "Age Minor Protected", // that there is a need blocks a refusal, so inspectors know; which it is they never see
		Hit:      "Hits", Within: "Document Verdict Documents Record History Paper Fingers Files"},
	"border/counter.DocumentView": {Operational: "Format Kind Wrong Warnings",
		Personal: "DocumentCode IssuingState DocumentNumber Surname GivenNames NamesTruncated Nationality BirthDate Sex ExpiryDate OptionalData Proposals Lines"},
	"border/counter.Proposal":    {Open: "Field", Personal: "Original Proposed"},
	"border/verdict.Verdict":     {Operational: "Revision Level", Within: "Reasons"},
	"border/verdict.Reason":      {Operational: "Level", Within: "Result"},
	"border/verdict.Result":      {Operational: "Check Outcome Reason AgeS Fields", Hit: "Hits", Personal: "Past"},
	"border.PastCrossing":        {Personal: "Crossing Station Post OccurredAt Direction Outcome ClockState LocalDate Category Purpose Residence Ground DaysGranted PermittedUntil"},
	"border/counter.HitView":     {Hit: "Check Handling List Unconfirmed Action Instruction Owner Entry Score Names BirthDates Sex Nationalities Photo LegalBasis Purpose Fields"},
	"border/watch.Name":          {Hit: "Surname GivenNames Full Quality"},
	"border/watch.Evidence":      {Hit: "Field Level Weight Asked Listed"},
	"border/counter.RecordView":  {Open: "Form", Operational: "Origins", Personal: "Values", Within: "Fields Problems"},
	"border/form.Field":          {Open: "Name Label Hint Kind Required Carry Default Min Max", Within: "Codes"},
	"border/form.Code":           {Open: "Code Label Key"},
	"border/form.Problem":        {Open: "Field Message"},
	"border/counter.History":     {Personal: "Stays DaysUsed DaysGranted PermittedUntil LastRefusal OpenReferral SamePerson"},
	"border/counter.PastStay":    {Personal: "Entry Exit Days DaysGranted PermittedUntil Overstayed"},
	"border/counter.Paper":       {Operational: "Sheet CrossedAt"},
	"border/counter.FingersView": {Operational: "Next", Within: "Asked Capture"},
	"border/counter.FingerView":  {Operational: "Position Attempts Taken Finq Liveness", Personal: "Reason Code"},
	"border/counter.CaptureView": {Operational: "Position State Attempt Attempts Finq Problem Liveness Message"},
	"border/counter.FileView":    {Operational: "Kind Hash Media Bytes Pages TakenAt", Personal: "Label"},
	"border/counter.QueueItem":   {Operational: "ID Level Restored Portrait", Personal: "Surname GivenNames"},
	"border/counter.GroupView":   {Operational: "ID Kind Direction Ready", Personal: "Shared", Within: "Fields Members Listed"},
	"border/counter.MemberView":  {Operational: "ID Level Revision Restored Outcome Row", Personal: "Surname GivenNames Age Minor Responsible Protected", Within: "Missing"},
	"border/counter.ListedView":  {Operational: "Row Role State", Personal: "Surname GivenNames"},
	"border/counter.ReferralItem": {Operational: "Reason By At Direction",
		Within: "QueueItem"},
	"border/counter.LateHit": {Operational: "ID Crossing Post At Direction", Hit: "Expected Handling Urgent Since Action Instruction Entry Owner",
		Personal: "Surname GivenNames BirthDate Nationality DocumentNumber IssuingState"},
	"border/counter.Holder":       {Operational: "Badge Name Language Since"},
	"border/counter.ShiftView":    {Operational: "ID OpenedAt OpenedBy"},
	"border/counter.LastRecorded": {Operational: "Crossing Outcome Direction RecordedAt AfterRestart", Personal: "Surname GivenNames"},
	"border/counter.Status":       {Open: "SoftKeys Now Zone Demo", Within: "Hub Clock Lists Storage Scanners Today Degraded"},
	"border.HubStatus":            {Open: "Connected Since LastHeard Backlog Generation Problem"},
	"border.ClockTrust":           {Open: "State AgeS OffsetMS Reason"},
	"border/counter.ListStatus":   {Open: "List Version Issued AgeS Entries Stale"},
	"border/journal.Storage":      {Open: "State Free Total Reason"},
	"border.ScannerStatus":        {Open: "ID Counter Profile Kind State Reason Since"},
	"border/counter.Today":        {Open: "Entries Exits Other"},
	"border/counter.Degraded":     {Operational: "Since Until Reason By"},

	// What a station recorded.
	"border.Header": {Operational: "Station Epoch Seq RecordedAt Type Post OccurredAt LocalDate StatedDate Software Counter Shift Officer Crossing Change " +
		"Previous Continues Group Form Identity Sheet Direction Outcome Ground Category Purpose Nationality Sex BirthYear Residence DocumentKind " +
		"DocumentIssuer TransportMode BirthCountry PreviousCountry NextCountry Destination IntendedDays DaysGranted PermittedUntil LegalBasis " +
		"VisaType VisaIssuer Role Source Verdict Checks Second Awaiting Overdue Late From Open FingersTaken FingersNotTaken Until Attached",
		Log: "Act", Within: "Clock Parent Lists Counts"},
	"border.ActHeader":            {Log: "Action Result Session Object Purpose Reason"},
	"border.Parent":               {Open: "Epoch Seq Hash"},
	"border.ListVersion":          {Open: "List Version AgeS"},
	"border.Count":                {Open: "Type Counter Direction Category Outcome N"},
	"border/counter.Notice":       {Operational: "Crossing Post OccurredAt LocalDate Zone Outcome Ground GroundLabel Officer Supervisor Country", Personal: "Surname GivenNames BirthDate Nationality Document"},
	"border/counter.Officer":      {Operational: "Badge Name Roles Language Overdue"},
	"border/counter.Recorded":     {Operational: "Crossing Outcome RecordedAt Replayed", Within: "Key"},
	"border.Key":                  {Operational: "Station Epoch Seq"},
	"border/counter.MemberResult": {Operational: "Encounter Outcome Problem Message"},
	"border/counter.ShiftReport":  {Operational: "ID OpenedAt OpenedBy ClosedAt ClosedBy Open Awaiting By", Within: "Counts"},
	"border/api.FormAnswer":       {Open: "Version Country SupervisorRefuses", Within: "Categories Documents Grounds Lists"},
	"border/api.Choice":           {Open: "Code Label Key"},
	"border/api.DocumentKind":     {Open: "MRZ Identity", Within: "Choice"},

	// The workshop.
	"border.ScannerDetail": {Open: "ProfileName ProfileHash Evidence Why Firmware Advice Bus Port VendorID ProductID Serial Manufacturer Product AssignedBy Counts",
		Within: "ScannerStatus"},
	"border.ScannerFrame": {Operational: "At Direction Endpoint Hex Bytes Note"}, // documents are masked, images are left out
	"border.SelfTestStep": {Open: "Step OK TookMS Reason"},
	"border.LearnResult":  {Operational: "TOML Remarks"},
	"border.LearningView": {Within: "Run Nodes Profiles"},
	"border.LearnNode":    {Operational: "Path Kind"},
	"border.LearningRun":  {Operational: "Phase Profile Path Since Until Baud Layout Attempt Attempts Bytes Readable Shapes Message", Within: "Documents"}, // of documents the shapes alone
	"border.TriedReading": {Operational: "Lines OK Again Reason"},
	"border.LearnedProfile": {Operational: "ID Name Path State TOML Hash Evidence Transport Speed Framing Marks Remarks TaughtBy TaughtAt TriedBy TriedAt ProposedBy ProposedAt " +
		"DecidedBy DecidedAt WithdrawnBy WithdrawnAt", Within: "Documents"},
	"ui/workshop.learnView": {Within: "Learning"},
	"border/api.FingerCapture": {Operational: "Width Height DPI Quality AreaMM2 Contrast Clarity Problem Liveness",
		Personal: "Pixels"}, // nobody knows whose finger was on the glass

	// The hub.
	"border/register.Stay":     {Operational: "State Paired Days Until Overstayed Certain Doubts StaleS", Within: "Entry Exit"},
	"border/register.Movement": {Operational: "Crossing Post OccurredAt Day Category Nationality Purpose"},
	"border/register.Crossing": {Operational: "ID Arrival Post Counter OccurredAt RecordedAt ReceivedAt LocalDate Direction Outcome Ground Category Purpose Residence " +
		"Nationality Sex BirthYear DocumentKind DocumentIssuer DaysGranted PermittedUntil Late Corrected Verdict ClockState Part", Within: "Key"},
	"border/register.Inside":   {Open: "Certain Uncertain StaleS"},
	"border/register.Proposal": {Operational: "Score", Within: "Entry Exit"},
	"border/register.Station": {Operational: "Station Post Zone Software LastSeen GreetedAt EventAt OffsetMS Backlog Generation Epochs Held Missing Alarms CompleteAt",
		Within: "Clock Head Lists Health"},
	"border.StationHealth": {Open: "Storage FreeBytes TotalBytes", Within: "Scanners"},
	"border.ScannerReport": {Open: "ID Counter Kind State Since"},
	"border.Position":      {Open: "Epoch Seq"},
	"border.ListReport":    {Operational: "Since Refused RefusedAt", Within: "Position"},
	"border.ListPosition":  {Open: "List Epoch Version Hash"},
	"border/register.Counts": {Open: "Crossings DuplicatesSuppressed Quarantined BeyondQuarantine Malformed UnknownTypes Waiting Inside InsideUncertain Alarms " +
		"Generation ProjectionLag"},
	"border/register.Alarm":   {Operational: "ID Kind Station Subject Detail Count OpenedAt LastAt Acknowledged"},
	"ui/operations.view":      {Within: "Counts Stations Alarms Crossings Inside Overstays Hits List Posts Entries Exits Files"},
	"ui/operations.Passed":    {Operational: "Post Weeks", Within: "Entries Exits Refused Sum LastHour Usual"},
	"border/flows.Number":     {Operational: "N Hidden Merged"},
	"ui/operations.Pending":   {Operational: "Station Count Lost Oldest"},
	"ui/operations.List":      {Operational: "Issued ValidUntil", Within: "Position"},
	"border/cases.Counts":     {Hit: "Open ByState Overdue SecondPerson Alerts AlertsLate Oldest"},
	"ui/workshop.view":        {Within: "Scanners"},
	"border/api.Problem":      {Open: "Type Title Status Detail Instance Fields"},
	"border/api.FieldProblem": {Open: "Location Message"},
}

// classes turns the table's rows into one class for each field.
func (c classed) classes() map[string]Class {
	out := make(map[string]Class)
	for class, names := range map[Class]string{Within: c.Within, Open: c.Open, Operational: c.Operational, Personal: c.Personal, Hit: c.Hit,
		Protecting: c.Protecting, Log: c.Log, Secret: c.Secret} {
		for name := range strings.FieldsSeq(names) {
			out[name] = class
		}
	}
	return out
}
