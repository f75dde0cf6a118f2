const { asCitizen, command } = require('../../lib/service.js');
const { language, look, t } = require('../../lib/words.js');
const { ask, say } = require('../../lib/ask.js');
const { reading } = require('../../lib/page.js');
const views = require('../../shared/views.js');

const words = {
  title: 'home.title', bookings: 'home.bookings', nothing: 'home.nothing', book: 'home.book', show: 'home.show', change: 'booking.change', cancel: 'booking.cancel', unknown: 'home.register_first', register: 'home.register', result: 'home.latest_result', large: 'wechat.large', language: 'wechat.language', group: 'join.title',
};

Component(reading({
  words,
  periodMs: 10000,
  data: { unknown: false, tickets: [], bookings: [], results: [] },
  async read() {
    const [people, bookings, tickets, results, booths, sites] = await asCitizen((citizen) => Promise.all([
      citizen.people(), citizen.bookings(), citizen.tickets(), citizen.results(), citizen.booths(), citizen.sites(),
    ]));
    const now = Date.now();
    return {
      unknown: people.length === 0,
      tickets: tickets.map((ticket) => views.ticketCard(ticket, t)),
      bookings: bookings.map((booking) => views.bookingCard(booking, booths, sites, now, t, language())).filter((card) => card.active),
      results: results.slice(0, 1).map((result) => views.resultCard(result, now, views.zoneOf(null, sites), t)),
    };
  },
  methods: {
    openTicket({ currentTarget }) {
      wx.navigateTo({ url: `/pages/visit/visit?ticket=${currentTarget.dataset.id}` });
    },
    openCode({ currentTarget }) {
      wx.navigateTo({ url: `/pages/visit/visit?booking=${currentTarget.dataset.id}` });
    },
    change({ currentTarget }) {
      wx.setStorageSync('changing', currentTarget.dataset.id);
      wx.switchTab({ url: '/pages/booths/booths' });
    },
    book: () => wx.switchTab({ url: '/pages/booths/booths' }),
    register: () => wx.switchTab({ url: '/pages/people/people' }),
    results: () => wx.switchTab({ url: '/pages/results/results' }),
    group: () => wx.navigateTo({ url: '/pages/group/group' }),
    cancel({ currentTarget }) {
      const { id } = currentTarget.dataset;
      return this.once(async () => {
        if (!(await ask(t('booking.cancel_title'), t('booking.cancel_body'), t('booking.cancel')))) return;
        await command(`cancel ${id}`, (citizen, key) => citizen.cancel(id, key));
        say(t('booking.cancelled'));
        await this.show();
      });
    },
    toggleLarge() {
      wx.setStorageSync('large', !wx.getStorageSync('large'));
      this.setData(look(words));
    },
    toggleLanguage() {
      wx.setStorageSync('lang', language() === 'zh' ? 'en' : 'zh');
      this.setData(look(words));
      return this.show();
    },
  },
}));
