import { command, complain, form, hash, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { citizen } from './common.js';

const { personCard } = globalThis.booth;

one('#code').value = hash().code || '';

form('#join', async ({ code, person, shows_name: showsName }, element) => {
  const typed = code.replace(/[\s-]/g, '').toUpperCase();
  if (!/^[A-Z0-9]{8}$/.test(typed) || !person) {
    say(t('join.code_hint'), 'warn');
    one('#code').focus();
    return;
  }
  await command(`join ${typed} ${person}`, (key) => citizen.joinGroup(typed, person, Boolean(showsName), key));
  element.reset();
  say(t('join.joined'));
});

citizen.people().then((people) => fill(one('#join'), { people: people.map((person) => personCard(person, t)) }), complain);
