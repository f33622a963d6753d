package register

import (
	"context"
	"time"

	"garita/border"
	"garita/border/checkpoint"
	"garita/border/flows"
)

// store is the database of the register: SQLite now, PostgreSQL where a nation outgrows
// one machine. It knows rows, not rules.
type store interface {
	// write runs fn in one transaction and is durable when it returns nil. After any
	// failure nothing is read or written before the database has been reopened and its
	// log checkpointed (design, rule 2).
	write(fn func(tx) error) error
	// compact leaves nothing of deleted rows in the files.
	compact() error
	// read runs fn on a connection that cannot write.
	read(ctx context.Context, fn func(reader) error) error
	close() error
}

// The states of a raw event. Only a malformed one may be replaced.
const (
	stateOK        = "ok"
	stateUnknown   = "unknown_type"
	stateMalformed = "malformed"
)

// rawRow is one message as held under its key. hash and prev are zero if malformed.
type rawRow struct {
	arrival    int64
	epochNo    int64
	key        border.Key
	state      string
	digest     border.Digest
	hash, prev border.Digest
	receivedAt time.Time
	bytes      []byte
}

// epochRow is what is held of one epoch.
type epochRow struct {
	no      int64
	station border.StationID
	border.Holding
}

// quarantineRow is one message held aside.
type quarantineRow struct {
	key        border.Key
	digest     border.Digest
	reason     string
	receivedAt time.Time
	bytes      []byte
}

// lineageRow says what an epoch names as its parent.
type lineageRow struct {
	station border.StationID
	epoch   border.Epoch
	parent  border.Parent
}

// The states of a crossing's personal part.
const (
	partOpen    = "open"
	partNoKey   = "no_key"
	partDamaged = "damaged"
	partNone    = "none"
)

// crossingRow is a row of the crossing projection.
type crossingRow struct {
	Crossing
	found
	tally
	change    *border.ID // the correction in force; nil: as it was recorded
	continues *border.ID // not stored here, see linkRow
}

// The kinds of amendment.
const (
	amendCorrection = "correction"
	amendExtension  = "extension"
)

// amendmentRow is a correction of a crossing, or an extension of a stay.
type amendmentRow struct {
	change     border.ID
	crossing   border.ID
	kind       string
	recordedAt time.Time
	key        border.Key
	until      string // extensions only
	days       int
}

// linkRow is an exit that ends the stay of an entry on another document by an officer's word.
type linkRow struct {
	exit, entry border.ID
	document    *border.BlindIndex // of the exit; only when put
}

// place is where a crossing stands in the order of its document.
type place struct {
	at      int64 // occurred_at in microseconds
	station border.StationID
	epoch   border.Epoch
	seq     uint64
}

// step is a crossing as the fold of stays sees it.
type step struct {
	place
	crossing  border.ID
	direction string
	trusted   bool
	blurred   bool // near a movement by another clock: which came first is not sure
	until     string
	born      *border.BlindIndex
	full      bool // the birth date has no unknown part
	birthYear int
	sex       string
}

// stayRow is a row of the stay projection, found by the place of its first crossing.
type stayRow struct {
	place
	state       string
	doubt       string // clock, link, both with a space between, or nothing
	entry, exit *border.ID
	exitAt      int64 // 0: no exit
	paired      string
	until       string
	born        *border.BlindIndex
	full        bool
	birthYear   int
	sex         string
}

// loose is a crossing without its other half.
type loose struct {
	place
	crossing border.ID
	document border.BlindIndex
	born     *border.BlindIndex // nil unless the birth date is a full one
	entry    bool
}

// proposalRow says that an entry and an exit may be of one person.
type proposalRow struct {
	entry, exit                 border.ID
	entryDocument, exitDocument border.BlindIndex
	score                       int
}

// flowKey is a bucket of the flow counts.
type flowKey struct {
	bucket    int64 // quarter hours since 1970
	post      border.PostID
	direction string
	outcome   string
	trusted   bool
}

// countQuestion asks for sums of counts; what they are not asked by they are summed over.
type countQuestion struct {
	periods                           []int
	posts                             []border.PostID // nil: all together
	dimension                         flows.Dimension
	group                             flows.Group
	byPeriod, byPost, byGroup, byCode bool
}

// placeRow is a post as its stations tell of it.
type placeRow struct {
	post     border.PostID
	zone     string
	stations int
	complete time.Time // of the oldest station; zero: one never was
}

