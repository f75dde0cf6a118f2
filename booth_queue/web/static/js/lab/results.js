// Findings, tube by tube. A finding tells everybody in the tube: so it is asked about once more
// unless it is negative, and one that replaces another needs a reason.

import { api, ask, command, form, say, t } from '../app.js';
import { fill, one } from '../dom.js';

const { clockAt, dateAt } = globalThis.booth;

const TONE = { negative: 'good', positive: 'bad', invalid: 'warn' };
const { sites } = await api.get('/v1/sites');
const zone = sites[0] ? sites[0].time_zone : 'Asia/Shanghai';
const model = { tube: false, told: [] };
let found = null;

function latest() {
  return found.findings[found.findings.length - 1] || null;
}

function draw() {
  fill(one('#results'), model);
  one('#why').required = Boolean(model.earlier);
}

form('#find', async ({ barcode }) => {
  found = await api.get(`/v1/lab/tubes/${encodeURIComponent(barcode.trim())}`);
  const before = latest();
  one('#report').reset();
  Object.assign(model, {
    tube: true,
    barcode: found.tube.barcode,
    state: t(`tube.state.${found.tube.state}`),
    ready: ['received', 'reported'].includes(found.tube.state),
    people: t('lab.people', { swabs: found.tube.swabs, pool: found.tube.pool_size }),
    earlier: before ? t('lab.earlier', { finding: t(`lab.findings.${before.finding}`), time: `${dateAt(before.reported_at, zone)} ${clockAt(before.reported_at, zone)}` }) : '',
  });
  draw();
  const first = one('#report input');
  if (model.ready) first.focus();
});

form('#report', async ({ finding, why }) => {
  const { barcode, swabs } = found.tube;
  const before = latest();
  const title = `${barcode}: ${t(`lab.findings.${finding}`)}`;
  if ((finding !== 'negative' || before) && !(await ask({ title, body: t('lab.sure', { swabs }), yes: t('lab.report'), tone: 'bad' }))) return;
  const body = { barcode, finding, corrects: before ? before.id : null, why: before ? why.trim() : null };
  const said = await command(`finding ${barcode} ${finding} ${body.corrects}`, (key) => api.post('/v1/lab/results', body, key));
  model.told = [{
    id: said.id, time: clockAt(said.reported_at, zone), barcode, finding: t(`lab.findings.${finding}`), tone: TONE[finding], correction: before ? t('lab.is_correction') : '',
  }, ...model.told].slice(0, 50);
  model.tube = false;
  draw();
  say(t('lab.reported', { barcode, swabs }));
  one('#find').reset();
  one('#barcode').focus();
});

draw();
one('#barcode').focus();
