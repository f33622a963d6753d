// Supporting papers at the counter: attached by chooser, drop and paste, looked at by keyboard, what
// their text offers, and what is refused; with the hub away, for nothing of it needs the hub.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { axe, SIZES } from './browser.mjs';
import { openCounter } from './counterpage.mjs';
import { until } from './demo.mjs';
import { passport, traveller } from './mrz.mjs';

const ARMED = 450;

/** A small PDF: each page is a list of lines. */
export function pdf(pages) {
  const parts = [];
  const at = [];
  let length = 0;
  const put = (s) => { parts.push(s); length += s.length; };
  const object = (s) => { at.push(length); put(`${at.length} 0 obj\n${s}\nendobj\n`); };
  put('%PDF-1.4\n');
  object('<< /Type /Catalog /Pages 2 0 R >>');
  object(`<< /Type /Pages /Kids [${pages.map((_, i) => `${4 + 2 * i} 0 R`).join(' ')}] /Count ${pages.length} >>`);
  object('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  pages.forEach((lines, i) => {
    object(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`);
    const text = `0.1 0.25 0.5 rg 40 786 515 14 re f 0 g BT /F1 13 Tf 60 740 Td 20 TL\n${lines.map((l) => `(${l}) Tj T*`).join('\n')}\nET`;
    object(`<< /Length ${text.length} >>\nstream\n${text}\nendstream`);
  });
  const start = length;
  put(`xref\n0 ${at.length + 1}\n0000000000 65535 f \n${at.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}`);
  put(`trailer\n<< /Size ${at.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`);
  return Buffer.from(parts.join(''), 'latin1');
}

const LETTER = ['Ministry of the Interior of Utopia', '', 'Visa letter UT-VL-2026-004417', '', 'The holder of this letter is invited for forty days.', '',
  'V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<', 'L8988901C4XXX4009078F96121096ZE184226B<<<<<<'];
const letter = { name: 'letter.pdf', mimeType: 'application/pdf', buffer: pdf([LETTER, ['Second page: terms of the stay.'], ['Third page: seal and signature.']]) };

export async function papers(context, demo, test, pictures) {
  let c;
  const file = (f) => c.page.setInputFiles('#paper-file', f);
  const rows = () => c.page.locator('.paper-row').count();

  async function meets() {
    const p = traveller(7100 + Math.floor(Math.random() * 900));
    await c.page.evaluate(([text]) => fetch('/counters/1/scans', { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ text, source: 'wedge' }) }), [passport(p).join('\n')]);
    await c.shown(p.surname);
    return p;
  }

  async function attach(kind, f) {
    await c.page.keyboard.press('Control+F3');
    await c.page.waitForSelector('#attach-paper[open]');
    await c.page.selectOption('#paper-kind', kind);
    await file(f);
    await c.page.waitForTimeout(ARMED);
    await c.page.keyboard.press('F8');
  }

  await test('papers: a visa letter is attached, and offers what it says', async () => {
    c = await openCounter(context, demo.post);
    await meets();
    await attach('visa_letter', letter);
    await until('it is attached', async () => (await rows()) === 1).catch(async (e) => { throw new Error(`${e.message}: ${await c.page.locator('#attach-paper [data-message]').innerText()}`); });
    assert.equal(await c.page.locator('#attach-paper[open]').count(), 0);
    const offers = c.page.locator('#paper-offers');
    await offers.locator('[data-act="use-number"]').first().waitFor();
    assert.match(await offers.innerText(), /UT-VL-2026-004417/);
    assert.match(await offers.innerText(), /V<UTOERIKSSON<<ANNA<MARIA/);
    assert.deepEqual(await axe(c.page), []);
    await c.page.screenshot({ path: join(pictures, 'papers-offered.png') });
  });

  await test('papers: nothing is applied by itself, and a number goes where it is asked for', async () => {
    const before = await c.state();
    const lines = c.page.locator('#paper-offers [data-act="use-lines"]');
    await lines.click();
    await c.page.waitForSelector('#keyed[open]');
    assert.match(await c.page.inputValue('#keyed-text'), /^V<UTOERIKSSON/);
    await c.page.keyboard.press('Escape');
    assert.equal((await c.state()).encounter, before.encounter);
    await c.page.locator('#paper-offers [data-act="use-number"]').first().click();
    await until('it is said, or in the form', async () => (await c.message()) !== '');
  });

  await test('papers: the pages are looked at by keyboard, by day, by night and in every size', async () => {
    await c.page.locator('.paper-row').focus();
    await c.page.keyboard.press('Enter');
    await c.page.waitForSelector('#paper[open] #paper-image');
    const drawn = () => c.page.evaluate(() => { const i = document.getElementById('paper-image'); return i.complete && i.naturalWidth > 500; });
    await until('the page is drawn', drawn);
    for (const [size, box] of Object.entries(SIZES)) {
      await c.page.setViewportSize(box);
      await c.page.screenshot({ path: join(pictures, `papers-view-${size}.png`) });
    }
    await c.page.setViewportSize(SIZES['1024x768']);
    await c.page.keyboard.press('PageDown');
    await until('the second page', async () => (await c.page.locator('#paper-image').getAttribute('src')).endsWith('/pages/1'));
    await until('the page is drawn', drawn);
    assert.equal(await c.page.locator('[aria-current="page"].paper-choice').getAttribute('data-page'), '1');
    await c.page.keyboard.press('PageUp');
    await c.page.keyboard.press('PageUp');
    assert.match(await c.page.locator('#paper-image').getAttribute('src'), /\/pages\/0$/);
    for (const scheme of ['light', 'dark']) {
      await c.page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await axe(c.page), [], scheme);
      await c.page.screenshot({ path: join(pictures, `papers-view-${scheme}.png`) });
    }
    await c.page.emulateMedia({ colorScheme: 'light' });
    await c.page.locator('#paper-turn').click();
    await c.page.locator('#paper-zoom').click();
    await c.page.screenshot({ path: join(pictures, 'papers-large.png') });
    await c.page.keyboard.press('Escape');
    await until('it is closed', async () => (await c.page.locator('dialog[open]').count()) === 0);
    assert.equal(await c.page.evaluate(() => document.activeElement.classList.contains('paper-row')), true, 'the focus is back where it was');
  });

  await test('papers: what is none is refused in plain words, and leaves nothing', async () => {
    for (const [name, buffer, says] of [
      ['page.html', Buffer.from('<!doctype html><script>alert(1)</script>'), /neither a PDF/],
      ['drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"></svg>'), /neither a PDF/],
      ['torn.pdf', Buffer.from(`%PDF-1.7\n${' '.repeat(200)}`), /damaged/],
      ['long.pdf', pdf(Array.from({ length: 21 }, () => ['page'])), /20 pages/],
    ]) {
      await attach('other', { name, mimeType: 'application/pdf', buffer });
      await until(name, async () => says.test(await c.page.locator('#attach-paper [data-message]').innerText()));
      await c.page.keyboard.press('Escape');
      await until('the dialog is closed', async () => (await c.page.locator('dialog[open]').count()) === 0);
    }
    assert.equal(await rows(), 1);
  });

  await test('papers: a picture is dropped, another pasted, with the hub away', async () => {
    await demo.stopHub();
    const picture = readFileSync(join(pictures, 'papers-offered.png'));
    for (const [kind, event] of [['drop', 'drop'], ['paste', 'paste']]) {
      const had = await rows();
      await c.page.evaluate(([b64, what]) => {
        const bytes = Uint8Array.from(atob(b64), (x) => x.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], `${what}.png`, { type: 'image/png' }));
        const e = what === 'drop' ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }) : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
        document.body.dispatchEvent(e);
      }, [picture.toString('base64'), event]);
      await c.page.waitForSelector('#attach-paper[open]');
      await c.page.selectOption('#paper-kind', kind === 'drop' ? 'minor_permission' : 'other');
      if (kind === 'paste') await c.page.fill('#paper-name', 'Hotel booking');
      await c.page.screenshot({ path: join(pictures, `papers-attach-${kind}.png`) });
      await c.page.waitForTimeout(ARMED);
      await c.page.keyboard.press('F8');
      await until(`${kind}: it is attached`, async () => (await rows()) === had + 1);
    }
    assert.match(await c.text('papers'), /Hotel booking/);
    await c.page.screenshot({ path: join(pictures, 'papers-three.png') });
    await demo.startHub();
  });

  await test('papers: one that was attached by mistake is removed', async () => {
    const had = await rows();
    await c.page.locator('.paper-row').last().click();
    await c.page.waitForSelector('#paper[open] #paper-image');
    await c.page.locator('#paper-remove').click();
    await c.page.waitForSelector('#ask[open]');
    await c.page.waitForTimeout(ARMED);
    await c.page.keyboard.press('F8');
    await until('it is gone', async () => (await rows()) === had - 1 && (await c.page.locator('dialog[open]').count()) === 0);
    assert.deepEqual(c.page.faults, []);
    await c.page.close();
  });
}
