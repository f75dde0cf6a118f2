import { actions, ask, command, complain, form, lang, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { citizen } from './common.js';

const { ageOn, birthDate, idNumberFault, personCard, tidyIdNumber } = globalThis.booth;

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

function look(typed) {
  const number = tidyIdNumber(typed);
  const fault = number.length >= 18 ? idNumberFault(number) : null;
  const born = number.length === 18 && !fault ? birthDate(number) : null;
  model.fault = fault ? t(fault) : '';
  model.child = born !== null && ageOn(born, new Date().toISOString().slice(0, 10)) < 14;
  one('#id-number').setAttribute('aria-invalid', String(fault !== null));
  fill(one('#people'), model);
}

one('#language').value = lang;
one('#id-number').addEventListener('input', (event) => look(event.target.value));

form('#person', async (fields, element) => {
  const fault = idNumberFault(fields.id_number);
  if (!fields.name.trim() || fault || !fields.consent) {
    const wrong = !fields.name.trim() ? '#name' : fault ? '#id-number' : '[name=consent]';
    one(wrong, element).focus();
    say(fault ? t(fault) : t('people.incomplete'), 'warn');
    return;
  }
  if (model.child && !fields.guardian) {
    say(t('person.guardian_needed'), 'warn');
    one('[name=guardian]', element).focus();
    return;
  }
  const person = {
    name: fields.name.trim(),
    id_number: tidyIdNumber(fields.id_number),
    language: fields.language,
    needs: new FormData(element).getAll('need'),
    consent: true,
    guardian_consent: Boolean(fields.guardian),
  };
  const dependant = people.some((each) => each.relation === 'self');
  await command(`register ${person.id_number}`, (key) => citizen.register(person, dependant, key));
  element.reset();
  one('#language').value = lang;
  model.child = false;
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
