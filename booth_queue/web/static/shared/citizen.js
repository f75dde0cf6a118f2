/* What a citizen can ask of the service: one method per route, over an `Api`. */
(function () {
  'use strict';

  class Citizen {
    constructor(api) {
      this.api = api;
    }

    requestCode(phone, key) {
      return this.api.post('/v1/sign-in/code', { phone }, key);
    }

    async signIn(phone, code, key) {
      return this.api.adopt(await this.api.post('/v1/sign-in/phone', { phone, code }, key));
    }

    async signInWeChat(code, key) {
      return this.api.adopt(await this.api.post('/v1/sign-in/wechat', { code }, key));
    }

    people() {
      return this.api.get('/v1/me/people').then((answer) => answer.people);
    }

    /** Register oneself, or with `dependant` somebody one books for. */
    register(person, dependant, key) {
      return this.api.post(dependant ? '/v1/me/dependants' : '/v1/me/person', person, key);
    }

    sites() {
      return this.api.get('/v1/sites').then((answer) => answer.sites);
    }

    booths(siteId) {
      return this.api.get('/v1/booths', { site_id: siteId }).then((answer) => answer.booths);
    }

    recommend(personId, latitude, longitude) {
      return this.api.get('/v1/recommendation', { person_id: personId, latitude, longitude });
    }

    setOut(personId, boothId, key) {
      return this.api.post('/v1/journeys', { person_id: personId, booth_id: boothId }, key);
    }

    slots(boothId) {
      return this.api.get('/v1/slots', { booth_id: boothId }).then((answer) => answer.slots);
    }

    book(slotId, personId, key) {
      return this.api.post('/v1/bookings', { slot_id: slotId, person_id: personId }, key);
    }

    bookings() {
      return this.api.get('/v1/bookings').then((answer) => answer.bookings);
    }

    change(bookingId, slotId, key) {
      return this.api.post(`/v1/bookings/${bookingId}/change`, { slot_id: slotId }, key);
    }

    cancel(bookingId, key) {
      return this.api.post(`/v1/bookings/${bookingId}/cancel`, null, key);
    }

    code(bookingId) {
      return this.api.get(`/v1/bookings/${bookingId}/code`);
    }

    checkIn(boothId, bookingId, key) {
      return this.api.post('/v1/check-ins', { booth_id: boothId, booking_id: bookingId }, key);
    }

    walkIn(boothId, personId, needs, key) {
      return this.api.post('/v1/walk-ins', { booth_id: boothId, person_id: personId, needs: needs || [] }, key);
    }

    /** The account's tickets that are not over. */
    tickets() {
      return this.api.get('/v1/tickets').then((answer) => answer.tickets);
    }

    ticket(ticketId) {
      return this.api.get(`/v1/tickets/${ticketId}`);
    }

    leave(ticketId, key) {
      return this.api.post(`/v1/tickets/${ticketId}/leave`, null, key);
    }

    /** Withdraw a person's consent; what the service holds of them is erased. */
    erase(personId, key) {
      return this.api.post(`/v1/people/${personId}/erasure`, null, key);
    }

    /** Join an enterprise's group; it sees the name only if `showsName`. */
    joinGroup(code, personId, showsName, key) {
      return this.api.post('/v1/groups/join', { code, person_id: personId, shows_name: showsName }, key);
    }

    /** Leave to be sent one WeChat message of a template. */
    subscribe(template, key) {
      return this.api.post('/v1/me/subscriptions', { template }, key);
    }

    verify(proof) {
      return this.api.post('/v1/results/verify', { proof });
    }

    results() {
      return this.api.get('/v1/results').then((answer) => answer.results);
    }
  }

  const exported = { Citizen };
  if (typeof module === 'object' && module.exports) module.exports = exported;
  else globalThis.booth = Object.assign(globalThis.booth || {}, exported);
})();
