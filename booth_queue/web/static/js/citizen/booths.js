import { actions, ask, command, every, form, hash, lang, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { allSites, citizen } from './common.js';

const { boothCard, minutesOf, personCard, slotDays, zoneOf } = globalThis.booth;

const changing = hash().change || null;
let position = null;
let sites = [];
let booths = [];
let people = [];
let picked = hash().person || null;
let choosing = null;

function person() {
  return people.find((candidate) => candidate.id === picked) || people[0] || null;
}

function card(booth, more) {
  return { ...boothCard(booth, sites, t, lang), changing: Boolean(changing), walk: '', ...more };
}

async function show() {
  sites = await allSites();
  [people, booths] = await Promise.all([citizen.people(), citizen.booths()]);
  const who = person();
  const at = position || sites[0] || { latitude: 0, longitude: 0 };
  const advice = who && !changing ? await citizen.recommend(who.id, at.latitude, at.longitude) : null;
  const best = advice && advice.best;
  fill(one('#booths'), {
    unknown: people.length === 0,
    people: changing ? [] : people.map((each) => ({ ...personCard(each, t), picked: each.id === who.id })),
    best: best ? [card(best, {
      reason: position ? (lang === 'en' ? advice.reason_en : advice.reason) : t('booths.no_position'),
      walk: position && advice.walk_s !== null ? `· ${t('booths.walk', { minutes: minutesOf(advice.walk_s) })}` : '',
    })] : [],
    others: booths.filter((booth) => !best || booth.id !== best.id).map((booth) => card(booth)),
  });
}

async function openTimes(booth) {
  const slots = await citizen.slots(booth.id);
  choosing = booth;
  const days = slotDays(slots, zoneOf(booths.find((each) => each.id === booth.id), sites), Date.now(), t);
  const who = person();
  fill(one('#times'), {
    booth: `${booth.site} · ${booth.label}`,
    name: who && !changing ? personCard(who, t).name : '',
    days: days.map((day) => ({ id: day.date, ...day })),
    none: days.length === 0,
    yes: t(changing ? 'booths.move' : 'booths.confirm'),
  });
  if (!one('#times').open) one('#times').showModal();
}

actions({
  times: openTimes,
  close: () => one('#times').close(),
  async walkIn(booth) {
    if (!(await ask({ title: t('booths.walk_in'), body: t('booths.walk_in_body', { booth: booth.label }), yes: t('visit.i_am_here') }))) return;
    const ticket = await command(`walk-in ${booth.id} ${person().id}`, (key) => citizen.walkIn(booth.id, person().id, [], key));
    location.assign(`/citizen/visit#ticket=${ticket.id}`);
  },
  async setOut(booth) {
    await command(`set out ${booth.id} ${person().id}`, (key) => citizen.setOut(person().id, booth.id, key));
    say(t('booths.set_out_done', { booth: booth.label }));
    await show();
  },
  async locate() {
    position = await new Promise((resolve) => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude }),
        () => resolve(null),
        { timeout: 8000, maximumAge: 60000 },
      );
    });
    if (!position) say(t('booths.no_position'), 'warn');
    await show();
  },
});

document.addEventListener('change', (event) => {
  if (event.target.name !== 'person') return;
  picked = event.target.value;
  show();
});

form('#pick', async ({ slot }) => {
  try {
    if (changing) await command(`change ${changing} ${slot}`, (key) => citizen.change(changing, slot, key));
    else await command(`book ${slot} ${person().id}`, (key) => citizen.book(slot, person().id, key));
  } catch (error) {
    if (error.code === 'slot_full') await openTimes(choosing); // show what is left now
    throw error;
  }
  sessionStorage.setItem('said', t(changing ? 'booking.changed' : 'booking.done'));
  location.assign('/citizen');
});

every(15000, show);
