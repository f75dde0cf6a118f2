// Anyone checks the proof of a result that somebody shows. Nobody signs in; nothing is kept.

import { api, form, hash, lang, t } from '../app.js';
import { fill, one } from '../dom.js';

const { clockAt, dateAt, sentenceOf } = globalThis.booth;

const TONE = { negative: 'good', positive: 'bad', retest_singly: 'warn' };
const ZONE = 'Asia/Shanghai'; // a proof names no site; results are told in the country's one time

function show(model) {
  fill(one('#verify'), { said: true, corrected: false, genuine: false, name: '', when: '', ...model });
}

/** What was shown may be the proof itself or an address that carries it. */
function proofIn(text) {
  return (text.trim().split('#proof=')[1] || text.trim()).replace(/\s/g, '');
}

form('#check', async ({ proof }) => {
  try {
    const said = await api.post('/v1/results/verify', { proof: proofIn(proof) }, api.newKey());
    show({
      genuine: true,
      corrected: said.corrected,
      tone: said.corrected ? 'bad' : TONE[said.verdict],
      verdict: said.corrected ? t('verify.outdated') : t(`verdict.${said.verdict}`),
      name: said.name_masked,
      when: t('verify.reported', { time: `${dateAt(said.reported_at, ZONE)} ${clockAt(said.reported_at, ZONE)}` }),
    });
  } catch (error) {
    if (error.code !== 'code_invalid') throw error;
    show({ tone: 'bad', verdict: t('verify.not_ours'), name: sentenceOf(error, t, lang) });
  }
});

const shown = hash().proof;
if (shown) {
  one('#proof').value = shown;
  one('#check').requestSubmit();
}
