/* The scripts that pages and mini-program share. */

const fs = require('fs');
const path = require('path');

const SHARED = path.resolve(__dirname, '../../../booth_queue/web/static/shared');
const { Api, Refused, Unreachable } = require(`${SHARED}/api.js`);
const { EventReader, LiveStream } = require(`${SHARED}/stream.js`);
const { idNumberFault, birthDate, ageOn } = require(`${SHARED}/idcard.js`);
const times = require(`${SHARED}/times.js`);
const { translator } = require(`${SHARED}/texts.js`);
const views = require(`${SHARED}/views.js`);

const key = (name, values) => (values ? `${name} ${JSON.stringify(values)}` : name);

function memory(tokens) {
  let kept = tokens || null;
  return { read: () => kept, write: (next) => { kept = next; } };
}

function scripted(answers) {
  const sent = [];
  return {
    sent,
    send: async (request) => {
      sent.push(request);
      const next = answers.shift();
      if (next === undefined || next === 'lost') throw new Error('fetch failed');
      return { status: next[0], text: JSON.stringify(next[1]) };
    },
  };
}

describe('words', () => {
  const t = translator({ line: '{n} {n|person|people} before {whom}' });

  test('count one and more, and leave a place that nobody fills', () => {
    expect(t('line', { n: 1, whom: 'you' })).toBe('1 person before you');
    expect(t('line', { n: 0, whom: 'you' })).toBe('0 people before you');
    expect(t('line', { n: 2 })).toBe('2 people before {whom}');
    expect(t('line')).toBe('{n} {n|person|people} before {whom}');
    expect(t('nowhere')).toBe('nowhere');
  });
});

