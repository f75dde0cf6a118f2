import { t } from '../app.js';
import { fill, one } from '../dom.js';
import { booths, watch } from './common.js';

watch(() => {
  const cards = booths();
  fill(one('#overview'), {
    booths: cards,
    open: t('console.count_open', { open: cards.filter((card) => card.canPause).length, all: cards.length }),
    busy: t('console.count_busy', { busy: cards.filter((card) => card.busy).length }),
    waiting: t('console.count_waiting', { people: cards.reduce((sum, card) => sum + card.waiting, 0) }),
  });
});
