// What every form that registers a person checks before anything is sent.

import { say, t } from './app.js';
import { one } from './dom.js';

const { ageOn, birthDate, idNumberFault, tidyIdNumber } = globalThis.booth;

/** Looks at an ID number while it is typed: `{fault: sentence or '', child: under 14}`. */
export function lookAtIdNumber(input, typed) {
  const number = tidyIdNumber(typed);
  const fault = number.length >= 18 ? idNumberFault(number) : null;
  const born = number.length === 18 && !fault ? birthDate(number) : null;
  input.setAttribute('aria-invalid', String(fault !== null));
  return { fault: fault ? t(fault) : '', child: born !== null && ageOn(born, new Date().toISOString().slice(0, 10)) < 14 };
}

/** The registration a form holds, or `null` after saying what is missing and putting the focus there. */
export function registrationOf(element, child) {
  const fields = new FormData(element);
  const name = String(fields.get('name')).trim();
  const number = tidyIdNumber(fields.get('id_number'));
  const fault = idNumberFault(number);
  const missing = [
    [!name, '[name=name]', 'people.incomplete'],
    [fault, '[name=id_number]', fault],
    [!fields.get('consent'), '[name=consent]', 'people.incomplete'],
    [child && !fields.get('guardian'), '[name=guardian]', 'person.guardian_needed'],
  ].find(([is]) => is);
  if (missing) {
    say(t(missing[2]), 'warn');
    one(missing[1], element).focus();
    return null;
  }
  return {
    name,
    id_number: number,
    language: fields.get('language') || 'zh',
    needs: fields.getAll('need'),
    consent: true,
    guardian_consent: Boolean(fields.get('guardian')),
  };
}
