import { afterSignIn, api, command, form, storeOf } from '../app.js';
import { one } from '../dom.js';

// Each role has its own face, and keeps its own tokens.
const FACES = { staff: ['staff', '/console'], grid: ['grid', '/grid'], enterprise: ['enterprise', '/enterprise'], desk: ['desk', '/desk'], lab: ['lab', '/lab'] };

form('#enter', async ({ name, password }) => {
  const tokens = await command(`sign-in ${name}`, (key) => api.post('/v1/sign-in/staff', { name: name.trim(), password }, key));
  const [area, home] = FACES[tokens.role] || ['open', '/'];
  storeOf(area).write(tokens);
  afterSignIn(home);
});

one('#name').focus();
