// A form that is sent before its page listens: kept, and sent again as soon as it does. By itself
// the browser would put its fields, a password among them, into the address.

(() => {
  const heard = new WeakSet();
  const kept = new Map(); // a form -> the button it was sent by

  document.addEventListener('submit', (event) => {
    const sent = event.target;
    if (sent.method === 'dialog' || heard.has(sent)) return;
    event.preventDefault();
    kept.set(sent, event.submitter);
  }, true);

  /** Say that somebody listens to ``form`` now. */
  function listening(form) {
    heard.add(form);
    if (kept.has(form)) setTimeout(() => form.requestSubmit(kept.get(form))); // once the page is whole
  }

  globalThis.booth = Object.assign(globalThis.booth || {}, { listening });
})();