// alarmRow is an alarm to raise.
type alarmRow struct {
	kind    AlarmKind
	station border.StationID
	subject string
	detail  string
	at      time.Time
	// fact: raised once whatever is found again; its detail is kept up to date. Else
	// each raising counts and an acknowledged alarm opens again.
	fact bool
	// quiet: found again by a rebuild; counts, but opens nothing that was acknowledged.
	quiet bool
}

// knownRow says what is held already of a crossing, so that nothing else need be asked of most.
type knownRow struct {
	recorded bool // under some key
	amended  bool // there are corrections or extensions of it
	named    bool // an exit names it as its entry
}

// documentRow says what is known of a document, so that nothing else need be asked of most.
type documentRow struct {
	doubtful bool // an untrusted movement of it is known
	linked   bool // an officer's word binds it to another one
	stayed   bool // it has stays
	proposed bool // there are proposals with it
}

// tx is one writing transaction. Lookups return ok false when there is no such row.
type tx interface {
	// meta reads and setMeta writes a number of the register's own state.
	meta(name string) (int64, error)
	setMeta(name string, value int64) error
	addMeta(name string, delta int64) error

	// epoch finds an epoch; ensureEpoch makes it if need be.
	epoch(station border.StationID, epoch border.Epoch) (r epochRow, ok bool, err error)
	ensureEpoch(station border.StationID, epoch border.Epoch) (epochRow, error)
	saveEpoch(r epochRow) error

	// insertRaw reports false when the key is taken.
	insertRaw(r *rawRow) (bool, error)
	rawAt(epochNo int64, seq uint64, withBytes bool) (r rawRow, ok bool, err error)
	deleteRaw(arrival int64) error
	// mendRaw writes a row again as it was stored first, at its arrival.
	mendRaw(r *rawRow) error
	// markDamaged notes that a row is no longer the event that it was.
	markDamaged(arrival int64) error
	// learn notes that the type of an event is known now.
	learn(arrival int64) error
	// runEnd returns the last seq of the unbroken run that begins at from+1, or from.
	runEnd(epochNo int64, from uint64) (uint64, error)
	// rawAfter returns events in order of arrival.
	rawAfter(arrival int64, limit int) ([]rawRow, error)
	maxArrival() (int64, error)

	// quarantine reports false when that message is there already.
	quarantined(key border.Key, digest border.Digest) (bool, error)
	quarantine(r quarantineRow) error
	quarantineSize(station border.StationID) (messages, bytes int64, err error)
	quarantineBeyond(station border.StationID) error

	raise(a alarmRow) error
	alarmKnown(kind AlarmKind, station border.StationID, subject string) (bool, error)
	alarmCount(kind AlarmKind, station border.StationID) (int64, error)
	acknowledge(id int64, at time.Time) (bool, error)

	// stationKnown reports whether anything of a station is held.
	stationKnown(station border.StationID) (bool, error)
	// keepCheckpoint keeps a cosigned checkpoint and the tree that it is of; false if the log was
	// cosigned further than at meanwhile.
	keepCheckpoint(at cosigned, tree checkpoint.Tree, msg []byte, now time.Time) (bool, error)

	saw(station border.StationID, at time.Time) error
	greeted(h border.Hello, at time.Time) error
	// stationLists lists what a station said of its lists last, by name.
	stationLists(station border.StationID) ([]border.ListReport, error)
	putStationLists(station border.StationID, reports []border.ListReport) error
	// complete notes that everything a station announced is here, unless something is missing.
	complete(station border.StationID, at time.Time) error

	// The projections.
	putLineage(l lineageRow) error
	lineageOf(station border.StationID, epoch border.Epoch) (l lineageRow, ok bool, err error)
	children(station border.StationID, parent border.Epoch) ([]lineageRow, error)
	// parents lists every epoch that some epoch names as its parent; of suspects only
	// those that reached further than that epoch says.
	parents(suspects bool) ([]lineageRow, error)

	// knownOf says what is held of a crossing that arrives.
	knownOf(id border.ID) (knownRow, error)
	crossingByID(id border.ID) (c crossingRow, ok bool, err error)
	putCrossing(c *crossingRow) error
	deleteCrossing(id border.ID) error
	// putWords notes the words of a subject's name; dropWords takes them away unless crossings of the subject are left.
	// of gives the spellings of a word that nobody has any more.
	putWords(subject border.BlindIndex, words []nameWord) error
	dropWords(subject border.BlindIndex, of func(word border.BlindIndex, sealed []byte) []spellingRow) error
	// addAmendment reports false if the change is known already.
	addAmendment(a amendmentRow) (bool, error)
	amendment(change border.ID) (a amendmentRow, ok bool, err error)
	dropAmendment(change border.ID) error
	// amendments lists those of a crossing by a kind, the latest last.
	amendments(crossing border.ID, kind string) ([]amendmentRow, error)
	addFlow(k flowKey, n int64) error
	addCount(k countKey, n int64) error
	// addCountry counts at all posts together; the key's post does not count.
	// changeFlows gives a period's counts another version.
	changeFlows(period int) error
	addCountry(k countKey, n int64) error
	addCross(k crossKey, n int64) error

	putPending(station border.StationID, keyID string, id border.ID) error
	deletePending(id border.ID) error
	// pendingAfter lists crossings that wait for a key, in order of their ids.
	pendingAfter(station border.StationID, keyID string, after border.ID, limit int) ([]border.ID, error)
	pendingKeys() ([]border.KeyWrap, error)

	// stepBefore returns the last admitted entry or departed exit before a place.
	stepBefore(d border.BlindIndex, p place) (s step, ok bool, err error)
	// stepsFrom returns the admitted entries and departed exits from a place on.
	stepsFrom(d border.BlindIndex, p place) ([]step, error)
	// document says what is known of a document; setDoubtful notes an untrusted movement.
	document(d border.BlindIndex) (documentRow, error)
	setDoubtful(d border.BlindIndex, id border.ID, on bool) error
	// deleteStaysFrom counts those among them that were open.
	deleteStaysFrom(d border.BlindIndex, p place) (Inside, error)
	putStay(d border.BlindIndex, s stayRow) error

	putLink(l linkRow) error
	// setEntryDocument notes the document of an entry that links name; nil: it goes.
	setEntryDocument(entry border.ID, d *border.BlindIndex) error
	deleteLink(exit border.ID) error
	// linksTo lists the exits that name an entry; linksWith those whose exit or entry is of a
	// document.
	linksTo(entry border.ID) ([]linkRow, error)
	linksWith(d border.BlindIndex) ([]linkRow, error)

	// looseOf lists the crossings of a document without their other half; otherHalves those of
	// everybody with the birth date of one that might be its: exits after an entry, or entries
	// before an exit.
	looseOf(d border.BlindIndex) ([]loose, error)
	otherHalves(l *loose) ([]loose, error)
	deleteProposals(d border.BlindIndex) error
	putProposal(p proposalRow) error

	// addReview reports whether there was none of that id.
	addReview(v *Review) (fresh bool, err error)
	// review reads who did what is reviewed (a pseudonym), and its verdict; putVerdict writes that down.
	review(id string) (officer, verdict string, ok bool, err error)
	putVerdict(id, verdict, by string, at time.Time) error

	putAct(arrival int64, station border.StationID, h *border.Header) error

	// rights reads which crossings are erased, and which documents and people restricted.
	rights() (erased map[border.ID]bool, restricted map[border.BlindIndex]bool, err error)
	erase(crossing border.ID, at time.Time) error
	restrict(b border.BlindIndex, at time.Time) error
	release(b border.BlindIndex) error

	clearProjections() error
	// dropUnfounded deletes alarms of the projections that a rebuild did not find again.
	dropUnfounded() error
}

