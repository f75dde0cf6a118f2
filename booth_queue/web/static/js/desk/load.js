import { api, every, lang, t } from '../app.js';
import { fill, one } from '../dom.js';

const { boothCard, siteName } = globalThis.booth;

const CHART_MIN = 90; // the chart shows up to an hour and a half

const minutes = (seconds) => Math.min(seconds / 60, CHART_MIN);

async function show() {
  const [{ sites }, { booths }, { booths: errors }] = await Promise.all([
    api.get('/v1/sites'), api.get('/v1/booths'), api.get('/v1/desk/prediction-errors', { hours: 24 }),
  ]);
  const count = (level) => booths.filter((booth) => booth.state === 'open' && booth.wait.level === level).length;
  fill(one('#load'), {
    free: `${t('wait.level.free')} ${count('free')}`,
    busy: `${t('wait.level.busy')} ${count('busy')}`,
    crowded: `${t('wait.level.crowded')} ${count('crowded')}`,
    sites: sites.map((site) => ({
      id: site.id,
      name: siteName(site, lang),
      booths: booths.filter((booth) => booth.site_id === site.id).map((booth) => {
        const error = errors.find((each) => each.booth_id === booth.id);
        return {
          ...boothCard(booth, sites, t, lang),
          waiting: booth.wait.waiting,
          underWay: booth.wait.under_way,
          median: minutes(booth.wait.median_s),
          low: minutes(booth.wait.low_s),
          range: Math.max(0.6, minutes(booth.wait.high_s) - minutes(booth.wait.low_s)),
          error: error ? t('desk.error_words', { mean: (Math.round(error.mean_error_s / 6) / 10 + 0).toFixed(1), absolute: (error.mean_absolute_error_s / 60).toFixed(1), inside: Math.round(100 * error.inside_interval), count: error.count }) : '—',
        };
      }),
    })),
  });
}

every(5000, show);
