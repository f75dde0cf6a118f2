// The service as the mini-program reaches it: wx.request, wx.login, wx storage.

const { Api } = require('../shared/api.js');
const { Citizen } = require('../shared/citizen.js');
const config = require('../config.js');

const TOKENS = 'tokens';

function send({ method, url, headers, body }) {
  return new Promise((resolve, reject) => {
    wx.request({
      url,
      method,
      header: headers,
      data: body,
      dataType: 'text',
      responseType: 'text',
      timeout: 8000,
      success: ({ statusCode, data }) => resolve({ status: statusCode, text: typeof data === 'string' ? data : JSON.stringify(data) }),
      fail: ({ errMsg }) => reject(new Error(errMsg || 'request:fail')),
    });
  });
}

const store = {
  read: () => wx.getStorageSync(TOKENS) || null,
  write: (tokens) => (tokens ? wx.setStorageSync(TOKENS, tokens) : wx.removeStorageSync(TOKENS)),
};

const api = new Api({ base: config.base, send, store });
const citizen = new Citizen(api);

function loginCode() {
  return new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => (code ? resolve(code) : reject(new Error('wx.login gave no code'))), fail: ({ errMsg }) => reject(new Error(errMsg)) });
  });
}

let signingIn = null;

/** Sign in by WeChat, unless one is. A code is good for one use: when its answer was lost, or it
 *  is refused as used, another is taken once. */
function signIn() {
  if (api.signedIn) return Promise.resolve();
  if (!signingIn) {
    signingIn = loginCode()
      .then((code) => citizen.signInWeChat(code))
      .catch((error) => {
        if (error.status !== 401 && error.name !== 'Unreachable') throw error;
        return loginCode().then((code) => citizen.signInWeChat(code));
      })
      .finally(() => {
        signingIn = null;
      });
  }
  return signingIn;
}

/** Run `work(citizen)` signed in; when the sign-in has run out for good, sign in and run it again. */
async function asCitizen(work) {
  await signIn();
  try {
    return await work(citizen);
  } catch (error) {
    if (error.status !== 401) throw error;
    api.signOut();
    await signIn();
    return work(citizen);
  }
}

// A command whose answer was lost keeps its key, so that tapping again does nothing twice.
const keys = {};

async function command(name, work) {
  keys[name] = keys[name] || api.newKey();
  try {
    const answer = await asCitizen((one) => work(one, keys[name]));
    delete keys[name];
    return answer;
  } catch (error) {
    if (error.name !== 'Unreachable') delete keys[name];
    throw error;
  }
}

module.exports = { api, citizen, signIn, asCitizen, command };
