import { actions, api, ask, command, every, form, say, t } from '../app.js';
import { fill, one } from '../dom.js';

const { clockAt, dateAt } = globalThis.booth;

const TONE = { reported: 'warn', assigned: 'busy', closed: 'good' };
const { sites } = await api.get('/v1/sites');
const zone = sites[0] ? sites[0].time_zone : 'Asia/Shanghai';
const moment = (stamp) => `${dateAt(stamp, zone)} ${clockAt(stamp, zone)}`;

async function show() {
  const { incidents } = await api.get('/v1/desk/incidents');
  fill(one('#incidents'), {
    incidents: incidents.map((incident) => ({
      id: incident.id,
      kind: t(`incident.kinds.${incident.kind}`),
      state: t(`incident.state.${incident.state}`),
      tone: TONE[incident.state],
      text: incident.text,
      reported: moment(incident.reported_at),
      assignBy: moment(incident.assign_by),
      closeBy: moment(incident.close_by),
      assigned: incident.assigned_to || '—',
      overdue: incident.overdue,
      frame: incident.overdue ? 'card alarm' : 'card',
      canClose: incident.kind === 'simple' || incident.state === 'assigned',
    })),
  });
}

form('#incident', async ({ kind, text }, element) => {
  await command(`incident ${text}`, (key) => api.post('/v1/incidents', { kind, text: text.trim() }, key));
  element.reset();
  say(t('incident.sent'));
  await show();
});

actions({
  async assign(incident) {
    const to = await ask({ title: t('incident.assign'), body: t('incident.assign_body'), yes: t('incident.assign'), reason: true });
    if (!to) return;
    await command(`assign ${incident.id} ${to}`, (key) => api.post(`/v1/desk/incidents/${incident.id}/assign`, { to }, key));
    await show();
  },
  async close(incident) {
    const resolution = await ask({ title: t('incident.close'), body: t('incident.close_body'), yes: t('incident.close'), reason: true });
    if (!resolution) return;
    await command(`close ${incident.id}`, (key) => api.post(`/v1/desk/incidents/${incident.id}/close`, { resolution }, key));
    await show();
  },
});

every(15000, show);
