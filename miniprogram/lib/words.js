// The words of the mini-program, in the person's language.

const words = require('../shared/words.js');
const { translator, sentenceOf } = require('../shared/texts.js');

function language() {
  const chosen = wx.getStorageSync('lang');
  if (chosen === 'zh' || chosen === 'en') return chosen;
  const { language: system } = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
  return system && system.startsWith('en') ? 'en' : 'zh';
}

const t = (key, values) => translator(words[language()])(key, values);

/** Words for a page's data: `{name: key}` becomes `{name: sentence}`. */
function wordsOf(keys) {
  const found = {};
  Object.keys(keys).forEach((name) => {
    found[name] = t(keys[name]);
  });
  return found;
}

const complaint = (error) => sentenceOf(error, t, language());

/** What every page shows alike: its words, its type size. */
function look(keys) {
  return { w: wordsOf(keys), size: wx.getStorageSync('large') ? 'large' : '' };
}

module.exports = { language, t, wordsOf, complaint, look };
