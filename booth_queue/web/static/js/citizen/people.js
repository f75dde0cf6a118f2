import { actions, ask, command, complain, form, lang, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { lookAtIdNumber, registrationOf } from '../person-form.js';
import { citizen } from './common.js';

const { personCard } = globalThis.booth;

let people = [];
const model = { people: [], nobody: false, heading: '', fault: '', child: false };

async function show() {
  people = await citizen.people();
  model.people = people.map((person) => {
    const card = personCard(person, t);
    return { ...card, consent: t(card.consented ? 'people.consent_given' : 'people.consent_none') };
  });
  model.nobody = people.length === 0;
  model.heading = t(people.some((person) => person.relation === 'self') ? 'people.add_dependant' : 'people.add_self');
  fill(one('#people'), model);
}

one('#language').value = lang;
one('#id-number').addEventListener('input', (event) => {
  Object.assign(model, lookAtIdNumber(event.target, event.target.value));
  fill(one('#people'), model);
});

form('#person', async (fields, element) => {
  const person = registrationOf(element, model.child);
  if (!person) return;
  const dependant = people.some((each) => each.relation === 'self');
  await command(`register ${person.id_number}`, (key) => citizen.register(person, dependant, key));
  element.reset();
  one('#language').value = lang;
  Object.assign(model, { child: false, fault: '' });
  say(t('people.saved'));
  await show();
});

actions({
  async withdraw(person) {
    const sure = await ask({ title: t('people.withdraw_title'), body: t('people.withdraw_body'), yes: t('people.withdraw'), tone: 'bad' });
    if (!sure) return;
    await command(`erase ${person.id}`, (key) => citizen.erase(person.id, key));
    say(t('people.withdrawn'));
    await show();
  },
});

show().catch(complain);
