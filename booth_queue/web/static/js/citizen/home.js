import { actions, ask, command, every, lang, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { citizen, places } from './common.js';

const { bookingCard, resultCard, ticketCard, zoneOf } = globalThis.booth;

async function show() {
  const [{ sites, booths }, people, bookings, tickets, results] = await Promise.all([
    places(), citizen.people(), citizen.bookings(), citizen.tickets(), citizen.results(),
  ]);
  const now = Date.now();
  const cards = bookings.map((booking) => {
    const card = bookingCard(booking, booths, sites, now, t, lang);
    return { ...card, show: `/citizen/visit#booking=${card.id}`, change: `/citizen/booths#change=${card.id}&booth=${card.boothId}` };
  });
  fill(one('#home'), {
    unknown: people.length === 0,
    tickets: tickets.map((ticket) => {
      const booth = booths.find((candidate) => candidate.id === ticket.booth_id);
      return { ...ticketCard(ticket, t), where: booth ? t('booth.name', { label: booth.label }) : '', link: `/citizen/visit#ticket=${ticket.id}` };
    }),
    results: results.slice(0, 1).map((result) => resultCard(result, now, zoneOf(null, sites), t)),
    bookings: cards.filter((card) => card.active),
    past: cards.filter((card) => !card.active).slice(0, 20),
    nothing: !cards.some((card) => card.active),
  });
  one('#home').removeAttribute('aria-busy');
}

actions({
  async cancel(booking) {
    const sure = await ask({ title: t('booking.cancel_title'), body: t('booking.cancel_body'), yes: t('booking.cancel'), tone: 'bad' });
    if (!sure) return;
    await command(`cancel ${booking.id}`, (key) => citizen.cancel(booking.id, key));
    say(t('booking.cancelled'));
    await show();
  },
});

every(10000, show);
