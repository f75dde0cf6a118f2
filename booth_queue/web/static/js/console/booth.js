import { api, command, form, say, t } from '../app.js';
import { fill, one } from '../dom.js';
import { watch } from './common.js';
import { picked, tabs } from './pick.js';

let shown = null; // address of the picture on the page

function draw() {
  const card = picked();
  fill(one('#booth'), {
    tabs: tabs('/console/booth'),
    booths: card ? [{ ...card, canClose: card.raw.state !== 'closed', faulty: card.raw.state === 'fault' }] : [],
  });
}

/** The camera's picture, with a token: so it is fetched, not named in an address. */
async function look() {
  const card = picked();
  const image = one('#picture');
  if (!card || !image) return;
  let next = null;
  if (card.busy && !document.hidden) {
    const answer = await fetch(`/v1/booths/${card.id}/picture`, {
      headers: { Authorization: `Bearer ${api.store.read().access_token}` }, cache: 'no-store', credentials: 'omit',
    });
    if (answer.status === 200) next = URL.createObjectURL(await answer.blob());
  }
  if (next) image.src = next;
  else image.removeAttribute('src');
  image.hidden = !next;
  one('#no-picture').hidden = Boolean(next);
  if (shown) URL.revokeObjectURL(shown);
  shown = next;
}

async function looking() {
  await look().catch(() => {}); // no picture now; the next look tries again
  setTimeout(looking, 500);
}

form('#harm', async ({ text }, element) => {
  const card = picked();
  await command(`harm ${card.id} ${text}`, (key) => api.post(`/v1/booths/${card.id}/adverse-events`, { text: text.trim() }, key));
  element.reset();
  say(t('harm.sent'));
});

watch(draw);
addEventListener('hashchange', draw);
looking();
