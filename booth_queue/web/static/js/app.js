// What every page has in common: the words, the API, signing in, commands and their errors.

import { all, fill, item, one } from './dom.js';

const { Api, LiveStream, listening, translator, sentenceOf } = globalThis.booth;
const root = document.documentElement;

export const lang = root.lang.startsWith('zh') ? 'zh' : 'en';
const area = root.dataset.area; // which face this page belongs to; each signs in by itself

export const words = await (await fetch(root.dataset.texts)).json();
export const t = translator(words);

/** Where a face keeps its tokens: a citizen's phone stays signed in, a shared console forgets
 *  when its tab is closed. */
export function storeOf(face) {
  const vault = face === 'citizen' ? localStorage : sessionStorage;
  const name = `tokens.${face}`;
  return {
    read: () => JSON.parse(vault.getItem(name) || 'null'),
    write: (tokens) => (tokens ? vault.setItem(name, JSON.stringify(tokens)) : vault.removeItem(name)),
  };
}

const store = storeOf(area);

async function send({ method, url, headers, body }) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), 8000);
  try {
    const answer = await fetch(url, { method, headers, body, signal: patience.signal, cache: 'no-store', credentials: 'omit' });
    return { status: answer.status, text: await answer.text() };
  } finally {
    clearTimeout(timer);
  }
}

export const api = new Api({
  send,
  store,
  exclusive: navigator.locks ? (work) => navigator.locks.request(`tokens.${area}`, work) : undefined,
  onSignedOut: () => toSignIn(),
});

export function toSignIn() {
  const door = root.dataset.signIn;
  if (!door || location.pathname === door) return;
  sessionStorage.setItem('after-sign-in', location.pathname + location.hash);
  location.assign(door);
}

/** Where one wanted to go before signing in; `home` without such a wish. */
export function afterSignIn(home) {
  const wish = sessionStorage.getItem('after-sign-in');
  sessionStorage.removeItem('after-sign-in');
  location.assign(wish && wish.startsWith(home) ? wish : home);
}

/** Say something that stays a while; what went wrong stays until it is read away. */
export function say(sentence, tone = 'good') {
  const says = one('#says');
  const note = document.createElement('div');
  note.className = 'notice row apart';
  note.dataset.tone = tone;
  const text = document.createElement('p');
  text.textContent = sentence;
  const close = document.createElement('button');
  close.className = 'button small';
  close.type = 'button';
  close.textContent = t('word.close');
  close.addEventListener('click', () => note.remove());
  note.append(text, close);
  while (says.children.length >= 3) says.firstElementChild.remove();
  says.append(note);
  if (tone !== 'bad') setTimeout(() => note.remove(), 6000);
}

// A hint goes as soon as it is followed: it must not cover what is pressed next.
document.addEventListener('input', () => {
  for (const note of all('#says > :not([data-tone=bad])')) note.remove();
});

export function complain(error) {
  if (error.status === 401) toSignIn();
  say(sentenceOf(error, t, lang), 'bad');
  if (!error.problem && error.name !== 'Unreachable') throw error; // a mistake of ours: let it be seen
}

// A command whose answer was lost keeps its key, so that pressing again does nothing twice.
const keys = new Map();

/**
 * Run a command: one key for as long as its answer is unknown.
 *
 * @param {string} name of the command and what it is about
 * @param {(key: string) => Promise} work
 */
export async function command(name, work) {
  if (!keys.has(name)) keys.set(name, api.newKey());
  try {
    const answer = await work(keys.get(name));
    keys.delete(name);
    return answer;
  } catch (error) {
    if (error.name !== 'Unreachable') keys.delete(name);
    throw error;
  }
}

async function busy(element, work) {
  if (element.getAttribute('aria-busy') === 'true') return;
  element.setAttribute('aria-busy', 'true');
  try {
    await work();
  } catch (error) {
    complain(error);
  } finally {
    element.removeAttribute('aria-busy');
  }
}

/** `data-do="name"` on a button calls `handlers[name](item, button)`. */
export function actions(handlers) {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button || button.disabled) return;
    const handler = handlers[button.dataset.do];
    if (handler) busy(button, () => handler(item(button), button));
  });
}

