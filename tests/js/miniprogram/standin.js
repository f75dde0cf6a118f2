/*
 * Stand-ins for WeChat and for the service, in one process and without a network.
 *
 * WeChat behaves as documented: a login code is good once and for one account (afterwards
 * code2Session answers errcode 40029), and one consent to a subscription is one message. The
 * service keeps its contract in what the mini-program relies on: short-lived tokens, refresh
 * tokens good for one use, idempotency keys, refusals with a code and two sentences.
 */

const { device } = require('./device.js');

class WeChat {
  constructor() {
    this.codes = new Map();
    this.made = 0;
  }

  login(openid) {
    this.made += 1;
    const code = `code-${this.made}`;
    this.codes.set(code, openid);
    return code;
  }

  code2Session(code) {
    const openid = this.codes.get(code);
    if (!openid) return { errcode: 40029, errmsg: 'invalid code' };
    this.codes.delete(code);
    return { openid, session_key: 'unused' };
  }
}

const SLOT = (id, hour, left) => ({
  id, booth_id: 'demo-a', round_id: 'demo-1', starts_at: `2026-03-02T0${hour}:00:00Z`, ends_at: `2026-03-02T0${hour}:15:00Z`, capacity: 3, left,
});

class Service {
  constructor(wechat) {
    this.wechat = wechat;
    this.accounts = new Map(); // openid -> what the account holds
    this.access = new Map();
    this.refresh = new Map();
    this.answers = new Map(); // account and key -> body
    this.made = 0;
    this.requests = [];
    this.loseAnswers = 0; // so many commands are done, and their answers lost
    this.down = false;
    this.slots = [SLOT('s1', 4, 1), SLOT('s2', 5, 3), SLOT('s3', 6, 0)];
    this.ahead = 3;
  }

  id(kind) {
    this.made += 1;
    return `${kind}-${this.made}`;
  }

  expireAccess() {
    this.access.clear();
  }

  expireAll() {
    this.access.clear();
    this.refresh.clear();
  }

  tokens(openid) {
    const tokens = { access_token: this.id('access'), refresh_token: this.id('refresh'), expires_in_s: 900, role: 'citizen' };
    this.access.set(tokens.access_token, openid);
    this.refresh.set(tokens.refresh_token, openid);
    return tokens;
  }

  /** Answers a request as `{status, body}`; `null` when the answer is lost. */
  handle(method, path, headers, body) {
    this.requests.push({ method, path, key: headers['Idempotency-Key'] || null, body });
    if (this.down) return null;
    const answer = this.answer(method, path, headers, body);
    if (method === 'POST' && headers['Idempotency-Key'] && this.loseAnswers > 0) {
      this.loseAnswers -= 1;
      return null;
    }
    return answer;
  }

  answer(method, path, headers, body) {
    const refuse = (status, code) => ({ status, body: { code, message: `拒绝 ${code}`, message_en: `refused ${code}`, details: {} } });
    if (path === '/v1/sign-in/wechat') {
      const session = this.wechat.code2Session(body.code);
      return session.openid ? { status: 200, body: this.tokens(session.openid) } : refuse(401, 'sign_in_failed');
    }
    if (path === '/v1/sign-in/refresh') {
      const openid = this.refresh.get(body.refresh_token);
      this.refresh.delete(body.refresh_token);
      return openid ? { status: 200, body: this.tokens(openid) } : refuse(401, 'sign_in_failed');
    }
    if (method === 'GET' && path === '/v1/sites') return { status: 200, body: { sites: [{ id: 'demo', name: '示范采样点', name_en: 'Demo site', latitude: 22.5, longitude: 114, time_zone: 'Asia/Shanghai' }] } };
    if (method === 'GET' && path === '/v1/booths') return { status: 200, body: { booths: this.booths() } };
    if (method === 'GET' && path.startsWith('/v1/slots')) return { status: 200, body: { slots: this.slots } };
    const openid = this.access.get((headers.Authorization || '').replace('Bearer ', ''));
    if (!openid) return refuse(401, 'sign_in_failed');
    if (!this.accounts.has(openid)) this.accounts.set(openid, { people: [], bookings: [], tickets: [], results: [], groups: [], subscriptions: [] });
    const account = this.accounts.get(openid);
    if (method === 'GET') return this.read(account, path, refuse);
    const known = `${openid} ${headers['Idempotency-Key']}`;
    if (!headers['Idempotency-Key']) return { status: 422, body: { code: 'malformed', message: '', message_en: '' } };
    if (this.answers.has(known)) return this.answers.get(known);
    const done = this.command(account, path, body, refuse);
    if (done.status === 200) this.answers.set(known, done);
    return done;
  }

  booths() {
    const wait = { median_s: 600, low_s: 300, high_s: 900, waiting: 4, under_way: 1, level: 'free' };
    return [
      { id: 'demo-a', site_id: 'demo', label: 'A', mode: 'robot', state: 'open', single_swab: true, pool_size: 1, wait },
      { id: 'demo-b', site_id: 'demo', label: 'B', mode: 'robot', state: 'fault', single_swab: false, pool_size: 10, wait: { ...wait, level: 'busy' } },
    ];
  }

