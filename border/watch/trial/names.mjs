// Writes names.txt: node names.mjs FOLDER/node_modules/@faker-js/faker > names.txt
//
// Surnames and given names of the world in capitals A to Z, as a machine readable zone would
// print them, from the word lists of @faker-js/faker (MIT License), thinned; those of East
// Asia and the Arabic script, which the package has in no romanised form, stand below.
import { createRequire } from 'node:module'
const { allLocales } = createRequire(import.meta.url)(process.argv[2])

const locales = { // locale: where its bearers' papers come from
  cs_CZ: 'CZE SVK', da: 'DNK NOR', de: 'D AUT CHE', el: 'GRC CYP', en: 'USA GBR CAN AUS IRL NZL', en_GH: 'GHA LBR', en_IN: 'IND BGD',
  en_NG: 'NGA CMR', en_ZA: 'ZAF BWA', es: 'ESP ARG CHL COL PER CUB', es_MX: 'MEX GTM SLV HND DOM VEN ECU', fi: 'FIN', fr: 'FRA BEL CIV BFA COD',
  fr_SN: 'SEN MLI GIN', hr: 'HRV BIH', hu: 'HUN', id_ID: 'IDN MYS', it: 'ITA', ku_kmr_latin: 'TUR IRQ', lv: 'LVA', nb_NO: 'NOR', nl: 'NLD',
  pl: 'POL', pt_BR: 'BRA', pt_PT: 'PRT AGO MOZ', ro: 'ROU MDA', ru: 'RUS KAZ BLR', sr_RS_latin: 'SRB MNE', sv: 'SWE', tr: 'TUR AZE',
  uk: 'UKR', uz_UZ_latin: 'UZB TJK KGZ', vi: 'VNM', zu_ZA: 'ZAF SWZ',
}
const cyrillic = { а: 'A', б: 'B', в: 'V', г: 'G', ґ: 'G', д: 'D', е: 'E', ё: 'E', є: 'IE', ж: 'ZH', з: 'Z', и: 'I', і: 'I', ї: 'I', й: 'I', к: 'K', л: 'L',
  м: 'M', н: 'N', о: 'O', п: 'P', р: 'R', с: 'S', т: 'T', у: 'U', ф: 'F', х: 'KH', ц: 'TS', ч: 'CH', ш: 'SH', щ: 'SHCH', ъ: 'IE', ы: 'Y', ь: '', э: 'E', ю: 'IU', я: 'IA' }
const greek = { α: 'A', β: 'V', γ: 'G', δ: 'D', ε: 'E', ζ: 'Z', η: 'I', θ: 'TH', ι: 'I', κ: 'K', λ: 'L', μ: 'M', ν: 'N', ξ: 'X', ο: 'O', π: 'P', ρ: 'R',
  σ: 'S', ς: 'S', τ: 'T', υ: 'Y', φ: 'F', χ: 'CH', ψ: 'PS', ω: 'O' }
const latin = { ä: 'AE', æ: 'AE', å: 'AA', ö: 'OE', ø: 'OE', œ: 'OE', ü: 'UE', ß: 'SS', ð: 'D', đ: 'D', þ: 'TH', ł: 'L', ı: 'I', ə: 'A' }

