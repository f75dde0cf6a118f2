/** @jest-environment jsdom */
/* Every page of the mini-program, rendered by miniprogram-simulate, tapped as a person would. */

const { Thumb, text, tap, register } = require('./thumb.js');

const ID = '11010519491231002X';
const CHILD = '110105201801010019';

let standin;
let wechat;
let service;
let thumb;

beforeEach(() => {
  jest.resetModules();
  // eslint-disable-next-line global-require
  thumb = new Thumb(require('miniprogram-simulate'));
  standin = require('./standin.js');
  wechat = new standin.WeChat();
  service = new standin.Service(wechat);
  global.wx = standin.phone(service, wechat, 'openid-li');
});

afterEach(() => {
  thumb.leave();
  delete global.wx;
});

const load = (name, query) => thumb.load(name, query);
const account = () => service.accounts.get('openid-li');

async function registered() {
  await register(await load('people'), { name: '李小明', number: ID });
}

async function booked() {
  await registered();
  const page = await load('booths');
  await tap(page, '.best .choose');
  await tap(page, '.slot', 1);
  await tap(page, '.confirm');
  return account().bookings[0];
}

test('signs in by WeChat by itself, and says who has to be registered first', async () => {
  const page = await load('home');
  expect(service.access.size).toBe(1);
  expect(text(page, '.unknown')).toContain('登记');
  expect(text(page, '.nothing')).toContain('还没有预约');
});

test('registers oneself and then a child, with the guardian’s separate consent', async () => {
  const page = await load('people');
  page.instance.typeNumber({ detail: { value: '110105194912310021' } });
  expect(page.data.fault).toContain('校验位');
  await register(page, { name: '李小明', number: ID });
  expect(account().people.map((person) => person.relation)).toEqual(['self']);
  page.instance.typeNumber({ detail: { value: CHILD } });
  expect(page.data.fault).toBe('');
  expect(page.data.child).toBe(true);
  await register(page, { name: '李小宝', number: CHILD });
  expect(account().people).toHaveLength(1); // refused here: nothing was sent without it
  expect(wx.shown.toasts.at(-1)).toContain('监护人');
  await register(page, { name: '李小宝', number: CHILD, child: true });
  expect(account().people.map((person) => person.relation)).toEqual(['self', 'dependant']);
  expect(page.querySelectorAll('.person')).toHaveLength(2);
});

test('books the recommended booth, for a dependant', async () => {
  await registered();
  const people = await load('people');
  await register(people, { name: '李小宝', number: CHILD, child: true });
  const page = await load('booths');
  expect(text(page, '.best .wait')).toBe('约等 10 分钟（5–15）');
  await tap(page, '.person', 1);
  await tap(page, '.best .choose');
  expect(page.querySelectorAll('.slot')).toHaveLength(3);
  await tap(page, '.slot', 2); // full: cannot be chosen
  expect(page.data.slot).toBe('');
  await tap(page, '.slot', 0);
  await tap(page, '.confirm');
  expect(account().bookings).toHaveLength(1);
  expect(account().bookings[0].person_id).toBe(account().people[1].id);
  expect(wx.shown.went).toContain('/pages/home/home');
});

test('a booth that takes nobody offers nothing', async () => {
  await registered();
  const page = await load('booths');
  const other = page.querySelector('.other');
  expect(other.dom.textContent).toContain('故障');
  expect(page.querySelectorAll('.other .choose')).toHaveLength(0);
});

test('a lost answer is repeated with the same key and books once', async () => {
  await registered();
  const page = await load('booths');
  await tap(page, '.best .choose');
  await tap(page, '.slot', 0);
  service.loseAnswers = 1;
  await tap(page, '.confirm');
  const sent = service.requests.filter((request) => request.path === '/v1/bookings' && request.method === 'POST');
  expect(sent).toHaveLength(2);
  expect(new Set(sent.map((request) => request.key)).size).toBe(1);
  expect(account().bookings).toHaveLength(1);
  expect(service.slots[0].left).toBe(0);
});

test('tapping again after giving up keeps the key', async () => {
  await registered();
  const page = await load('booths');
  await tap(page, '.best .choose');
  await tap(page, '.slot', 0);
  const { api } = require('../../../miniprogram/lib/service.js');
  api.patienceMs = 0;
  service.loseAnswers = 1;
  await tap(page, '.confirm');
  expect(wx.shown.modals.at(-1).content).toContain('不会重复办理');
  await tap(page, '.confirm');
  const sent = service.requests.filter((request) => request.path === '/v1/bookings' && request.method === 'POST');
  expect(new Set(sent.map((request) => request.key)).size).toBe(1);
  expect(account().bookings).toHaveLength(1);
});

test('a slot that filled up meanwhile is refused with a sentence, and the list is read again', async () => {
  await registered();
  const page = await load('booths');
  await tap(page, '.best .choose');
  await tap(page, '.slot', 0);
  service.slots[0].left = 0;
  await tap(page, '.confirm');
  expect(wx.shown.modals.at(-1).content).toContain('slot_full');
  expect(page.data.days[0].slots[0].full).toBe(true);
});

test('an expired token is refreshed once, however many requests meet it', async () => {
  await booked();
  const page = await load('home');
  service.expireAccess();
  service.requests.length = 0;
  await page.instance.show();
  expect(service.requests.filter((request) => request.path === '/v1/sign-in/refresh')).toHaveLength(1);
  expect(page.querySelectorAll('.booking')).toHaveLength(1);
});

test('when the refresh token is gone too, WeChat signs in again without a word', async () => {
  await booked();
  const page = await load('home');
  service.expireAll();
  await page.instance.show();
  expect(page.data.stale).toBe('');
  expect(page.querySelectorAll('.booking')).toHaveLength(1);
});

