/* A phone whose mini-program reaches the running service: `wx` with real HTTP behind it.
 *
 * What WeChat's own app does, it does at the stand-in for WeChat's server. `air` is the network:
 * it keeps what was asked, and loses answers after the service has done the work. */

const http = require('http');

function ask(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function phone(service, wechat, openid) {
  const storage = new Map();
  const shown = { toasts: [], modals: [], went: [], vibrated: 0 };
  const air = { loseAnswers: 0, requests: [] };
  const atWeChat = async (what) => JSON.parse((await ask(`${wechat}/phone/${what}/${openid}`, 'POST')).text);
  const wx = {
    shown,
    air,
    agree: true, // what the person answers to questions
    getStorageSync: (name) => (storage.has(name) ? JSON.parse(storage.get(name)) : ''),
    setStorageSync: (name, value) => storage.set(name, JSON.stringify(value)),
    removeStorageSync: (name) => storage.delete(name),
    getAppBaseInfo: () => ({ language: 'zh_CN' }),
    login: ({ success }) => atWeChat('login').then(success),
    requestSubscribeMessage: ({ tmplIds, success }) => atWeChat('subscribe').then(() => success(Object.fromEntries(tmplIds.map((id) => [id, 'accept'])))),
    request({ url, method, header, data, success, fail }) {
      const { pathname, search } = new URL(url);
      const sent = { method, path: pathname, key: header['Idempotency-Key'] || null };
      air.requests.push(sent);
      ask(service + pathname + search, method, header, data).then(({ status, text }) => {
        Object.assign(sent, { status, text });
        if (method === 'POST' && sent.key && air.loseAnswers > 0) {
          air.loseAnswers -= 1;
          fail({ errMsg: 'request:fail timeout' });
        } else success({ statusCode: status, data: text });
      }, (error) => fail({ errMsg: `request:fail ${error.message}` }));
    },
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
    arrayBufferToBase64: (buffer) => Buffer.from(buffer).toString('base64'),
  };
  return wx;
}

/** Somebody else at the service, who signs in for each command: staff, or a booth's machine. */
function somebody(service, door, credentials) {
  const json = { 'Content-Type': 'application/json' };
  let made = 0;
  const post = async (path, headers, body) => {
    const answer = await ask(service + path, 'POST', { ...json, ...headers }, JSON.stringify(body));
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  return async (path, body) => {
    const { access_token: token } = await post(door, {}, credentials);
    made += 1;
    return post(path, { Authorization: `Bearer ${token}`, 'Idempotency-Key': `jest-${Date.now()}-${made}` }, body || {});
  };
}

module.exports = { ask, phone, somebody };
