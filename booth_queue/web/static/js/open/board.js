// The screen in the waiting hall: whom which booth calls, and how each gets on.

import { hash, lang, live, t } from '../app.js';
import { fill, one } from '../dom.js';
import { liveCard, Traces } from '../live-card.js';

const { clockAt, siteName } = globalThis.booth;

const traces = new Traces();
const latest = new Map();
const { sites } = await (await fetch('/v1/sites')).json();
const site = sites.find((each) => each.id === hash().site) || sites[0];
let due = false;

function draw() {
  due = false;
  const cards = [...latest.values()]
    .map(({ booth, force }) => liveCard(booth, force))
    .sort((a, b) => a.label.localeCompare(b.label));
  fill(one('main'), {
    site: siteName(site, lang) || t('board.title'),
    clock: site ? clockAt(Date.now(), site.time_zone) : '',
    called: cards.filter((card) => card.called),
    booths: cards,
  });
}

/** However many booths report at once, the page is drawn once a frame at most. */
function soon() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

fill(one('.tools'), { sites: sites.map((each) => ({ id: each.id, name: siteName(each, lang), picked: each === site })) });
one('#site').addEventListener('change', (event) => {
  location.hash = `site=${event.target.value}`;
  location.reload();
});

if (site) {
  live(`/v1/live/${site.id}/events`, (name, booths) => {
    for (const booth of booths) latest.set(booth.booth_id, { booth, force: traces.take(booth) });
    soon();
  });
  setInterval(soon, 5000); // the clock, and booths that have fallen silent
}
draw();