  read(account, path, refuse) {
    const [, , what, id, sub] = path.split('?')[0].split('/');
    if (path === '/v1/me/people') return { status: 200, body: { people: account.people } };
    if (what === 'bookings' && sub === 'code') return { status: 200, body: { code: `b.${id}`, valid_until: '2026-03-02T10:00:00Z', modules: ['101', '010', '101'] } };
    if (what === 'bookings') return { status: 200, body: { bookings: account.bookings } };
    if (what === 'results') return { status: 200, body: { results: account.results } };
    if (what === 'recommendation') return { status: 200, body: { best: this.booths()[0], walk_s: 120, others: [], reason: '最快', reason_en: 'quickest' } };
    if (what === 'tickets' && id) {
      const ticket = account.tickets.find((each) => each.id === id);
      return ticket ? { status: 200, body: this.shown(ticket) } : refuse(404, 'not_found');
    }
    if (what === 'tickets') return { status: 200, body: { tickets: account.tickets.map((each) => this.shown(each)) } };
    return refuse(404, 'not_found');
  }

  shown(ticket) {
    const waiting = ticket.state === 'waiting';
    return {
      ...ticket, position: waiting ? this.ahead + 1 : null, wait: waiting ? { median_s: 60 * this.ahead, low_s: 30 * this.ahead, high_s: 90 * this.ahead, waiting: 4, under_way: 0, level: 'free' } : null,
    };
  }

  command(account, path, body, refuse) {
    const [, , what, id, step] = path.split('/');
    const ok = (answer) => ({ status: 200, body: answer });
    if (path === '/v1/me/person' || path === '/v1/me/dependants') {
      if (!body.consent) return refuse(400, 'consent_missing');
      const person = {
        id: this.id('person'), name_masked: `${body.name[0]}**`, id_number_masked: '1****************X', phone_masked: null, birth_date: null, language: body.language, needs: body.needs, relation: path.endsWith('person') ? 'self' : 'dependant', consent_at: '2026-03-02T03:00:00Z',
      };
      account.people.push(person);
      return ok(person);
    }
    if (path === '/v1/bookings') {
      const slot = this.slots.find((each) => each.id === body.slot_id);
      if (account.bookings.some((each) => each.person_id === body.person_id && each.state === 'booked')) return refuse(409, 'already_booked');
      if (slot.left === 0) return refuse(409, 'slot_full');
      slot.left -= 1;
      const person = account.people.find((each) => each.id === body.person_id);
      const booking = {
        id: this.id('booking'), slot_id: slot.id, booth_id: slot.booth_id, person_id: person.id, name_masked: person.name_masked, channel: 'self', state: 'booked', starts_at: slot.starts_at, ends_at: slot.ends_at,
      };
      account.bookings.unshift(booking);
      return ok(booking);
    }
    if (what === 'bookings') {
      const booking = account.bookings.find((each) => each.id === id);
      this.slots.find((each) => each.id === booking.slot_id).left += 1;
      if (step === 'cancel') booking.state = 'cancelled';
      else {
        const slot = this.slots.find((each) => each.id === body.slot_id);
        slot.left -= 1;
        Object.assign(booking, { slot_id: slot.id, starts_at: slot.starts_at, ends_at: slot.ends_at });
      }
      return ok(booking);
    }
    if (path === '/v1/check-ins' || path === '/v1/walk-ins') {
      const booking = account.bookings.find((each) => each.id === body.booking_id);
      if (booking) booking.state = 'arrived';
      const ticket = {
        id: this.id('ticket'), number: 'A004', booth_id: body.booth_id, booking_id: body.booking_id || 'walk-in', person_id: 'p', name_masked: '李**', state: 'waiting', joined_at: '2026-03-02T04:00:00Z', called_at: null, calls: 0,
      };
      account.tickets.push(ticket);
      return ok(this.shown(ticket));
    }
    if (what === 'tickets' && step === 'leave') {
      const ticket = account.tickets.find((each) => each.id === id);
      ticket.state = 'left';
      return ok(this.shown(ticket));
    }
    if (path === '/v1/groups/join') {
      if (body.code !== 'ABCD1234') return refuse(404, 'not_found');
      account.groups.push(body);
      return ok({ id: this.id('member') });
    }
    if (path === '/v1/me/subscriptions') {
      account.subscriptions.push(body.template);
      return ok({ id: this.id('subscription') });
    }
    if (what === 'people' && step === 'erasure') {
      account.people = account.people.filter((each) => each.id !== id);
      account.bookings.filter((each) => each.person_id === id).forEach((each) => Object.assign(each, { state: 'cancelled' }));
      return ok({ person_id: id, cancelled_bookings: 0 });
    }
    if (path === '/v1/journeys') return ok({ id: this.id('journey'), booth_id: body.booth_id, expires_at: '2026-03-02T04:30:00Z' });
    return refuse(404, 'not_found');
  }
}

/** The `wx` object of one phone. */
function phone(service, wechat, openid) {
  const wx = device({
    login: async () => ({ code: wechat.login(openid) }),
    subscribe: async () => (wx.acceptMessages ? 'accept' : 'reject'),
    async request(method, path, header, data) {
      const answer = service.handle(method, path, header, data === undefined ? null : JSON.parse(data));
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!answer) throw new Error('timeout');
      return { status: answer.status, text: JSON.stringify(answer.body) };
    },
  });
  return Object.assign(wx, { acceptMessages: true });
}

module.exports = { WeChat, Service, phone };
