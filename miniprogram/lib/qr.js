// A QR symbol as an address an <image> shows.

const { qrPath } = require('../shared/views.js');

function qrImage(rows) {
  const size = rows.length + 8; // four squares of quiet on every side
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M-4-4h${size}v${size}h-${size}z"/><path d="${qrPath(rows)}"/></svg>`;
  const bytes = new Uint8Array(svg.length);
  for (let place = 0; place < svg.length; place += 1) bytes[place] = svg.charCodeAt(place);
  return `data:image/svg+xml;base64,${wx.arrayBufferToBase64(bytes.buffer)}`;
}

module.exports = { qrImage };
