// Code cards to print, for residents without a phone.

import { actions, api, complain, hash, lang, t } from '../app.js';
import { fill, one } from '../dom.js';

const { bookingCard, clockAt, dateAt, qrPath, zoneOf } = globalThis.booth;

async function read() {
  const [{ bookings }, { booths }, { sites }] = await Promise.all([api.get('/v1/bookings'), api.get('/v1/booths'), api.get('/v1/sites')]);
  const wanted = hash().booking;
  const active = bookings.filter((booking) => booking.state === 'booked' && (!wanted || booking.id === wanted));
  const cards = await Promise.all(active.map(async (booking) => {
    const code = await api.get(`/v1/bookings/${booking.id}/code`);
    const card = bookingCard(booking, booths, sites, Date.now(), t, lang);
    const zone = zoneOf(booths.find((booth) => booth.id === booking.booth_id), sites);
    const size = code.modules.length + 4;
    return {
      ...card, box: `-2 -2 ${size} ${size}`, path: qrPath(code.modules), valid: t('grid.card_valid', { time: `${dateAt(code.valid_until, zone)} ${clockAt(code.valid_until, zone)}` }),
    };
  }));
  fill(one('#cards'), { cards });
}

actions({ print: () => print() });
addEventListener('hashchange', () => read().catch(complain));
read().catch(complain);
