/*
 * View models: from what the service answers to what a screen shows, in words and tones.
 * Pure functions; the citizen pages and the mini-program show the same things by them.
 */
(function () {
  'use strict';

  const times = typeof require === 'function' ? require('./times.js') : globalThis.booth;

  const LEVEL_TONE = { free: 'good', busy: 'warn', crowded: 'bad' };
  const BOOTH_TONE = { open: 'good', paused: 'warn', closed: 'idle', fault: 'bad' };
  const VERDICT_TONE = { negative: 'good', positive: 'bad', retest_singly: 'warn' };
  const TICKET_TONE = { waiting: 'busy', held: 'warn', called: 'good', in_session: 'busy', done: 'good', no_show: 'bad', left: 'idle' };

  function waitWords(wait, t) {
    if (!wait) return '';
    const [low, middle, high] = [wait.low_s, wait.median_s, wait.high_s].map(times.minutesOf);
    if (high <= 1) return t('wait.none');
    return low === high ? t('wait.about', { minutes: middle }) : t('wait.between', { minutes: middle, low, high });
  }

  /** A booth in a list one chooses from. */
  function boothCard(booth, sites, t, lang) {
    const site = sites.find((candidate) => candidate.id === booth.site_id);
    const open = booth.state === 'open';
    return {
      id: booth.id,
      label: booth.label,
      site: siteName(site, lang),
      open,
      state: t(`booth.state.${booth.state}`),
      stateTone: BOOTH_TONE[booth.state] || 'idle',
      level: open ? t(`wait.level.${booth.wait.level}`) : t(`booth.state.${booth.state}`),
      tone: open ? LEVEL_TONE[booth.wait.level] || 'idle' : BOOTH_TONE[booth.state],
      wait: open ? waitWords(booth.wait, t) : t('booth.takes_nobody'),
      line: t('booth.line', { waiting: booth.wait.waiting, under_way: booth.wait.under_way }),
      mode: t(`booth.mode.${booth.mode}`),
      singleSwab: booth.single_swab,
      kind: booth.single_swab ? t('booth.single') : t('booth.pool', { size: booth.pool_size }),
    };
  }

  function siteName(site, lang) {
    if (!site) return '';
    return lang === 'en' && site.name_en ? site.name_en : site.name;
  }

  function zoneOf(booth, sites) {
    const site = booth && sites.find((candidate) => candidate.id === booth.site_id);
    return site ? site.time_zone : 'Asia/Shanghai';
  }

  /** Slots by day, each with what is left. */
  function slotDays(slots, zone, now, t) {
    const days = [];
    for (const slot of slots) {
      const date = times.dateAt(slot.starts_at, zone);
      let day = days.find((candidate) => candidate.date === date);
      if (!day) {
        day = { date, title: times.dayWords(slot.starts_at, zone, now, t), slots: [] };
        days.push(day);
      }
      day.slots.push({
        id: slot.id,
        time: `${times.clockAt(slot.starts_at, zone)}–${times.clockAt(slot.ends_at, zone)}`,
        left: slot.left > 0 ? t('slot.left', { left: slot.left }) : t('slot.full'),
        full: slot.left <= 0,
      });
    }
    return days;
  }

  function bookingCard(booking, booths, sites, now, t, lang) {
    const booth = booths.find((candidate) => candidate.id === booking.booth_id);
    const site = booth && sites.find((candidate) => candidate.id === booth.site_id);
    return {
      id: booking.id,
      boothId: booking.booth_id,
      personId: booking.person_id,
      name: booking.name_masked,
      when: times.spanWords(booking.starts_at, booking.ends_at, zoneOf(booth, sites), now, t),
      where: [siteName(site, lang), booth ? booth.label : ''].filter(Boolean).join(' · '),
      booth: booth ? booth.label : '',
      active: booking.state === 'booked',
      arrived: booking.state === 'arrived',
      state: t(`booking.state.${booking.state}`),
      tone: { booked: 'busy', arrived: 'busy', done: 'good' }[booking.state] || 'idle',
    };
  }

  /** A ticket: one headline, one thing to do. */
  function ticketCard(ticket, t) {
    const ahead = ticket.position === null || ticket.position === undefined ? null : ticket.position - 1;
    let headline = t(`ticket.headline.${ticket.state}`);
    if (ticket.state === 'waiting' && ahead !== null) {
      headline = ahead === 0 ? t('ticket.next') : t('ticket.ahead', { people: ahead });
    }
    return {
      id: ticket.id,
      number: ticket.number,
      name: ticket.name_masked,
      bookingId: ticket.booking_id,
      personId: ticket.person_id,
      headline,
      advice: t(`ticket.advice.${ticket.state}`),
      wait: ticket.state === 'waiting' ? waitWords(ticket.wait, t) : '',
      state: t(`ticket.state.${ticket.state}`),
      tone: TICKET_TONE[ticket.state] || 'idle',
      called: ticket.state === 'called',
      waiting: ticket.state === 'waiting' || ticket.state === 'held',
      over: ['done', 'no_show', 'left'].includes(ticket.state),
    };
  }

  function resultCard(result, now, zone, t) {
    return {
      id: result.id,
      name: result.name_masked,
      verdict: t(`verdict.${result.verdict}`),
      advice: t(`verdict.advice.${result.verdict}`),
      tone: VERDICT_TONE[result.verdict] || 'idle',
      when: `${times.dayWords(result.reported_at, zone, now, t)} ${times.clockAt(result.reported_at, zone)}`,
      corrected: Boolean(result.corrects),
      proof: result.proof,
    };
  }

  function personCard(person, t) {
    return {
      id: person.id,
      name: person.name_masked,
      number: person.id_number_masked,
      relation: t(`person.relation.${person.relation}`),
      self: person.relation === 'self',
      consented: Boolean(person.consent_at),
      needs: (person.needs || []).map((need) => t(`need.${need}`)).join(' · '),
    };
  }

  /** The dark squares of a QR symbol as one SVG path, in a view box of its own size. */
  function qrPath(rows) {
    let path = '';
    rows.forEach((row, y) => {
      for (let x = 0; x < row.length; x += 1) {
        if (row[x] !== '1') continue;
        let end = x;
        while (row[end + 1] === '1') end += 1;
        path += `M${x} ${y}h${end - x + 1}v1h-${end - x + 1}z`;
        x = end;
      }
    });
    return path;
  }

  const exported = { waitWords, boothCard, siteName, zoneOf, slotDays, bookingCard, ticketCard, resultCard, personCard, qrPath, BOOTH_TONE };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
