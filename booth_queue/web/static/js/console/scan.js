// Scanning at a booth: a keyboard-wedge scanner types into the one field and presses Enter.

import { api, command, lang, scanner, t } from '../app.js';
import { fill, one } from '../dom.js';
import { site, watch } from './common.js';
import { picked, tabs } from './pick.js';

const { clockAt, sentenceOf } = globalThis.booth;

const empty = { done: 'no', text: '—', fill: '' };
const model = { tabs: [], label: '', verdict: '', explains: '', tone: 'good', person: empty, tube: empty, box: empty, log: [] };
let logged = 0;
let box = null; // being packed: what is scanned now goes into it

function draw() {
  const card = picked();
  model.tabs = tabs('/console/scan');
  model.label = card ? card.label : '';
  fill(one('#scan'), model);
}

function hear(good) {
  if (!globalThis.speechSynthesis) return;
  speechSynthesis.cancel();
  const saying = new SpeechSynthesisUtterance(good);
  saying.lang = lang === 'zh' ? 'zh-CN' : 'en-US';
  speechSynthesis.speak(saying);
}

function tell(text, tone, word, explains) {
  model.verdict = word;
  model.explains = explains;
  model.tone = tone;
  logged += 1;
  // The person's code is not repeated on the screen; a barcode is.
  const shown = text.length > 32 ? t('scan.person_code') : text;
  model.log = [{ id: logged, time: clockAt(Date.now(), site.time_zone), text: shown, tone, word, explains }, ...model.log].slice(0, 10);
  hear(word);
  draw();
}

function tubeFill(tube) {
  return tube ? `${tube.swabs}/${tube.pool_size} · ${t(`tube.state.${tube.state}`)}` : '';
}

function took(answer) {
  model.person = answer.person_confirmed ? { done: 'yes', text: `${answer.number} ${answer.name_masked}`, fill: '' } : empty;
  model.tube = answer.barcode ? { done: answer.tube ? 'yes' : 'no', text: answer.barcode, fill: tubeFill(answer.tube) } : empty;
  if (answer.tube) return [t('scan.bound'), t('scan.bound_hint', { number: answer.number, barcode: answer.tube.barcode })];
  return answer.person_confirmed ? [t('scan.person_ok'), t('scan.now_tube')] : [t('scan.tube_ok'), t('scan.now_person')];
}

async function pack(boxId, tube) {
  const answer = await command(`pack ${boxId} ${tube}`, (key) => api.post(`/v1/boxes/${boxId}/tubes/${tube}`, null, key));
  model.box = { done: 'yes', text: boxId, fill: tubeFill(answer) };
  return [t('scan.packed'), t('scan.packed_hint', { barcode: tube, box: boxId })];
}

/** A box after its tube takes that tube; otherwise it is open until it is scanned again. */
function scannedBox(boxId) {
  if (box === null && model.tube.done === 'yes') return pack(boxId, model.tube.text);
  const closes = box === boxId;
  box = closes ? null : boxId;
  Object.assign(model, { person: empty, tube: empty, box: closes ? empty : { done: 'yes', text: boxId, fill: t('scan.box_open') } });
  return closes ? [t('scan.box_closed'), boxId] : [t('scan.box_open'), t('scan.box_open_hint', { box: boxId })];
}

async function scanned(text) {
  if (text.toUpperCase().startsWith('BOX')) return scannedBox(text.toUpperCase());
  if (box !== null) return pack(box, text);
  return took(await command(`scan ${picked().id} ${text}`, (key) => api.post(`/v1/booths/${picked().id}/scans`, { text }, key)));
}

scanner('#entry', async (typed) => {
  if (!picked()) return;
  try {
    const [word, explains] = await scanned(typed);
    tell(typed, 'good', word, explains);
  } catch (error) {
    if (!error.problem && error.name !== 'Unreachable') throw error;
    tell(typed, 'bad', t('scan.stop'), sentenceOf(error, t, lang));
  }
});

// Whatever is pressed beside the field lands in it: a scanner types wherever the focus happens to be.
addEventListener('keydown', (event) => {
  const free = document.activeElement === document.body || document.activeElement.id === 'main';
  if (free && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) one('#text').focus();
});

watch(draw);
addEventListener('hashchange', () => {
  box = null;
  Object.assign(model, { verdict: '', person: empty, tube: empty, box: empty });
  draw();
  one('#text').focus();
});
one('#text').focus();
