import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { untouched } from './typed.js';

/** The controls and open dialogs of a page, without its glass. */
let page;

beforeEach(() => {
  page = { controls: [], dialog: false };
  globalThis.document = {
    querySelector: () => (page.dialog ? {} : null),
    querySelectorAll: () => page.controls,
  };
});

const input = (more) => ({ localName: 'input', type: 'text', value: '', defaultValue: '', closest: () => null, matches: () => false, ...more });
const select = (options, more) => input({ localName: 'select', type: 'select-one', multiple: false, options: options.map(([selected, defaultSelected]) => ({ selected, defaultSelected })), ...more });

test('a page as it was painted is untouched', () => {
  page.controls = [input(), input({ value: 'a', defaultValue: 'a' }), input({ type: 'hidden', value: 'x' }), input({ type: 'checkbox', checked: true, defaultChecked: true }),
    select([[true, false], [false, false]]), select([[false, false], [true, true]]), select([])];
  assert.equal(untouched(), true);
});

for (const [what, el] of Object.entries({
  'a text': input({ value: 'half a na' }), 'a text taken out': input({ defaultValue: 'a' }), 'a tick': input({ type: 'checkbox', checked: true, defaultChecked: false }),
  'a choice': select([[false, false], [true, false]]), 'another choice': select([[true, false], [false, true]]), 'a file': input({ type: 'file', value: 'C:\\fakepath\\list.xml' }),
})) {
  test(`${what} is lost when the page is shown anew`, () => {
    page.controls = [input(), el];
    assert.equal(untouched(), false);
  });
}

test('what is kept elsewhere does not count, nor what is told not to; an open dialog does', () => {
  page.controls = [input({ value: 'sent', closest: () => ({}) })];
  assert.equal(untouched(), true);
  page.controls = [input({ value: '2', matches: (s) => s === '[data-assign]' })];
  assert.deepEqual([untouched(), untouched('[data-assign]')], [false, true]);
  page.controls = [];
  page.dialog = true;
  assert.equal(untouched(), false);
});
