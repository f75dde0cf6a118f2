/*
 * The service's API as a citizen's or staff member's program sees it.
 *
 * Plain JavaScript without a build step, shared by the web pages (as a script; everything lands
 * in `globalThis.booth`) and by the mini-program (as a module; see miniprogram/shared). What
 * differs between the two, sending and storing, is handed in.
 */
(function () {
  'use strict';

  /** The service understood and turned the request down. */
  class Refused extends Error {
    constructor(status, problem) {
      super(`${status} ${problem.code}: ${problem.message_en}`);
      this.name = 'Refused';
      this.status = status;
      this.code = problem.code;
      this.problem = problem;
    }
  }

  /** No answer in time. Whether a command was done is unknown: repeat it with the same key. */
  class Unreachable extends Error {
    constructor(detail, key) {
      super(detail);
      this.name = 'Unreachable';
      this.key = key;
    }
  }

  // A proxy or a restarting service answers these; the command may or may not have been done.
  const LOST = [502, 503, 504];

  function randomKey() {
    let key = '';
    for (let digit = 0; digit < 32; digit += 1) key += Math.floor(Math.random() * 16).toString(16);
    return key;
  }

  function query(params) {
    const pairs = Object.entries(params || {}).filter(([, value]) => value !== undefined && value !== null);
    if (pairs.length === 0) return '';
    return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
  }

  function parsed(answer) {
    try {
      return JSON.parse(answer.text);
    } catch (_) {
      // Not this service's own answer (a captive portal, a proxy): say what it was.
      const text = String(answer.text || '').slice(0, 200);
      throw new Refused(answer.status, { code: 'unexpected_answer', message: text, message_en: text });
    }
  }

  /**
   * Sends, signs in again and repeats after a lost answer.
   *
   * @param {object} ports
   * @param {(request: {method, url, headers, body}) => Promise<{status: number, text: string}>} ports.send
   *     rejects when there is no answer at all
   * @param {{read(): ?object, write(tokens: ?object): void}} ports.store keeps the tokens
   * @param {(work: () => Promise) => Promise} [ports.exclusive] runs `work` while no other page
   *     of this account does: a refresh token is good for one use
   * @param {(ms: number) => Promise} [ports.wait]
   * @param {() => number} [ports.now] milliseconds
   * @param {() => string} [ports.newKey] idempotency keys
   * @param {number} [ports.patienceMs] how long to go on trying
   */
  class Api {
    constructor(ports) {
      this.base = ports.base || '';
      this.send = ports.send;
      this.store = ports.store;
      this.exclusive = ports.exclusive || ((work) => work());
      this.wait = ports.wait || ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
      this.now = ports.now || Date.now;
      this.newKey = ports.newKey || randomKey;
      this.patienceMs = ports.patienceMs === undefined ? 10000 : ports.patienceMs;
      this.onSignedOut = ports.onSignedOut || (() => {});
      this.refreshing = null;
    }

    get signedIn() {
      return this.store.read() !== null;
    }

    get role() {
      const tokens = this.store.read();
      return tokens === null ? null : tokens.role;
    }

    adopt(tokens) {
      this.store.write(tokens);
      return tokens;
    }

    signOut() {
      this.store.write(null);
    }

    get(path, params) {
      return this.request('GET', path + query(params));
    }

    /** Command. Every repetition, also one by the caller after `Unreachable`, carries one key. */
    post(path, body, key) {
      return this.request('POST', path, body, key || this.newKey());
    }

    async request(method, path, body, key) {
      const deadline = this.now() + this.patienceMs;
      let pause = 200;
      for (;;) {
        let lost;
        try {
          const answer = await this.authorised(method, path, body, key);
          if (!LOST.includes(answer.status)) return this.accepted(answer);
          lost = `status ${answer.status}`;
        } catch (error) {
          if (error instanceof Refused) throw error;
          lost = error.message;
        }
        if (this.now() + pause > deadline) throw new Unreachable(`${method} ${path}: ${lost}`, key);
        await this.wait(pause);
        pause = Math.min(2 * pause, 2000);
      }
    }

    accepted(answer) {
      if (answer.status >= 200 && answer.status < 300) return answer.text ? parsed(answer) : null;
      const problem = parsed(answer);
      if (!problem || typeof problem.code !== 'string') {
        throw new Refused(answer.status, { code: 'unexpected_answer', message: answer.text, message_en: answer.text });
      }
      throw new Refused(answer.status, problem);
    }

    async authorised(method, path, body, key) {
      const tokens = this.store.read();
      const answer = await this.once(method, path, body, key, tokens);
      if (answer.status !== 401 || tokens === null) return answer;
      // The short-lived token has run out: obtain another and send the same thing again.
      if (!(await this.refresh(tokens))) return answer;
      return this.once(method, path, body, key, this.store.read());
    }

    once(method, path, body, key, tokens) {
      const headers = { Accept: 'application/json' };
      if (tokens !== null) headers.Authorization = `Bearer ${tokens.access_token}`;
      if (key) headers['Idempotency-Key'] = key;
      if (body !== undefined && body !== null) headers['Content-Type'] = 'application/json';
      return this.send({
        method,
        url: this.base + path,
        headers,
        body: body === undefined || body === null ? undefined : JSON.stringify(body),
      });
    }

    /** Exchange the refresh token; false when the person has to sign in again. */
    refresh(used) {
      if (this.refreshing === null) {
        this.refreshing = this.exclusive(() => this.exchange(used)).finally(() => {
          this.refreshing = null;
        });
      }
      return this.refreshing;
    }

    async exchange(used) {
      const stored = this.store.read();
      if (stored === null) return false;
      if (stored.access_token !== used.access_token) return true; // another page was faster
      const answer = await this.once('POST', '/v1/sign-in/refresh', { refresh_token: stored.refresh_token }, null, null);
      if (answer.status >= 200 && answer.status < 300) {
        this.store.write(parsed(answer));
        return true;
      }
      if (answer.status >= 500) throw new Error(`status ${answer.status} while signing in again`);
      this.store.write(null);
      this.onSignedOut();
      return false;
    }
  }

  const exported = { Api, Refused, Unreachable, randomKey };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
