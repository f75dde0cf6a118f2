// What the citizen's pages share: the people, and sites and booths to name things by.

import { api } from '../app.js';

export const citizen = new globalThis.booth.Citizen(api);

let sites;

/** Sites seldom change: read once a page. */
export async function allSites() {
  sites = sites || await citizen.sites();
  return sites;
}

/** Everything needed to name bookings and tickets. */
export async function places() {
  const [known, booths] = await Promise.all([allSites(), citizen.booths()]);
  return { sites: known, booths };
}