describe('Api', () => {
  test('repeats a command with one key until it is answered', async () => {
    const script = scripted(['lost', [503, {}], [200, { id: 'b' }]]);
    const api = new Api({ send: script.send, store: memory(), wait: async () => {} });
    expect(await api.post('/v1/bookings', { slot_id: 's' })).toEqual({ id: 'b' });
    expect(new Set(script.sent.map((request) => request.headers['Idempotency-Key'])).size).toBe(1);
  });

  test('gives up after its patience, with the key to repeat by', async () => {
    let now = 0;
    const api = new Api({ send: async () => { throw new Error('no'); }, store: memory(), now: () => now, wait: async (ms) => { now += ms; }, patienceMs: 3000 });
    const error = await api.post('/v1/x', null, 'key-1').catch((each) => each);
    expect(error).toBeInstanceOf(Unreachable);
    expect(error.key).toBe('key-1');
    expect(now).toBeLessThanOrEqual(3000);
  });

  test('a refusal is not repeated', async () => {
    const script = scripted([[409, { code: 'slot_full', message: '满', message_en: 'full', details: {} }]]);
    const api = new Api({ send: script.send, store: memory() });
    const error = await api.post('/v1/bookings', {}).catch((each) => each);
    expect(error).toBeInstanceOf(Refused);
    expect([error.status, error.code, script.sent.length]).toEqual([409, 'slot_full', 1]);
  });

  test('two requests that meet an expired token refresh it once', async () => {
    const store = memory({ access_token: 'old', refresh_token: 'r1', role: 'citizen' });
    let refreshed = 0;
    const send = async ({ url, headers }) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (url.endsWith('/refresh')) {
        refreshed += 1;
        return { status: 200, text: JSON.stringify({ access_token: 'new', refresh_token: 'r2', role: 'citizen' }) };
      }
      return headers.Authorization === 'Bearer new' ? { status: 200, text: '{"ok":true}' } : { status: 401, text: '{"code":"sign_in_failed"}' };
    };
    const api = new Api({ send, store });
    expect(await Promise.all([api.get('/a'), api.get('/b'), api.get('/c')])).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(refreshed).toBe(1);
    expect(store.read().refresh_token).toBe('r2');
  });

  test('another page’s new token is taken over, not refreshed again', async () => {
    const store = memory({ access_token: 'old', refresh_token: 'r1' });
    const send = async ({ url, headers }) => {
      if (url.endsWith('/refresh')) throw new Error('must not be asked');
      if (headers.Authorization === 'Bearer old') {
        store.write({ access_token: 'theirs', refresh_token: 'r9' });
        return { status: 401, text: '{"code":"sign_in_failed"}' };
      }
      return { status: 200, text: '{}' };
    };
    expect(await new Api({ send, store }).get('/a')).toEqual({});
  });

  test('a refused refresh signs out and says so', async () => {
    const script = scripted([[401, { code: 'sign_in_failed', message: '', message_en: '' }], [401, { code: 'sign_in_failed', message: '', message_en: '' }]]);
    let told = 0;
    const store = memory({ access_token: 'old', refresh_token: 'r1' });
    const api = new Api({ send: script.send, store, onSignedOut: () => { told += 1; } });
    await expect(api.get('/a')).rejects.toThrow('sign_in_failed');
    expect([store.read(), told]).toEqual([null, 1]);
  });

  test('an answer that is not the service’s own is told as it is', async () => {
    const api = new Api({ send: async () => ({ status: 200, text: '<html>captive portal</html>' }), store: memory() });
    await expect(api.get('/a')).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});

describe('EventReader', () => {
  const STREAM = ': hello\n\nevent: booths\ndata: [1,\ndata: 2]\nid: 7\n\nevent: pulse\r\ndata: x\r\n\r\ndata:no blank\n\n';

  test.each([1, 2, 3, 7, 1000])('reads the same events in pieces of %i', (size) => {
    const events = [];
    const reader = new EventReader((event) => events.push(event));
    for (let place = 0; place < STREAM.length; place += size) reader.feed(STREAM.slice(place, place + size));
    expect(events.map(({ name, data }) => [name, data])).toEqual([['booths', '[1,\n2]'], ['pulse', 'x'], ['message', 'no blank']]);
  });

  test('an event that was cut off is not told', () => {
    const events = [];
    new EventReader((event) => events.push(event)).feed('data: half');
    expect(events).toEqual([]);
  });
});

describe('LiveStream', () => {
  function stage() {
    const world = { now: 0, timers: [], opened: 0, aborted: 0, states: [], events: [], say: null, end: null };
    const stream = new LiveStream({
      open: (onText, hold) => new Promise((resolve) => {
        world.opened += 1;
        world.say = onText;
        world.end = resolve;
        hold(() => { world.aborted += 1; });
      }),
      onEvent: (event) => world.events.push(event.data),
      onState: (state) => world.states.push(state),
      now: () => world.now,
      setTimer: (work, ms) => { const timer = { work, at: world.now + ms }; world.timers.push(timer); return timer; },
      clearTimer: (timer) => { world.timers = world.timers.filter((each) => each !== timer); },
    });
    world.run = async (ms, pulse) => {
      const end = world.now + ms;
      while (world.now < end) {
        world.now += 100;
        if (pulse && world.now % 1000 === 0) world.say('data: p\n\n');
        for (const timer of world.timers.filter((each) => each.at <= world.now)) {
          world.timers = world.timers.filter((each) => each !== timer);
          timer.work();
        }
        await Promise.resolve();
        await Promise.resolve();
      }
    };
    stream.start();
    return { world, stream };
  }

  test('stays live while it is heard, and opens once', async () => {
    const { world } = stage();
    await world.run(60000, true);
    expect([world.opened, world.states]).toEqual([1, ['live']]);
  });

  test('silence is told within 5 s, and a new stream makes it live again', async () => {
    const { world } = stage();
    await world.run(3000, true);
    const silentFrom = world.now;
    while (world.states.at(-1) !== 'lost') await world.run(100);
    expect(world.now - silentFrom).toBeLessThanOrEqual(5000);
    expect(world.aborted).toBe(1);
    expect(world.opened).toBeGreaterThan(1);
    world.say('data: back\n\n');
    expect(world.states).toEqual(['live', 'lost', 'live']);
  });

  test('a closed stream is opened again, slower each time', async () => {
    const { world } = stage();
    for (let turn = 0; turn < 5; turn += 1) {
      world.end();
      await world.run(200);
    }
    expect(world.opened).toBeLessThan(4);
    await world.run(20000);
    expect(world.opened).toBeGreaterThan(3);
    expect(world.opened).toBeLessThan(12);
  });

  test('24 hours of pulses and losses leave one stream and two timers', async () => {
    const { world, stream } = stage();
    for (let hour = 0; hour < 24; hour += 1) {
      for (let pulse = 0; pulse < 60; pulse += 1) {
        world.now += 60000;
        world.say('data: p\n\n');
        for (const timer of world.timers.splice(0)) timer.work();
      }
      world.end();
      await Promise.resolve();
      await world.run(5000, true);
    }
    expect(world.timers.length).toBeLessThanOrEqual(2);
    expect(Object.values(stream).filter((value) => Array.isArray(value) && value.length > 10)).toEqual([]);
    stream.stop();
    expect(world.timers.length).toBe(0);
  });
});

describe('ID numbers', () => {
  test('the published example is right, and every single-digit slip is found', () => {
    const right = '11010519491231002X';
    expect(idNumberFault(right)).toBeNull();
    for (let place = 0; place < 17; place += 1) {
      for (let digit = 0; digit < 10; digit += 1) {
        if (String(digit) === right[place]) continue;
        expect(idNumberFault(right.slice(0, place) + digit + right.slice(place + 1))).not.toBeNull();
      }
    }
    for (let place = 0; place < 16; place += 1) {
      const swapped = right.slice(0, place) + right[place + 1] + right[place] + right.slice(place + 2);
      if (swapped !== right) expect(idNumberFault(swapped)).not.toBeNull();
    }
  });

  test('a day that does not exist is no birth date', () => {
    expect(birthDate('110105201902290017')).toBeNull();
    expect(birthDate('110105202002290017')).toBe('2020-02-29');
    expect(ageOn('2012-03-03', '2026-03-02')).toBe(13);
    expect(ageOn('2012-03-02', '2026-03-02')).toBe(14);
  });
});

describe('times', () => {
  test('are those of the site, not of this machine', () => {
    expect(times.clockAt('2026-03-01T16:05:00Z', 'Asia/Shanghai')).toBe('00:05');
    expect(times.dateAt('2026-03-01T16:05:00Z', 'Asia/Shanghai')).toBe('2026-03-02');
    expect(times.clockAt('2026-07-01T12:00:00Z', 'Europe/Berlin')).toBe('14:00'); // summer time
    expect(times.clockAt('2026-01-01T12:00:00Z', 'Europe/Berlin')).toBe('13:00');
  });

  test('today and tomorrow turn at the site’s midnight', () => {
    const now = Date.parse('2026-03-01T15:59:00Z'); // 23:59 in Shanghai
    expect(times.dayWords('2026-03-01T15:00:00Z', 'Asia/Shanghai', now, key)).toBe('time.today');
    expect(times.dayWords('2026-03-01T16:00:00Z', 'Asia/Shanghai', now, key)).toBe('time.tomorrow');
  });

  test('nobody is told less than it is', () => {
    expect(times.minutesOf(61)).toBe(2);
    expect(times.minutesOf(60)).toBe(1);
    expect(times.minutesOf(-5)).toBe(0);
  });
});

describe('views', () => {
  test('a QR symbol’s path covers its dark squares and no other', () => {
    const rows = ['1101', '0010', '1111', '0001'];
    const dark = new Set();
    for (const [, x, y, w] of views.qrPath(rows).matchAll(/M(\d+) (\d+)h(\d+)v1/g)) {
      for (let step = 0; step < Number(w); step += 1) dark.add(`${Number(x) + step},${y}`);
    }
    const wanted = new Set(rows.flatMap((row, y) => [...row].flatMap((square, x) => (square === '1' ? [`${x},${y}`] : []))));
    expect(dark).toEqual(wanted);
  });

  test('a ticket’s headline says what matters', () => {
    const ticket = { id: 't', number: 'A1', name_masked: '李**', state: 'waiting', position: 1, wait: null, calls: 0 };
    expect(views.ticketCard(ticket, key).headline).toBe('ticket.next');
    expect(views.ticketCard({ ...ticket, position: 4 }, key).headline).toBe('ticket.ahead {"people":3}');
    expect(views.ticketCard({ ...ticket, state: 'called', position: null }, key)).toMatchObject({ called: true, headline: 'ticket.headline.called' });
  });
});

test('the shared scripts need nothing that a mini-program lacks', () => {
  for (const name of fs.readdirSync(SHARED)) {
    const text = fs.readFileSync(path.join(SHARED, name), 'utf-8');
    expect(text).not.toMatch(/\b(window|document|localStorage|sessionStorage|fetch|navigator)\b(?!')/);
  }
});