// reader is a set of queries for screens, stations and the stream.
type reader interface {
	holdings(ctx context.Context, station border.StationID, offset, limit int) ([]border.Holding, error)
	countEpochs(ctx context.Context, station border.StationID) (int, error)
	events(ctx context.Context, station border.StationID, epoch border.Epoch, after uint64, limit, size int) ([]rawRow, error)
	ask(ctx context.Context, q border.DocumentQuestion) ([]border.PastCrossing, error)
	askPerson(ctx context.Context, q border.DocumentQuestion) ([]border.PastCrossing, error)
	crossings(ctx context.Context, after int64, limit int) ([]Crossing, error)
	latest(ctx context.Context, limit int) ([]Crossing, error)
	crossing(ctx context.Context, id border.ID) (c Crossing, ok bool, err error)
	stations(ctx context.Context) ([]Station, error)
	alarms(ctx context.Context, limit int) ([]Alarm, error)
	counts(ctx context.Context) (Counts, error)
	inside(ctx context.Context) (Inside, error)
	stays(ctx context.Context, f StayFilter, limit int) ([]Stay, error)
	stayOf(ctx context.Context, crossing border.ID) (s Stay, ok bool, err error)
	proposals(ctx context.Context, limit int) ([]Proposal, error)
	subject(ctx context.Context, who *Subject) ([]subjectRow, error)
	// spellings lists what is sealed under a key of words, at most limit.
	spellings(ctx context.Context, key border.BlindIndex, limit int) ([][]byte, error)
	// named lists subjects whose names have one word of each list, at most limit. More says that every one of the lists
	// has so many people that not all were looked at.
	named(ctx context.Context, words [][]border.BlindIndex, birthYear, limit int) (out []border.BlindIndex, more bool, err error)
	// travels lists crossings of a person or of a crossing's traveller, the latest first, with what they are
	// known by; travelsWith those of a document.
	travels(ctx context.Context, subject border.BlindIndex, limit int) ([]travelRow, error)
	travelsWith(ctx context.Context, document border.BlindIndex, limit int) ([]travelRow, error)
	of(ctx context.Context, blinds []border.BlindIndex) (map[border.ID]bool, error)
	// outlived reports whether a crossing from before a moment still has its document.
	outlived(ctx context.Context, before time.Time) (bool, error)
	// doubts completes a stay with what speaks against its being certain.
	doubts(ctx context.Context, s *Stay) error
	// incomplete lists the stations whose data are late.
	incomplete(ctx context.Context, now time.Time) ([]lateStation, error)
	flows(ctx context.Context, from, to time.Time) ([]Flow, error)
	posts(ctx context.Context) ([]border.PostID, error)
	counted(ctx context.Context, q countQuestion, visit func(countKey, int64)) error
	quarters(ctx context.Context, from, to int64, posts []border.PostID, g flows.Group, byPost bool, visit func(bucket int64, post border.PostID, n int64)) error
	// flowVersions says in which version the counts of each period are; those that have none are left out.
	flowVersions(ctx context.Context, periods []int) (map[int]int64, error)
	cross(ctx context.Context, month int, post border.PostID, g flows.Group) ([]flows.Cross, error)
	places(ctx context.Context) ([]placeRow, error)
	lateStations(ctx context.Context, now time.Time) ([]flows.Late, error)
	open(ctx context.Context, on string) (inside, overstays flows.Certainty, err error)
	doubted(ctx context.Context, on string) (inside, overstays int64, err error)

	// cosigned says how far the log of an epoch is cosigned; no 0 if there is no such epoch.
	cosigned(ctx context.Context, station border.StationID, epoch border.Epoch) (cosigned, error)
	// leaves calls visit for the events of an epoch with after < seq <= upto, ascending.
	leaves(ctx context.Context, epochNo int64, after, upto uint64, visit func(seq uint64, hash border.Digest, sound bool) error) error
	// acts lists the events of acts before an arrival, the latest first.
	acts(ctx context.Context, f ActFilter, before int64, limit int) ([]rawRow, error)
	logs(ctx context.Context) ([]Log, error)
	reviews(ctx context.Context, decided bool, limit int) ([]Review, error)
	// malformed lists events that are held in a damaged or malformed form.
	malformed(ctx context.Context, limit int) ([]border.Key, error)
	checkpoints(ctx context.Context, station border.StationID, limit int) ([][]byte, error)

	arrivals(ctx context.Context, after int64, limit int) ([]rawRow, error)
	// around calls visit for the events of a key's epoch that are near it, until it returns false.
	around(ctx context.Context, key border.Key, reach int, visit func(*rawRow) bool) error
	// projected is how far the projections have come.
	projected(ctx context.Context) (int64, error)
	// passages calls visit for crossings whose personal part is open, by arrival; of corrected
	// ones after the others. It returns how many there were and the arrival of the last.
	passages(ctx context.Context, after, upto int64, limit int, visit func(*passageRow) error) (n int, last int64, err error)
	// arrivedBefore is the number before the first arrival at or after a moment.
	arrivedBefore(ctx context.Context, at time.Time) (int64, error)
	postOf(ctx context.Context, station border.StationID) (border.PostID, error)
}
