const { asCitizen, command } = require('../../lib/service.js');
const { language, t } = require('../../lib/words.js');
const { ask, say } = require('../../lib/ask.js');
const { reading } = require('../../lib/page.js');
const views = require('../../shared/views.js');

const words = {
  title: 'booths.title', whom: 'booths.for_whom', choose: 'booths.choose_time', walkIn: 'booths.walk_in', setOut: 'booths.set_out', locate: 'booths.locate', none: 'booths.no_slots', back: 'word.back', unknown: 'home.register_first', register: 'home.register',
};

Component(reading({
  words,
  periodMs: 15000,
  data: { people: [], picked: '', cards: [], changing: '', choosing: null, days: [], slot: '', yes: '' },
  async read() {
    const [people, booths, sites] = await asCitizen((citizen) => Promise.all([citizen.people(), citizen.booths(), citizen.sites()]));
    this.sites = sites;
    this.booths = booths;
    const changing = wx.getStorageSync('changing') || '';
    const picked = people.some((person) => person.id === this.data.picked) ? this.data.picked : (people[0] || { id: '' }).id;
    const at = this.position || sites[0];
    const advice = picked && at && !changing ? await asCitizen((citizen) => citizen.recommend(picked, at.latitude, at.longitude)) : null;
    const best = advice && advice.best;
    const card = (booth) => views.boothCard(booth, sites, t, language());
    let reason = '';
    if (best) reason = this.position ? (language() === 'en' ? advice.reason_en : advice.reason) : t('booths.no_position');
    return {
      changing,
      picked,
      people: people.map((person) => views.personCard(person, t)),
      cards: [
        ...(best ? [{ ...card(best), best: true, heading: t('booths.recommended'), reason }] : []),
        ...booths.filter((booth) => !best || booth.id !== best.id).map((booth, place) => ({ ...card(booth), heading: place === 0 ? t('booths.all') : '' })),
      ],
      yes: t(changing ? 'booths.move' : 'booths.confirm'),
    };
  },
  methods: {
    register: () => wx.switchTab({ url: '/pages/people/people' }),
    pickPerson({ currentTarget }) {
      this.setData({ picked: currentTarget.dataset.id });
      return this.show();
    },
    locate() {
      return new Promise((resolve) => {
        wx.getLocation({
          type: 'wgs84',
          success: ({ latitude, longitude }) => {
            this.position = { latitude, longitude };
            resolve(this.show());
          },
          fail: () => {
            say(t('booths.no_position'));
            resolve();
          },
        });
      });
    },
    async openTimes(id) {
      const slots = await asCitizen((citizen) => citizen.slots(id));
      const booth = this.booths.find((each) => each.id === id);
      this.setData({
        choosing: views.boothCard(booth, this.sites, t, language()), days: views.slotDays(slots, views.zoneOf(booth, this.sites), Date.now(), t), slot: '',
      });
    },
    choose({ currentTarget }) {
      return this.once(() => this.openTimes(currentTarget.dataset.id));
    },
    pickSlot({ currentTarget }) {
      if (!currentTarget.dataset.full) this.setData({ slot: currentTarget.dataset.id });
    },
    closeTimes() {
      this.setData({ choosing: null });
    },
    confirm() {
      const { slot, picked, changing, choosing } = this.data;
      if (!slot) return undefined;
      return this.once(async () => {
        try {
          if (changing) await command(`change ${changing} ${slot}`, (citizen, key) => citizen.change(changing, slot, key));
          else await command(`book ${slot} ${picked}`, (citizen, key) => citizen.book(slot, picked, key));
        } catch (error) {
          if (error.code === 'slot_full') await this.openTimes(choosing.id); // what is left now
          throw error;
        }
        wx.removeStorageSync('changing');
        this.setData({ choosing: null, changing: '' });
        say(t(changing ? 'booking.changed' : 'booking.done'));
        wx.switchTab({ url: '/pages/home/home' });
      });
    },
    walkIn({ currentTarget }) {
      const { id, label } = currentTarget.dataset;
      return this.once(async () => {
        if (!(await ask(t('booths.walk_in'), t('booths.walk_in_body', { booth: label }), t('word.yes')))) return;
        const ticket = await command(`walk-in ${id} ${this.data.picked}`, (citizen, key) => citizen.walkIn(id, this.data.picked, [], key));
        wx.navigateTo({ url: `/pages/visit/visit?ticket=${ticket.id}` });
      });
    },
    setOut({ currentTarget }) {
      const { id, label } = currentTarget.dataset;
      return this.once(async () => {
        await command(`set out ${id} ${this.data.picked}`, (citizen, key) => citizen.setOut(this.data.picked, id, key));
        say(t('booths.set_out_done', { booth: label }));
        await this.show();
      });
    },
  },
}));
