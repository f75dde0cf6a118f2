// A booth as live screens show it: words and tones, and the trace of its force.

import { t } from './app.js';
import { troubleOf } from './trouble.js';

const { BOOTH_TONE, stopwatch, waitWords } = globalThis.booth;

const SAMPLES = 240; // what one trace shows; older ones are let go
const FULL_SCALE_N = 1.2; // a little above the abort limit
const SILENT_MS = 10000;

// Where each activity stands in the session, for the progress bar.
const STEPS = ['CALLED', 'SEATED', 'LOCATING', 'APPROACHING', 'ENTERING', 'SWABBING', 'WITHDRAWING', 'DEPOSITING', 'DONE'];
const SITES = ['left_tonsil', 'right_tonsil', 'posterior_wall'];

/** Keeps the last force samples of each booth. */
export class Traces {
  constructor() {
    this.byBooth = new Map();
  }

  take(booth) {
    const known = this.byBooth.get(booth.booth_id) || { at: null, force: [] };
    if (booth.reported_at !== known.at) {
      known.at = booth.reported_at;
      known.force = booth.force_n.length ? [...known.force, ...booth.force_n].slice(-SAMPLES) : known.force;
      if (booth.activity === 'IDLE' || booth.activity === 'CALLED') known.force = [];
    }
    this.byBooth.set(booth.booth_id, known);
    return known.force;
  }
}

/** Points of a polyline in a box 240 wide and 100 high. */
export function tracePoints(force) {
  const left = SAMPLES - force.length;
  return force.map((newton, place) => `${left + place},${(100 - 100 * Math.min(newton / FULL_SCALE_N, 1)).toFixed(1)}`).join(' ');
}

function word(prefix, name, fallback) {
  const key = `${prefix}.${name}`;
  const found = t(key);
  return found === key ? fallback : found;
}

export function activityWord(activity) {
  return word('activity', activity.toUpperCase(), activity);
}

export function siteWord(site) {
  return site ? word('place', site.toLowerCase().replace(/ /g, '_'), site) : '';
}

/** View model of a `LiveBooth`. */
export function liveCard(booth, force, now = Date.now()) {
  const silent = booth.activity === 'SILENT' || !booth.reported_at || now - Date.parse(booth.reported_at) > SILENT_MS;
  const busy = Boolean(booth.number);
  const last = force.length ? force[force.length - 1] : null;
  const step = STEPS.indexOf(booth.activity.toUpperCase());
  const where = siteWord(booth.site);
  const trouble = troubleOf(booth.fault);
  return {
    id: booth.booth_id,
    label: t('booth.name', { label: booth.label }),
    state: t(`booth.state.${booth.state}`),
    tone: BOOTH_TONE[booth.state] || 'idle',
    silent,
    silence: silent ? t('board.silent') : '',
    activity: silent ? t('board.silent') : activityWord(booth.activity),
    number: booth.number || '—',
    name: booth.name_masked || t('board.nobody'),
    busy,
    called: busy && booth.activity.toUpperCase() === 'CALLED',
    where: where || '—',
    strokes: booth.strokes,
    time: busy ? stopwatch(booth.elapsed_s) : '—',
    force: last === null ? '—' : `${last.toFixed(2)} N`,
    trace: tracePoints(force),
    step: step < 0 ? 0 : step,
    steps: STEPS.length - 1,
    waiting: booth.waiting.length,
    line: booth.waiting.length ? booth.waiting.slice(0, 8).join('  ') + (booth.waiting.length > 8 ? ' …' : '') : t('board.no_line'),
    fault: trouble.what,
    faultDetail: trouble.detail,
    remedy: trouble.remedy,
    tube: booth.tube ? `${booth.tube.swabs}/${booth.tube.pool_size}` : '—',
    tubeCode: booth.tube ? booth.tube.barcode : '',
    tubeShare: booth.tube ? booth.tube.swabs / booth.tube.pool_size : 0,
    wait: booth.wait ? waitWords(booth.wait, t) : '',
    sitesDone: SITES.indexOf((booth.site || '').toLowerCase()) + 1,
  };
}
