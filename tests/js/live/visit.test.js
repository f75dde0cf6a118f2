/** @jest-environment jsdom */
/* One family's visit with the mini-program, against the running service: tests/js/test_live.py
 * starts it, with a stand-in for WeChat's server, and says in LIVE_SERVICE where they are. */

const { ask, phone, somebody } = require('../miniprogram/phone.js');
const { Thumb, text, tap, register } = require('../miniprogram/thumb.js');

const told = JSON.parse(process.env.LIVE_SERVICE);
const at = (role) => somebody(told.service, '/v1/sign-in/staff', told.staff[role]);

const staff = at('staff');
const lab = at('lab');
const enterprise = at('enterprise');
const booth = somebody(told.service, '/v1/sign-in/device', told.booth);
const thumb = new Thumb(require('miniprogram-simulate'));
const visits = {};

beforeAll(() => {
  global.wx = phone(told.service, told.wechat, 'openid-li');
});

afterEach(() => {
  thumb.leave();
});

const load = (name, query) => thumb.load(name, query);
const sent = (where, method = 'POST') => wx.air.requests.filter((each) => each.path === where && each.method === method);
const last = (where, method) => JSON.parse(sent(where, method).at(-1).text);

test('signs in by WeChat: the service asks WeChat’s server who this is', async () => {
  const page = await load('home');
  expect(sent('/v1/sign-in/wechat').map((each) => each.status)).toEqual([200]);
  expect(wx.getStorageSync('tokens').access_token).toBeTruthy();
  expect(text(page, '.unknown')).toContain('登记');
});

test('registers oneself and a child', async () => {
  const page = await load('people');
  await register(page, { name: '李小明', number: told.people[0] });
  await register(page, { name: '李小宝', number: told.people[1], child: true });
  expect(page.querySelectorAll('.person')).toHaveLength(2);
  expect(text(page, '.person')).toContain('李**');
});

test('books for oneself; the answer is lost, and the replay books nothing twice', async () => {
  const page = await load('booths');
  await tap(page, '.best .choose');
  await tap(page, '.slot', 1);
  wx.air.loseAnswers = 1;
  await tap(page, '.confirm');
  const done = sent('/v1/bookings').filter((each) => each.status === 200);
  expect(done).toHaveLength(2);
  expect(done[0].key).toBe(done[1].key);
  expect(done[0].text).toBe(done[1].text); // the very answer that was lost
  visits.mine = JSON.parse(done[1].text);
  expect((await load('home')).querySelectorAll('.booking')).toHaveLength(1);
});

test('books for the child', async () => {
  const page = await load('booths');
  await tap(page, '.person', 1);
  await tap(page, '.best .choose');
  await tap(page, '.slot', 2);
  await tap(page, '.confirm');
  visits.child = last('/v1/bookings');
  expect(visits.child.person_id).not.toBe(visits.mine.person_id);
  expect((await load('home')).querySelectorAll('.booking')).toHaveLength(2);
});

test('an access token that has run out is refreshed without a word', async () => {
  await load('home');
  await new Promise((resolve) => setTimeout(resolve, 1000 * (told.token_s + 1)));
  const before = wx.air.requests.length;
  const home = await load('home');
  const after = wx.air.requests.slice(before);
  expect(after[0].status).toBe(401);
  expect(after.filter((each) => each.path === '/v1/sign-in/refresh')[0].status).toBe(200);
  expect(home.data.stale).toBe('');
  expect(home.querySelectorAll('.booking')).toHaveLength(2);
});

test('when the refresh token is no good either, WeChat signs in again, with another code', async () => {
  wx.setStorageSync('tokens', { ...wx.getStorageSync('tokens'), access_token: 'gone', refresh_token: 'gone' });
  const home = await load('home');
  expect(home.data.stale).toBe('');
  expect(home.querySelectorAll('.booking')).toHaveLength(2);
  expect(sent('/v1/sign-in/wechat').map((each) => each.status)).toEqual([200, 200]);
});

test('joins a firm’s group with its code', async () => {
  const group = await enterprise('/v1/groups', { name: '示范公司' });
  const page = await load('group', { code: group.code });
  await tap(page, '.button.join');
  expect(sent('/v1/groups/join').at(-1).status).toBe(200);
});

test('staff scan the code that the phone shows', async () => {
  const page = await load('visit', { booking: visits.mine.id });
  expect(Buffer.from(page.data.code.image.split(',')[1], 'base64').toString()).toContain('<svg');
  const { code, modules } = last(`/v1/bookings/${visits.mine.id}/code`, 'GET');
  expect(modules.length).toBeGreaterThan(20);
  visits.ticket = await staff('/v1/check-ins', { booth_id: visits.mine.booth_id, code });
  await page.instance.show();
  await page.instance.show(); // the booking has become a ticket
  expect(text(page, '.number')).toBe(visits.ticket.number);
  expect(text(page, '.headline')).toBe('下一位就是您');
  await tap(page, '.subscribe');
});

test('the position is live: called, with a message, inside, and over', async () => {
  const page = await load('visit', { ticket: visits.ticket.id });
  expect(text(page, '.go')).toBe(null);
  const { person } = await booth('/v1/booth/next');
  expect(person.number).toBe(visits.ticket.number);
  await page.instance.show();
  expect(text(page, '.go')).toContain('A 号小屋');
  expect(wx.shown.vibrated).toBe(1);
  let messages = []; // sent beside the call, and only while it lasts: nobody is told of a call that is over
  for (let tries = 0; messages.length === 0 && tries < 200; tries += 1) {
    await new Promise((done) => setTimeout(done, 50));
    messages = JSON.parse((await ask(`${told.wechat}/phone/messages`, 'GET')).text);
  }
  expect(messages.map((each) => each.touser)).toEqual(['openid-li']);
  const session = await booth('/v1/booth/sessions', { ticket_id: visits.ticket.id });
  await booth(`/v1/booth/sessions/${session.id}/swab`, { barcode: 'LIVE-0001' });
  await booth(`/v1/booth/sessions/${session.id}/close`, { outcome: 'sampled' });
  await page.instance.show();
  expect(text(page, '.headline')).toBe('采样完成');
});

test('shows the result the laboratory reported', async () => {
  await staff('/v1/boxes/BOX-1/tubes/LIVE-0001');
  await lab('/v1/lab/boxes/BOX-1/receive', { barcodes: ['LIVE-0001'] });
  await lab('/v1/lab/results', { barcode: 'LIVE-0001', finding: 'negative' });
  const page = await load('results');
  expect(text(page, '.result')).toContain('阴性');
});

test('withdraws consent for the child, once staff have seen both', async () => {
  const page = await load('people');
  await tap(page, '.withdraw', 1);
  expect(sent(`/v1/people/${visits.child.person_id}/erasure`).at(-1).status).toBe(403);
  expect(wx.shown.modals.at(-1).content).toContain('工作人员确认');
  await staff(`/v1/bookings/${visits.child.id}/dependant`);
  await tap(page, '.withdraw', 1);
  expect((await load('home')).querySelectorAll('.booking')).toHaveLength(0);
});
