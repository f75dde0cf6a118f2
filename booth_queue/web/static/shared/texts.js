/* Looks words up in the catalogue (booth_queue/texts) and fills in values: `{people}` is the value
 * itself, `{people|person|people}` the first word where it is 1, and the second otherwise. */
(function () {
  'use strict';

  /**
   * @param {Object<string, string>} catalogue of one language
   * @returns {(key: string, values?: object) => string} an unknown key comes back as it is, so
   *     that the gap is seen; the tests look for such gaps
   */
  function translator(catalogue) {
    return (key, values) => {
      const sentence = catalogue[key];
      if (sentence === undefined) return key;
      return sentence.replace(/\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}/g, (whole, name, one, more) => {
        if (!values || values[name] === undefined || values[name] === null) return whole;
        if (one === undefined) return String(values[name]);
        return String(values[name]) === '1' ? one : more;
      });
    };
  }

  /** The sentence a refusal carries, in the page's language; a lost answer has its own. */
  function sentenceOf(error, t, lang) {
    if (error && error.problem) {
      return (lang === 'en' ? error.problem.message_en : error.problem.message) || error.problem.code;
    }
    if (error && error.name === 'Unreachable') return t('error.unreachable');
    return t('error.page');
  }

  const exported = { translator, sentenceOf };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
