import { actions, api, ask, command, every, form, say, t } from '../app.js';
import { all, fill, one } from '../dom.js';
import { site, watch } from './common.js';
import { picked, tabs } from './pick.js';

const { clockAt, ticketCard } = globalThis.booth;

let rows = [];
let preferring = null;

function draw() {
  const card = picked();
  fill(one('#queue'), { tabs: tabs('/console/queue'), label: card ? card.label : '', rows });
  one('#call').disabled = !card || card.raw.state !== 'open';
}

async function read() {
  const card = picked();
  if (!card) return;
  const line = await api.get(`/v1/booths/${card.id}/line`);
  rows = line.rows.map((ticket) => ({
    ...ticketCard(ticket, t),
    raw: ticket,
    since: clockAt(ticket.joined_at, site.time_zone),
    calls: ticket.calls > 1 ? t('queue.calls', { calls: ticket.calls }) : '',
    needs: ticket.needs.map((need) => t(`need.${need}`)).join(' · '),
    confirms: ticket.confirms,
    isCalled: ticket.state === 'called',
    isWaiting: ticket.state === 'waiting',
    isHeld: ticket.state === 'held',
    canPrefer: ticket.state === 'waiting' || ticket.state === 'held',
  }));
  draw();
}

function step(path, body) {
  return async (row) => {
    await command(`${path} ${row.id} ${row.raw.calls}`, (key) => api.post(`/v1/tickets/${row.id}/${path}`, body || null, key));
    await read();
  };
}

actions({
  async call() {
    const { tickets } = await command(`call ${picked().id}`, (key) => api.post(`/v1/booths/${picked().id}/call`, null, key));
    say(tickets.length ? t('queue.called', { number: tickets[0].number }) : t('queue.empty'));
    await read();
  },
  recall: step('recall'),
  skip: step('release'),
  hold: step('hold'),
  release: step('release'),
  async noShow(row) {
    if (await ask({ title: t('queue.no_show_title', { number: row.number }), body: t('queue.no_show_body'), yes: t('queue.no_show'), tone: 'bad' })) await step('no-show')(row);
  },
  async remove(row) {
    if (await ask({ title: t('queue.remove_title', { number: row.number }), body: t('queue.remove_body'), yes: t('queue.remove'), tone: 'bad' })) await step('leave')(row);
  },
  async confirm(row) {
    if (!(await ask({ title: t('queue.confirm_title', { number: row.number, name: row.name }), body: t('queue.confirm_body'), yes: t('queue.confirm') }))) return;
    await command(`confirm ${row.raw.booking_id}`, (key) => api.post(`/v1/bookings/${row.raw.booking_id}/dependant`, null, key));
    say(t('queue.confirmed', { name: row.name }));
    await read();
  },
  priority(row) {
    preferring = row;
    fill(one('#needs'), { number: row.number });
    for (const box of all('#needs input')) box.checked = row.raw.needs.includes(box.value);
    one('#needs').showModal();
  },
  closeNeeds: () => one('#needs').close(),
});

form('#needs-form', async () => {
  const needs = all('#needs input').filter((box) => box.checked).map((box) => box.value);
  await step('needs', { needs })(preferring);
  one('#needs').close();
});

let seen = '';
watch(() => {
  draw();
  // The live stream tells that the line changed; the names come with the line.
  const card = picked();
  const now = card ? `${card.id} ${card.raw.number} ${card.raw.activity} ${card.raw.waiting.join()}` : '';
  if (now !== seen) {
    seen = now;
    read().catch(() => {}); // read again below
  }
});
addEventListener('hashchange', () => read());
every(5000, read);
