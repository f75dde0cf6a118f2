/* Opens pages of the mini-program and taps on them, as a person would. */

const path = require('path');

const ROOT = path.resolve(__dirname, '../../../miniprogram');

/** One visit to the mini-program; a page's script runs once in it, as it does on a phone. */
class Thumb {
  constructor(simulate) {
    this.simulate = simulate;
    this.loaded = new Map();
    this.open = []; // pages that still look at the clock
  }

  async load(name, query) {
    if (!this.loaded.has(name)) {
      this.loaded.set(name, this.simulate.load(path.join(ROOT, 'pages', name, name), { rootPath: ROOT, compiler: 'simulate' }));
    }
    const page = this.simulate.render(this.loaded.get(name));
    page.attach(document.createElement('parent-wrapper'));
    page.instance.onLoad(query || {});
    await page.instance.onShow();
    this.open.push(page);
    return page;
  }

  leave() {
    this.open.forEach((page) => page.instance.onUnload());
    this.open = [];
  }
}

function text(page, selector) {
  const found = selector ? page.querySelector(selector) : page;
  return found ? found.dom.textContent : null;
}

/** Wait until what a tap began is done. */
async function settle(page) {
  for (let look = 0; look < 1500; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!page.instance.busy && look > 3) return;
  }
  throw new Error('still busy');
}

async function tap(page, selector, place = 0) {
  const button = page.querySelectorAll(selector)[place];
  if (!button) throw new Error(`there is no ${selector} number ${place}`);
  button.dispatchEvent('tap');
  await settle(page);
}

/** Fill in the page `people` and save. */
async function register(page, { name, number, child = false }) {
  page.instance.typeName({ detail: { value: name } });
  page.instance.typeNumber({ detail: { value: number } });
  page.instance.tickConsent({ detail: { value: ['yes'] } });
  if (child) page.instance.tickGuardian({ detail: { value: ['yes'] } });
  await tap(page, '.save');
}

module.exports = { Thumb, text, settle, tap, register };
