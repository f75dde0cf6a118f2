// Where the service is, and the message template that tells of a call: set both before publishing.
module.exports = {
  base: 'http://127.0.0.1:8080',
  calledTemplate: 'called',
};
