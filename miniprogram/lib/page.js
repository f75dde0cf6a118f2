// What pages have in common: read while they are seen, say how old what they show is.

const { clockAt } = require('../shared/times.js');
const { look, t } = require('./words.js');
const { complain } = require('./ask.js');

/**
 * Make a page of `definition`, whose `read()` returns what to show.
 *
 * @param {object} definition a component's: `words`, `periodMs`, `read`, `methods`, `data`
 */
function reading(definition) {
  const { words, periodMs, read, data, methods, options } = definition;
  return {
    data: { w: {}, size: '', stale: '', ready: false, ...data },
    methods: {
      async show() {
        try {
          const shown = await read.call(this);
          this.readAt = Date.now();
          this.setData({ ...shown, stale: '', ready: true });
        } catch (error) {
          // What is there stays, and says from when it is.
          const when = this.readAt ? clockAt(this.readAt, 'Asia/Shanghai') : '—';
          this.setData({ stale: error.name === 'Unreachable' ? t('wechat.stale', { time: when }) : t('wechat.sign_in_failed') });
          if (error.problem && error.status !== 401) complain(error);
        }
      },
      onLoad(query) {
        this.query = query || {};
        if (options) options.call(this, this.query);
      },
      onShow() {
        this.setData(look(words));
        this.seen = true;
        return this.turn();
      },
      onHide() {
        this.seen = false;
        clearTimeout(this.timer);
      },
      onUnload() {
        this.seen = false;
        clearTimeout(this.timer);
      },
      async onPullDownRefresh() {
        await this.show();
        wx.stopPullDownRefresh();
      },
      async turn() {
        await this.show();
        clearTimeout(this.timer);
        if (this.seen && periodMs) this.timer = setTimeout(() => this.turn(), periodMs);
      },
      /** Run a tap's work once at a time. */
      async once(work) {
        if (this.busy) return;
        this.busy = true;
        try {
          await work();
        } catch (error) {
          complain(error);
        } finally {
          this.busy = false;
        }
      },
      ...methods,
    },
  };
}

module.exports = { reading };
