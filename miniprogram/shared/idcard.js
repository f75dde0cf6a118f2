/* The resident identity number (GB 11643-1999): 17 digits and a check character, ISO 7064 MOD 11-2.
 * Checked while it is typed, so that a slip is found before anything is sent; the service checks
 * again. */
(function () {
  'use strict';

  const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const CHECK = '10X98765432';

  /** The number as the service wants it: no blanks, capital X. */
  function tidyIdNumber(typed) {
    return String(typed || '').replace(/[\s-]/g, '').toUpperCase();
  }

  /** `null` when the number is right, else the key of the sentence that says what is wrong. */
  function idNumberFault(typed) {
    const number = tidyIdNumber(typed);
    if (!/^[0-9]{17}[0-9X]$/.test(number)) return 'person.id.length';
    const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
    if (CHECK[sum % 11] !== number[17]) return 'person.id.check_digit';
    return birthDate(number) === null ? 'person.id.birth_date' : null;
  }

  /** The birth date a number carries, as `YYYY-MM-DD`, or `null` when there is no such day. */
  function birthDate(number) {
    const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)];
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    const same = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
    return same && Number(year) >= 1900 ? `${year}-${month}-${day}` : null;
  }

  /** Age in whole years on `today` (`YYYY-MM-DD`). */
  function ageOn(born, today) {
    const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4));
    return today.slice(5) < born.slice(5) ? years - 1 : years;
  }

  const exported = { tidyIdNumber, idNumberFault, birthDate, ageOn };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
