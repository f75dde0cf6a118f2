/* What a phone is to the mini-program, wherever its requests go: `wx` without the network.
 *
 * Handed in is what differs: `login`, `request` and `subscribe` (its messages are agreed to). */

function device({ login, request, subscribe }) {
  const storage = new Map();
  const shown = { toasts: [], modals: [], went: [], vibrated: 0 };
  const wx = {
    shown,
    agree: true, // what the person answers to questions
    getStorageSync: (name) => (storage.has(name) ? JSON.parse(storage.get(name)) : ''),
    setStorageSync: (name, value) => storage.set(name, JSON.stringify(value)),
    removeStorageSync: (name) => storage.delete(name),
    getAppBaseInfo: () => ({ language: 'zh_CN' }),
    login: ({ success }) => login().then(success),
    request({ url, method, header, data, success, fail }) {
      const path = url.replace(/^http:\/\/[^/]+/, '');
      request(method, path, header, data).then(
        ({ status, text }) => success({ statusCode: status, data: text }),
        (error) => fail({ errMsg: `request:fail ${error.message}` }),
      );
    },
    requestSubscribeMessage: ({ tmplIds, success }) => subscribe().then((answer) => success(Object.fromEntries(tmplIds.map((id) => [id, answer])))),
    showToast: ({ title }) => shown.toasts.push(title),
    showModal({ title, content, success }) {
      shown.modals.push({ title, content });
      if (success) success({ confirm: wx.agree });
    },
    navigateTo: ({ url }) => shown.went.push(url),
    switchTab: ({ url }) => shown.went.push(url),
    stopPullDownRefresh() {},
    vibrateLong: () => {
      shown.vibrated += 1;
    },
    getLocation: ({ success }) => success({ latitude: 22.6, longitude: 114.1 }),
    setClipboardData: ({ data }) => shown.toasts.push(data),
    arrayBufferToBase64: (buffer) => Buffer.from(buffer).toString('base64'),
  };
  return wx;
}

module.exports = { device };
