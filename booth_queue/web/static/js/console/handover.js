import { actions, api, complain, lang, t } from '../app.js';
import { fill, one } from '../dom.js';
import { activityWord } from '../live-card.js';
import { troubleOf } from '../trouble.js';
import { site } from './common.js';

const { BOOTH_TONE, clockAt, dateAt, siteName } = globalThis.booth;

async function read() {
  const report = await api.get(`/v1/sites/${site.id}/handover`, { hours: one('#hours').value });
  const zone = site.time_zone;
  const time = (stamp) => clockAt(stamp, zone);
  fill(one('#handover'), {
    site: siteName(site, lang),
    span: `${dateAt(report.since, zone)} ${time(report.since)} – ${dateAt(report.until, zone)} ${time(report.until)}`,
    booths: report.booths.map((booth) => ({
      id: booth.booth_id,
      label: t('booth.name', { label: booth.label }),
      state: t(`booth.state.${booth.state}`),
      tone: BOOTH_TONE[booth.state],
      mode: `${t(`booth.mode.${booth.mode}`)}${booth.activity ? ` · ${activityWord(booth.activity)}` : ''}`,
      sampled: booth.sampled,
      refused: booth.refused,
      aborted: booth.aborted,
      reasons: Object.entries(booth.reasons).map(([reason, times]) => `${troubleOf(reason).what} × ${times}`).join(lang === 'zh' ? '，' : ', '),
      tubes: t('handover.tube_words', { sealed: booth.tubes_sealed, open: booth.tubes_open.map((tube) => `${tube.barcode} (${tube.swabs}/${tube.pool_size})`).join(', ') || t('word.none') }),
      waiting: booth.waiting,
    })),
    alarms: report.booths.flatMap((booth) => booth.alarms.map((alarm) => ({
      id: alarm.id,
      when: time(alarm.raised_at),
      booth: t('booth.name', { label: booth.label }),
      kind: t(`alarm.kind.${alarm.kind}`),
      ...troubleOf(alarm.detail),
      acknowledged: alarm.acknowledged_at ? `${time(alarm.acknowledged_at)} ${alarm.note || ''}` : t('handover.open'),
    }))).sort((a, b) => a.when.localeCompare(b.when)),
  });
}

actions({ print: () => print() });
one('#hours').addEventListener('change', () => read().catch(complain));
read().catch(complain);
