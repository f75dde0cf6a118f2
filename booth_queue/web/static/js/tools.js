// Language and type size, which need neither words nor network: they work before the rest of the
// page has come over a bad line.

const root = document.documentElement;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Lax`;
}

document.addEventListener('click', (event) => {
  const tool = event.target.closest('[data-tool]');
  if (!tool) return;
  if (tool.dataset.tool === 'language') {
    remember('lang', root.lang.startsWith('zh') ? 'en' : 'zh');
    location.reload();
  } else if (tool.dataset.tool === 'type') {
    const large = root.dataset.type === 'large';
    root.dataset.type = large ? 'usual' : 'large';
    tool.setAttribute('aria-pressed', String(!large));
    remember('type', root.dataset.type);
  }
});
