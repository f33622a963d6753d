// Two kinds of hands: those that know only keys, and those that know only the glass. Neither uses
// what the other has, so a step that one of them cannot do fails.
import assert from 'node:assert/strict';
import { until } from './demo.mjs';

/** The smallest side in CSS pixels of what is touched (WCAG 2.5.5). */
const FINGER = 44;

const focused = (page, at) => page.evaluate((s) => Boolean(document.activeElement?.matches(s)), at);

/** Hands on a keyboard. */
export function keys(page) {
  /** Goes somewhere with Tab, from where the focus is. */
  const go = async (at, most = 250) => {
    for (let i = 0; i < most; i++) {
      if (await focused(page, at)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${at} is not reached by Tab`);
  };
  return {
    go,
    key: (chord) => page.keyboard.press(chord),
    press: async (at) => {
      await go(at);
      await page.keyboard.press('Enter');
    },
    /** Opens or closes a fold. */
    fold: async (at) => {
      await go(at);
      await page.keyboard.press('Enter');
    },
    check: async (at) => {
      await go(`input[name="${await page.locator(at).first().getAttribute('name')}"]`);
      for (let i = 0; i < 20 && !(await page.locator(at).isChecked()); i++) await page.keyboard.press(i ? 'ArrowDown' : 'Space');
      assert.ok(await page.locator(at).isChecked(), at);
    },
    type: async (at, text) => {
      await go(at);
      await page.keyboard.press('Control+a');
      await page.keyboard.type(text, { delay: 3 });
    },
    choose: async (at, code) => {
      await go(at);
      const steps = await page.locator(at).evaluate((el, c) => [...el.options].findIndex((o) => o.value === c) - el.selectedIndex, code);
      for (let i = 0; i < Math.abs(steps); i++) await page.keyboard.press(steps > 0 ? 'ArrowDown' : 'ArrowUp');
      assert.equal(await page.locator(at).inputValue(), code, at);
    },
    send: () => page.keyboard.press('F8'),
    close: () => page.keyboard.press('Escape'),
    small: [],
  };
}

/** Hands on a touch screen. What is too small for a finger is noted in small. */
export function touch(page) {
  const small = new Set();
  const tap = async (at) => {
    const el = page.locator(at).first();
    await el.scrollIntoViewIfNeeded();
    const box = await el.boundingBox();
    if (box && (box.height < FINGER - 0.5 || box.width < FINGER - 0.5)) small.add(`${at} is ${Math.round(box.width)} × ${Math.round(box.height)}`);
    await el.tap();
  };
  /** The dialog in front of the others. */
  const front = () => page.evaluate(() => {
    const open = [...document.querySelectorAll('dialog[open]')];
    return (open.find((d) => d.contains(document.activeElement)) ?? open.at(-1)).id;
  });
  const type = async (at, text) => {
    await tap(at);
    assert.ok(await focused(page, at), `${at} has no focus after a tap`);
    await page.locator(at).first().evaluate((el) => el.select?.());
    await page.keyboard.insertText(text); // as the keyboard on the glass does: text, no keys
  };
  return {
    key: (chord) => tap({ 'Control+F2': '#switch' }[chord] ?? `[data-key="${chord}"]`),
    press: tap,
    fold: tap,
    check: (at) => tap(`label:has(${at})`),
    type,
    choose: async (at, code) => {
      await tap(at);
      await page.locator(at).selectOption(code); // the browser's own list, which no script reaches
    },
    send: async () => tap(`#${await front()} [data-act="send"]`),
    close: async () => tap(`#${await front()} [data-act="close"]`),
    small,
  };
}

/** Waits until a form's answers have reached the station. */
export const kept = (page, what) => until(`${what} is kept`, () => page.evaluate(() => [...document.querySelectorAll('[data-field] select, [data-field] input')].every((el) => !el.checkVisibility() || 'apart' in el.dataset || el.closest('dialog') || el.value === el.dataset.value)));
