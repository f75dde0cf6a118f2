"""Pages that stay open all day: 24 simulated hours must not make them grow."""

import time

import pytest
from playwright.sync_api import Page, expect

from .conftest import Seat
from .service import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

HOUR_MS = 3_600_000
# Stands in for the network by the page's own (simulated) clock: a sign of life every 2 s, a report
# of a booth every minute, the stream lost once an hour. What else is asked for is answered as the
# service answered first: the real network would be an hour behind.
NETWORK = """
const real = window.fetch;
const kept = new Map();
const body = (text) => new TextEncoder().encode(text);
async function answered(address, options) {
  if (!kept.has(address)) {
    const answer = await real(address, { ...options, signal: undefined });
    kept.set(address, { status: answer.status, text: await answer.text() });
  }
  return kept.get(address);
}
window.fetch = async (address, options = {}) => {
  if (!String(address).endsWith('/events')) {
    const { status, text } = await answered(String(address), options);
    return new Response(status === 204 ? null : text, { status });
  }
  const { signal, headers } = options;
  const first = JSON.parse((await answered(address.replace('/events', ''), { headers })).text);
  signal.throwIfAborted();
  let step = 0;
  let timer;
  const stream = new ReadableStream({
    start(to) {
      const send = (booths) => {
        to.enqueue(body(`event: booths\\ndata: ${JSON.stringify(booths)}\\n\\n`));
      };
      send(first);
      timer = setInterval(() => {
        step += 1;
        if (step % 1800 === 0) { clearInterval(timer); to.close(); return; }
        if (step % 30 !== 0) { send([]); return; }
        const number = `A${String(step % 1000).padStart(3, '0')}`;
        send([{
          ...first[step % first.length],
          reported_at: new Date().toISOString(),
          activity: 'SWABBING',
          number,
          name_masked: '李**',
          site: 'left_tonsil',
          elapsed_s: step % 40,
          waiting: [number, `B${step % 7}`],
          force_n: Array.from({ length: 20 }, () => 0.3),
        }]);
      }, 2000);
      signal.addEventListener('abort', () => { clearInterval(timer); to.error(signal.reason); });
    },
    cancel() { clearInterval(timer); },
  });
  return new Response(stream, { status: 200, headers: { 'Content-Type': 'text/event-stream' } });
};
"""


def size(page: Page) -> tuple[int, int, float]:
    """Return DOM nodes, event listeners and the heap in MB, once garbage is collected.

    What belongs to closed streams is let go in several rounds, a little apart: measured after one
    alone, a page that keeps nothing seems to keep hundreds of listeners.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(8):
        session.send("HeapProfiler.collectGarbage")
        time.sleep(0.1)
    metrics = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    found = {one["name"]: one["value"] for one in metrics}
    return int(found["Nodes"]), int(found["JSEventListeners"]), found["JSHeapUsedSize"] / 1e6


def all_day(page: Page, hours: int) -> None:
    """Let hours go by on the page's own clock, and look that it is no larger than after one."""
    page.clock.run_for(HOUR_MS)  # the first hour fills every trace
    nodes, listeners, heap_mb = size(page)
    for _ in range(hours - 1):
        page.clock.run_for(HOUR_MS)
    after = size(page)
    assert after[0] <= nodes + 50
    assert after[1] <= listeners + 5
    assert after[2] <= 1.2 * heap_mb + 0.5


@pytest.mark.parametrize("hours", [2, pytest.param(24, marks=pytest.mark.slow)])
def test_the_hall_screen_does_not_grow(seat: Seat, service: Service, hours: int) -> None:
    page = seat().page
    page.clock.install()
    page.add_init_script(NETWORK)
    page.goto(f"{service.url}/live")
    page.locator("[data-booth=demo-a]").wait_for()
    all_day(page, hours)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/console", "/console/booth", "/console/queue"])
def test_the_console_does_not_grow(seat: Seat, path: str) -> None:
    desk = seat()
    desk.staff("staff", "/")
    desk.page.clock.install()
    desk.page.add_init_script(NETWORK)
    page = desk.open(path)
    expect(page.locator("main")).to_contain_text("A 号小屋")
    all_day(page, 24)
