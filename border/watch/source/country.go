package source

import (
	"strings"
	"sync"
	"unicode"

	"garita/border/icao"
)

// countries has a line for each code of Doc 9303: the code, the two letters of ISO 3166-1
// where it has them, and the English names and adjectives by which sources know it, in
// lower case without marks, "the", and what stands in brackets.
const countries = `
AFG AF afghanistan|afghan|islamic emirate of afghanistan|islamic republic of afghanistan
ALB AL albania|albanian
DZA DZ algeria|algerian
ASM AS american samoa
AND AD andorra|andorran
AGO AO angola|angolan
AIA AI anguilla
ATA AQ antarctica
ATG AG antigua and barbuda|antigua
ARG AR argentina|argentine|argentinian|argentine republic
ARM AM armenia|armenian|armenian ssr
ABW AW aruba
AUS AU australia|australian
AUT AT austria|austrian
AZE AZ azerbaijan|azerbaijani|azerbaijan ssr
BHS BS bahamas|bahamian
BHR BH bahrain|bahraini|kingdom of bahrain
BGD BD bangladesh|bangladeshi
BRB BB barbados|barbadian
BLR BY belarus|belarusian|belarussian|byelorussia|belarusian ssr|republic of belarus
BEL BE belgium|belgian
BLZ BZ belize|belizean
BEN BJ benin|beninese
BMU BM bermuda
BTN BT bhutan|bhutanese
BOL BO bolivia|bolivian|plurinational state of bolivia
BES BQ bonaire|bonaire sint eustatius and saba|caribbean netherlands
BIH BA bosnia and herzegovina|bosnia-herzegovina|bosnia & herzegovina|bosnia|bosina-herzegovina|bosnian
BVT BV bouvet island
BWA BW botswana
BRA BR brazil|brazilian|brasil
IOT IO british indian ocean territory
VGB VG british virgin islands|virgin islands british
BRN BN brunei|brunei darussalam|bruneian
BGR BG bulgaria|bulgarian
BFA BF burkina faso|burkinabe
BDI BI burundi|burundian
CPV CV cabo verde|cape verde|cape verdean
KHM KH cambodia|cambodian
CMR CM cameroon|cameroonian
CAN CA canada|canadian
CYM KY cayman islands
CAF CF central african republic|central african|car
TCD TD chad|chadian
CHL CL chile|chilean
CHN CN china|chinese|people's republic of china|peoples republic of china|prc|mainland china
CXR CX christmas island
CCK CC cocos islands|cocos keeling islands
COL CO colombia|colombian
COM KM comoros|comoros islands|comorian|union of comoros
COG CG congo|republic of congo|congo republic of|congo brazzaville|congo-brazzaville|congolese republic
COD CD democratic republic of congo|congo democratic republic of|drc|dr congo|dem rep congo|congo kinshasa|congo-kinshasa|zaire|zairian
COK CK cook islands
CRI CR costa rica|costa rican
CIV CI cote d'ivoire|cote d ivoire|cote divoire|ivory coast|ivorian
HRV HR croatia|croatian
CUB CU cuba|cuban
CUW CW curacao
CYP CY cyprus|cypriot
CZE CZ czech republic|czechia|czech
DNK DK denmark|danish|dane
DJI DJ djibouti|djiboutian
DMA DM dominica
DOM DO dominican republic|dominican
ECU EC ecuador|ecuadorian|ecuadorean
EGY EG egypt|egyptian|arab republic of egypt
SLV SV el salvador|salvadoran|salvadorian
GNQ GQ equatorial guinea
ERI ER eritrea|eritrean
EST EE estonia|estonian|estonian ssr
SWZ SZ eswatini|swaziland|swazi
ETH ET ethiopia|ethiopian
FLK FK falkland islands|falkland islands malvinas
FRO FO faroe islands
FJI FJ fiji|fijian
FIN FI finland|finnish|finn
FRA FR france|french
GUF GF french guiana
PYF PF french polynesia
ATF TF french southern territories
GAB GA gabon|gabonese
GMB GM gambia|gambian
GEO GE georgia|georgian|georgian ssr
D DE germany|german|federal republic of germany|west germany|east germany|german democratic republic
GHA GH ghana|ghanaian
GIB GI gibraltar
GRC GR greece|greek
GRL GL greenland
GRD GD grenada|grenadian
GLP GP guadeloupe
GUM GU guam
GTM GT guatemala|guatemalan
GGY GG guernsey
GIN GN guinea|guinean|guinea-conakry|republic of guinea
GNB GW guinea-bissau|guinea bissau|bissau-guinean
GUY GY guyana|guyanese
HTI HT haiti|haitian
HMD HM heard island and mcdonald islands
VAT VA holy see|vatican city|vatican|vatican city state
HND HN honduras|honduran
HKG HK hong kong|china hong kong special administrative region|hong kong china|hong kong sar
HUN HU hungary|hungarian
ISL IS iceland|icelandic
IND IN india|indian
IDN ID indonesia|indonesian
IRN IR iran|iranian|islamic republic of iran
IRQ IQ iraq|iraqi|republic of iraq
IRL IE ireland|irish
IMN IM isle of man|man isle of
ISR IL israel|israeli
ITA IT italy|italian
JAM JM jamaica|jamaican
JPN JP japan|japanese
JEY JE jersey
JOR JO jordan|jordanian|hashemite kingdom of jordan
KAZ KZ kazakhstan|kazakh|kazakhstani|kazakh ssr
KEN KE kenya|kenyan
KIR KI kiribati
PRK KP democratic people's republic of korea|democratic peoples republic of korea|north korea|north korean|korea north|dprk|dpr korea|rpdc|korea democratic people's republic of
KOR KR republic of korea|south korea|south korean|korea south|korea republic of|korea
RKS XK kosovo|kosovar|kosovan|republic of kosovo
KWT KW kuwait|kuwaiti|state of kuwait
KGZ KG kyrgyzstan|kyrgyz republic|kyrgyz|kirghizstan|kyrgyzstani|kirghiz ssr
LAO LA laos|lao people's democratic republic|lao peoples democratic republic|lao|laotian|lao pdr
LVA LV latvia|latvian|latvian ssr
LBN LB lebanon|lebanese
LSO LS lesotho
LBR LR liberia|liberian
LBY LY libya|libyan|libyan arab jamahiriya|state of libya|libyan jamahiriya
LIE LI liechtenstein
LTU LT lithuania|lithuanian|lithuanian ssr
LUX LU luxembourg|luxembourgish
MAC MO macau|macao|china macao special administrative region|macau sar
MDG MG madagascar|malagasy
MWI MW malawi|malawian
MYS MY malaysia|malaysian
MDV MV maldives|maldivian
MLI ML mali|malian
MLT MT malta|maltese
MHL MH marshall islands
MTQ MQ martinique
MRT MR mauritania|mauritanian
MUS MU mauritius|mauritian
MYT YT mayotte
MEX MX mexico|mexican|united mexican states
FSM FM micronesia|federated states of micronesia|micronesia federated states of
MDA MD moldova|moldovan|republic of moldova|moldova republic of|moldavia|moldavian ssr
MCO MC monaco
MNG MN mongolia|mongolian
MNE ME montenegro|montenegrin
MSR MS montserrat
MAR MA morocco|moroccan|kingdom of morocco
MOZ MZ mozambique|mozambican
MMR MM myanmar|burma|burmese|myanmar burma
NAM NA namibia|namibian
NRU NR nauru
NPL NP nepal|nepalese|nepali
NLD NL netherlands|dutch|holland|kingdom of netherlands
NCL NC new caledonia
NZL NZ new zealand|new zealander
NIC NI nicaragua|nicaraguan
NER NE niger|nigerien
NGA NG nigeria|nigerian
NIU NU niue
NFK NF norfolk island
MKD MK north macedonia|macedonia|macedonian|macedonia former yugoslav republic of|former yugoslav republic of macedonia|republic of north macedonia|fyrom
MNP MP northern mariana islands
NOR NO norway|norwegian
OMN OM oman|omani|sultanate of oman
PAK PK pakistan|pakistani|islamic republic of pakistan
PLW PW palau
PSE PS palestine|palestinian|state of palestine|palestinian territories|palestinian territory|occupied palestinian territory|palestinian authority|west bank|gaza|gaza strip|west bank and gaza|region gaza|region west bank
PAN PA panama|panamanian
PNG PG papua new guinea
PRY PY paraguay|paraguayan
PER PE peru|peruvian
PHL PH philippines|filipino|philippine|republic of philippines
PCN PN pitcairn|pitcairn islands
POL PL poland|polish
PRT PT portugal|portuguese
PRI PR puerto rico
QAT QA qatar|qatari|state of qatar
REU RE reunion
ROU RO romania|romanian
RUS RU russia|russian|russian federation|russian sfsr|chechnya|dagestan
RWA RW rwanda|rwandan
BLM BL saint barthelemy|st barthelemy
SHN SH saint helena|st helena|saint helena ascension and tristan da cunha
KNA KN saint kitts and nevis|st kitts and nevis|saint kitts & nevis
LCA LC saint lucia|st lucia
MAF MF saint martin|st martin
SPM PM saint pierre and miquelon
VCT VC saint vincent and grenadines|saint vincent|st vincent and grenadines
WSM WS samoa|samoan
SMR SM san marino
STP ST sao tome and principe
SAU SA saudi arabia|saudi|saudi arabian|kingdom of saudi arabia|ksa
SEN SN senegal|senegalese
SRB RS serbia|serbian|republic of serbia
SYC SC seychelles
SLE SL sierra leone|sierra leonean
SGP SG singapore|singaporean
SXM SX sint maarten
SVK SK slovakia|slovak|slovak republic
SVN SI slovenia|slovenian|slovene
SLB SB solomon islands
SOM SO somalia|somali|federal republic of somalia|somaliland|puntland
ZAF ZA south africa|south african
SGS GS south georgia and south sandwich islands
SSD SS south sudan|south sudanese|republic of south sudan
ESP ES spain|spanish
LKA LK sri lanka|sri lankan|ceylon
SDN SD sudan|sudanese|north sudan|republic of sudan
SUR SR suriname|surinamese
SJM SJ svalbard and jan mayen
SWE SE sweden|swedish
CHE CH switzerland|swiss
SYR SY syria|syrian|syrian arab republic
TWN TW taiwan|taiwanese|taiwan province of china|republic of china|chinese taipei
TJK TJ tajikistan|tajik|tajikistani|tajik ssr
TZA TZ tanzania|tanzanian|united republic of tanzania|tanzania united republic of|zanzibar
THA TH thailand|thai
TLS TL timor-leste|timor leste|east timor|democratic republic of timor-leste
TGO TG togo|togolese
TKL TK tokelau
TON TO tonga|tongan
TTO TT trinidad and tobago|trinidad & tobago|trinidadian|trinidad
TUN TN tunisia|tunisian
TUR TR turkey|turkiye|turkish|republic of turkiye|republic of turkey
TKM TM turkmenistan|turkmen|turkmen ssr
TCA TC turks and caicos islands
TUV TV tuvalu
UGA UG uganda|ugandan
UKR UA ukraine|ukrainian|ukrainian ssr
ARE AE united arab emirates|uae|emirati
GBR GB united kingdom|united kingdom of great britain and northern ireland|uk|great britain|britain|british|england|english|scotland|scottish|wales|welsh|northern ireland
USA US united states of america|united states|usa|us|american|u s|u s a|new mexico
UMI UM united states minor outlying islands
URY UY uruguay|uruguayan
UZB UZ uzbekistan|uzbek|uzbekistani|uzbek ssr
VUT VU vanuatu
VEN VE venezuela|venezuelan|bolivarian republic of venezuela|venezuela bolivarian republic of
VNM VN viet nam|vietnam|vietnamese
VIR VI us virgin islands|united states virgin islands|virgin islands us|virgin islands u s
WLF WF wallis and futuna
ESH EH western sahara|sahrawi
YEM YE yemen|yemeni|republic of yemen|south yemen|north yemen
ZMB ZM zambia|zambian
ZWE ZW zimbabwe|zimbabwean
ALA AX aland islands
EUE EU european union
XXA - stateless|stateless person
XXB - refugee
`

