package training

import (
	"time"

	"garita/border/form"
	"garita/border/watch"
)

// Kind says what an invented traveller is there to practise.
type Kind string

// The kinds, in the order in which they are offered.
const (
	FirstVisit Kind = "first_visit" // nothing is known: the form is filled in
	Returning  Kind = "returning"   // has stayed before
	Parent     Kind = "parent"      // of the child
	Child      Kind = "child"       // a minor: an adult answers for it
	Expired    Kind = "expired"     // the document has expired
	Overstayed Kind = "overstayed"  // is inside, and longer than permitted: leaves
	Damaged    Kind = "damaged"     // a check digit is wrong
	ToRefer    Kind = "to_refer"    // on the list: to be referred, nothing more is shown
	ToRefuse   Kind = "to_refuse"   // on the list, openly: to be refused
	Crew       Kind = "crew"        // with a crew member certificate
	National   Kind = "national"    // of the own country: never refused
	NoZone     Kind = "no_zone"     // a paper without a zone: typed
)

// Specimen is an invented traveller with a document.
type Specimen struct {
	Kind  Kind
	Lines []string // of the zone; none: it has none, and is typed
	Typed Typed    // what stands on a document without a zone

	who traveller
}

// Typed is what an officer types of a paper.
type Typed struct{ Number, State, Surname, GivenNames, BirthDate, Sex string }

// traveller is somebody whom nobody is.
type traveller struct {
	surname, given, state, number, birth, sex, expiry string
}

// neighbour is an invented country, as the form that ships knows it. Utopia is Doc 9303's own; where it is the
// form's own country, visitors come from the neighbour.
const (
	utopia    = "UTO"
	neighbour = "QRU"
)

// inventedFor lists the states of invented documents: no country issues under these codes.
func inventedFor(f *form.Form) map[string]bool {
	out := map[string]bool{utopia: true}
	for _, code := range [...]string{neighbour, "QSY", "QZE"} {
		if f.Knows(code) {
			out[code] = true
		}
	}
	return out
}

// foreign is where visitors come from.
func (r *Room) foreign() string {
	if r.cfg.Form.Country() == utopia && r.invented[neighbour] {
		return neighbour
	}
	return utopia
}

// specimens prints the documents, with dates that fit today.
func (r *Room) specimens() []Specimen {
	today := r.today()
	from := r.foreign()
	valid := today.AddDate(6, 2, 0).Format(time.DateOnly)
	born := func(years, days int) string { return today.AddDate(-years, 0, -days).Format(time.DateOnly) }
	first := traveller{"ARBOLEDA", "MIRANDA", from, "T00010017", born(34, 40), "F", valid}
	returning := traveller{"OSTROM", "ELIAS JUNO", from, "T00010025", born(51, 200), "M", valid}
	parent := traveller{"VALDIVIA", "CORA", from, "T00010033", born(38, 77), "F", valid}
	child := traveller{"VALDIVIA", "NICO", from, "T00010041", born(9, 120), "M", valid}
	expired := traveller{"PETIT", "SOLANGE", from, "T00010058", born(45, 10), "F", today.AddDate(0, -3, 0).Format(time.DateOnly)}
	overstayed := traveller{"HALLORAN", "TEO", from, "T00010066", born(27, 300), "M", valid}
	damaged := traveller{"QUISPE", "AMARU", from, "T00010074", born(40, 5), "M", valid}
	refer := traveller{"LINDGREN", "IDA", from, "T00010082", born(31, 150), "F", valid}
	refuse := traveller{"MONTALVO", "GASPAR", from, "T00010090", born(58, 250), "M", valid}
	crew := traveller{"BEAUMONT", "RENE", from, "T00010108", born(42, 33), "M", valid}
	national := traveller{"UTOPIAN", "FRANKOWA", utopia, "T00010116", born(36, 90), "F", valid}
	paper := traveller{surname: "DELMAR", given: "LUZ", state: utopia, number: "B-4711", birth: born(7, 60), sex: "F"}
	var out []Specimen
	add := func(k Kind, lines []string, who traveller) {
		out = append(out, Specimen{Kind: k, Lines: lines, who: who})
	}
	add(FirstVisit, first.passport(), first)
	add(Returning, returning.passport(), returning)
	add(Parent, parent.passport(), parent)
	add(Child, child.passport(), child)
	add(Expired, expired.passport(), expired)
	add(Overstayed, overstayed.passport(), overstayed)
	add(Damaged, spoilt(damaged.passport()), damaged)
	add(ToRefer, refer.passport(), refer)
	add(ToRefuse, refuse.passport(), refuse)
	add(Crew, crew.card("AC"), crew)
	if r.cfg.Form.Country() == utopia {
		add(National, national.passport(), national)
	}
	add(NoZone, nil, paper)
	out[len(out)-1].Typed = Typed{paper.number, paper.state, paper.surname, paper.given, paper.birth, paper.sex}
	return out
}

// listName is the list that is searched in training.
const listName = "training"

// listed are its entries: one to be referred, of which an officer sees nothing more, and one that is open.
func (r *Room) listed() []*watch.Entry {
	entry := func(id string, k Kind, h watch.Handling, action string, instruction map[string]string) *watch.Entry {
		var who traveller
		for _, s := range r.specimens() {
			if s.Kind == k {
				who = s.who
			}
		}
		return &watch.Entry{Source: listName, ID: id, Handling: h, Action: action, Instruction: instruction, Owner: "TRAINING",
			Names: []watch.Name{{Surname: who.surname, GivenNames: who.given, Quality: watch.Primary}}, BirthDates: []string{who.birth}, Sex: who.sex,
			Nationalities: []string{who.state}, Documents: []watch.Document{{Issuer: who.state, Type: "P", Number: who.number}}}
	}
	return []*watch.Entry{
		entry("1", ToRefer, watch.Refer, "refer", map[string]string{
			"en": "Training: refer with F3. Say nothing of the list.",
			"es": "Entrenamiento: derive con F3. No mencione la lista.",
			"fr": "Formation : orientez avec F3. Ne parlez pas de la liste.",
			"ht": "Antrènman: voye li ak F3. Pa di anyen sou lis la."}),
		entry("2", ToRefuse, watch.Open, "refuse", map[string]string{
			"en": "Training: compare with the entry, then refuse with F9.",
			"es": "Entrenamiento: compare con la entrada y rechace con F9.",
			"fr": "Formation : comparez avec l’inscription, puis refusez avec F9.",
			"ht": "Antrènman: konpare ak sa ki nan lis la, epi refize ak F9."}),
	}
}
