import { every, t } from '../app.js';
import { fill, one } from '../dom.js';
import { allSites, citizen } from './common.js';

const { resultCard, zoneOf } = globalThis.booth;

every(30000, async () => {
  const [sites, results] = await Promise.all([allSites(), citizen.results()]);
  fill(one('#results'), {
    results: results.map((result) => ({ ...resultCard(result, Date.now(), zoneOf(null, sites), t), verify: `/verify#proof=${result.proof}` })),
    nothing: results.length === 0,
  });
});
