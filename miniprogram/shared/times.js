/* Times as people read them: always in the site's time zone, never in the phone's. */
(function () {
  'use strict';

  // Android's mini-program engine has no time-zone data; China has one zone and no summer time.
  const FIXED_OFFSET_MIN = { 'Asia/Shanghai': 480, 'Asia/Hong_Kong': 480, 'Asia/Urumqi': 360, UTC: 0 };
  const formats = {};

  function partsByIntl(date, zone) {
    if (!formats[zone]) {
      formats[zone] = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
      });
    }
    const parts = {};
    for (const part of formats[zone].formatToParts(date)) parts[part.type] = part.value;
    return parts;
  }

  /** Calendar parts of a stamp at a place: `{year, month, day, hour, minute, second}` as text. */
  function partsAt(stamp, zone) {
    const date = new Date(stamp);
    const offset = FIXED_OFFSET_MIN[zone];
    if (offset === undefined) return partsByIntl(date, zone);
    const [day, time] = new Date(date.getTime() + offset * 60000).toISOString().split('T');
    const [year, month, dayOfMonth] = day.split('-');
    const [hour, minute, second] = time.slice(0, 8).split(':');
    return { year, month, day: dayOfMonth, hour, minute, second };
  }

  function dateAt(stamp, zone) {
    const at = partsAt(stamp, zone);
    return `${at.year}-${at.month}-${at.day}`;
  }

  function clockAt(stamp, zone) {
    const at = partsAt(stamp, zone);
    return `${at.hour}:${at.minute}`;
  }

  /** “Today 09:30”, “Tomorrow”, or the date; `t` gives the words. */
  function dayWords(stamp, zone, now, t) {
    const day = dateAt(stamp, zone);
    if (day === dateAt(now, zone)) return t('time.today');
    if (day === dateAt(new Date(now).getTime() + 86400000, zone)) return t('time.tomorrow');
    const at = partsAt(stamp, zone);
    return t('time.date', { year: at.year, month: Number(at.month), day: Number(at.day) });
  }

  function spanWords(start, end, zone, now, t) {
    return `${dayWords(start, zone, now, t)} ${clockAt(start, zone)}–${clockAt(end, zone)}`;
  }

  /** Whole minutes, rounded up: nobody is told less than it is. */
  function minutesOf(seconds) {
    return Math.max(0, Math.ceil(seconds / 60 - 1e-9));
  }

  /** Seconds as m:ss. */
  function stopwatch(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  }

  const exported = { partsAt, dateAt, clockAt, dayWords, spanWords, minutesOf, stopwatch };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
