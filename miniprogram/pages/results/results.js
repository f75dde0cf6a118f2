const { asCitizen } = require('../../lib/service.js');
const { t } = require('../../lib/words.js');
const { reading } = require('../../lib/page.js');
const views = require('../../shared/views.js');

Component(reading({
  words: { title: 'results.title', nothing: 'results.nothing', corrected: 'results.corrected', proof: 'results.proof' },
  periodMs: 30000,
  data: { results: [] },
  async read() {
    const [sites, results] = await asCitizen((citizen) => Promise.all([citizen.sites(), citizen.results()]));
    return { results: results.map((result) => views.resultCard(result, Date.now(), views.zoneOf(null, sites), t)) };
  },
  methods: {
    copyProof({ currentTarget }) {
      wx.setClipboardData({ data: currentTarget.dataset.proof });
    },
  },
}));
