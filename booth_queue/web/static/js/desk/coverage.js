import { actions, api, complain, every, t } from '../app.js';
import { fill, one } from '../dom.js';

let rounds = [];
const model = { rounds: [], grids: [], total: '' };

const share = (done, all) => (all ? done / all : 0);
const percent = (part) => `${(100 * part).toFixed(1)} %`;

async function show() {
  if (rounds.length === 0) {
    ({ rounds } = await api.get('/v1/rounds'));
    model.rounds = rounds;
    fill(one('#coverage'), model);
  }
  const chosen = one('#round').value || (rounds[0] && rounds[0].id);
  if (!chosen) return;
  const { units } = await api.get('/v1/desk/coverage', { round_id: chosen });
  const grids = new Map();
  for (const unit of units) {
    if (!grids.has(unit.grid_id)) grids.set(unit.grid_id, []);
    const part = share(unit.sampled, unit.residents);
    grids.get(unit.grid_id).push({ ...unit, id: unit.unit_id, share: part, words: percent(part) });
  }
  const sum = (list, what) => list.reduce((total, unit) => total + unit[what], 0);
  model.grids = [...grids].map(([id, list]) => {
    const part = share(sum(list, 'sampled'), sum(list, 'residents'));
    return { id, name: id, units: list, share: part, words: `${sum(list, 'sampled')}/${sum(list, 'residents')} · ${percent(part)}` };
  });
  model.total = t('desk.total', { sampled: sum(units, 'sampled'), residents: sum(units, 'residents'), percent: percent(share(sum(units, 'sampled'), sum(units, 'residents'))) });
  fill(one('#coverage'), model);
}

actions({
  async export() {
    const answer = await fetch(`/v1/desk/coverage.csv?round_id=${encodeURIComponent(one('#round').value)}`, {
      headers: { Authorization: `Bearer ${api.store.read().access_token}` }, credentials: 'omit',
    });
    if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { name: 'Unreachable', status: answer.status });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `coverage-${one('#round').value}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  },
});

one('#round').addEventListener('change', () => show().catch(complain));
every(15000, show);
