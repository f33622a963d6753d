package signin

import (
	"strconv"
	"strings"
	"time"

	"garita/border"
	"garita/border/signin"
)

// Text is the page in one language.
type Text struct {
	Code, Name                                                    string // BCP 47; in its own words
	Title, Hub, Station                                           string
	Badge, PIN, Counter, NoCounter, Go, Passkey                   string
	Approver, ApproverBadge, ApproverPIN, Nobody, MustChange      string
	Already, GoOn                                                 string // {0}: who
	Wrong, Locked, Unsure, Refused, Invalid, NotNow, SignedOut    string
	Roster, RosterFresh, RosterExpired, RosterNone, RosterNothing string // {0}: age, {1}: expiry
	Clock, ClockSynced, ClockHoldover, ClockUntrusted, ClockHub   string
	Demo, Keys, PINs, Script                                      string
	units                                                         [3]string // of days, hours, minutes
}

// texts are the languages, in the order in which they are offered.
var texts = [...]Text{{
	Code: "es", Name: "Español", Title: "Iniciar sesión", Hub: "Centro nacional", Station: "Estación {0}",
	Badge: "Número de placa", PIN: "PIN", Counter: "Ventanilla", NoCounter: "Ninguna (taller)", Go: "Entrar", Passkey: "Usar una llave de seguridad",
	Approver: "La lista de funcionarios ha caducado: un supervisor debe aprobar", ApproverBadge: "Placa del supervisor", ApproverPIN: "PIN del supervisor", Nobody: "O por qué no se puede localizar a ninguno", MustChange: "Otra persona le dio el PIN. Elija primero uno propio en las páginas del centro nacional.",
	Already: "{0} tiene la sesión abierta aquí.", GoOn: "Continuar",
	Wrong: "La placa o el PIN no son correctos.", Locked: "Demasiados intentos. Espere y vuelva a intentarlo, o pida al administrador que lo desbloquee.",
	Unsure: "La lista de funcionarios ha caducado. Un supervisor debe aprobar con su propia placa y su PIN.", Refused: "Esta cuenta no puede entrar aquí.",
	Invalid: "Escriba la placa y el PIN.", NotNow: "Ahora no es posible. Espere un momento y vuelva a intentarlo.", SignedOut: "La sesión se ha cerrado.",
	Roster: "Lista de funcionarios", RosterFresh: "de hace {0}; vale hasta {1}", RosterExpired: "CADUCADA desde {1}, de hace {0}: lo que se haga se revisará después",
	RosterNone: "todavía no ha llegado ninguna: pida al centro que apruebe esta estación", RosterNothing: "del propio centro",
	Clock: "Reloj", ClockSynced: "comprobado con el centro", ClockHoldover: "sin comprobar desde hace {0}", ClockUntrusted: "NO FIABLE: no se comprueban fechas", ClockHub: "del centro",
	Demo: "DEMOSTRACIÓN: personas inventadas, claves en archivos, PIN 246810", Keys: "CLAVES EN ARCHIVOS: quien tenga el disco puede leerlo", PINs: "El PIN nunca se muestra.",
	Script: "Las demás páginas necesitan JavaScript.", units: [3]string{"d", "h", "min"},
}, {
	Code: "en", Name: "English", Title: "Sign in", Hub: "National hub", Station: "Station {0}",
	Badge: "Badge number", PIN: "PIN", Counter: "Counter", NoCounter: "None (workshop)", Go: "Sign in", Passkey: "Use a security key",
	Approver: "The roster has expired: a supervisor must approve", ApproverBadge: "The supervisor’s badge", ApproverPIN: "The supervisor’s PIN", Nobody: "Or why none can be reached", MustChange: "Your PIN was given to you by somebody else. Choose your own on the hub’s pages first.",
	Already: "{0} is signed in here.", GoOn: "Go on",
	Wrong: "Badge or PIN is wrong.", Locked: "Too many tries. Wait, then try again, or have the administrator unlock it.",
	Unsure: "The roster has expired. A supervisor must approve with their own badge and PIN.", Refused: "This account may not sign in here.",
	Invalid: "Write badge and PIN.", NotNow: "Not now. Wait a moment and try again.", SignedOut: "The session has ended.",
	Roster: "Roster of officers", RosterFresh: "{0} old; holds until {1}", RosterExpired: "EXPIRED since {1}, {0} old: what is done is reviewed later",
	RosterNone: "none has arrived yet: ask the hub to approve this station", RosterNothing: "the hub’s own",
	Clock: "Clock", ClockSynced: "checked with the hub", ClockHoldover: "not checked for {0}", ClockUntrusted: "NOT TRUSTED: dates are not checked", ClockHub: "the hub’s own",
	Demo: "DEMONSTRATION: invented people, software keys, PIN 246810", Keys: "SOFTWARE KEYS: whoever has the disk can read it", PINs: "The PIN is never shown.",
	Script: "The other pages need JavaScript.", units: [3]string{"d", "h", "min"},
}, {
	Code: "fr", Name: "Français", Title: "Connexion", Hub: "Centre national", Station: "Station {0}",
	Badge: "Numéro de badge", PIN: "Code PIN", Counter: "Guichet", NoCounter: "Aucun (atelier)", Go: "Se connecter", Passkey: "Utiliser une clé de sécurité",
	Approver: "La liste des agents a expiré : un superviseur doit approuver", ApproverBadge: "Badge du superviseur", ApproverPIN: "Code PIN du superviseur", Nobody: "Ou pourquoi aucun n’est joignable", MustChange: "Votre code PIN vous a été donné par quelqu’un d’autre. Choisissez d’abord le vôtre sur les pages du centre national.",
	Already: "{0} est déjà connecté ici.", GoOn: "Continuer",
	Wrong: "Le badge ou le code PIN est faux.", Locked: "Trop d’essais. Attendez puis réessayez, ou demandez à l’administrateur de débloquer le compte.",
	Unsure: "La liste des agents a expiré. Un superviseur doit approuver avec son propre badge et son code PIN.", Refused: "Ce compte ne peut pas se connecter ici.",
	Invalid: "Saisissez le badge et le code PIN.", NotNow: "Impossible pour l’instant. Attendez un moment puis réessayez.", SignedOut: "La session est terminée.",
	Roster: "Liste des agents", RosterFresh: "vieille de {0} ; valable jusqu’au {1}", RosterExpired: "EXPIRÉE depuis le {1}, vieille de {0} : ce qui est fait sera contrôlé plus tard",
	RosterNone: "aucune n’est encore arrivée : demandez au centre d’approuver cette station", RosterNothing: "celle du centre",
	Clock: "Horloge", ClockSynced: "vérifiée avec le centre", ClockHoldover: "non vérifiée depuis {0}", ClockUntrusted: "NON FIABLE : les dates ne sont pas vérifiées", ClockHub: "celle du centre",
	Demo: "DÉMONSTRATION : personnes inventées, clés dans des fichiers, code PIN 246810", Keys: "CLÉS DANS DES FICHIERS : qui a le disque peut le lire", PINs: "Le code PIN n’est jamais affiché.",
	Script: "Les autres pages ont besoin de JavaScript.", units: [3]string{"j", "h", "min"},
}, {
	Code: "ht", Name: "Kreyòl", Title: "Konekte", Hub: "Sant nasyonal", Station: "Estasyon {0}",
	Badge: "Nimewo badj", PIN: "Kòd PIN", Counter: "Gichè", NoCounter: "Okenn (atelye)", Go: "Konekte", Passkey: "Sèvi ak yon kle sekirite",
	Approver: "Lis ajan yo ekspire: yon sipèvizè dwe dakò", ApproverBadge: "Badj sipèvizè a", ApproverPIN: "Kòd PIN sipèvizè a", Nobody: "Oswa poukisa pa gen okenn ki disponib", MustChange: "Se yon lòt moun ki ba w kòd PIN nan. Chwazi pwòp kòd pa w sou paj sant nasyonal la anvan.",
	Already: "{0} konekte deja isit la.", GoOn: "Kontinye",
	Wrong: "Badj la oswa kòd PIN nan pa bon.", Locked: "Twòp esè. Tann, epi eseye ankò, oswa mande administratè a debloke kont lan.",
	Unsure: "Lis ajan yo ekspire. Yon sipèvizè dwe dakò ak pwòp badj li ak kòd PIN li.", Refused: "Kont sa a pa gen dwa konekte isit la.",
	Invalid: "Ekri badj la ak kòd PIN nan.", NotNow: "Pa posib kounye a. Tann yon ti moman epi eseye ankò.", SignedOut: "Sesyon an fini.",
	Roster: "Lis ajan yo", RosterFresh: "li gen {0}; li bon jiska {1}", RosterExpired: "LI EKSPIRE depi {1}, li gen {0}: y ap verifye pita sa ki fèt",
	RosterNone: "poko gen okenn ki rive: mande sant lan apwouve estasyon sa a", RosterNothing: "pa sant lan",
	Clock: "Revèy", ClockSynced: "verifye ak sant lan", ClockHoldover: "pa verifye depi {0}", ClockUntrusted: "PA FYAB: dat yo pa verifye", ClockHub: "pa sant lan",
	Demo: "DEMONSTRASYON: moun envante, kle nan fichye, kòd PIN 246810", Keys: "KLE NAN FICHYE: moun ki gen disk la ka li l", PINs: "Kòd PIN nan pa janm parèt.",
	Script: "Lòt paj yo bezwen JavaScript.", units: [3]string{"j", "è", "min"},
}}