type countryIndex struct{ byName, byTwo map[string]string }

var indexed = sync.OnceValue(func() countryIndex {
	x := countryIndex{make(map[string]string), make(map[string]string)}
	for line := range strings.Lines(countries) {
		code, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		two, names, _ := strings.Cut(rest, " ")
		x.byTwo[strings.ToLower(two)] = code
		for name := range strings.SplitSeq(names, "|") {
			x.byName[name] = code
		}
	}
	x.byTwo["uk"] = "GBR"
	return x
})

// country gives the Doc 9303 codes of what a source calls a country: mostly one, two for
// "Sudan/South Sudan", none if the name is not known.
func country(s string) []string {
	key := countryKey(s)
	if code := indexed().byName[key]; code != "" {
		return []string{code}
	}
	if up := strings.TrimSpace(s); len(up) == 3 && icao.Known(strings.ToUpper(up)) {
		return []string{strings.ToUpper(up)}
	}
	var codes []string
	parts := strings.FieldsFunc(key, func(c rune) bool { return c == '/' })
	if len(parts) == 1 {
		// "United States. Also believed to hold …": what is sure stands first.
		parts = strings.Split(key, " also ")[:1]
	}
	for _, p := range parts {
		p = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(p), "or "))
		p = strings.TrimPrefix(p, "possibly ")
		for _, end := range []string{" passport", " by birth", " citizenship withdrawn in", " nationality", " national"} {
			p, _, _ = strings.Cut(p, end)
		}
		if code := indexed().byName[strings.TrimSpace(p)]; code != "" {
			codes = addTo(codes, code)
		}
	}
	return codes
}