/** A form calls `work(fields)` when it is sent; its button is busy meanwhile. */
export function form(selector, work) {
  const element = one(selector);
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = event.submitter || one('button[type=submit]', element);
    busy(button, () => work(Object.fromEntries(new FormData(element)), element, button));
  });
  listening(element);
  return element;
}

/**
 * A form that a scanner types into, whose pace is the hand's: what is scanned while an earlier
 * scan is still on its way to the service waits its turn, and none is lost or run together.
 */
export function scanner(selector, work) {
  const element = one(selector);
  const field = one('[name=text]', element);
  let turn = Promise.resolve();
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = field.value.trim();
    element.reset();
    field.focus();
    if (!typed) return;
    turn = turn.catch(() => {}).then(() => work(typed)); // a scan that failed was complained of
    turn.catch(complain);
  });
  listening(element);
}

/** Ask before something that cannot be taken back. Resolves to true, or a typed reason. */
export function ask({ title, body, yes, tone = 'warn', reason = false }) {
  const dialog = one('#ask');
  dialog.dataset.tone = tone;
  fill(dialog, { title, body, yes, reason });
  const field = one('textarea', dialog);
  field.value = '';
  field.required = reason;
  const agree = one('button[value=yes]', dialog);
  agree.className = `button ${tone === 'bad' ? 'danger' : 'primary'}`;
  dialog.returnValue = 'no';
  dialog.showModal();
  one(reason ? 'textarea' : 'button[value=no]', dialog).focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      if (dialog.returnValue !== 'yes') resolve(false);
      else resolve(reason ? field.value.trim() : true);
    }, { once: true });
  });
}

/** Repeat `work` every `periodMs` while the page is seen; says when what it shows is old. */
export function every(periodMs, work) {
  let timer;
  let failing = false;
  const turn = async () => {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        await work();
        if (failing) lost(false);
        failing = false;
      } catch (error) {
        if (error.status === 401) return toSignIn();
        failing = true;
        lost(true);
      }
    }
    timer = setTimeout(turn, periodMs);
    return undefined;
  };
  document.addEventListener('visibilitychange', () => !document.hidden && turn());
  return turn();
}

/** The band over the page that says it is not up to date. */
export function lost(is) {
  const band = one('#lost');
  if (band.hidden === !is) return;
  band.hidden = !is;
  if (!is) say(t('live.back'));
}

/** A live stream of `path`; `onEvent(name, body)`. */
export function live(path, onEvent, onState = () => {}) {
  const stream = new LiveStream({
    open: async (onText, hold) => {
      const abort = new AbortController();
      hold(() => abort.abort());
      const tokens = store.read();
      const headers = { Accept: 'text/event-stream' };
      if (tokens) headers.Authorization = `Bearer ${tokens.access_token}`;
      const answer = await fetch(path, { headers, signal: abort.signal, cache: 'no-store', credentials: 'omit' });
      if (answer.status === 401 && tokens) await api.refresh(tokens);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        onText(value);
      }
    },
    onEvent: (event) => onEvent(event.name, JSON.parse(event.data)),
    onState: (state) => {
      root.classList.toggle('is-stale', state === 'lost');
      lost(state === 'lost');
      onState(state);
    },
  });
  stream.start();
  addEventListener('pagehide', () => stream.stop());
  return stream;
}

/** What stands behind the address's #, as `name=value&…`: never sent to any server. */
export function hash() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-tool=sign-out]')) return;
  api.signOut();
  location.assign(root.dataset.signIn);
});

// A page kept by the browser's offline store must not outlive a new version of it.
if ('serviceWorker' in navigator && area === 'citizen') navigator.serviceWorker.register('/sw.js');
if (root.dataset.guarded === 'yes' && !api.signedIn) {
  toSignIn();
  await new Promise(() => {}); // nothing of this page runs: it is being left
}

// What the page before had to say about what it did.
const said = sessionStorage.getItem('said');
if (said) {
  sessionStorage.removeItem('said');
  say(said);
}