function zone(name) {
  let s = ''
  for (const c of name.toLowerCase()) {
    const plain = c.normalize('NFD').replace(/\p{M}/gu, '')
    s += latin[c] ?? cyrillic[c] ?? greek[c] ?? greek[plain] ?? (/[a-z]/.test(plain) ? plain.toUpperCase() : /['’ʻ.]/.test(c) ? '' : ' ')
  }
  return s.trim().replace(/ +/g, ' ')
}
function some(lists, most) { // spread evenly over the alphabet: the lists are sorted
  const all = [...new Set(lists.flat().filter(Boolean).map(zone))].filter((n) => n.length > 1 && n.length < 18)
  const step = Math.max(1, all.length / most)
  return Array.from({ length: Math.min(most, all.length) }, (_, i) => all[Math.floor(i * step)]).join(',')
}
const of = (p, ...kinds) => kinds.map((k) => p?.[k] ?? [])

console.log(`# Names of invented travellers: region|nationalities|surnames|given names of women|given names of men.
# Derived by names.mjs from the word lists of @faker-js/faker, MIT License, Copyright (c) 2022-2025 Faker;
# the regions from arab on are common names and syllables put together by hand.`)
for (const [name, states] of Object.entries(locales)) {
  const p = allLocales[name].person
  const women = some(of(p.first_name, 'female', 'generic'), 90), men = some(of(p.first_name, 'male', 'generic'), 90)
  console.log([name, states, some(of(p.last_name, 'generic', 'male'), 160), women, men].join('|'))
}
const words = (s) => s.trim().split(/\s+/).join(',')
const pairs = (a, b) => words(a).split(',').flatMap((x) => words(b).split(',').map((y) => x + ' ' + y)).filter((_, i) => i % 3 === 0).join(',')
console.log(['arab', 'EGY MAR DZA TUN JOR LBN SAU ARE KWT OMN', words(`HADDAD KHOURY NAJJAR SABBAGH MANSOUR SALEH HAMDAN KHALIL FARAH NASSER QASIM BAKR TAHA RASHED
  AWAD ZAKI SHARIF FAWZI GABR MAHDI BENALI BOUAZIZ CHERKAOUI TAZI ALAOUI IDRISSI MEZIANE BELKACEM SAIDI ZIANI TRABELSI GHARBI AYARI MABROUK HAMMAMI ATTIA SOLIMAN
  IBRAHIM HASSAN HUSSEIN MOHAMED ALI AHMED ABDELRAHMAN OMAR YOUSSEF`), words('FATIMA AISHA MARIAM KHADIJA LEILA AMINA NOUR SALMA HANAN RANIA DINA SAMIRA NADIA HUDA RIM YASMINE IMANE SOUAD ZEINAB HALA'),
  words('MOHAMED AHMED ALI OMAR YOUSSEF HASSAN IBRAHIM KHALED TAREK KARIM SAMIR NABIL RACHID HICHAM WALID AMINE MEHDI BILAL ANAS HAMZA ZIAD FADI RAMI MAJED')].join('|'))
console.log(['persia', 'IRN AFG', words(`AHMADI HOSSEINI KARIMI MORADI JAFARI RAHIMI SADEGHI KAZEMI EBRAHIMI RASOULI TEHRANI SHIRAZI NOURI AMIRI HASHEMI MOUSAVI AZIZI NAZARI YOUSEFI
  SAFI WARDAK POPAL ZADRAN`), words('MARYAM ZAHRA SARA NARGES ELHAM SHIRIN PARISA LEILA MINA ROYA'), words('REZA HOSSEIN MOHAMMAD MEHDI AMIR SAEED HAMID ALI FARHAD BEHZAD DARIUS KAVEH NAVID OMID NAJIB FARID')].join('|'))
console.log(['pakistan', 'PAK BGD', words('KHAN MALIK CHAUDHRY BUTT AHMED HUSSAIN IQBAL SIDDIQUI QURESHI SHAH MIRZA RAZA AWAN BHATTI RAJPUT AKHTAR RAHMAN ISLAM HOSSAIN MIAH UDDIN'),
  words('AYESHA SANA FARAH NADIA BUSHRA SADIA RUKHSANA SHAZIA NASREEN PARVEEN'), words('IMRAN ASIF TARIQ KAMRAN USMAN BILAL FAISAL NADEEM SAJID ZAHID ARSHAD SHAHID MOHAMMAD MUHAMMAD ABDUL RASHID JAVED')].join('|'))
const han = 'WANG LI ZHANG LIU CHEN YANG HUANG ZHAO WU ZHOU XU SUN MA ZHU HU GUO HE LIN GAO LUO ZHENG LIANG XIE SONG TANG DENG HAN FENG CAO PENG'
console.log(['china', 'CHN TWN SGP HKG', words(han), pairs('XIAO MEI LI YU JIA XIN YAN HUI', 'FANG LING YUN HUA QIN JING NA PING'), pairs('JIAN WEI ZHI GUO MING JUN YONG HAI', 'GANG FENG QIANG LONG HUA BIN TAO DONG')].join('|'))
console.log(['korea', 'KOR', words('KIM LEE PARK CHOI JUNG KANG CHO YOON JANG LIM HAN OH SEO SHIN KWON HWANG AHN SONG HONG'), pairs('MIN SEO JI EUN SOO HYE YU', 'JI YEON HEE JUNG AH YOUNG'),
  pairs('MIN SUNG JAE DONG HYUN SANG YOUNG', 'HO SU JUN HYUN WOO CHUL')].join('|'))
console.log(['japan', 'JPN', words('SATO SUZUKI TAKAHASHI TANAKA WATANABE ITO YAMAMOTO NAKAMURA KOBAYASHI KATO YOSHIDA YAMADA SASAKI MATSUMOTO INOUE KIMURA HAYASHI SHIMIZU'),
  words('YUKI HANAKO SAKURA AKIKO KEIKO YOKO NAOMI MEGUMI TOMOKO AYA'), words('HIROSHI TAKASHI KENJI DAISUKE MAKOTO YUTO SHOTA KAZUO TARO AKIRA')].join('|'))
console.log(['horn', 'SOM ETH KEN DJI', words('ABDI WARSAME FARAH JAMA DUALE GEDI YUSUF HUSSEIN NUR OSMAN TESFAYE BEKELE ABEBE KEBEDE HAILE MWANGI OTIENO KAMAU'),
  words('HODAN AMINA FARTUN SAHRA HAWA ALMAZ TIGIST WANJIRU ACHIENG'), words('MOHAMED ABDULLAHI ABDI HASSAN AHMED YUSUF DAWIT SAMUEL BRIAN KEVIN')].join('|'))
