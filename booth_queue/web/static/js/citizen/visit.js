import { actions, ask, command, every, hash, lang, t } from '../app.js';
import { fill, one } from '../dom.js';
import { citizen, places } from './common.js';

const { bookingCard, clockAt, qrPath, ticketCard, zoneOf } = globalThis.booth;

const model = { code: null, booking: null, ticket: null, where: '', go: '' };
let ticketId = hash().ticket || null;
let bookingId = hash().booking || null;
let code = null;
let known = null;
let calledAloud = 0;

/** The code is renewed well before it runs out; without a network the last one stays, and says so. */
async function showCode() {
  const booking = (await citizen.bookings()).find((each) => each.id === bookingId);
  if (!booking) return;
  model.booking = bookingCard(booking, known.booths, known.sites, Date.now(), t, lang);
  if (!model.booking.active) {
    model.code = null;
    const ticket = (await citizen.tickets()).find((each) => each.booking_id === bookingId);
    if (ticket) ticketId = ticket.id;
    bookingId = null;
    return;
  }
  code = await citizen.code(bookingId);
  drawCode(true);
}

function drawCode(fresh) {
  if (!code) return;
  const zone = zoneOf(known.booths.find((booth) => model.booking && booth.id === model.booking.boothId), known.sites);
  const over = Date.parse(code.valid_until) <= Date.now();
  const time = clockAt(code.valid_until, zone);
  let valid = t('visit.valid_until', { time });
  if (!fresh) valid = over ? t('visit.code_over') : t('visit.code_stale', { time });
  model.code = { box: `-2 -2 ${code.modules.length + 4} ${code.modules.length + 4}`, path: qrPath(code.modules), valid };
  fill(one('#visit'), model);
}

async function showTicket() {
  const ticket = await citizen.ticket(ticketId);
  const booth = known.booths.find((each) => each.id === ticket.booth_id);
  model.ticket = ticketCard(ticket, t);
  model.where = booth ? t('booth.name', { label: booth.label }) : '';
  model.go = booth ? t('visit.called_now', { booth: booth.label }) : '';
  if (model.ticket.called && ticket.calls > calledAloud && navigator.vibrate) navigator.vibrate([400, 200, 400]);
  calledAloud = model.ticket.called ? ticket.calls : 0;
}

async function show() {
  try {
    known = known || await places();
    if (bookingId) await showCode();
    if (ticketId) await showTicket();
  } catch (error) {
    drawCode(false);
    throw error;
  }
  fill(one('#visit'), model);
}

actions({
  async arrive() {
    const { booking } = model;
    if (!(await ask({ title: t('visit.i_am_here'), body: t('visit.here_body', { booth: booking.booth }), yes: t('word.yes') }))) return;
    const ticket = await command(`check in ${booking.id}`, (key) => citizen.checkIn(booking.boothId, booking.id, key));
    ticketId = ticket.id;
    bookingId = null;
    model.code = null;
    history.replaceState(null, '', `#ticket=${ticketId}`);
    await show();
  },
  async leave() {
    if (!(await ask({ title: t('visit.leave_title'), body: t('visit.leave_body'), yes: t('visit.leave'), tone: 'bad' }))) return;
    await command(`leave ${ticketId}`, (key) => citizen.leave(ticketId, key));
    await show();
  },
});

every(3000, show);
