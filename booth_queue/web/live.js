// The live page: follows the service's event stream and says so when it cannot.
"use strict";

const TRACE = 300; // force samples shown of each booth
const STALE_MS = 5000;
const site = new URLSearchParams(location.search).get("site");
const cards = new Map();
const traces = new Map();
let heardAt = 0;

const WORDS = {
  open: "开放 open", paused: "暂停 paused", closed: "关闭 closed", fault: "故障 fault",
  SILENT: "无信号 silent",
};

function word(name) {
  return WORDS[name] ?? name;
}

function card(booth) {
  if (!cards.has(booth.booth_id)) {
    const made = document.getElementById("booth").content.firstElementChild.cloneNode(true);
    document.getElementById("booths").append(made);
    cards.set(booth.booth_id, made);
    traces.set(booth.booth_id, { at: null, force: [] });
  }
  return cards.get(booth.booth_id);
}

function show(booth) {
  const shown = card(booth);
  const say = (selector, text) => { shown.querySelector(selector).textContent = text; };
  const trace = traces.get(booth.booth_id);
  if (booth.reported_at !== trace.at) {
    trace.at = booth.reported_at;
    trace.force = booth.force_n.length ? [...trace.force, ...booth.force_n].slice(-TRACE) : [];
  }
  const last = trace.force.at(-1);
  say("h2", booth.label);
  say(".activity", `${word(booth.state)} · ${word(booth.activity)}`);
  say(".inside", booth.number ? `${booth.number} ${booth.name_masked}` : "–");
  say(".site", booth.site ?? "–");
  say(".strokes", booth.strokes);
  say(".force", last === undefined ? "–" : `${last.toFixed(2)} N`);
  say(".time", `${booth.elapsed_s.toFixed(1)} s`);
  say(".tube", booth.tube ? `${booth.tube.barcode} ${booth.tube.swabs}/${booth.tube.pool_size}` : "–");
  say(".queue", booth.waiting.length ? booth.waiting.join(" ") : "–");
  say(".fault", booth.fault ?? "");
  const points = trace.force.map((force, i) => `${i},${60 - 55 * Math.min(force, 1.05)}`);
  shown.querySelector("polyline").setAttribute("points", points.join(" "));
}

function mark() {
  const lost = Date.now() - heardAt > STALE_MS;
  const link = document.getElementById("link");
  link.textContent = lost ? "连接中断，画面已过时 · connection lost, shown state is old" : "实时 live";
  link.classList.toggle("lost", lost);
  document.body.classList.toggle("stale", lost);
}

async function start() {
  let followed = site;
  if (!followed) {
    const answer = await (await fetch("/v1/sites")).json();
    followed = answer.sites[0]?.id;
  }
  const stream = new EventSource(`/v1/live/${encodeURIComponent(followed)}/events`);
  stream.addEventListener("booths", (message) => {
    heardAt = Date.now();
    JSON.parse(message.data).forEach(show);
    mark();
  });
}

setInterval(mark, 1000);
start();
