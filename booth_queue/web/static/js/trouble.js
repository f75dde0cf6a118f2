// What a booth's word of trouble means, and what to do about it.

import { t } from './app.js';

/** Words for what a booth reported as `code`, or as `code: detail`; staff's own words stay theirs. */
export function troubleOf(told) {
  if (!told) return { what: '', detail: '', remedy: '' };
  const [code] = told.split(': ', 1);
  const key = `reason.${code}`;
  if (t(key) === key) return { what: told, detail: '', remedy: t('remedy.unknown') };
  return { what: t(key), detail: told.slice(code.length + 2), remedy: t(`remedy.${code}`) };
}
