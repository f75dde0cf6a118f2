const { asCitizen, command } = require('../../lib/service.js');
const { t } = require('../../lib/words.js');
const { say } = require('../../lib/ask.js');
const { reading } = require('../../lib/page.js');
const views = require('../../shared/views.js');

Component(reading({
  words: { title: 'join.title', lead: 'join.lead', code: 'join.code', hint: 'join.code_hint', whom: 'booths.for_whom', shows: 'join.shows_name', without: 'join.without', join: 'join.join' },
  data: { people: [], picked: '', code: '', showsName: false },
  options(query) {
    if (query.code) this.setData({ code: query.code });
  },
  async read() {
    const people = await asCitizen((citizen) => citizen.people());
    return { people: people.map((person) => views.personCard(person, t)), picked: this.data.picked || (people[0] || { id: '' }).id };
  },
  methods: {
    typeCode({ detail }) {
      this.setData({ code: detail.value.replace(/[\s-]/g, '').toUpperCase() });
    },
    tickShows({ detail }) {
      this.setData({ showsName: detail.value.length > 0 });
    },
    pick({ currentTarget }) {
      this.setData({ picked: currentTarget.dataset.id });
    },
    join() {
      const { code, picked, showsName } = this.data;
      if (!/^[A-Z0-9]{8}$/.test(code) || !picked) return say(t('join.code_hint'));
      return this.once(async () => {
        await command(`join ${code} ${picked}`, (citizen, key) => citizen.joinGroup(code, picked, showsName, key));
        this.setData({ code: '', showsName: false });
        say(t('join.joined'));
      });
    },
  },
}));
