const service = require('./lib/service.js');

App({
  onLaunch() {
    service.signIn().catch(() => {}); // each page signs in again when it needs to
  },
});