// country2 gives the Doc 9303 code of two letters of ISO 3166-1, "" if there is none.
func country2(s string) string { return indexed().byTwo[strings.ToLower(strings.TrimSpace(s))] }

// placeCountry finds the country at the end of a place ("Sarajevo, Bosnia-Herzegovina"),
// or in its last words ("Khartoum Sudan").
func placeCountry(place string) []string {
	place = strings.TrimRight(strings.TrimSpace(place), ".")
	parts := strings.Split(place, ",")
	last := parts[len(parts)-1]
	if len(parts) > 1 { // "Congo, Democratic Republic of the", "Korea, North"
		if codes := country(parts[len(parts)-2] + " " + last); len(codes) > 0 {
			return codes
		}
	}
	if codes := country(last); len(codes) > 0 {
		return codes
	}
	words := strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(last))
	for n := min(4, len(words)-1); n > 0; n-- {
		tail := strings.Join(words[len(words)-n:], " ")
		if code := indexed().byName[countryKey(tail)]; code != "" {
			return []string{code}
		}
	}
	return nil
}

// leadingCountry finds a country or its adjective at the head of a text: "Afghan passport
// number …", "Libya B/…".
func leadingCountry(s string) string {
	words := strings.Fields(s)
	for n := min(5, len(words)); n > 0; n-- {
		if code := indexed().byName[countryKey(strings.Join(words[:n], " "))]; code != "" {
			return code
		}
	}
	return ""
}

var unmarked = strings.NewReplacer("ü", "u", "ô", "o", "ç", "c", "é", "e", "ã", "a", "í", "i", "å", "a", "’", "'", "`", "'", ".", " ", ",", " ", "\n", " ", "\t", " ")

// countryKey brings the name of a country into the form of the table.
func countryKey(s string) string {
	if len(s) > maxField {
		return ""
	}
	s = unmarked.Replace(strings.ToLower(s))
	for { // what stands in brackets is a remark
		i := strings.IndexByte(s, '(')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], ')')
		if j < 0 {
			s = s[:i]
			break
		}
		s = s[:i] + " " + s[i+j+1:]
	}
	words := strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || c == ':' || c == ';' })
	kept := words[:0]
	for _, w := range words {
		if w != "the" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}
