/* A phone whose mini-program reaches the running service: `wx` with real HTTP behind it.
 *
 * What WeChat's own app does, it does at the stand-in for WeChat's server. `air` is the network:
 * it keeps what was asked, and loses answers after the service has done the work. */

const http = require('http');
const { device } = require('./device.js');

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
  const air = { loseAnswers: 0, requests: [] };
  const atWeChat = async (what) => JSON.parse((await ask(`${wechat}/phone/${what}/${openid}`, 'POST')).text);
  const wx = device({
    login: () => atWeChat('login'),
    subscribe: () => atWeChat('subscribe').then(() => 'accept'),
    async request(method, path, header, data) {
      const sent = { method, path: path.split('?')[0], key: header['Idempotency-Key'] || null };
      air.requests.push(sent);
      Object.assign(sent, await ask(service + path, method, header, data));
      if (method === 'POST' && sent.key && sent.status === 200 && air.loseAnswers > 0) {
        air.loseAnswers -= 1;
        throw new Error('timeout');
      }
      return sent;
    },
  });
  return Object.assign(wx, { air });
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
