// Asking, and saying what went wrong.

const { complaint, t } = require('./words.js');

function ask(title, content, yes) {
  return new Promise((resolve) => {
    wx.showModal({
      title, content, confirmText: yes.slice(0, 4), cancelText: t('word.back'), success: ({ confirm }) => resolve(Boolean(confirm)), fail: () => resolve(false),
    });
  });
}

function say(sentence) {
  wx.showToast({ title: sentence, icon: 'none', duration: 3000 });
}

/** Refusals and lost answers are told; a mistake of ours is thrown on, to be seen. */
function complain(error) {
  wx.showModal({ title: t('brand'), content: complaint(error), showCancel: false });
  if (!error.problem && error.name !== 'Unreachable') throw error;
}

module.exports = { ask, say, complain };
