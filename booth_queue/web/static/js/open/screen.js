// The screen inside a booth: what to do now, in a picture, in Chinese and English, and aloud.

import { form, hash, live } from '../app.js';
import { fill, one } from '../dom.js';

const { siteName, translator } = globalThis.booth;

// Both languages at once: whoever sits there reads the one they know.
const base = document.documentElement.dataset.texts.replace(/(zh|en)\.json$/, '');
const [zh, en] = await Promise.all(['zh', 'en'].map(async (each) => translator(await (await fetch(`${base}${each}.json`)).json())));

const SITES = ['left_tonsil', 'right_tonsil', 'posterior_wall'];
// Activity -> picture, mood, and whether a mirror helps.
const SCENES = {
  IDLE: ['wait', 'calm'],
  CALLED: ['come', 'calm'],
  SEATED: ['sit', 'act', true],
  LOCATING: ['open', 'act', true],
  APPROACHING: ['still', 'act', true],
  ENTERING: ['still', 'hold'],
  SWABBING: ['still', 'hold'],
  WITHDRAWING: ['relax', 'calm'],
  DEPOSITING: ['relax', 'calm'],
  DONE: ['done', 'good'],
  REFUSED: ['staff', 'warn'],
  ABORTED: ['staff', 'warn'],
  FAULT: ['staff', 'warn'],
  PAUSED: ['staff', 'calm'],
  SILENT: ['staff', 'calm'],
  LOST: ['staff', 'warn'],
};
// What the booth asks of the person, where it knows better than the activity does.
const ASKED = {
  sit_down: 'sit', mask_off: 'mask', open_wide: 'open', tongue_down: 'tongue', hold_still: 'still', hands_down: 'hands', face_forward: 'forward', one_person: 'one', relax: 'relax', thank_you: 'done', ask_staff: 'staff',
};
const INSIDE = ['LOCATING', 'APPROACHING', 'ENTERING', 'SWABBING', 'WITHDRAWING'];

const settings = { speak: false, mirror: false };
let boothId = hash().booth;
let latest = null;
let connected = true;
let spoken = '';
let spokenAt = 0;

function activity() {
  if (!connected) return 'LOST';
  if (!latest) return 'IDLE';
  if (latest.state === 'fault') return 'FAULT';
  const now = latest.activity.toUpperCase();
  if (latest.state !== 'open' && (now === 'IDLE' || now === 'SILENT')) return 'PAUSED';
  return SCENES[now] ? now : 'IDLE';
}

/** The view model; also what the tests look at. */
function scene() {
  const now = activity();
  const asked = latest && connected && ASKED[latest.instruction] ? latest.instruction : null;
  const [picture, mood, mirror] = SCENES[now];
  const values = { number: (latest && latest.number) || '' };
  const key = asked ? `screen.ask.${asked}` : `screen.do.${now}`;
  const place = SITES.indexOf(((latest && latest.site) || '').toLowerCase());
  const over = now === 'WITHDRAWING';
  return {
    mood,
    picture: `#scene-${asked ? ASKED[asked] : picture}`,
    zh: zh(key, values),
    en: en(key, values),
    booth: latest ? latest.label : '',
    number: (latest && latest.number) || '',
    mirror: Boolean(mirror && settings.mirror && !asked),
    inside: INSIDE.includes(now),
    sites: SITES.map((site, index) => {
      let state = 'later';
      if (over || index < place) state = 'done';
      else if (index === place) state = 'now';
      return { id: site, zh: zh(`place.${site}`), en: en(`place.${site}`), state };
    }),
  };
}

function speak(model) {
  const words = model.zh + model.en;
  const now = Date.now();
  // Said when it changes, and once more now and then while the person has something to do.
  if (!settings.speak || !globalThis.speechSynthesis) return;
  if (words === spoken && (model.mood !== 'act' || now - spokenAt < 15000)) return;
  spoken = words;
  spokenAt = now;
  speechSynthesis.cancel();
  for (const [text, tongue] of [[model.zh, 'zh-CN'], [model.en, 'en-US']]) {
    const saying = new SpeechSynthesisUtterance(text);
    saying.lang = tongue;
    saying.rate = 0.95;
    speechSynthesis.speak(saying);
  }
}

function draw() {
  const model = scene();
  fill(one('#scene'), model);
  if (!one('#scene').hidden) speak(model);
}

async function startMirror() {
  try {
    const video = one('#mirror');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' } });
    await video.play();
    settings.mirror = true;
  } catch (_) {
    settings.mirror = false; // no camera, or not allowed: the drawn pictures do
  }
}

async function follow(siteId) {
  live(`/v1/live/${siteId}/events`, (name, booths) => {
    const mine = booths.find((booth) => booth.booth_id === boothId);
    if (mine) latest = mine;
    draw();
  }, (state) => {
    connected = state === 'live';
    draw();
  });
}

const [{ booths }, { sites }] = await Promise.all([
  fetch('/v1/booths').then((answer) => answer.json()), fetch('/v1/sites').then((answer) => answer.json()),
]);
fill(one('#setup'), {
  booths: booths.map((booth) => ({
    id: booth.id,
    name: `${siteName(sites.find((site) => site.id === booth.site_id), document.documentElement.lang.slice(0, 2))} · ${booth.label}`,
    picked: booth.id === boothId,
  })),
});

form('#setup', async (fields) => {
  boothId = fields.booth;
  history.replaceState(null, '', `#booth=${boothId}`);
  settings.speak = Boolean(fields.speak);
  if (fields.mirror) await startMirror();
  one('#setup').hidden = true;
  one('#scene').hidden = false;
  follow(booths.find((booth) => booth.id === boothId).site_id);
  draw();
});
one('#setup').hidden = false; // asked only now: sent before it is listened to, it would start nothing

// The hint to act is repeated while nothing changes.
setInterval(() => !one('#scene').hidden && draw(), 5000);
