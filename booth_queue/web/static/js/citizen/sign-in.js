import { actions, afterSignIn, api, command, form, say, t } from '../app.js';
import { fill, one } from '../dom.js';

const citizen = new globalThis.booth.Citizen(api);
let phone = '';

function show(asking) {
  one('#ask-code').hidden = !asking;
  one('#enter').hidden = asking;
  one(asking ? '#phone' : '#code').focus();
}

form('#ask-code', async (fields) => {
  phone = fields.phone.replace(/[\s-]/g, '').replace(/^\+?86(?=1\d{10}$)/, '');
  if (!/^1\d{10}$/.test(phone)) {
    say(t('sign_in.phone_hint'), 'warn');
    one('#phone').focus();
    return;
  }
  const sent = await command(`code ${phone}`, (key) => citizen.requestCode(phone, key));
  fill(one('#enter'), {
    demo: sent.demo_code ? t('sign_in.demo', { code: sent.demo_code }) : '',
    hint: t('sign_in.code_hint', { minutes: Math.floor(sent.valid_s / 60) }),
  });
  show(false);
});

form('#enter', async (fields) => {
  await command(`sign-in ${fields.code}`, (key) => citizen.signIn(phone, fields.code.trim(), key));
  afterSignIn('/citizen');
});

actions({ other: () => show(true) });
if (api.signedIn) afterSignIn('/citizen');
