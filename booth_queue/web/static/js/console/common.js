// What every page of the console has: its site, the booths live, the alarms, and orders to booths.

import { actions, api, ask, command, complain, hash, lang, live, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { liveCard, Traces } from '../live-card.js';
import { troubleOf } from '../trouble.js';

const { siteName, clockAt } = globalThis.booth;

const traces = new Traces();
const latest = new Map();
const watchers = new Set();
let due = false;
let raised = [];
let connected = true;

const { sites } = await api.get('/v1/sites');
const me = await api.get('/v1/post').catch((error) => complain(error) || { site_id: null });
const remembered = sessionStorage.getItem('site');
const mine = me.site_id ? sites.filter((site) => site.id === me.site_id) : sites;
export const site = mine.find((each) => each.id === (hash().site || remembered)) || mine[0];

fill(one('.tools'), { sites: mine.map((each) => ({ id: each.id, name: siteName(each, lang), picked: each === site })) });
one('#site').addEventListener('change', (event) => {
  sessionStorage.setItem('site', event.target.value);
  location.hash = '';
  location.reload();
});

/** A machine with somebody inside that says nothing, while the service answers. */
function unheard(card) {
  return connected && card.silent && card.busy && !card.byHand;
}

/** View models of the site's booths, by label. */
export function booths() {
  return [...latest.values()]
    .map(({ booth, force }) => {
      const card = { ...liveCard(booth, force), byHand: booth.mode === 'manual' };
      const alarmed = raised.some((alarm) => alarm.booth_id === booth.booth_id) || booth.state === 'fault' || unheard(card);
      return {
        ...card,
        raw: booth,
        canPause: booth.state === 'open',
        canOpen: booth.state !== 'open',
        inside: card.busy,
        frame: alarmed ? 'card alarm' : 'card',
        link: `/console/booth#booth=${card.id}`,
        queue: `/console/queue#booth=${card.id}`,
      };
    })
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** Calls `draw` when something changed, once a frame at most. */
export function watch(draw) {
  watchers.add(draw);
}

function soon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    drawAlarms();
    for (const draw of watchers) draw();
  });
}

// --- alarms: they stay until somebody acknowledges them, and they are heard ---

const audio = globalThis.AudioContext ? new AudioContext() : null;
// A browser lets a page be heard once somebody has touched it: whatever is pressed first will do.
for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, () => audio && audio.resume().then(soon), { once: true });

function beep() {
  if (!audio || audio.state !== 'running') return;
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
}

/** What calls for somebody: alarms on record, and booths that say nothing while they should. */
function calls() {
  const name = (id) => (latest.has(id) ? t('booth.name', { label: latest.get(id).booth.label }) : id);
  const list = raised.map((alarm) => ({
    id: alarm.id,
    booth: name(alarm.booth_id),
    kind: t(`alarm.kind.${alarm.kind}`),
    ...troubleOf(alarm.detail),
    when: clockAt(alarm.raised_at, site.time_zone),
    link: `/console/booth#booth=${alarm.booth_id}`,
    lasting: true,
  }));
  for (const card of booths()) {
    if (unheard(card)) {
      list.push({ id: `silent ${card.id}`, booth: card.label, kind: t('alarm.kind.silent'), what: t('alarm.silent'), detail: '', remedy: t('remedy.unknown'), when: '', link: card.link, lasting: false });
    }
  }
  return list;
}

function drawAlarms() {
  const list = calls();
  one('#alarms').hidden = list.length === 0;
  fill(one('#alarms'), { alarms: list, mute: Boolean(audio) && audio.state !== 'running' });
  const title = document.title.replace(/^\(\d+\) /, '');
  document.title = list.length ? `(${list.length}) ${title}` : title;
}

async function readAlarms() {
  raised = (await api.get(`/v1/sites/${site.id}/alarms`)).alarms;
  soon();
}

// --- orders: the confirmation fits the danger ---

function boothPost(card, path, body) {
  return command(`${path} ${card.id}`, (key) => api.post(`/v1/booths/${card.id}/${path}`, body || null, key));
}

actions({
  /** Stopping is never the wrong thing to do: at once, without a question. */
  async stop(card) {
    await boothPost(card, 'orders', { kind: 'stop', reason: 'staff_stop' });
    say(t('console.stopped', { booth: card.label }), 'warn');
  },
  async pause(card) {
    await boothPost(card, 'pause');
    say(t('console.paused', { booth: card.label }));
  },
  async open(card) {
    const fault = card.raw.state === 'fault';
    const sure = !fault || await ask({ title: t('console.open_title', { booth: card.label }), body: t('console.open_body', { fault: card.fault }), yes: t('console.open'), tone: 'bad' });
    if (!sure) return;
    await boothPost(card, 'open');
    say(t('console.opened', { booth: card.label }));
  },
  async close(card) {
    if (!(await ask({ title: t('console.close_title', { booth: card.label }), body: t('console.close_body'), yes: t('console.close') }))) return;
    await boothPost(card, 'close');
    say(t('console.closed', { booth: card.label }));
  },
  async reset(card) {
    const reason = await ask({ title: t('console.reset_title', { booth: card.label }), body: t('console.reset_body'), yes: t('console.reset'), tone: 'bad', reason: true });
    if (!reason) return;
    await boothPost(card, 'orders', { kind: 'reset', reason });
    say(t('console.reset_done', { booth: card.label }));
  },
  async takeOver(card) {
    const reason = await ask({ title: t('console.take_over_title', { booth: card.label }), body: t('console.take_over_body'), yes: t('console.take_over'), tone: 'bad', reason: true });
    if (!reason) return;
    await boothPost(card, 'take-over', { reason });
    say(t('console.taken_over', { booth: card.label }), 'warn');
  },
  async handBack(card) {
    if (!(await ask({ title: t('console.hand_back_title', { booth: card.label }), body: t('console.hand_back_body'), yes: t('console.hand_back') }))) return;
    await boothPost(card, 'hand-back');
    say(t('console.handed_back', { booth: card.label }));
  },
  async acknowledge(alarm) {
    const note = await ask({ title: `${alarm.booth} · ${alarm.kind}`, body: t('alarm.note'), yes: t('alarm.acknowledge'), reason: true });
    if (!note) return;
    await command(`acknowledge ${alarm.id}`, (key) => api.post(`/v1/alarms/${alarm.id}/acknowledge`, { note }, key));
    await readAlarms();
  },
  async sound() {
    await audio.resume();
    soon();
  },
});

if (site) {
  live(`/v1/live/${site.id}/events`, (name, changed) => {
    let look = false;
    for (const booth of changed) {
      const before = latest.get(booth.booth_id);
      look = look || !before || before.booth.state !== booth.state || before.booth.activity !== booth.activity;
      latest.set(booth.booth_id, { booth, force: traces.take(booth) });
    }
    if (look) readAlarms().catch(() => {}); // told again with the next look
    if (changed.length) soon();
  }, (state) => {
    connected = state === 'live';
    soon();
  });
  setInterval(() => readAlarms().catch((error) => error.status === 401 && complain(error)), 3000);
  setInterval(() => {
    soon();
    if (calls().length) beep();
  }, 2000);
}
