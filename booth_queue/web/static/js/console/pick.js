// Which booth of the site a page is about: chosen by tabs, kept behind the address's #.

import { hash } from '../app.js';
import { booths } from './common.js';

export function picked() {
  const cards = booths();
  return cards.find((card) => card.id === hash().booth) || cards[0] || null;
}

export function tabs(path) {
  const here = picked();
  return booths().map((card) => ({ id: card.id, label: card.label, link: `${path}#booth=${card.id}`, here: card === here || (here && card.id === here.id) ? 'page' : null }));
}
