const { asCitizen, command } = require('../../lib/service.js');
const { language, t } = require('../../lib/words.js');
const { ask, say } = require('../../lib/ask.js');
const { reading } = require('../../lib/page.js');
const { qrImage } = require('../../lib/qr.js');
const views = require('../../shared/views.js');
const { clockAt } = require('../../shared/times.js');
const config = require('../../config.js');

const words = {
  show: 'visit.show_code', here: 'visit.i_am_here', number: 'visit.your_number', leave: 'visit.leave', subscribe: 'wechat.subscribe', happens: 'visit.what_happens', one: 'visit.step_1', two: 'visit.step_2', three: 'visit.step_3', four: 'visit.step_4',
};

Component(reading({
  words,
  periodMs: 3000,
  data: { booking: null, code: null, ticket: null, go: '', where: '' },
  options(query) {
    this.bookingId = query.booking || '';
    this.ticketId = query.ticket || '';
  },
  async read() {
    if (!this.places) {
      const [booths, sites] = await asCitizen((citizen) => Promise.all([citizen.booths(), citizen.sites()]));
      this.places = { booths, sites };
    }
    const { booths, sites } = this.places;
    if (this.ticketId) {
      const ticket = await asCitizen((citizen) => citizen.ticket(this.ticketId));
      const booth = booths.find((each) => each.id === ticket.booth_id);
      if (ticket.state === 'called' && ticket.calls !== this.heard) wx.vibrateLong({});
      this.heard = ticket.state === 'called' ? ticket.calls : 0;
      return {
        code: null, booking: null, ticket: views.ticketCard(ticket, t), go: booth ? t('visit.called_now', { booth: booth.label }) : '', where: booth ? t('booth.name', { label: booth.label }) : '',
      };
    }
    const bookings = await asCitizen((citizen) => citizen.bookings());
    const booking = bookings.find((each) => each.id === this.bookingId);
    if (!booking) return {};
    const card = views.bookingCard(booking, booths, sites, Date.now(), t, language());
    if (!card.active) {
      // Scanned at the booth meanwhile: go on with the ticket.
      const ticket = (await asCitizen((citizen) => citizen.tickets())).find((each) => each.booking_id === booking.id);
      if (ticket) this.ticketId = ticket.id;
      return { booking: card, code: null };
    }
    const code = await asCitizen((citizen) => citizen.code(booking.id));
    const zone = views.zoneOf(booths.find((each) => each.id === booking.booth_id), sites);
    return { booking: card, code: { image: qrImage(code.modules), valid: t('visit.valid_until', { time: clockAt(code.valid_until, zone) }) } };
  },
  methods: {
    arrive() {
      const { booking } = this.data;
      return this.once(async () => {
        if (!(await ask(t('visit.i_am_here'), t('visit.here_body', { booth: booking.booth }), t('word.yes')))) return;
        const ticket = await command(`check in ${booking.id}`, (citizen, key) => citizen.checkIn(booking.boothId, booking.id, key));
        this.ticketId = ticket.id;
        await this.show();
      });
    },
    leave() {
      return this.once(async () => {
        if (!(await ask(t('visit.leave_title'), t('visit.leave_body'), t('visit.leave')))) return;
        await command(`leave ${this.ticketId}`, (citizen, key) => citizen.leave(this.ticketId, key));
        await this.show();
      });
    },
    /** One tap of leave is one message, as WeChat has it: asked for again at each visit. */
    subscribe() {
      return this.once(() => new Promise((resolve, reject) => {
        wx.requestSubscribeMessage({
          tmplIds: [config.calledTemplate],
          success: (answer) => {
            if (answer[config.calledTemplate] !== 'accept') {
              say(t('wechat.not_subscribed'));
              resolve();
              return;
            }
            command(`subscribe ${this.ticketId}`, (citizen, key) => citizen.subscribe(config.calledTemplate, key))
              .then(() => resolve(say(t('wechat.subscribed'))), reject);
          },
          fail: () => resolve(say(t('wechat.not_subscribed'))),
        });
      }));
    },
  },
}));
