// Documents of invented travellers of Utopia and its neighbour Ruritania (Doc 9303 parts 4 and 5), with their digits.

const value = (c) => (c === '<' ? 0 : c >= '0' && c <= '9' ? c.charCodeAt(0) - 48 : c.charCodeAt(0) - 55);

/** Check digit of Doc 9303-3, section 4.9. */
export const digit = (s) => String([...s].reduce((sum, c, i) => sum + value(c) * [7, 3, 1][i % 3], 0) % 10);

const pad = (s, n) => s.padEnd(n, '<').slice(0, n);
const names = (p) => `${p.surname}<<${p.given.replaceAll(' ', '<')}`;

const state = (p) => p.state ?? 'UTO';

/** A passport: two lines of 44. */
export function passport(p) {
  const data = `${pad(p.number, 9)}${digit(pad(p.number, 9))}${state(p)}${p.birth}${digit(p.birth)}${p.sex}${p.expiry}${digit(p.expiry)}${'<'.repeat(15)}`;
  return [pad(`P<${state(p)}${names(p)}`, 44), data + digit(data.slice(0, 10) + data.slice(13, 20) + data.slice(21, 43))];
}

/** An identity card: three lines of 30. */
export function card(p) {
  const one = pad(`I<${state(p)}${pad(p.number, 9)}${digit(pad(p.number, 9))}`, 30);
  const two = pad(`${p.birth}${digit(p.birth)}${p.sex}${p.expiry}${digit(p.expiry)}${state(p)}`, 29);
  return [one, two + digit(one.slice(5) + two.slice(0, 7) + two.slice(8, 15) + two.slice(18, 29)), pad(names(p), 30)];
}

const SURNAMES = ['ERIKSSON', 'ROSALES', 'OKAFOR', 'LINDQVIST', 'MORETTI', 'TANAKA', 'DUVAL', 'HALVORSEN', 'QUISPE', 'NOVAK'];
let made = 0;

/** A traveller whom no other call of this process returns, with a name of their own. */
export function traveller() {
  const n = made++;
  const letters = String.fromCharCode(65 + (n % 26), 65 + (Math.floor(n / 26) % 26));
  return {
    surname: SURNAMES[n % SURNAMES.length] + letters, given: 'ANNA MARIA', number: `E2E${String(n).padStart(6, '0')}`,
    birth: '840812', sex: 'F', expiry: '340415',
  };
}

/** A visitor: a traveller from Ruritania. */
export const visitor = () => ({ ...traveller(), state: 'QRU' });