// textOf chooses a language: the one that was asked for, or the first that the browser accepts and
// we have, or English.
func textOf(asked, accepted string) *Text {
	for _, want := range append([]string{asked}, strings.Split(accepted, ",")...) {
		tag, _, _ := strings.Cut(want, ";")
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		for i := range texts {
			if texts[i].Code == tag {
				return &texts[i]
			}
		}
	}
	return &texts[1]
}

// with puts values in the places {0}, {1} of a text.
func with(text string, values ...string) string {
	for i, v := range values {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", v)
	}
	return text
}

// span puts a duration into the two largest units.
func (t *Text) span(d time.Duration) string {
	m := int(max(d, 0) / time.Minute)
	n := [3]int{m / (24 * 60), m / 60 % 24, m % 60}
	part := func(i int) string { return strconv.Itoa(n[i]) + " " + t.units[i] }
	switch {
	case n[0] > 0 && n[1] > 0:
		return part(0) + " " + part(1)
	case n[0] > 0:
		return part(0)
	case n[1] > 0 && n[2] > 0:
		return part(1) + " " + part(2)
	case n[1] > 0:
		return part(1)
	}
	return part(2)
}

// trouble says why signing in did not work. Whatever else is wrong reads the same as a wrong PIN
// where saying more would tell a stranger who works here.
func (t *Text) trouble(code border.Code) string {
	switch code { //nolint:exhaustive // the rest reads as not now
	case border.Unauthenticated:
		return t.Wrong
	case border.TooMany:
		return t.Locked
	case border.SecondNeeded:
		return t.Unsure
	case border.Forbidden:
		return t.Refused
	case border.Invalid:
		return t.Invalid
	}
	return t.NotNow
}

// roster puts the age of what is known of officers into words.
func (t *Text) roster(r signin.RosterState, hub bool) (words string, bad bool) {
	until := r.ExpiresAt.UTC().Format("2006-01-02 15:04") + " UTC"
	switch {
	case hub:
		return t.RosterNothing, false
	case r.Version == 0:
		return t.RosterNone, true
	case r.Expired:
		return with(t.RosterExpired, t.span(r.Age), until), true
	}
	return with(t.RosterFresh, t.span(r.Age), until), false
}

// clock puts the trust in a station's clock into words.
func (t *Text) clock(trust *border.ClockTrust) (words string, bad bool) {
	switch {
	case trust == nil:
		return t.ClockHub, false
	case trust.State == border.ClockSynced:
		return t.ClockSynced, false
	case trust.State == border.ClockHoldover:
		return with(t.ClockHoldover, t.span(time.Duration(trust.AgeS)*time.Second)), false
	}
	return t.ClockUntrusted, true
}
