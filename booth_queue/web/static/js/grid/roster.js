import { actions, api, ask, command, every, form, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { lookAtIdNumber, registrationOf } from '../person-form.js';
import { pickSlot } from '../pick-slot.js';

const VISIT_TONE = { asked: 'busy', done: 'good', cancelled: 'idle' };

let round = null;
const model = { units: [], visits: [], fault: '', child: false, sampled: '', booked: '' };

function standing(resident) {
  if (resident.sampled) return ['good', t('grid.is_sampled')];
  return resident.booked ? ['busy', t('grid.is_booked')] : ['warn', t('grid.is_missing')];
}

async function show() {
  if (!round) [round] = (await api.get('/v1/rounds')).rounds;
  const [roster, { visits }, { bookings }] = await Promise.all([
    api.get('/v1/grid/roster', { round_id: round.id }), api.get('/v1/grid/home-visits'), api.get('/v1/bookings'),
  ]);
  const names = new Map(roster.residents.map((resident) => [resident.person_id, resident.name_masked]));
  const find = one('#find').value.trim();
  const missing = one('#missing').checked;
  model.units = roster.units.map((unit) => {
    const all = roster.residents.filter((resident) => resident.unit_id === unit.id);
    const residents = all
      .filter((resident) => (!find || resident.name_masked.includes(find)) && !(missing && (resident.booked || resident.sampled)))
      .map((resident) => {
        const [tone, state] = standing(resident);
        const booking = bookings.find((each) => each.person_id === resident.person_id && each.state === 'booked');
        return {
          id: resident.person_id, name: resident.name_masked, tone, state, canBook: !resident.booked && !resident.sampled, hasCard: Boolean(booking), card: booking ? `/grid/cards#booking=${booking.id}` : null, claim: resident.claim,
        };
      });
    return {
      id: unit.id, name: unit.name, residents, empty: residents.length === 0,
      standing: t('grid.standing', { sampled: all.filter((resident) => resident.sampled).length, all: all.length }),
    };
  });
  model.sampled = t('grid.count_sampled', { sampled: roster.residents.filter((resident) => resident.sampled).length, all: roster.residents.length });
  model.booked = t('grid.count_booked', { booked: roster.residents.filter((resident) => resident.booked).length });
  model.visits = visits.map((visit) => ({
    id: visit.id, name: names.get(visit.person_id) || '', note: visit.note, state: t(`grid.visit_state.${visit.state}`), tone: VISIT_TONE[visit.state], open: visit.state === 'asked',
  }));
  fill(one('#roster'), model);
}

one('#id-number').addEventListener('input', (event) => {
  Object.assign(model, lookAtIdNumber(event.target, event.target.value));
  fill(one('#roster'), model);
});
one('#find').addEventListener('input', show);
one('#missing').addEventListener('change', show);

form('#enrol', async (fields, element) => {
  const person = registrationOf(element, model.child);
  if (!person) return;
  await command(`enrol ${person.id_number}`, (key) => api.post('/v1/grid/residents', { ...person, unit_id: fields.unit }, key));
  element.reset();
  Object.assign(model, { child: false, fault: '' });
  say(t('grid.enrolled'));
  await show();
});

form('#incident', async ({ kind, text }, element) => {
  await command(`incident ${text}`, (key) => api.post('/v1/incidents', { kind, text: text.trim() }, key));
  element.reset();
  say(t('incident.sent'));
});

actions({
  book: (resident) => pickSlot({
    whom: resident.name,
    async done({ slot }) {
      await command(`book ${slot} ${resident.id}`, (key) => api.post('/v1/grid/bookings', { slot_id: slot, person_id: resident.id }, key));
      say(t('grid.booked'));
      await show();
    },
  }),
  async confirm(resident) {
    const { name, claim } = resident;
    if (!(await ask({ title: t('grid.confirm_title', { name }), body: t('grid.confirm_body'), yes: t('queue.confirm') }))) return;
    await command(`confirm ${claim}`, (key) => api.post(`/v1/bookings/${claim}/dependant`, null, key));
    say(t('queue.confirmed', { name }));
    await show();
  },
  async visit(resident) {
    const note = await ask({ title: t('grid.visit_title', { name: resident.name }), body: t('grid.visit_body'), yes: t('grid.visit'), reason: true });
    if (!note) return;
    await command(`visit ${resident.id}`, (key) => api.post('/v1/grid/home-visits', { person_id: resident.id, note }, key));
    await show();
  },
  async endVisit(visit) {
    await command(`end visit ${visit.id}`, (key) => api.post(`/v1/grid/home-visits/${visit.id}/end`, { state: 'done' }, key));
    await show();
  },
});

every(20000, show);
