// Choosing a booth and a time in a dialog, for those who book for others.

import { actions, api, complain, form, lang, t } from './app.js';
import { fill, one } from './dom.js';

const { boothCard, slotDays, zoneOf } = globalThis.booth;

let chosen = null; // what to do with the choice
let known = null;

async function showDays() {
  const id = one('#at-booth').value;
  const { slots } = id ? await api.get('/v1/slots', { booth_id: id }) : { slots: [] };
  const zone = zoneOf(known.booths.find((booth) => booth.id === id), known.sites);
  const days = slotDays(slots, zone, Date.now(), t).map((day) => ({ id: day.date, ...day }));
  fill(one('#times'), { ...known.model, days, none: days.length === 0 });
}

/** Ask for a booth and a slot; `done({slot, seats})` books and may refuse. */
export async function pickSlot({ whom, asksSeats = false, done }) {
  const [{ booths }, { sites }] = await Promise.all([api.get('/v1/booths'), api.get('/v1/sites')]);
  const cards = booths.map((booth) => ({ ...boothCard(booth, sites, t, lang), shut: booth.state === 'closed' }));
  chosen = done;
  known = {
    booths, sites, model: { whom, asksSeats, booths: cards.map((card) => ({ ...card, words: `${card.site} · ${card.label} · ${card.wait}` })) },
  };
  fill(one('#times'), { ...known.model, days: [], none: false });
  await showDays();
  one('#times').showModal();
}

actions({ closeTimes: () => one('#times').close() });
one('#at-booth').addEventListener('change', () => showDays().catch(complain));
form('#pick', async ({ slot, seats }) => {
  try {
    await chosen({ slot, seats: Number(seats) });
  } catch (error) {
    if (error.code === 'slot_full') await showDays(); // what is left now
    throw error;
  }
  one('#times').close();
});