test('a login code whose answer was lost is used up: another is taken', async () => {
  const first = wechat.code2Session.bind(wechat);
  let lose = true;
  wechat.code2Session = (code) => {
    const session = first(code);
    if (lose) {
      lose = false;
      service.loseAnswers = 1; // WeChat gave the session, the phone never heard of it
    }
    return session;
  };
  await load('home');
  expect(service.access.size).toBeGreaterThanOrEqual(1);
  expect(wechat.made).toBe(2);
});

test('shows the code as a picture, and renews it with every look', async () => {
  const booking = await booked();
  const page = await load('visit', { booking: booking.id });
  const image = page.querySelector('.qr').dom.getAttribute('src') || page.data.code.image;
  const svg = Buffer.from(image.split(',')[1], 'base64').toString();
  expect(svg).toContain('M0 0h1v1h-1z');
  expect(text(page, '.valid')).toContain('18:00'); // in the site's time zone
  const before = service.requests.length;
  await page.instance.show();
  expect(service.requests.slice(before).some((request) => request.path.endsWith('/code'))).toBe(true);
});

test('arrives, follows the position, is called aloud, and is told when it is over', async () => {
  const booking = await booked();
  const page = await load('visit', { booking: booking.id });
  await tap(page, '.arrive');
  expect(text(page, '.number')).toBe('A004');
  expect(text(page, '.headline')).toBe('前面还有 3 人');
  service.ahead = 0;
  await page.instance.show();
  expect(text(page, '.headline')).toBe('下一位就是您');
  const [ticket] = account().tickets;
  Object.assign(ticket, { state: 'called', calls: 1 });
  await page.instance.show();
  await page.instance.show();
  expect(text(page, '.go')).toContain('A 号小屋');
  expect(wx.shown.vibrated).toBe(1); // once a call, not with every look
  ticket.calls = 2;
  await page.instance.show();
  expect(wx.shown.vibrated).toBe(2);
  ticket.state = 'done';
  await page.instance.show();
  expect(text(page, '.headline')).toBe('采样完成');
});

test('looks again by itself while it is seen, and not when it is hidden', async () => {
  const booking = await booked();
  const page = await load('visit', { booking: booking.id });
  await tap(page, '.arrive');
  jest.useFakeTimers({ doNotFake: ['nextTick'] });
  try {
    const count = () => service.requests.filter((request) => request.path.startsWith('/v1/tickets/')).length;
    await Promise.all([page.instance.turn(), jest.advanceTimersByTimeAsync(50)]);
    const before = count();
    await jest.advanceTimersByTimeAsync(9500);
    expect(count() - before).toBeGreaterThanOrEqual(3);
    page.instance.onHide();
    const hidden = count();
    await jest.advanceTimersByTimeAsync(60000);
    expect(count()).toBe(hidden);
  } finally {
    jest.useRealTimers();
  }
});

test('says how old what it shows is when the network is away, and recovers', async () => {
  await booked();
  const page = await load('home');
  const { api } = require('../../../miniprogram/lib/service.js');
  api.patienceMs = 0;
  service.down = true;
  await page.instance.show();
  expect(text(page, '.stale')).toContain('网络不通');
  expect(page.querySelectorAll('.booking')).toHaveLength(1);
  service.down = false;
  await page.instance.show();
  expect(page.querySelector('.stale')).toBeFalsy();
});

test('one tap of leave is one message', async () => {
  const booking = await booked();
  const page = await load('visit', { booking: booking.id });
  await tap(page, '.arrive');
  wx.acceptMessages = false;
  await tap(page, '.subscribe');
  expect(account().subscriptions).toEqual([]);
  wx.acceptMessages = true;
  await tap(page, '.subscribe');
  expect(account().subscriptions).toEqual(['called']);
});

test('moves a booking to another time, and cancels it after asking', async () => {
  const booking = await booked();
  let home = await load('home');
  await tap(home, '.change');
  const page = await load('booths');
  await tap(page, '.other .choose');
  await tap(page, '.slot', 0);
  await tap(page, '.confirm');
  expect(account().bookings[0].slot_id).toBe('s1');
  home = await load('home');
  wx.agree = false;
  await tap(home, '.cancel');
  expect(account().bookings[0].state).toBe('booked');
  wx.agree = true;
  await tap(home, '.cancel');
  expect(account().bookings[0].state).toBe('cancelled');
  expect(booking.id).toBe(account().bookings[0].id);
});

test('shows the result, with what to do', async () => {
  await registered();
  account().results.push({ id: 'r1', person_id: 'p', name_masked: '李**', verdict: 'retest_singly', reported_at: '2026-03-02T10:00:00Z', corrects: null, proof: 'p.1' });
  const page = await load('results');
  expect(text(page, '.result')).toContain('请单采复核');
  expect(text(page, '.result')).toContain('不表示您是阳性');
});

test('joins a group with its code; the name only with consent', async () => {
  await registered();
  const page = await load('group', { code: 'ABCD1234' });
  await tap(page, '.button.join');
  expect(account().groups[0]).toMatchObject({ code: 'ABCD1234', shows_name: false });
});

test('withdraws consent after asking', async () => {
  await booked();
  const page = await load('people');
  await tap(page, '.withdraw');
  expect(account().people).toHaveLength(0);
  expect(account().bookings[0].state).toBe('cancelled');
});

test('speaks English, and in large type, when asked to', async () => {
  const page = await load('home');
  await tap(page, '.language');
  expect(text(page, '.nothing')).toBe('No bookings yet.');
  await tap(page, '.large-type');
  expect(page.data.size).toBe('large');
});
