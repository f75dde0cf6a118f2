/* Server-sent events read from a stream of text, and the watch that says when they stop.
 *
 * The browser's EventSource cannot carry a token, and a token must not stand in an address; so
 * the stream is read like any other answer and taken apart here. */
(function () {
  'use strict';

  /** Takes text as it arrives, in any pieces; hands out whole events. */
  class EventReader {
    constructor(onEvent) {
      this.onEvent = onEvent;
      this.rest = '';
    }

    feed(text) {
      const lines = (this.rest + text).split(/\r\n|\n|\r(?=.)/);
      this.rest = lines.pop();
      for (const line of lines) this.line(line);
    }

    line(line) {
      if (line === '') {
        if (this.data !== undefined) this.onEvent({ name: this.name || 'message', data: this.data, id: this.id });
        this.data = undefined;
        this.name = undefined;
        return;
      }
      const colon = line.indexOf(':');
      if (colon === 0) return; // a comment: only there to be heard
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') this.data = this.data === undefined ? value : `${this.data}\n${value}`;
      else if (field === 'event') this.name = value;
      else if (field === 'id') this.id = value;
    }
  }

  /**
   * Keeps one stream open for as long as the page lives.
   *
   * The service is heard at least every second or two; after `silenceMs` without a byte the
   * screen is told that what it shows is stale, and the stream is opened anew.
   *
   * @param {object} ports
   * @param {(onText: (text: string) => void, signal: {aborted: boolean}) => Promise} ports.open
   *     reads until the stream ends; rejects when it cannot be read
   * @param {(event: {name, data, id}) => void} ports.onEvent
   * @param {(state: 'live'|'lost') => void} ports.onState
   */
  class LiveStream {
    constructor(ports) {
      this.ports = ports;
      this.silenceMs = ports.silenceMs || 4000;
      this.now = ports.now || Date.now;
      this.setTimer = ports.setTimer || ((work, ms) => setTimeout(work, ms));
      this.clearTimer = ports.clearTimer || ((timer) => clearTimeout(timer));
      this.state = null;
      this.pauseMs = 500;
      this.stopped = false;
    }

    start() {
      this.heardAt = this.now();
      this.connect();
      this.look();
    }

    stop() {
      this.stopped = true;
      if (this.abort) this.abort();
      this.clearTimer(this.looking);
      this.clearTimer(this.trying);
    }

    tell(state) {
      if (state === this.state) return;
      this.state = state;
      this.ports.onState(state);
    }

    connect() {
      if (this.stopped) return;
      const turn = { over: false };
      this.turn = turn;
      const reader = new EventReader((event) => this.ports.onEvent(event));
      const again = () => {
        if (turn.over || this.stopped) return;
        turn.over = true;
        this.trying = this.setTimer(() => this.connect(), this.pauseMs);
        this.pauseMs = Math.min(2 * this.pauseMs, 3000);
      };
      this.openedAt = this.now();
      this.ports.open(
        (text) => {
          if (turn.over) return;
          this.heardAt = this.now();
          this.pauseMs = 500;
          this.tell('live');
          reader.feed(text);
        },
        (abort) => {
          this.abort = abort;
        },
      ).then(again, again);
    }

    /** Looks once a second whether the stream is still heard. */
    look() {
      if (this.stopped) return;
      const now = this.now();
      if (now - this.heardAt > this.silenceMs) {
        this.tell('lost');
        // A connection can die without a word: give it up and open another.
        if (!this.turn.over && now - this.openedAt > this.silenceMs) {
          this.turn.over = true;
          if (this.abort) this.abort();
          this.connect();
        }
      }
      this.looking = this.setTimer(() => this.look(), 1000);
    }
  }

  const exported = { EventReader, LiveStream };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
