// Boxes that arrive: scan the box, every tube in it, and the box again. No mouse is needed, and
// what ought to be in it is not shown before it was counted.

import { actions, api, ask, command, lang, scanner, t } from '../app.js';
import { fill, one } from '../dom.js';

const { clockAt, sentenceOf } = globalThis.booth;

const { sites } = await api.get('/v1/sites');
const zone = sites[0] ? sites[0].time_zone : 'Asia/Shanghai';
const model = { box: null, tubes: [], count: '', verdict: '', explains: '', tone: 'good', done: [] };

function draw() {
  model.count = t('lab.tubes', { count: model.tubes.length });
  fill(one('#boxes'), model);
}

function tell(tone, verdict, explains = '') {
  Object.assign(model, { tone, verdict, explains });
  draw();
}

async function receive() {
  const barcodes = model.tubes.map((tube) => tube.barcode);
  if (!barcodes.length && !(await ask({ title: model.box, body: t('lab.empty_body'), yes: t('lab.receive'), tone: 'bad' }))) return;
  const said = await command(`receive ${model.box} ${barcodes}`, (key) => api.post(`/v1/lab/boxes/${model.box}/receive`, { barcodes }, key));
  const wrong = said.missing.length + said.unexpected.length;
  model.done = [{
    id: said.id, time: clockAt(said.received_at, zone), received: said.received.length, missing: said.missing.join(' ') || '—', unexpected: said.unexpected.join(' ') || '—',
  }, ...model.done];
  Object.assign(model, { box: null, tubes: [] });
  if (wrong) tell('bad', t('lab.differs'), t('lab.differs_hint', { missing: said.missing.join(' ') || '—', unexpected: said.unexpected.join(' ') || '—' }));
  else tell('good', t('lab.complete'), t('lab.complete_hint', { box: said.id, count: said.received.length }));
}

scanner('#entry', async (text) => {
  const typed = text.toUpperCase();
  if (typed === model.box) {
    try {
      await receive();
    } catch (error) {
      if (!error.problem && error.name !== 'Unreachable') throw error;
      tell('bad', t('scan.stop'), sentenceOf(error, t, lang));
    }
  } else if (typed.startsWith('BOX')) {
    if (model.box) tell('bad', t('scan.stop'), t('lab.other_box', { box: model.box }));
    else {
      model.box = typed;
      tell('good', typed, t('lab.now_tubes'));
    }
  } else if (!model.box) tell('bad', t('scan.stop'), t('lab.box_first'));
  else if (model.tubes.some((tube) => tube.id === typed)) tell('warn', typed, t('lab.twice'));
  else {
    model.tubes = [{ id: typed, barcode: typed }, ...model.tubes];
    tell('good', typed, t('lab.tubes', { count: model.tubes.length }));
  }
});

actions({
  receive,
  async restart() {
    if (!(await ask({ title: model.box, body: t('lab.restart_body'), yes: t('lab.restart') }))) return;
    Object.assign(model, { box: null, tubes: [], verdict: '' });
    draw();
    one('#text').focus();
  },
});

draw();
one('#text').focus();
