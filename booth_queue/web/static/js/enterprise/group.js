import { actions, api, ask, command, every, form, lang, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { pickSlot } from '../pick-slot.js';

const { bookingCard } = globalThis.booth;

let round = null;
let places = null;

/** When and where the seats of a block are. */
function whenWords(block) {
  const card = bookingCard(block, places.booths, places.sites, Date.now(), t, lang);
  return `${card.when} · ${card.where}`;
}

const tick = (is) => (is ? '✓' : '—');

async function show() {
  if (!round) [round] = (await api.get('/v1/rounds')).rounds;
  if (!places) {
    const [{ booths }, { sites }] = await Promise.all([api.get('/v1/booths'), api.get('/v1/sites')]);
    places = { booths, sites };
  }
  const { groups } = await api.get('/v1/groups');
  const cards = await Promise.all(groups.map(async (group) => {
    const [{ members }, { blocks }] = await Promise.all([
      api.get(`/v1/groups/${group.id}/members`, { round_id: round.id }), api.get(`/v1/groups/${group.id}/blocks`),
    ]);
    const count = (what) => members.filter((member) => member[what]).length;
    return {
      ...group,
      address: `${location.origin}/citizen/group#code=${group.code}`,
      count: members.length,
      booked: count('booked'),
      sampled: count('sampled'),
      negative: count('negative'),
      members: members.map((member, place) => ({
        id: place, name: member.name || t('group.unnamed', { number: place + 1 }), booked: tick(member.booked), sampled: tick(member.sampled), negative: tick(member.negative),
      })),
      blocks: blocks.filter((block) => block.seats > block.used).map((block) => ({ ...block, words: t('group.block_words', { slot: whenWords(block), used: block.used, seats: block.seats }) })),
    };
  }));
  fill(one('#group'), { groups: cards });
}

form('#create', async ({ name }, element) => {
  await command(`group ${name}`, (key) => api.post('/v1/groups', { name: name.trim() }, key));
  element.reset();
  await show();
});

actions({
  block: (group) => pickSlot({
    whom: group.name,
    asksSeats: true,
    async done({ slot, seats }) {
      await command(`block ${group.id} ${slot} ${seats}`, (key) => api.post(`/v1/groups/${group.id}/blocks`, { slot_id: slot, seats }, key));
      say(t('group.blocked', { seats }));
      await show();
    },
  }),
  async release(block) {
    if (!(await ask({ title: t('group.release_title'), body: t('group.release_body'), yes: t('group.release') }))) return;
    await command(`release ${block.id}`, (key) => api.post(`/v1/blocks/${block.id}/release`, null, key));
    await show();
  },
});

every(20000, show);
